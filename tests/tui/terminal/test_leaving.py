"""Leaving a run by key, by signal, by a lost link and by force: it ends the same, and nothing is lost."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import click
import pexpect
import pytest

from db.errors import WorkspaceBusy
from tests.gate import Gate
from tests.leaving import (
    adapter_bytes,
    begin_run,
    closed_cleanly,
    end,
    is_alive,
    make_workspace,
    owner,
    palate,
    records,
    run_row,
    signal_another_thread,
    spawn,
    state_of,
    terminals_of,
    until,
)
from tui.cli import main
from tui.detached import DetachedCommand
from tui.start import WITH_VALUE, opens_the_app
from tui.terminal.launcher import COMPLETING
from tui.workspace.settings import GO_ON
from tui.workspace.workspace import own_workspace


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that is ready for a run."""
    space = tmp_path_factory.mktemp("prepared") / "space"
    make_workspace(space)
    return space


@pytest.fixture(scope="module")
def expected(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The adapter of a run that was left alone."""
    space = copy_of(prepared, tmp_path_factory.mktemp("alone"))
    palate(space, "train")
    return adapter_bytes(space)


def copy_of(prepared: Path, place: Path) -> Path:
    for name in ("space", "model"):
        shutil.copytree(prepared.parent / name, place / name)
    return place / "space"


@pytest.fixture
def space(prepared: Path, tmp_path: Path) -> Iterator[Path]:
    space = copy_of(prepared, tmp_path)
    yield space
    end(owner(space))


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Where a run waits, so that it is in its midst whatever the test does first."""
    return Gate(tmp_path, step=4)


def finished(space: Path) -> bool:
    """Is the first run at its end, and the process that made it gone?"""
    return (run_row(space) or {})["status"] == "finished" and owner(space) is None


def knows(space: Path) -> bool:
    """Has the app seen that its terminal is gone?"""
    return "Without a terminal" in (space / "logs" / "palate.log").read_text()


def detached(space: Path, gate: Gate) -> "tuple[pexpect.spawn[str], int]":
    """An app that has lost its terminal in the midst of a run, and the process in which the run continues."""
    app = spawn(space, gate=gate)
    begin_run(app, space)
    worker = owner(space)
    assert worker is not None
    app.kill(signal.SIGHUP)
    until(lambda: knows(space), app)
    return app, worker


def resumed(space: Path) -> bytes:
    assert run_row(space)["status"] == "interrupted"  # type: ignore[index]
    palate(space, "train", "--resume", "1")
    return adapter_bytes(space)


def test_q_and_g_give_the_prompt_back_and_the_run_goes_on_to_its_end(space: Path, expected: bytes, gate: Gate) -> None:
    app = spawn(space, gate=gate)
    begin_run(app, space)
    worker = owner(space)
    assert worker is not None
    assert worker != app.pid  # the shell's job is the process that waits
    app.send("q")
    app.expect("continue without a terminal")
    app.send("g")
    app.expect(r"Run 1 \(taste-1\) continues without a terminal, in process \d+")
    app.expect(pexpect.EOF)
    assert app.wait() == 0
    assert run_row(space)["status"] == "running"  # type: ignore[index]
    assert terminals_of(worker) == []
    assert os.getsid(worker) == worker
    gate.open()
    until(lambda: finished(space))
    until(lambda: not is_alive(worker))
    assert adapter_bytes(space) == expected
    assert closed_cleanly(space)
    log = (space / "logs" / "palate.log").read_text()
    assert "Without a terminal from now on" in log
    assert "Run 1, finished after" in log
    assert [each["in_use"] for each in records(space, "adapters")] == [True]


@pytest.mark.parametrize("how", ["hang-up signal", "closed terminal", "launcher killed", "signals ignored"])
def test_a_lost_link_lets_the_run_go_on_to_its_end(space: Path, expected: bytes, how: str, gate: Gate) -> None:
    app = spawn(space, gate=gate, ignoring=how == "signals ignored")
    begin_run(app, space)
    worker = owner(space)
    assert worker is not None
    if how in ("closed terminal", "signals ignored"):
        os.close(app.child_fd)
        app.closed = True
    else:
        app.kill(signal.SIGHUP if how == "hang-up signal" else signal.SIGKILL)
    until(lambda: knows(space), app)
    gate.open()
    until(lambda: finished(space))
    until(lambda: not is_alive(worker))
    assert adapter_bytes(space) == expected
    assert closed_cleanly(space)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_writes_a_checkpoint_and_leaves(
    space: Path, expected: bytes, gate: Gate, number: signal.Signals
) -> None:
    app = spawn(space, gate=gate)
    begin_run(app, space)
    app.kill(number)
    app.expect(pexpect.EOF)
    assert app.wait() == 0
    assert closed_cleanly(space)
    assert resumed(space) == expected


def test_a_setting_lets_a_lost_link_leave_at_a_checkpoint(space: Path, expected: bytes, gate: Gate) -> None:
    palate(space, "settings", "link_lost", "leave")
    app = spawn(space, gate=gate)
    begin_run(app, space)
    os.close(app.child_fd)
    app.closed = True
    until(lambda: owner(space) is None)
    assert closed_cleanly(space)
    assert resumed(space) == expected


def test_a_process_without_a_terminal_leaves_at_a_checkpoint_when_it_is_told_to(
    space: Path, expected: bytes, gate: Gate
) -> None:
    _app, worker = detached(space, gate)
    os.kill(worker, signal.SIGTERM)
    until(lambda: owner(space) is None)
    assert closed_cleanly(space)
    assert resumed(space) == expected


def test_a_run_without_a_terminal_hears_a_signal_that_interrupts_no_wait(space: Path, gate: Gate) -> None:
    """It also comes so between the last look at signals and a wait."""
    _app, worker = detached(space, gate)
    time.sleep(1)  # until the main thread waits
    signal_another_thread(worker, signal.SIGTERM)
    until(lambda: owner(space) is None)
    assert run_row(space)["status"] == "interrupted"  # type: ignore[index]


def test_an_idle_app_hears_a_signal_that_interrupts_no_wait(space: Path) -> None:
    app = spawn(space)
    app.expect(r"\d+ ready")
    app.expect(pexpect.TIMEOUT, timeout=5)  # until nothing happens any more
    worker = owner(space)
    assert worker is not None
    signal_another_thread(worker, signal.SIGTERM)
    until(lambda: owner(space) is None, app)
    assert closed_cleanly(space)


@pytest.mark.parametrize("stop", [None, signal.SIGTSTP])
def test_a_process_without_a_terminal_can_be_continued(
    space: Path, expected: bytes, gate: Gate, stop: signal.Signals | None
) -> None:
    """The end of a shell's session sends SIGCONT as well, and that may come late."""
    _app, worker = detached(space, gate)
    if stop is not None:
        os.kill(worker, stop)
        until(lambda: state_of(worker) == "T")
    os.kill(worker, signal.SIGCONT)
    gate.open()
    until(lambda: owner(space) is None)
    assert finished(space)
    assert adapter_bytes(space) == expected


def test_killed_the_terminal_is_a_shell_s_again_and_the_run_is_resumed(
    space: Path, expected: bytes, tmp_path: Path
) -> None:
    app = spawn(space, gate=Gate(tmp_path, step=15))
    begin_run(app, space, step=15)  # past the first checkpoint
    worker = owner(space)
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    app.expect("SIGKILL ended Palate")
    assert "\x1b[?1049l" in app.before  # the screen from before
    app.expect(pexpect.EOF)
    assert app.wait() == 128 + signal.SIGKILL
    assert not closed_cleanly(space)
    palate(space, "settings", "depth", "12")  # any next owner sees what happened
    assert resumed(space) == expected


@pytest.mark.parametrize(
    ("line", "opens"),
    [
        ("", True),
        ("--workspace there --model a/b --seed 3 --no-mouse", True),
        ("--workspace=there --dtype float32", True),
        ("--workspace runs", True),
        ("--workspace there runs", False),
        ("train --epochs 2", False),
        ("--no-mouse runs", False),
        ("--help", False),
        ("--version", False),
    ],
)
def test_what_opens_the_app_is_seen_before_anything_is_imported(line: str, opens: bool) -> None:
    assert opens_the_app(line.split(), {}) is opens


def test_a_shell_that_completes_opens_no_app() -> None:
    assert opens_the_app([], {}) is True
    assert opens_the_app([], {COMPLETING: "bash_complete"}) is False


def test_the_options_that_take_a_value_are_those_of_the_command_line() -> None:
    options = [each for each in main.params if isinstance(each, click.Option) and not each.is_flag]
    assert {name for each in options for name in each.opts} == set(WITH_VALUE)


def test_the_process_that_waits_imports_next_to_nothing() -> None:
    code = "import sys, tui.start; print(len(sys.modules), 'click' in sys.modules, 'sqlite3' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert int(told[0]) < 150
    assert told[1:] == ["False", "False"]


def start_training(space: Path, gate: Gate) -> "pexpect.spawn[str]":
    """`palate train` on a pseudo-terminal, in the midst of its run."""
    command = spawn(space, "train", gate=gate)
    until(lambda: (run_row(space) or {"step": 0})["step"] >= 3, command)
    return command


def test_the_command_outlives_its_terminal_too(space: Path, expected: bytes, gate: Gate) -> None:
    command = start_training(space, gate)
    os.close(command.child_fd)
    command.closed = True
    until((space / "logs" / "output.log").exists)
    gate.open()
    until(lambda: finished(space))
    assert adapter_bytes(space) == expected
    assert closed_cleanly(space)
    assert "finished after" in (space / "logs" / "output.log").read_text()


def test_the_command_leaves_at_a_checkpoint_when_it_is_told_to_end(space: Path, expected: bytes, gate: Gate) -> None:
    command = start_training(space, gate)
    command.kill(signal.SIGTERM)
    command.expect(pexpect.EOF)
    assert command.wait() == 128 + signal.SIGTERM
    assert closed_cleanly(space)
    assert resumed(space) == expected


def test_a_command_in_the_background_of_a_script_does_not_hear_ctrl_c(space: Path, expected: bytes, gate: Gate) -> None:
    command = spawn(space, "train", gate=gate, ignoring=True)  # so a shell without job control starts `palate train &`
    until(lambda: (run_row(space) or {"step": 0})["step"] >= 4, command)
    command.kill(signal.SIGINT)
    gate.open()
    command.expect(pexpect.EOF)
    assert command.wait() == 0
    assert adapter_bytes(space) == expected


def test_a_second_palate_says_who_is_at_work_and_how_far(space: Path, gate: Gate) -> None:
    command = start_training(space, gate)
    worker = owner(space)
    os.close(command.child_fd)
    command.closed = True
    (row,) = records(space, "runs")
    assert (row["status"], row["live"]) == ("running", True)
    assert f"Run 1 is alive, in process {worker} on " in palate(space, "runs").stderr
    with pytest.raises(WorkspaceBusy, match=rf"process {worker} on .* Its run 1 \(taste-1\) is at step \d+ of \d+\."):
        own_workspace(space)
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    until(lambda: not is_alive(worker))
    (row,) = records(space, "runs")  # nobody has opened the workspace since
    assert (row["status"], row["live"], row["ended"]) == ("interrupted", False, row["heartbeat"])


def test_a_pipe_that_ends_with_the_terminal_ends_no_run() -> None:
    """As in `palate train | tee log`; without a lost link, as in `| head`, the run stops."""
    detached = DetachedCommand(SimpleNamespace(link_lost=lambda: GO_ON))  # type: ignore[arg-type]
    broken = BrokenPipeError(errno.EPIPE, "Broken pipe")
    assert not detached.is_hang_up(broken)
    detached._hung_up = True
    assert detached.is_hang_up(broken)
