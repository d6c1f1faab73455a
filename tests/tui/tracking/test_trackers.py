"""A run's figures at a tracker: what it gets, what leaves the machine, and what happens where it fails."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.events import RunPlanned, StepDone
from tests.run_workspace import STEPS, workbench_with_runs
from tests.still_workbench import StillWorkbench
from tui.errors import InputError
from tui.events import RunChanged, RunEnded, WorkbenchEvent, WorkbenchFailed
from tui.tracking.trackers import (
    TrackerFailed,
    allow_tracker,
    by_step,
    check_tracker,
    destination_of,
    run_record,
    send_run,
    where_words,
)
from tui.workspace.consent import Consents, Destination, TextsStay

PLAN = RunPlanned(6, ("1",), ("2",), {}, 10, "float32", "cpu")
STAND_IN = """
import json, os
class Api:
    def runs(self, project):
        raise ValueError("there is no such project")
class Run:
    def __init__(self, **about):
        self.name = about["name"]
        self.say(about)
    def say(self, what):
        with open(os.environ["STAND_IN"], "a") as file:
            file.write(json.dumps(what) + "\\n")
    def log(self, metrics, step):
        self.say({"step": step, **metrics})
    def finish(self):
        self.say({"finished": True})
def init(project, **about):
    return Run(project=project, name=about["name"], config=about["config"])
"""
"""A module in the place of trackio, which may not be installed: it writes down what it is given."""

NO_RUNS = 'raise ValueError("there is no such project")'
KEPT_RUNS = """
        if not os.path.exists(os.environ["STAND_IN"]):
            raise ValueError("there is no such project")
        with open(os.environ["STAND_IN"]) as file:
            names = {name for line in file if (name := json.loads(line).get("name"))}
        return [Kept(each) for each in names]
class Kept:
    def __init__(self, name):
        self.name = name
    def delete(self):
        Run.say(None, {"deleted": self.name})
"""
"""In place of the error of `Api.runs`: the runs that the stand-in has begun."""


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    with workbench_with_runs(tmp_path / "space") as workbench:
        yield workbench


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stand-in was given, a line each."""
    return stand_in(tmp_path, monkeypatch, STAND_IN)


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> Path:
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "trackio.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("STAND_IN", str(tmp_path / "told"))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "trackio", raising=False)
    for name in ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL", "TRACKIO_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "told"


def lines(told: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in told.read_text().splitlines()]


@pytest.mark.parametrize(
    ("tracker", "variables", "place"),
    [
        ("tensorboard", {}, None),
        ("trackio", {}, None),
        ("trackio", {"TRACKIO_SPACE_ID": "anna/board"}, "huggingface.co/spaces/anna/board"),
        ("trackio", {"TRACKIO_SERVER_URL": "https://box:7860/?write_token=secret"}, "box:7860"),
        ("wandb", {}, "api.wandb.ai"),
        ("wandb", {"WANDB_BASE_URL": "https://key:secret@wandb.example"}, "wandb.example"),
        ("wandb", {"WANDB_MODE": "offline"}, None),
    ],
)
def test_a_destination_is_named_without_its_secrets(tracker: str, variables: dict[str, str], place: str | None) -> None:
    assert destination_of(tracker, variables) == (None if place is None else Destination("tracker", place))


def test_what_a_tracker_is_told_of_a_run_holds_no_note_and_no_tag(workbench: StillWorkbench) -> None:
    record = run_record(workbench.run(1))
    assert record["name"] == "1-taste-1"
    assert record["config"]["beta"] == 0.1
    assert "the first test" not in json.dumps(record)
    assert run_record(workbench.run(1))["id"] == record["id"] != run_record(workbench.run(2))["id"]


def test_a_whole_run_is_given_step_by_step(workbench: StillWorkbench, told: Path) -> None:
    send_run(workbench.workspace, workbench.run(1), workbench.run_metrics(1), "trackio")
    begun, *steps, finished = lines(told)
    assert begun["project"] == "palate"
    assert begun["name"] == f"1-taste-1-{run_record(workbench.run(1))['id'][-8:]}"
    assert [each["step"] for each in steps] == list(range(1, STEPS + 1))
    assert steps[9]["eval_loss"] == dict(by_step(workbench.run_metrics(1)))[10]["eval_loss"]
    assert finished == {"finished": True}
    assert "trackio show" in where_words(workbench.workspace, "trackio")


