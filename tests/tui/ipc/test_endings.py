"""Every command ends with a sentence and an exit code, without a traceback. What was stored is not called a failure."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from db.errors import NotWritable
from tests.label_pairs import fill
from tests.starting import environment
from tui.cli import main
from tui.ipc.endings import OUTPUT_LOST, command_end

FAILING = """
import sys
import tui.commands.settings
def fail(_workspace):
    raise ZeroDivisionError("by zero")
tui.commands.settings.list_settings = fail
sys.argv = ["palate", *sys.argv[1:]]
from tui.start import main
main()
"""
"""Runs `palate settings` with a fault in it."""
IMPORTING = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # the job of a shell in the background ignores it
class Slow:
    def find_spec(self, name, *_):
        if name == "tui.cli":
            print(flush=True)
            time.sleep(60)
sys.meta_path.insert(0, Slow())
from tui.start import main
main()
"""
"""Runs `palate` where an import takes a minute."""


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with pairs to judge."""
    folder = tmp_path_factory.mktemp("endings") / "space"
    fill(folder, 6, words=20)
    return folder


def palate(
    space: Path, *words: str, env: Mapping[str, str] | None = None, start: tuple[str, ...] = ("-m", "tui"), **more: Any
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end. It must print no traceback."""
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 120, **more}
    command = [sys.executable, *start, "--workspace", str(space), *words]
    done = subprocess.run(command, env=environment(**(env or {})), **given)
    assert "Traceback" not in (done.stderr or ""), done.stderr
    return done


def judged(space: Path, comparison: int) -> list[str]:
    with closing(sqlite3.connect(f"file:{space / 'palate.db'}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT verdict FROM verdicts WHERE comparison = ?", (comparison,))
        return [row[0] for row in rows]


def test_a_verdict_whose_words_cannot_be_written_is_stored_and_not_called_a_failure(space: Path) -> None:
    with open("/dev/full", "w") as full:
        done = palate(space, "judge", "1", "a", "--json", stdout=full)
        quiet = palate(space, "judge", "2", "b", stderr=full)
    assert done.returncode == OUTPUT_LOST
    assert "No space left on device. The command's work is stored." in done.stderr
    assert quiet.returncode == 0
    assert judged(space, 1) == ["a"]
    assert judged(space, 2) == ["b"]


@pytest.mark.parametrize(
    ("words", "reads", "stored"),
    [
        (("judge", "3", "tie"), "tui.workbench.Workbench.status", "SELECT verdict FROM verdicts WHERE comparison = 3"),
        (("settings", "depth", "9"), "tui.commands.settings.list_settings", "SELECT value FROM settings"),
    ],
)
def test_what_cannot_be_read_after_a_store_is_told_and_is_no_failure(
    space: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], reads: str, stored: str
) -> None:
    def fail(*_: object) -> None:
        raise NotWritable("cannot be read")

    monkeypatch.setattr(reads, fail)
    done = CliRunner().invoke(main, ["--workspace", str(space), *words])
    assert done.exit_code == 0, done.output
    assert "It is stored" in done.stderr
    with closing(sqlite3.connect(f"file:{space / 'palate.db'}?mode=ro", uri=True)) as connection:
        assert words[-1] in str(connection.execute(stored).fetchall())


def test_a_verdict_is_no_failure_where_another_program_holds_the_database_at_the_end(
    space: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locker = sqlite3.connect(space / "palate.db", isolation_level=None, check_same_thread=False)

    def lock(*_: object) -> SimpleNamespace:
        locker.execute("BEGIN IMMEDIATE")
        return SimpleNamespace(offer=0)

    monkeypatch.setattr("db.connection.BUSY_TIMEOUT_S", 0.05)
    monkeypatch.setattr("tui.workbench.Workbench.status", lock)
    done = CliRunner().invoke(main, ["--workspace", str(space), "judge", "4", "tie"])
    locker.close()
    assert done.exit_code == 0, done.output
    assert judged(space, 4) == ["tie"]


def test_help_on_a_full_disk_ends_with_a_sentence(space: Path) -> None:
    with open("/dev/full", "w") as full:
        done = palate(space, "--help", stdout=full)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: No space left on device")
    assert done.stderr.count("\n") == 1


def test_characters_that_an_encoding_lacks_are_written_as_escapes(space: Path) -> None:
    done = palate(space, "settings", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "\\u2013" in done.stdout


def test_a_command_in_a_folder_that_was_removed_names_it(space: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    words = [sys.executable, "-m", "tui", "--workspace", str(space), "import", "pairs.jsonl"]
    script = 'cd "$0" && rmdir "$0" && exec "$@"'
    done = subprocess.run(["sh", "-c", script, str(gone), *words], env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        "Error: The folder that you are in was removed. Change to another one: `cd`.\n",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("import", "/"), "is the folder of all files"),
        (("import", "x" * 100_000), "File name too long"),
        (("--model", "m" * 100_000, "generate"), "--model has 100,000 characters"),
    ],
)
def test_names_that_lead_nowhere_are_refused_in_a_line(space: Path, words: tuple[str, ...], said: str) -> None:
    done = palate(space, *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr) < 1000


def test_a_database_s_own_rule_is_told(tmp_path: Path) -> None:
    fill(tmp_path / "space", 2, words=20)
    with closing(sqlite3.connect(tmp_path / "space" / "palate.db")) as connection:
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON verdicts BEGIN SELECT RAISE(ABORT, 'boo'); END")
    done = palate(tmp_path / "space", "judge", "1", "a")
    assert done.returncode == 1
    assert "refuses this: boo. Nothing was stored" in done.stderr


def test_what_nobody_expected_is_one_sentence_and_a_file(space: Path) -> None:
    done = palate(space, "settings", start=("-c", FAILING))
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == "Error: Something unexpected happened: ZeroDivisionError: by zero"
    cause = Path(second.removeprefix("Its cause is in ").removesuffix("."))
    assert "list_settings" in cause.read_text()
    cause.unlink()


def test_ctrl_c_while_modules_are_imported_prints_no_traceback(space: Path) -> None:
    start = ("-c", IMPORTING)
    command = [sys.executable, *start, "--workspace", str(space), "settings"]
    with subprocess.Popen(command, env=environment(), stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (-signal.SIGINT, "")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (click.exceptions.Exit(3), 3, ""),
        (SystemExit("words"), 1, ""),
        (KeyboardInterrupt(), 1, "Aborted!\n"),
        (click.UsageError("no such thing"), 2, "Error: no such thing\n"),
        (PermissionError(13, "Permission denied", "/root/x"), 1, "Error: Permission denied (/root/x). Change that"),
    ],
)
def test_every_error_has_a_code_and_words(error: BaseException, code: int, words: str) -> None:
    ending = command_end(error)
    assert ending.code == code
    assert ending.words.startswith(words) if words else not ending.words
    assert ending.cause is None
