"""Every screen over a hostile workspace, on a real pseudo-terminal: what is written there is looked at byte by byte."""

import json
import os
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.hostile import MARK
from tests.hostile_tour import body_of

SIZES = [(24, 80), (40, 120)]
KNOWN = re.compile(
    r"\x1b\[(?:"
    r"(?:0|[1-9]\d*)?(?:;\d+)*m"  # colours
    r"|\d+;\d+H"  # where to write
    r"|\?(?:25|1049|1000|1003|1004|1006|1015|2004|2026|2048|7)[hl]"  # cursor, screen, mouse, focus, paste, frames
    r"|\?(?:2026|2048)\$p"
    r"|[<>=]\d*u"  # the keyboard's protocol
    r"|>\d+u|<u|>q|c"
    r")"
    r"|\x1b\]22;(?:default|pointer|text)\x07"  # the shape of the mouse pointer
    r"|\x1bP\+q[0-9a-f;]*\x1b\\"
)
"""What Textual writes of itself. None of it takes text from anywhere."""
NOTHING = ("keys", "likes")
"""Stops that show nothing from outside, or not on their first page."""
ALLOWED = {"\n", "\r", "\u200c", "\u200d"}


def harmful(written: str) -> set[str]:
    """What is left of control, format and direction characters, and lone marks, when Textual's own is taken out."""
    rest = KNOWN.sub("", written)
    kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
    found = {each for each in set(rest) - ALLOWED if unicodedata.category(each) in kinds}
    return {rest[max(at - 8, 0) : at + 24] for each in found for at in (rest.index(each),)}


def toured(folder: Path, size: tuple[int, int]) -> tuple[str, dict[str, Any]]:
    """Everything that the tour wrote to its terminal, and what each stop showed."""
    told = folder / "stops.json"
    child = pexpect.spawn(
        sys.executable,
        ["-m", "tests.hostile_tour", str(folder / "space"), str(told)],
        dimensions=size,
        timeout=180,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        encoding="utf-8",
        codec_errors="strict",
    )
    child.expect(pexpect.EOF)
    child.close()
    assert told.exists(), child.before[-3000:]
    return child.before, json.loads(told.read_text())


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_nothing_of_a_hostile_workspace_reaches_the_terminal(tmp_path: Path, size: tuple[int, int]) -> None:
    written, told = toured(tmp_path, size)
    assert (told["broken"], told["code"]) == ("", 0)
    blind = [name for name, shown in told["stops"].items() if MARK not in body_of(shown) and name not in NOTHING]
    assert blind == []
    assert {name: found for name, shown in told["stops"].items() if (found := harmful(shown))} == {}
    assert harmful(written) == set()


@pytest.mark.parametrize("text", ["\x1b[2Jx", "\x1b]52;c;aGk=\x07", "\x9b31m", "\u202e", "\t", "\x00", "\ufeff"])
def test_the_look_would_notice(text: str) -> None:
    assert harmful(f"before {text} after")
    assert harmful("\x1b[1;38;5;246m\x1b[3;7Hwords 👩\u200d🔬\r\n") == set()
