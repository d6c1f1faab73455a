"""The app on a real pseudo-terminal: it opens, answers to keys, and leaves cleanly however it is told to."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.starting import Spawn, environment
from tests.tiny import save_tiny

ESCAPES = re.compile(r"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(params=[Spawn])
def app(request: pytest.FixtureRequest, tmp_path: Path, model_folder: Path) -> Iterator[pexpect.spawn]:
    """The app on a pseudo-terminal: forked, or started anew where a test asks for that."""
    words = ["-m", "tui", "--workspace", str(tmp_path / "space"), "--model", str(model_folder), "--dtype", "float32"]
    options = {"dimensions": (40, 120), "encoding": "utf-8", "timeout": 60, "env": environment(TERM="xterm-256color")}
    child = request.param(words, **options)
    yield child
    child.close(force=True)


def started_anew(words: list[str], **options: Any) -> pexpect.spawn:
    """As a person starts it."""
    return pexpect.spawn(sys.executable, words, **options)


def expect_ready(app: pexpect.spawn) -> None:
    app.expect("palate")
    app.expect(r"\d+ ready")


@pytest.mark.parametrize("app", [started_anew, Spawn], indirect=True)
def test_it_opens_and_q_leaves(app: pexpect.spawn) -> None:
    expect_ready(app)
    app.send("q")
    app.expect(pexpect.EOF)
    app.wait()
    assert app.exitstatus == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_cleanly(app: pexpect.spawn, tmp_path: Path, number: signal.Signals) -> None:
    expect_ready(app)
    app.kill(number)
    app.expect(pexpect.EOF)
    app.wait()
    assert app.exitstatus == 0
    assert not (tmp_path / "space" / "palate.db-wal").exists()  # the writer folded its log into the file


def verdicts(database: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return [row[0] for row in connection.execute("SELECT verdict FROM verdicts ORDER BY id")]
    finally:
        connection.close()


def test_a_key_judges_and_nothing_but_the_app_is_on_the_screen(app: pexpect.spawn, tmp_path: Path) -> None:
    expect_ready(app)
    app.expect(r"[1-9]\d* ready")
    seen = app.before + app.after
    for _ in range(100):  # a key that comes before the pair is painted is dropped, so it is pressed again
        app.send("0")
        app.expect([r"tie", pexpect.TIMEOUT], timeout=0.5)
        if verdicts(tmp_path / "space" / "palate.db"):
            break
    assert set(verdicts(tmp_path / "space" / "palate.db")) == {"tie"}
    assert "Warning" not in ESCAPES.sub("", seen)
    app.send("q")
    app.expect(pexpect.EOF)
    app.wait()
    assert (tmp_path / "space" / "logs" / "palate.log").stat().st_mode & 0o777 == 0o600


def test_what_changes_is_painted_within_a_hundredth_of_a_second() -> None:
    code = "import tui.app, textual.screen; print(textual.screen.UPDATE_PERIOD)"
    usual = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=usual).stdout
    assert float(told) < 0.01
