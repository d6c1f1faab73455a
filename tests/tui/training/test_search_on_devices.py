"""A search on two devices: two runs at once, the figures of one after the other, and an end that loses nothing."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.errors import SettingError
from tests.leaving import ask, end, make_workspace, owner, run_row, spawn
from tests.leaving import until as until_there
from tests.tiny import save_tiny
from tests.tui.training.test_devices import ALONE, LIMIT_S, figures, until, workers
from tests.tui.training.test_devices import prepared as prepared  # a fixture
from tui.cli import main as command
from tui.compute.loaded_model import ModelChoice
from tui.events import WorkbenchEvent, WorkbenchFailed, WorkbenchNotice
from tui.training.study import Study
from tui.workbench import Workbench

pytestmark = [pytest.mark.xdist_group("devices"), pytest.mark.long]

FEW = ((1, 1, 1), (2, 1, 1))
SERIAL = replace(ALONE, epochs=3)
BOTH = replace(SERIAL, devices="cpu,cpu")


@pytest.fixture(autouse=True)
def _few_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of two settings; its processes are found by the owner in their environment."""
    monkeypatch.setattr("tui.training.study._TRIED", FEW)
    monkeypatch.setenv("TEST_OWNER", str(os.getpid()))


@pytest.fixture
def opened(prepared: Path, tmp_path: Path) -> Iterator[Callable[[str], Workbench]]:
    """Opens a workspace of this name, again and again if asked to."""
    every: list[Workbench] = []

    def open_it(name: str = "space") -> Workbench:
        space = tmp_path / name
        if not space.exists():
            words = ["--workspace", str(space), "import", str(prepared / "pairs.jsonl")]
            CliRunner().invoke(command, words, catch_exceptions=False)
        workbench = Workbench(space, ModelChoice(str(prepared / "model"), dtype="float32", device="cpu"), seed=3)
        every.append(workbench)
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result()
        return workbench

    yield open_it
    for each in every:
        each.close()


def over(workbench: Workbench) -> Study:
    assert workbench.studies.over is not None
    workbench.studies.over.result(LIMIT_S)
    found = workbench.latest_study("search")
    assert found is not None
    return found


def outcome(workbench: Workbench, study: Study) -> list[object]:
    """Everything that a search came to, without the numbers of its runs and its speed."""
    assert study.final is not None
    (adapter,) = [each for each in workbench.adapters() if each.run == study.final]
    weights = (Path(adapter.folder) / "adapter_model.safetensors").read_bytes()
    cells = [figures(workbench, study.runs[cell]) for cell in study.cells]
    margins = [
        [(each.comparison, each.epoch, each.split, each.margin) for each in workbench.run_margins(study.runs[cell])]
        for cell in study.cells
    ]
    return [study.words, study.chosen, study.drifts, cells, margins, weights]


def running(workbench: Workbench) -> list[int]:
    return [each.id for each in workbench.runs() if each.status == "running"]


@pytest.fixture(scope="module")
def expected(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What the same search comes to, one run after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.training.study._TRIED", FEW)
        space = tmp_path_factory.mktemp("serial") / "space"
        words = ["--workspace", str(space), "import", str(prepared / "pairs.jsonl")]
        CliRunner().invoke(command, words, catch_exceptions=False)
        workbench = Workbench(space, ModelChoice(str(prepared / "model"), dtype="float32", device="cpu"), seed=3)
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result()
        workbench.studies.start("search", SERIAL)
        found = outcome(workbench, over(workbench))
        workbench.close()
        return found


def test_two_runs_at_once_come_to_what_they_come_to_one_after_the_other(
    opened: Callable[[], Workbench], expected: list[object]
) -> None:
    workbench = opened()
    workbench.studies.start("search", BOTH)
    until(lambda: len(running(workbench)) == 2 and len(workers()) == 2)
    first = workbench.run_progress
    assert first is not None
    assert first.run in running(workbench)
    study = over(workbench)
    assert study.ended == "finished"
    assert outcome(workbench, study) == expected
    for run in study.runs.values():
        assert workbench.run(run).config["devices"] == "cpu"
    assert study.final is not None
    assert workbench.run(study.final).config["devices"] == "cpu,cpu"  # the last run has no other beside it
    assert workbench.run_progress is None


def test_a_killed_process_leaves_the_search_which_continues_on_one_device(
    opened: Callable[[], Workbench], expected: list[object]
) -> None:
    workbench = opened()
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    workbench.studies.start("search", BOTH)
    until(lambda: len(workers()) == 2 and all(workbench.run_metrics(run) for run in running(workbench)))
    os.kill(workers()[0], signal.SIGKILL)
    study = over(workbench)
    assert (study.ended, workers()) == ("", [])
    (said,) = [each for each in heard if isinstance(each, WorkbenchNotice)]
    assert "was killed or crashed" in said.text
    assert "`palate train --search`" in said.text
    assert any(isinstance(each, WorkbenchFailed) and "Run" in each.title for each in heard)
    assert not running(workbench)
    workbench.studies.start("search", SERIAL)  # other devices, and yet the same search
    study = over(workbench)
    assert (study.number, study.ended) == (1, "finished")
    assert outcome(workbench, study) == expected


def test_a_search_is_left_and_continued_on_two_devices_and_waits_and_goes_on(
    opened: Callable[[], Workbench], expected: list[object]
) -> None:
    workbench = opened()
    workbench.studies.start("search", BOTH)
    until(lambda: len(workers()) == 2 and len(running(workbench)) == 2)
    workbench.trainer.pause()
    until(lambda: {each.progress.phase.value for each in workbench.trainer.beside if each.progress} == {"paused"})
    workbench.trainer.go_on()
    workbench.studies.stop()
    assert over(workbench).ended == ""
    assert not running(workbench)
    assert workers() == []
    workbench.close()
    workbench = opened()
    workbench.studies.start("search", BOTH)
    study = over(workbench)
    assert (study.number, study.ended) == (1, "finished")
    assert outcome(workbench, study) == expected


def test_a_device_that_is_not_there_refuses_a_search_before_its_first_run(opened: Callable[[], Workbench]) -> None:
    workbench = opened()
    with pytest.raises(SettingError, match="cuda:0, but 0 CUDA GPUs"):
        workbench.studies.start("search", replace(ALONE, devices="cuda:0,cuda:7"))
    assert workbench.runs() == []
    assert workbench.study_progress is None


@pytest.mark.parametrize("more", [(), ("--devices", "cpu,cpu")], ids=["one device", "two devices"])
def test_a_search_whose_terminal_is_lost_continues_to_its_last_run(tmp_path: Path, more: tuple[str, ...]) -> None:
    space = tmp_path / "space"
    make_workspace(space, pairs=16)
    save_tiny(space.parent / "model")
    spawned = spawn(space, "train", "--search", "--epochs", "1", *more)
    until_there(lambda: run_row(space, 2) is not None, spawned)
    first = owner(space)
    assert first is not None
    try:
        os.close(spawned.child_fd)  # as a closed window does
        spawned.closed = True
        until(lambda: owner(space) is None)
    finally:
        end(owner(space))
    final = run_row(space, 16)  # five settings by three folds, and the run on all pairs
    assert final is not None
    assert final["status"] == "finished"
    ((kept,),) = ask(space, "SELECT value FROM settings WHERE key = 'studies'")
    assert json.loads(kept)["search"]["words"] in (space / "logs" / "output.log").read_text()
