"""Runs in processes of their own: the same adapter as in one, and an end of any of them that loses nothing."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from db import checkpoints as db_checkpoints
from engine.config import TrainConfig
from engine.errors import SettingError
from tests.leaving import end, is_alive, make_workspace, owner, palate, run_row, spawn
from tests.leaving import until as until_there
from tests.tiny import save_tiny
from tui.cli import main as command
from tui.compute.loaded_model import ModelChoice
from tui.events import RunChanged, WorkbenchEvent
from tui.export.model_card import _foreign
from tui.reader import WorkspaceReader
from tui.snapshots import RunPhase
from tui.workbench import Workbench

pytestmark = pytest.mark.xdist_group("devices")

CONFIG = TrainConfig(
    learning_rate=1e-3, epochs=2, batch_size=6, lora_r=2, lora_alpha=4, lora_dropout=0.1, eval_share=0.25,
    checkpoint_every=2, devices="cpu,cpu", off_policy="wpo",
)  # fmt: skip
ALONE = TrainConfig(**{**CONFIG.__dict__, "devices": None})
LIMIT_S = 600.0


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model and of pairs, of which two or three share a pass."""
    folder = tmp_path_factory.mktemp("devices")
    save_tiny(folder / "model")
    rows = [
        {"prompt": f"question {n}?", "chosen": "short" + "!" * n, "rejected": f"a longer answer {n} " * 6}
        for n in range(20)
    ]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture
def opened(prepared: Path, tmp_path: Path) -> Iterator[Callable[[], Workbench]]:
    """Opens the workspace; the test may open it again after it closed it."""
    space = tmp_path / "space"
    words = ["--workspace", str(space), "import", str(prepared / "pairs.jsonl")]
    CliRunner().invoke(command, words, catch_exceptions=False)
    every: list[Workbench] = []

    def open_it() -> Workbench:
        workbench = Workbench(space, ModelChoice(str(prepared / "model"), dtype="float32", device="cpu"), seed=3)
        every.append(workbench)
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result()
        return workbench

    yield open_it
    for each in every:
        each.close()


def run_alone(workbench: Workbench, config: TrainConfig = ALONE) -> bytes:
    run = workbench.trainer.start(config, name="alone")
    return ended(workbench, run)


def ended(workbench: Workbench, run: int) -> bytes:
    """Wait for the run's end; its adapter's weights."""
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(LIMIT_S)
    assert workbench.run(run).status == "finished", workbench.run(run).error
    (adapter,) = [each for each in workbench.adapters() if each.run == run]
    return (Path(adapter.folder) / "adapter_model.safetensors").read_bytes()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, "what the test waits for did not come"
        time.sleep(0.02)


def figures(workbench: Workbench, run: int) -> list[tuple[int, str, float | None]]:
    """Everything measured of the run but its speed and the machine."""
    found = [(each.step, each.name, each.value) for each in workbench.run_metrics(run)]
    return sorted(each for each in found if "per_second" not in each[1] and not each[1].startswith("machine/"))


