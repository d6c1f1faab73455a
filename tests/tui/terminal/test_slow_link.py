"""Giving the terminal back over a slow link and over one that stalls, on a real pseudo-terminal."""

import os
import pty
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator

import pytest

from tui.driver import LinkFile

TEXT = "\x1b[38;5;246mwords\x1b[0m" * 16_000  # 300 kB; the system holds a few of them
STEP = 1_000
APP = """
import random
from textual.app import App
from textual.content import Content
from textual.widgets import Static
from tui.driver import PalateDriver

class Busy(App[None]):
    def compose(self):
        yield Static()

    def on_mount(self):
        self.set_interval(0.01, self.paint)
        self.set_timer(1.0, self.exit)

    def paint(self):
        cells = (Content.styled(random.choice("abc"), f"rgb({random.randrange(256)},9,9)") for _ in range(1600))
        self.query_one(Static).update(Content.assemble(*cells))

Busy(driver_class=PalateDriver).run()
"""


@pytest.fixture
def ends() -> Iterator[tuple[int, LinkFile]]:
    """The reading end, and a link that writes to the other one."""
    reading, writing = pty.openpty()
    tty.setraw(writing)
    with os.fdopen(writing, "w") as file:
        link = LinkFile(file, lambda: None)
        link.open()
        yield reading, link
        link.close()
    os.close(reading)


def test_a_slow_link_gets_everything_to_the_end_of_the_last_sequence(ends: tuple[int, LinkFile]) -> None:
    reading, link = ends
    found = bytearray()

    def read_slowly() -> None:
        while len(found) < len(TEXT):
            found.extend(os.read(reading, STEP))
            time.sleep(0.005)

    reader = threading.Thread(target=read_slowly, daemon=True)
    reader.start()
    began = time.monotonic()
    link.leave()
    link.write(TEXT)
    took = time.monotonic() - began
    reader.join(20)
    assert found.decode() == TEXT
    assert took > 1, "this link was not slow"


def test_a_link_that_stalls_is_not_waited_for(ends: tuple[int, LinkFile]) -> None:
    _, link = ends
    link.leave()
    began = time.monotonic()
    link.write(TEXT)
    link.write(TEXT)
    assert 1 < time.monotonic() - began < 5


def test_an_app_that_leaves_over_a_slow_link_restores_the_terminal() -> None:
    reading, writing = pty.openpty()
    app = subprocess.Popen([sys.executable, "-c", APP], stdin=writing, stdout=writing, stderr=writing)
    os.close(writing)
    found = bytearray()
    try:
        while piece := os.read(reading, STEP):
            found.extend(piece)
            time.sleep(0.02)  # 50 kB/s, less than the app paints
    except OSError:  # the app has closed the terminal
        pass
    os.close(reading)
    assert app.wait(10) == 0
    assert b"\x1b[?1049l" in found[-200:]
