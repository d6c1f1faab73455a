"""Ctrl+Z below a real shell: the whole job stops, `fg` draws anew, and no key for the shell reaches the app."""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from tests.label_pairs import fill, mark_of
from tests.real_terminal import Terminal, environment
from tests.starting import ROOT
from tests.visiting import wait_until

pytestmark = pytest.mark.xdist_group("terminal")

CTRL_Z = "\x1a"
FIRST, SECOND = mark_of(1, "L"), mark_of(2, "L")
STOPPED_S = 2.0


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """A workspace with pairs to judge."""
    fill(tmp_path / "space", 4, words=20)
    return tmp_path / "space"


@pytest.fixture
def shell(space: Path) -> Iterator[Terminal]:
    """An interactive shell in which Palate shows the first pair."""
    env = environment(PS1="shell> ", PYTHONPATH=str(ROOT), TERM="xterm-256color", HISTFILE="/dev/null")
    with Terminal(["bash", "--norc", "--noprofile", "-i"], env=env, cwd=space.parent) as terminal:
        terminal.until("shell> ", start=0)
        terminal.send(f"{sys.executable} -m tui --workspace {space} --model {space.parent}\n")
        terminal.until(FIRST)
        yield terminal
        with suppress(psutil.NoSuchProcess):  # the one that waits ends by itself once the owner is gone
            for process in job_of(space):
                process.kill()


def job_of(space: Path) -> list[psutil.Process]:
    """The process that owns the workspace, and the one that waits for it."""
    words = (space / "palate.lock").read_text()
    if not words.strip():
        return []
    owner = psutil.Process(json.loads(words)["pid"])
    return [owner, psutil.Process(owner.ppid())]


def verdicts(space: Path) -> list[tuple[str, float]]:
    """What was judged, and for how many seconds each pair was read."""
    with closing(sqlite3.connect(f"file:{space / 'palate.db'}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT verdict, seconds FROM verdicts ORDER BY id").fetchall()


def press_until_shown(terminal: Terminal, key: str, mark: str) -> None:
    """Press a verdict key, again where it came too early, until another pair is shown."""
    start = len(terminal.written)
    for _ in range(60):
        terminal.send(key)
        try:
            terminal.until(mark, start=start, limit_s=1)
        except TimeoutError:
            continue
        return
    raise AssertionError(f"{mark} was not shown")


def test_the_whole_job_stops_and_fg_draws_the_pair_again(shell: Terminal, space: Path) -> None:
    shown_at = time.monotonic()
    shell.quiet(0.5)
    shell.send(CTRL_Z + "1")  # the second key is meant for the shell
    shell.until("Stopped", "\x1b[?1049l", framed=False)
    assert [each.status() for each in job_of(space)] == ["stopped", "stopped"]
    shell.send("echo $((6*7))\n")
    shell.until("42\r\n", framed=False)
    time.sleep(STOPPED_S)
    start = len(shell.written)
    shell.send("fg\n1")
    shell.until("\x1b[?1049h", FIRST, start=start)
    assert all(each.status() != "stopped" for each in job_of(space))
    shell.quiet(0.5)
    assert verdicts(space) == []
    press_until_shown(shell, "1", SECOND)
    ((_, seconds),) = verdicts(space)
    assert seconds <= time.monotonic() - shown_at - STOPPED_S


def test_a_job_that_is_continued_in_the_background_stops_again(shell: Terminal, space: Path) -> None:
    for signal_key in (CTRL_Z, CTRL_Z):
        shell.quiet(0.3)
        shell.send(signal_key)
        shell.until("Stopped", framed=False)
        shell.send("bg\n")
        shell.until("shell> ", framed=False)
        end = time.monotonic() + 60
        while time.monotonic() < end and any(each.status() != "stopped" for each in job_of(space)):
            time.sleep(0.05)
        assert [each.status() for each in job_of(space)] == ["stopped", "stopped"]
        start = len(shell.written)
        shell.send("fg\n")
        shell.until("\x1b[?1049h", FIRST, start=start)
    shell.quiet(0.3)
    shell.send("q")
    shell.until("shell> ", framed=False)
    assert job_of(space) == []


def test_ctrl_z_in_a_text_field_stops_as_well_and_keeps_the_text(shell: Terminal) -> None:
    shell.quiet(0.5)
    shell.send("c")
    shell.until("Kept with this pair")
    shell.send("warm words")
    shell.until("warm words")
    shell.send(CTRL_Z)
    shell.until("Stopped", framed=False)
    shell.send("fg\n")
    shell.until("\x1b[?1049h", "warm words")


@pytest.mark.parametrize("end", ["the shell is killed", "the link is lost"])
def test_a_suspended_job_whose_shell_is_gone_leaves_the_workspace(shell: Terminal, space: Path, end: str) -> None:
    shell.quiet(0.5)
    shell.send(CTRL_Z)
    shell.until("Stopped", framed=False)
    if end == "the link is lost":
        shell.hang_up()
    else:
        shell.process.kill()
    wait_until(lambda: os.path.getsize(space / "palate.lock") == 0)


def test_where_no_shell_waits_ctrl_z_stops_nothing(space: Path) -> None:
    command = [sys.executable, "-m", "tui", "--workspace", str(space), "--model", str(space.parent)]
    with Terminal(command, env=environment(PYTHONPATH=str(ROOT)), cwd=space.parent) as terminal:
        terminal.until(FIRST, start=0)
        terminal.send(CTRL_Z)
        terminal.until("No shell to return to")
        assert all(each.status() != "stopped" for each in job_of(space))
        terminal.send("q")
        terminal.wait()
    assert os.path.getsize(space / "palate.lock") == 0
