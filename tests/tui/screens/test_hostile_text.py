"""Every screen over a hostile workspace, on a real pseudo-terminal: what is written there is looked at byte by byte."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.hostile import MARK, harmful
from tests.hostile_tour import NOTHING, body_of

SIZES = [(24, 80), (40, 120)]


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
    blind = [
        name for name, shown in told["stops"].items() if MARK not in body_of(shown) and not name.startswith(NOTHING)
    ]
    assert blind == []
    assert {name: found for name, shown in told["stops"].items() if (found := harmful(shown))} == {}
    assert harmful(written) == set()


@pytest.mark.parametrize("text", ["\x1b[2Jx", "\x1b]52;c;aGk=\x07", "\x9b31m", "\u202e", "\t", "\x00", "\ufeff"])
def test_the_look_would_notice(text: str) -> None:
    assert harmful(f"before {text} after")
    assert harmful("\x1b[1;38;5;246m\x1b[3;7Hwords 👩\u200d🔬\r\n") == set()