def workers() -> list[int]:
    """The processes of runs that this process launched, in the order of their ranks."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            environment = (place / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        launched = b"engine.worker" in words and b"torch.distributed.run" not in words
        if launched and f"TEST_OWNER={os.getpid()}".encode() in environment:
            rank = next(each for each in environment if each.startswith(b"RANK="))
            found.append((int(rank[5:]), int(place.name)))
    return [pid for _, pid in sorted(found)]


def reach(workbench: Workbench, step: int) -> None:
    """Wait until the run is at this step."""
    until(lambda: workbench.run_progress is not None and workbench.run_progress.step >= step)


def paused(workbench: Workbench) -> None:
    """Let the run wait at a checkpoint."""
    workbench.trainer.pause()
    until(lambda: workbench.run_progress is not None and workbench.run_progress.phase is RunPhase.PAUSED)


def test_two_processes_come_to_the_adapter_and_the_figures_of_one(opened: Callable[[], Workbench]) -> None:
    workbench = opened()
    expected = run_alone(workbench)
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    run = workbench.trainer.start(CONFIG, name="both")
    assert ended(workbench, run) == expected
    assert figures(workbench, run) == figures(workbench, 1)
    assert [each.margins for each in workbench.records.epoch_margins(run).pairs] == [
        each.margins for each in workbench.records.epoch_margins(1).pairs
    ]
    samples = [(each.step, each.prompt, each.text) for each in workbench.run_samples(run)]
    assert samples == [(each.step, each.prompt, each.text) for each in workbench.run_samples(1)]
    assert len(samples) > 3
    log = " ".join(line.text for line in workbench.run_log(run))
    assert "processes of its own, on cpu, cpu" in log
    assert "passes at once" in log
    assert "20 pairs have answers that the policy did not write" in log
    card = list(_foreign(WorkspaceReader(workbench.workspace), workbench.run(run)))
    assert card == ["- answers not written by the policy (imported, or from a server): in 20 pairs, weighed by WPO"]
    assert {type(each.event).__name__ for each in heard if isinstance(each, RunChanged)} >= {"StepDone", "PairDone"}
    assert not (workbench.folder / "checkpoints" / f"run-{run}").exists()
    assert workbench.model_state.adapter_name == "both"


def test_a_device_that_is_not_there_refuses_a_run_before_it_is_recorded(opened: Callable[[], Workbench]) -> None:
    workbench = opened()
    with pytest.raises(SettingError, match="cuda:7"):
        workbench.trainer.start(TrainConfig(devices="cuda:7"))
    assert workbench.runs() == []


@pytest.mark.long
@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("waits", [False, True], ids=["training", "paused"])
def test_a_killed_process_interrupts_the_run_which_ends_the_same(
    opened: Callable[[], Workbench], monkeypatch: pytest.MonkeyPatch, rank: int, waits: bool
) -> None:
    monkeypatch.setenv("TEST_OWNER", str(os.getpid()))
    workbench = opened()
    expected = run_alone(workbench, TrainConfig(**{**ALONE.__dict__, "epochs": 12}))
    run = workbench.trainer.start(TrainConfig(**{**CONFIG.__dict__, "epochs": 12}), name="both")
    reach(workbench, 3)
    if waits:
        paused(workbench)
    os.kill(workers()[rank], signal.SIGKILL)
    until(lambda: workbench.run(run).status == "interrupted")
    row = workbench.run(run)
    assert row.error is not None
    assert f"Process {rank + 1} of 2, on cpu, was killed" in row.error
    until(lambda: not workers())
    workbench.trainer.resume(run)
    assert ended(workbench, run) == expected


@pytest.mark.long
def test_a_run_is_resumed_with_two_processes_one_and_two(opened: Callable[[], Workbench]) -> None:
    workbench = opened()
    expected = run_alone(workbench, TrainConfig(**{**ALONE.__dict__, "epochs": 20}))
    run = workbench.trainer.start(TrainConfig(**{**CONFIG.__dict__, "epochs": 20}), name="both")
    for devices, step in ((None, 4), ("cpu", 12), ("cpu,cpu", 20)):
        reach(workbench, step)
        workbench.trainer.leave()
        assert workbench.run(run).status == "interrupted"
        kept = db_checkpoints.get_checkpoint(workbench.workspace.connection, run)
        assert kept is not None
        assert kept.step >= step
        workbench.close()
        workbench = opened()
        workbench.trainer.resume(run, {"devices": devices})
    assert ended(workbench, run) == expected
    assert not [line.text for line in workbench.run_log(run) if "not exact" in line.text]


@pytest.mark.long
def test_a_run_waits_goes_on_and_stops_with_its_adapter(opened: Callable[[], Workbench]) -> None:
    workbench = opened()
    run = workbench.trainer.start(TrainConfig(**{**CONFIG.__dict__, "epochs": 200}), name="both")
    reach(workbench, 2)
    paused(workbench)
    assert workbench.run_progress is not None
    at = workbench.run_progress.step
    workbench.trainer.go_on()
    reach(workbench, at + 2)
    workbench.trainer.stop()
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(LIMIT_S)
    assert workbench.run(run).status == "stopped"
    assert [each.name for each in workbench.adapters()] == ["both"]
    other = workbench.trainer.start(TrainConfig(**{**CONFIG.__dict__, "epochs": 200}), name="gone")
    reach(workbench, 2)
    workbench.trainer.stop(discard=True)
    workbench.trainer.job.done.result(LIMIT_S)
    assert workbench.run(other).status == "stopped"
    assert [each.name for each in workbench.adapters()] == ["both"]


@pytest.mark.long
def test_a_run_on_other_devices_runs_ahead_waits_when_asked_and_comes_to_the_same_adapter(
    opened: Callable[[], Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.devices.is_among", lambda *_: False)  # as if the model here were on another device
    workbench = opened()
    expected = run_alone(workbench)
    run = workbench.trainer.start(TrainConfig(**{**CONFIG.__dict__, "checkpoint_every": 1000}), name="both")
    reach(workbench, 1)
    paused(workbench)
    events = workbench.folder / "checkpoints" / f"run-{run}" / "events.jsonl"
    before = events.read_text()
    answers = workbench.answers.write_pairs(2)
    answers.done.result(LIMIT_S)
    assert workbench.ready_count() == 2
    assert events.read_text() == before
    workbench.trainer.go_on()
    assert ended(workbench, run) == expected
    assert figures(workbench, run) == figures(workbench, 1)
    assert [each.text for each in workbench.run_samples(run)] == [each.text for each in workbench.run_samples(1)]


@pytest.mark.long
def test_a_lost_terminal_leaves_the_processes_alone_and_a_killed_owner_ends_them(
    tmp_path: Path,
) -> None:
    space = tmp_path / "space"
    make_workspace(space)
    spawned = spawn(space, "train", "--epochs", "100000", "--devices", "cpu,cpu")
    until_there(lambda: (run_row(space) or {"step": 0})["step"] >= 3, spawned)
    first, found = owner(space), descendants(owner(space) or 0)
    assert first is not None
    try:
        assert len(found) == 3  # the launcher and its two workers
        spawned.kill(signal.SIGHUP)
        before = (run_row(space) or {})["step"]
        until_there(lambda: (run_row(space) or {"step": 0})["step"] >= before + 20)
        assert owner(space) == first
        assert all(is_alive(pid) for pid in found)
    finally:
        end(first)
    until_there(lambda: not any(is_alive(pid) for pid in found))
    palate(space, "settings", "samples", "0")  # the next owner finds the run
    assert (run_row(space) or {})["status"] == "interrupted"


def descendants(pid: int) -> list[int]:
    """The processes that this one started, and theirs."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(") ")[2].split()[1])
    found = [each for each, parent in parents.items() if parent == pid]
    return found + [each for child in found for each, parent in parents.items() if parent == child]
