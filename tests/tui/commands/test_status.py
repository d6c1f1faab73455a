"""`palate status`: beside an owner, without one, and followed while owners come and go."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.still_workbench import StillWorkbench
from tui.cli import main
from tui.commands import status as module
from tui.commands.options import command_runner
from tui.commands.status import Pane, StatusFollower
from tui.ipc.owner import OwnerServer
from tui.machine.activity import Activity, activity_lines
from tui.reader import WorkspaceReader
from tui.snapshots import LoadState, MachineReading, RunPhase, RunProgress, WorkbenchStatus
from tui.workspace.workspace import read_workspace

RUN = RunProgress(4, "taste-4", 3, 12, 0.1, 130.0, RunPhase.TRAINING)


@contextmanager
def owner_of(folder: Path) -> Iterator[StillWorkbench]:
    """An owner that trains."""
    workbench = StillWorkbench(folder)
    host = OwnerServer(workbench, lambda _: None, command_runner(main))
    workbench.trainer.progress, workbench.trainer.machine.speed = RUN, 512.0
    try:
        yield workbench
    finally:
        workbench.trainer.progress = None
        host.close()
        workbench.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    StillWorkbench(tmp_path / "space").close()
    return tmp_path / "space"


def palate(folder: Path, *words: str) -> Any:
    return CliRunner().invoke(main, ["--workspace", str(folder), *words])


def test_beside_an_owner_its_run_and_the_machine_are_shown(folder: Path) -> None:
    with owner_of(folder) as owner:
        lines = palate(folder, "status").stdout.splitlines()
        record = json.loads(palate(folder, "status", "--json").stdout)
        pid = owner.workspace.lock and owner.workspace.lock.owner["pid"]
    assert lines[0].startswith(f"process      {pid} on ")
    assert "run          4 taste-4 · step 3/12 · margin +0.10 · 2 min left" in lines
    assert [line.split()[0] for line in lines[4:]][:3] == ["CPU", "memory", "free"]
    assert (record["owner"]["pid"], record["run"]["step"], record["run"]["phase"]) == (pid, 3, "training")
    assert record["machine"]["tokens_per_second"] == 512.0


def test_without_an_owner_what_is_stored_is_shown(folder: Path) -> None:
    done = palate(folder, "status", "--json")
    record = json.loads(done.stdout)
    assert (record["owner"], record["model"], record["run"]) == (None, None, None)
    assert (record["ready"], record["verdicts"]) == (0, 0)
    assert record["machine"]["cpu_use"] >= 0
    assert "no process has this workspace open" in palate(folder, "status").stdout


def test_without_a_workspace_it_says_so(tmp_path: Path) -> None:
    done = palate(tmp_path / "none", "status")
    assert done.exit_code == 1
    assert "There is no workspace" in done.output


def test_followed_it_prints_one_object_a_line_until_ctrl_c(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = iter([None, None, None])

    def wait(_seconds: float) -> None:
        if next(waits, "over") == "over":
            raise KeyboardInterrupt

    monkeypatch.setattr(module.time, "sleep", wait)
    done = palate(folder, "status", "--follow", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["status"] * 3


def test_an_owner_that_comes_and_goes_is_followed(folder: Path) -> None:
    workspace = read_workspace(folder)
    follower = StatusFollower(WorkspaceReader(workspace))
    assert follower.look().owner is None
    with owner_of(folder):
        assert follower.look().status.run == RUN
        newest = follower.look().readings
    assert [each.tokens_per_second for each in newest] == [512.0, 512.0]
    assert (follower.look().owner, follower.look().status.run) == (None, None)
    follower.close()
    workspace.close()


def test_a_pane_writes_over_itself_and_nothing_where_nothing_changed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.shutil, "get_terminal_size", lambda: (20, 3))
    pane = Pane()
    pane._in_place = True
    pane.draw(["one", "two"])
    assert capsys.readouterr().out == "one\x1b[K\ntwo\x1b[K\x1b[J\n"
    pane.draw(["one", "two"])
    assert capsys.readouterr().out == ""
    pane.draw(["one", "x" * 40, "beyond the last row"])
    assert capsys.readouterr().out == f"\x1b[2Aone\x1b[K\n{'x' * 19}\x1b[K\x1b[J\n"


def test_lines_name_what_a_run_does_before_its_first_step() -> None:
    run = RunProgress(1, "taste-1", 0, 12, None, None, RunPhase.REFERENCE, 5, 16)
    status = WorkbenchStatus("m", LoadState.LOADING, model_detail="reading 3 of 9", adapter_name="a\x1b[2J", run=run)
    owner = {"pid": 7, "host": "box", "since": "2026-03-02T14:10:00Z"}
    lines = activity_lines(Activity(status, owner, [MachineReading(1.0, "GPU", gpu_use=50.0)]))
    assert lines[1:] == [
        "model        m + a␛[2J · reading 3 of 9",
        "queue        0 ready · 0 verdicts, 0 pairs · 0 today",
        "run          1 taste-1 · reference 5/16",
        "GPU              50 %  ▅",
    ]
