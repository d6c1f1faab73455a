"""Keys that come too early, through a real pseudo-terminal: held down, typed ahead, pasted, late."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.label_pairs import fill, mark_of
from tests.label_round import said
from tests.real_terminal import Terminal, environment

PROGRAM = """
import sys
from pathlib import Path
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
workbench = StillWorkbench(Path(sys.argv[1]))
PalateApp(workbench).run()
workbench.close()
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The app on a workspace with forty pairs, the first of which was read for a while."""
    fill(tmp_path / "space", 40, words=60)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "space")]
    with Terminal(command, size=(100, 30), env=environment(), forked=True) as terminal:
        terminal.until(*marks(1), start=0)
        terminal.during(0.6)
        yield terminal


def marks(number: int) -> list[str]:
    return [mark_of(number, part) for part in ("Q", "L", "R")]


def leave(terminal: Terminal, folder: Path) -> list[tuple[int, str]]:
    """Leave, and give what was stored."""
    terminal.quiet(0.5)
    terminal.send("q")
    assert terminal.wait() == 0
    return list(said(folder / "space" / "palate.db"))


def test_a_key_that_repeats_thirty_times_a_second_judges_one_pair(terminal: Terminal, tmp_path: Path) -> None:
    for _ in range(90):
        terminal.send("1")
        terminal.during(1 / 30)
    judged = leave(terminal, tmp_path)
    # A machine that is so busy that no key is read for a fifth of a second may take one for a new press.
    assert judged[0] == (1, "a")
    assert len(judged) <= 3


def test_what_is_typed_ahead_judges_the_pair_that_was_seen(terminal: Terminal, tmp_path: Path) -> None:
    start = len(terminal.written)
    terminal.send("2101!@x0s2")
    terminal.until(*marks(2), start=start)
    assert leave(terminal, tmp_path) == [(1, "b")]


def test_keys_that_a_link_held_back_judge_the_pair_that_was_seen(terminal: Terminal, tmp_path: Path) -> None:
    late = "1"
    time.sleep(0.7)  # pressed one by one into a link that stands still, and read all at once when it goes on
    start = len(terminal.written)
    terminal.send(late * 3 + "u" * 3)
    terminal.until(*marks(2), start=start)
    judged = leave(terminal, tmp_path)
    assert judged == [(1, "a")]


def test_a_paste_is_no_verdict(terminal: Terminal, tmp_path: Path) -> None:
    terminal.send("\x1b[200~1 x 2 0 s X ! u\r1\x1b[201~")
    terminal.during(0.5)
    start = len(terminal.written)
    terminal.send("j\x0c")  # drawn again: still the first pair
    terminal.until(*marks(1), start=start)
    assert leave(terminal, tmp_path) == []


def test_ctrl_l_draws_everything_again(terminal: Terminal, tmp_path: Path) -> None:
    terminal.quiet(0.5)
    start = len(terminal.written)
    terminal.send("\x0c")
    terminal.until(*marks(1), "palate", "left", start=start)
    assert leave(terminal, tmp_path) == []


def test_a_verdict_is_one_frame_and_a_small_one(terminal: Terminal, tmp_path: Path) -> None:
    """No flicker: nothing is cleared, and pair, answers and note change within one synchronized frame."""
    terminal.quiet(0.5)
    start = len(terminal.written)
    terminal.send("1")
    terminal.until(*marks(2), start=start)
    written = bytes(terminal.written[start:]) + terminal.quiet(0.6)
    assert b"\x1b[2J" not in written
    frames = written.split(b"\x1b[?2026h")
    holding = [frame for frame in frames if any(mark.encode() in frame for mark in marks(2))]
    assert len(holding) == 1
    assert all(mark.encode() in holding[0] for mark in [*marks(2), "saved"])
    assert len(written) < 15_000
    leave(terminal, tmp_path)


def test_an_idle_screen_writes_nothing(terminal: Terminal, tmp_path: Path) -> None:
    terminal.quiet(1.5)
    assert terminal.during(2.0) == b""
    leave(terminal, tmp_path)
