"""An answer in the person's own editor: on the real terminal, with everything else going on, and nothing lost."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from tests.fake_workbench import LEAVES
from tests.leaving import until
from tui.errors import InputError
from tui.screens.external_editor import editor_command

PROGRAM = """
import threading, time
from pathlib import Path
from tests.fake_workbench import FakeWorkbench
from tui.app import PalateApp

class Watched(FakeWorkbench):
    def edit_answer(self, comparison, original, text):
        Path("edits").write_text(f"{comparison} {original} {text}")
        return super().edit_answer(comparison, original, text)

class Telling(PalateApp):
    def on_ready(self):
        super().on_ready()
        self.set_interval(0.02, lambda: getattr(self.screen, "can_judge", False) and Path("ready").touch())
        self.set_interval(0.05, lambda: Path("leave").exists() and self.exit())

def beat():
    while True:
        with open("beats", "a") as file:
            file.write(".")
        time.sleep(0.02)

threading.Thread(target=beat, daemon=True).start()
Telling(Watched(2)).run()
"""
ASKS = """#!/bin/sh
stat -c '%a' "$1" "$(dirname "$1")" > modes
trap 'echo interrupted' INT
test -t 0 && test -t 1 && printf 'SAY: '
read words || read words
printf '%s' "$words" > "$1"
exit {status}
"""


@pytest.fixture
def start(tmp_path: Path) -> "Callable[[str, int], pexpect.spawn[bytes]]":
    """Starts the app with an editor that asks for the new text on its terminal."""

    def spawn(script: str, status: int = 0) -> "pexpect.spawn[bytes]":
        editor = tmp_path / "editor"
        editor.write_text(script.format(status=status))
        editor.chmod(0o700)
        root = str(Path(__file__).parents[3])
        env = {**os.environ, "TERM": "xterm-256color", "VISUAL": "", "EDITOR": str(editor), "PYTHONPATH": root}
        child = pexpect.spawn(
            sys.executable, ["-c", PROGRAM], dimensions=(30, 100), timeout=60, env=env, cwd=str(tmp_path)
        )
        child.expect("prompt 1 of 200")
        until((tmp_path / "ready").exists, child)  # a key counts
        return child

    return spawn


def test_the_editor_has_the_terminal_and_what_is_written_becomes_a_choice(
    start: "Callable[..., pexpect.spawn[bytes]]", tmp_path: Path
) -> None:
    child = start(ASKS)
    child.send("e")
    child.expect("Which answer")
    child.send("2")
    child.expect("SAY: ")
    beats = (tmp_path / "beats").stat().st_size
    until(lambda: (tmp_path / "beats").stat().st_size > beats, child)  # everything else runs meanwhile
    child.sendintr()
    child.expect("interrupted")  # by the editor alone: the app is still there
    child.send("1 x Better words.\r")
    child.expect("prompt 2 of 200")
    assert (tmp_path / "edits").read_text() == "1 2 1 x Better words."
    assert (tmp_path / "modes").read_text().split() == ["600", "700"]
    child.send("q")
    expect_good_end(child)


def expect_good_end(child: "pexpect.spawn[bytes]") -> None:
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


def test_an_editor_that_fails_changes_nothing_and_its_file_is_told(
    start: "Callable[..., pexpect.spawn[bytes]]", tmp_path: Path
) -> None:
    before = set(Path("/tmp").glob("palate-edit-*/answer.md"))  # what others, or a run that was killed, left
    child = start(ASKS, 3)
    child.send("\te")  # the marked answer: nothing is asked
    child.expect("SAY: ")
    child.send("half a thought\r")
    child.expect("status 3")
    child.expect(r"palate-edit-\w+")
    (kept,) = set(Path("/tmp").glob("palate-edit-*/answer.md")) - before
    assert kept.read_text() == "half a thought"
    kept.unlink()
    kept.parent.rmdir()
    assert not (tmp_path / "edits").exists()
    child.send("q")
    child.expect(pexpect.EOF)


def test_an_editor_that_cannot_start_leaves_the_screen(start: "Callable[..., pexpect.spawn[bytes]]") -> None:
    before = set(Path("/tmp").glob("palate-edit-*"))
    child = start("#!/no/such/interpreter\n")
    child.send("\te")
    child.expect("cannot be started")
    assert set(Path("/tmp").glob("palate-edit-*")) == before
    child.send("q")
    expect_good_end(child)


def test_the_app_waits_for_no_editor_when_it_is_ended(
    start: "Callable[..., pexpect.spawn[bytes]]", tmp_path: Path
) -> None:
    before = set(Path("/tmp").glob("palate-edit-*/answer.md"))
    child = start(ASKS)
    child.send("\te")
    child.expect("SAY: ")
    (tmp_path / "leave").touch()  # as SIGTERM and a take-over do
    expect_good_end(child)
    (kept,) = set(Path("/tmp").glob("palate-edit-*/answer.md")) - before
    assert LEAVES[0] in kept.read_text(), "what was there stays for the person"
    kept.unlink()
    kept.parent.rmdir()


@pytest.mark.parametrize(("left", "words"), [(LEAVES[0], "nothing was changed"), ("", "an empty answer is not kept")])
def test_what_is_unchanged_or_empty_is_not_kept(
    start: "Callable[..., pexpect.spawn[bytes]]", tmp_path: Path, left: str, words: str
) -> None:
    (tmp_path / "left").write_text(left)  # an editor ends its file with a line end
    child = start('#!/bin/sh\ncat left > "$1"; echo >> "$1"; exit {status}\n')
    child.send("\te")
    child.expect(words)
    assert not (tmp_path / "edits").exists()
    child.send("q")
    child.expect(pexpect.EOF)


def test_an_editor_that_removes_its_file_changes_nothing_and_is_told(
    start: "Callable[..., pexpect.spawn[bytes]]", tmp_path: Path
) -> None:
    child = start('#!/bin/sh\nrm "$1"; exit {status}\n')
    child.send("\te")
    child.expect("left no text")
    assert not (tmp_path / "edits").exists()
    child.send("q")
    child.expect(pexpect.EOF)


@pytest.mark.parametrize(
    ("leaves", "words"), [('truncate -s 5M "$1"', "5,242,880"), ('rm "$1"; mkfifo "$1"', r"is no[\s\S]{0,120}?file")]
)
def test_what_is_too_long_or_no_file_is_not_read(
    start: "Callable[..., pexpect.spawn[bytes]]", tmp_path: Path, leaves: str, words: str
) -> None:
    child = start(f"#!/bin/sh\n{leaves}; exit {{status}}\n")
    child.send("\te")
    child.expect(words)
    assert not (tmp_path / "edits").exists()
    child.send("q")
    child.expect(pexpect.EOF)


def test_visual_comes_before_editor_and_a_missing_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "cat -n")
    monkeypatch.setenv("EDITOR", "true")
    assert editor_command() == ["cat", "-n"]
    monkeypatch.setenv("VISUAL", "")
    assert editor_command() == ["true"]
    monkeypatch.setenv("EDITOR", "no-such-editor --wait")
    with pytest.raises(InputError, match="\\$EDITOR is 'no-such-editor'"):
        editor_command()
    monkeypatch.setenv("EDITOR", "cat 'half")
    with pytest.raises(InputError, match="Correct its quotes"):
        editor_command()
    monkeypatch.delenv("EDITOR")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="No editor was found"):
        editor_command()