def test_a_run_replaces_itself_at_trackio_and_not_that_of_another_workspace(
    workbench: StillWorkbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stand_in(tmp_path, monkeypatch, STAND_IN.replace(NO_RUNS, KEPT_RUNS))
    run = workbench.run(1)
    for each in (run, run, replace(run, started="2026-01-01T00:00:00.000000Z")):
        send_run(workbench.workspace, each, [], "trackio")
    begun = [str(each["name"]) for each in lines(told) if "name" in each]
    assert [each["deleted"] for each in lines(told) if "deleted" in each] == [begun[0]]
    assert begun[0] == begun[1] != begun[2]
    assert {each[:10] for each in begun} == {"1-taste-1-"}


def test_a_tracker_that_fails_says_its_own_last_words(
    workbench: StillWorkbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, STAND_IN.replace("self.say(about)", "raise OSError('the board is full')"))
    with pytest.raises(TrackerFailed, match="OSError: the board is full"):
        send_run(workbench.workspace, workbench.run(1), workbench.run_metrics(1), "trackio")


def test_a_tracker_that_is_not_installed_is_named_with_what_installs_it(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.tracking.trackers.find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip install wandb"):
        check_tracker(workbench.workspace, "wandb")


def test_nothing_leaves_before_it_was_allowed_once(workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.tracking.trackers.find_spec", lambda _: True)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    with pytest.raises(TextsStay, match=r"api\.wandb\.ai"):
        check_tracker(workbench.workspace, "wandb")
    allow_tracker(workbench.workspace, "wandb")
    check_tracker(workbench.workspace, "wandb")
    assert [each.destination for each in Consents(workbench.workspace).listed()] == [
        Destination("tracker", "api.wandb.ai")
    ]


def test_a_run_that_trains_is_followed_with_what_it_did_before(workbench: StillWorkbench, told: Path) -> None:
    workbench.change_setting("tracker", "trackio")
    tracking = workbench.tracking
    tracking.hear(RunChanged(6, PLAN))
    tracking.hear(RunChanged(6, StepDone(13, 40, 0.5, {"loss": 0.25, "grad_norm": float("nan")}, 1.0)))
    tracking.hear(RunEnded(6, name="taste-6", status="finished"))
    tracking.close()
    begun, *steps, finished = lines(told)
    assert str(begun["name"]).startswith("6-taste-6-")
    assert [each["step"] for each in steps] == list(range(1, 14))  # 12 of them from before
    assert steps[-1] == {"step": 13, "loss": 0.25}
    assert finished == {"finished": True}


def test_runs_of_a_search_at_the_same_time_keep_their_figures_apart(
    workbench: StillWorkbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = stand_in(tmp_path, monkeypatch, STAND_IN.replace("step, **metrics", 'step, "run": self.name, **metrics'))
    workbench.change_setting("tracker", "trackio")
    for run in (1, 6):
        workbench.tracking.hear(RunChanged(run, PLAN))
    for run, loss in ((1, 0.5), (6, 0.25)):
        workbench.tracking.hear(RunChanged(run, StepDone(STEPS + 1, STEPS + 1, loss, {"loss": loss}, 1.0)))
    for run in (1, 6):
        workbench.tracking.hear(RunEnded(run, name=f"taste-{run}", status="finished"))
    workbench.tracking.close()
    last = {str(each["run"])[0]: each["loss"] for each in lines(told) if each.get("step") == STEPS + 1}
    assert last == {"1": 0.5, "6": 0.25}
    assert lines(told).count({"finished": True}) == 2


def test_a_failing_tracker_is_said_and_noted_and_leaves_the_run_alone(
    workbench: StillWorkbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, STAND_IN.replace("self.say(about)", "raise OSError('the board is full')"))
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    workbench.change_setting("tracker", "trackio")
    workbench.tracking.hear(RunChanged(6, PLAN))
    workbench.tracking.hear(RunEnded(6, name="taste-6", status="finished"))
    workbench.tracking.close()
    assert [each.title for each in heard if isinstance(each, WorkbenchFailed)] == ["Run 6: The figures were not taken"]
    assert "the board is full" in workbench.run_log(6)[-1].text


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="tensorboard is not installed")
def test_tensorboard_reads_what_was_sent_each_step_once(workbench: StillWorkbench) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for _ in range(2):
        send_run(workbench.workspace, workbench.run(1), workbench.run_metrics(1), "tensorboard")
    found = EventAccumulator(str(workbench.folder / "tensorboard" / "1-taste-1"))
    found.Reload()
    assert [each.step for each in found.Tensors("loss")] == list(range(1, STEPS + 1))
    assert "rewards/margins" in found.Tags()["tensors"]
