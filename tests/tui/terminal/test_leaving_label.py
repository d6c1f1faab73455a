"""Labelling that is dropped again and again: what was acknowledged is there, and the same pair is open afterwards."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.leaving import ask, end, make_workspace, owner, palate, spawn

OPEN_PAIR = re.compile(r"prompt (\d+) of \d+")
COUNTED = re.compile(r"(\d+) verdicts?")


@pytest.fixture
def space(tmp_path: Path, drops: int) -> Iterator[Path]:
    """A workspace with more pairs ready than will be judged, so that nothing has to be written meanwhile."""
    space = tmp_path / "space"
    make_workspace(space)
    for name, value in (("ask_again", "0"), ("depth", str(2 * drops + 4))):
        palate(space, "settings", name, value)
    palate(space, "generate", "--pairs", str(2 * drops + 4))
    yield space
    end(owner(space))


def verdicts(space: Path) -> int:
    return int(ask(space, "SELECT count(*) FROM verdicts")[0][0])


def judge(app: "pexpect.spawn[str]", space: Path) -> int:
    """Call the open pair a tie; the number of verdicts that the screen counts then."""
    before = verdicts(space)
    while True:  # a key that comes before the pair is painted is dropped, so it is pressed again
        app.send("0")
        if app.expect([COUNTED, pexpect.TIMEOUT], timeout=2) == 0 and int(app.match[1]) > before:
            return int(app.match[1])


@pytest.mark.parametrize("drops", [4, pytest.param(20, marks=pytest.mark.long)])
def test_drops_lose_no_verdict_and_no_place(space: Path, drops: int) -> None:
    place, before = next_place(space), verdicts(space)
    for drop in range(drops):
        app = spawn(space)
        app.expect(OPEN_PAIR)
        assert app.match[1] == place, f"another pair is open after drop {drop}"
        acknowledged = judge(app, space)
        if drop % 2:
            os.kill(owner(space) or 0, signal.SIGKILL)
        else:
            app.kill(signal.SIGHUP)
        app.expect(pexpect.EOF)
        app.close(force=True)
        assert verdicts(space) >= acknowledged
        place = next_place(space)
    assert verdicts(space) >= before + drops


def next_place(space: Path) -> str:
    """The place of the next pair's prompt in its set, from what `palate queue` would say."""
    sql = """SELECT 1 + (SELECT count(*) FROM prompts o WHERE o.set_id = p.set_id AND o.id < p.id)
        FROM comparisons c JOIN prompts p ON p.id = c.prompt
        WHERE c.standing IS NULL AND c.trial IS NULL ORDER BY c.id LIMIT 1"""
    return str(ask(space, sql)[0][0])
