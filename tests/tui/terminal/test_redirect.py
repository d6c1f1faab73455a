"""What reaches a real terminal: nothing of a hostile text, nothing at all while nothing happens.

The headless driver writes no bytes, so the app runs in a pseudo-terminal here.
"""

import time
from collections.abc import Iterator

import pexpect
import pytest

from tests.starting import Spawn, environment

EVIL = "evil \\x1b[2J\\x1b]52;c;aGk=\\x07\\x1b]0;own\\x07 \\x9b31m \\u202ertl [/] [bold]"
PROGRAM = f"""
from tests.fake_workbench import FakeWorkbench, comparison, prompt
from tui.app import PalateApp
evil = "{EVIL}"
workbench = FakeWorkbench(0)
asked = prompt(1, text=evil, set_name=evil)
workbench.rows[1] = comparison(1, evil + " &#x202E;", "**b** " + evil, prompt=asked)
workbench.set_state(model_name=evil)
workbench.labelling.judge(1, "skip", side=None, layout="none", seconds=None, note=evil)
PalateApp(workbench).run()
"""
HOSTILE = (b"\x1b]52", b"\x1b]0;", b"\xc2\x9b", "\u202e".encode(), b"\x07")

ENVIRONMENT = environment(TERM="xterm-256color", COLORTERM="truecolor")
POINTER_SHAPE = b"\x1b]22;default\x07"
"""Textual's own: the shape of the mouse pointer."""


@pytest.fixture
def terminal() -> Iterator["pexpect.spawn[bytes]"]:
    child = Spawn(["-c", PROGRAM], dimensions=(30, 100), timeout=60, env=ENVIRONMENT)
    yield child
    child.close(force=True)


def everything(child: "pexpect.spawn[bytes]", until: str) -> bytes:
    """What was written up to the first `until`, and what follows without a pause of a second."""
    child.expect(until.encode())
    written = child.before + child.after
    while True:
        try:
            written += child.read_nonblocking(65536, timeout=1)
        except pexpect.TIMEOUT:
            return bytes(written)


def test_hostile_text_never_reaches_the_terminal(terminal: "pexpect.spawn[bytes]") -> None:
    written = everything(terminal, "aGk=")
    for keys, mark in (("m", r"\*\*b"), ("D", "skipped"), ("\r", "names shown|blind")):
        terminal.send(keys)
        written += everything(terminal, mark)
    assert "␛[2J␛]52;c;aGk=␇".encode() in written
    written = written.replace(POINTER_SHAPE, b"")
    assert [each for each in HOSTILE if each in written] == []
    terminal.send("\x1b")
    everything(terminal, "skipped")
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 0


def test_an_idle_screen_sends_nothing(terminal: "pexpect.spawn[bytes]") -> None:
    everything(terminal, "aGk=")
    start = time.monotonic()
    with pytest.raises(pexpect.TIMEOUT):
        terminal.read_nonblocking(1, timeout=2)
    assert time.monotonic() - start >= 2
