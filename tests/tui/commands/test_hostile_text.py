"""Every command over a hostile workspace: nothing harmful is printed, and what is stored is what came."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.hostile import EVIL, LONG_EVIL, MARK, fill, harmful
from tests.still_workbench import StillWorkbench
from tui.cli import main
from tui.terminal.logs import VisibleFormatter

Invoke = Callable[..., Result]
SURROGATE = "half \udcff"
"""What Python makes of a byte that is no UTF-8, in a file's name for one."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "space"
    workbench = StillWorkbench(folder)
    workbench.workspace.write(fill).result()
    workbench.change_setting("system", EVIL)
    workbench.close()
    return folder


@pytest.fixture
def palate(folder: Path) -> Invoke:
    def invoke(*words: str) -> Result:
        # Colours are kept, or click would take every escape sequence out of what it prints.
        return CliRunner().invoke(main, ["--workspace", str(folder), *words], color=True)

    return invoke


READING = [
    ("queue",),
    ("prompts",),
    ("prompts", "similar"),
    ("settings",),
    ("settings", "system"),
    ("runs",),
    ("runs", "show", "1"),
    ("runs", "list", "--all", "--sort", "target-modules"),
    ("adapters",),
    ("agreement",),
    ("likes",),
    ("likes", "--field", EVIL),
    ("data", "--verdicts-of", f"person:{EVIL}"),
    ("agreement", "--verdicts-of", f"person:{EVIL}"),
    ("likes", "--verdicts-of", f"judge:{EVIL}"),
    ("settle",),
    ("tags",),
    ("ask", "--list"),
    ("servers",),
    ("compare", "--trial", "2"),
    ("compare", "--board"),
    ("judges",),
    ("judges", "rubric", EVIL),
    ("judges", "slips", EVIL),
    ("forget", "1"),
    ("status",),
    ("doctor",),
]


@pytest.mark.parametrize("words", READING, ids=lambda words: " ".join(words)[:20].replace("\x1b", "␛"))
def test_a_command_that_reads(palate: Invoke, words: tuple[str, ...]) -> None:
    done = palate(*words)
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.output
    assert harmful(done.output, tabs=True) == set()


@pytest.mark.parametrize("words", READING[:-1], ids=lambda words: " ".join(words)[:20].replace("\x1b", "␛"))
def test_its_records_are_whole_and_plain(palate: Invoke, words: tuple[str, ...]) -> None:
    done = palate(*words, "--json")
    assert done.exit_code == 0, done.output
    assert [json.loads(line) for line in done.stdout.splitlines()] != [] or words == ("adapters",)
    assert done.stdout.isascii()
    assert harmful(done.output, tabs=True) == set()


@pytest.mark.parametrize(
    "words",
    [
        ("judge", "ID", "a"),
        ("runs", "show", "ID"),
        ("runs", "archive", "ID"),
        ("samples", "ID"),
        ("compare", "--trial", "ID"),
        ("train", "--resume", "ID"),
        ("generate", "--instead-of", "ID"),
        ("prompts", "remove", "ID"),
    ],
    ids=" ".join,
)
def test_a_number_too_large_for_the_database_is_not_found(palate: Invoke, words: tuple[str, ...]) -> None:
    done = palate(*(each.replace("ID", "9" * 20) for each in words))
    assert isinstance(done.exception, SystemExit), repr(done.exception)
    assert "Not found. There is no " in done.output
    assert "9" * 20 in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "--samples", "3"), "--samples and --set need a trial."),
        (("compare", "--set", "science, held out"), "--samples and --set need a trial."),
        (("train", "--resume", "1", "--preflight"), "Leave the other flags out."),
    ],
    ids=["samples", "set", "preflight"],
)
def test_a_flag_that_would_count_for_nothing_is_refused(palate: Invoke, words: tuple[str, ...], said: str) -> None:
    done = palate(*words)
    assert done.exit_code == 1
    assert said in done.output


def test_the_texts_in_records_are_those_that_were_stored(palate: Invoke) -> None:
    waiting = [json.loads(line) for line in palate("queue", "--json").stdout.splitlines()]
    assert (waiting[0]["a"], waiting[0]["b"]) == (LONG_EVIL, f"{LONG_EVIL} and more")
    assert (waiting[0]["prompt"][0]["content"], waiting[0]["field"]) == (EVIL, EVIL)
    run = json.loads(palate("runs", "--json").stdout)
    assert (run["name"], run["error"], run["note"]) == (EVIL, EVIL, EVIL)


@pytest.mark.parametrize(
    "words",
    [
        ("adapters", "use", EVIL),
        ("runs", "show", "99"),
        ("compare", "--adapter", EVIL),
        ("import", f"/no/such/{MARK}\x1b[2J"),
        ("prompts", "add", "/no/such/\x1b]0;own\x07\x9b31m"),
        ("settings", EVIL, "1"),
        ("settings", "order", EVIL),
        ("judge", "1", EVIL),
        ("judge", "1", "a", "--reason", f"x{EVIL}"),
        ("likes", "--verdicts-of", f"x{EVIL}"),
        ("join", f"/no/such/{EVIL}"),
        ("prompts", "grow", EVIL, "--server", EVIL),
        ("servers", "try", EVIL),
        ("judges", "try", EVIL),
        ("settle", "--with", EVIL, "1", "a"),
        ("tags", "add", EVIL),
        ("tags", "rename", EVIL, EVIL),
        ("judge", "1", "a", EVIL),
        ("queue", f"--{EVIL}"),
        (EVIL,),
        ("train", "--loss", EVIL),
    ],
    ids=lambda words: words[0][:8].replace("\x1b", "␛"),
)
def test_an_error_quotes_nothing_harmful(palate: Invoke, words: tuple[str, ...]) -> None:
    done = palate(*words)
    assert done.exit_code != 0
    assert isinstance(done.exception, SystemExit), repr(done.exception)
    assert harmful(done.output, tabs=True) == set()


@pytest.mark.parametrize(
    "words",
    [
        ("judge", "1", "tie", "--note", SURROGATE),
        ("import", SURROGATE),
        ("prompts", "add", SURROGATE),
        ("settings", "system", SURROGATE),
        ("likes", "--set", SURROGATE),
        ("adapters", "use", SURROGATE),
        ("export", f"/no/such/{SURROGATE}"),
    ],
    ids=lambda words: words[0],
)
def test_half_a_surrogate_pair_is_told_and_crashes_nothing(palate: Invoke, words: tuple[str, ...]) -> None:
    done = palate(*words)
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert harmful(done.output, tabs=True) == set()


def test_hostile_files_go_through_as_they_are(tmp_path: Path) -> None:
    space, given, taken = tmp_path / "space", tmp_path / "pairs.jsonl", tmp_path / "out.jsonl"
    pair = {"prompt": EVIL, "chosen": LONG_EVIL, "rejected": f"other {LONG_EVIL}"}
    given.write_text(json.dumps(pair) + "\n")

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, ["--workspace", str(space), *words], color=True)

    workbench = StillWorkbench(space)
    workbench.close()
    for words in (("import", str(given), "--set", EVIL), ("export", str(taken))):
        done = invoke(*words)
        assert done.exit_code == 0, done.output
        assert harmful(done.output, tabs=True) == set()
    (line,) = taken.read_text(encoding="utf-8").splitlines()
    assert harmful(line) == set()  # files are looked at in terminals too
    record = json.loads(line)
    assert record["prompt"] == [{"role": "user", "content": EVIL}]
    assert record["chosen"] == [{"role": "assistant", "content": LONG_EVIL}]
    assert record["rejected"] == [{"role": "assistant", "content": f"other {LONG_EVIL}"}]


@pytest.mark.parametrize(
    "line",
    [
        '{"prompt": "%s", "chosen": 3, "rejected": "x"}',
        '{"prompt": "x", "chosen": "\\ud800", "rejected": "%s"}',
        '{"prompt": [{"role": "%s", "content": "x"}], "chosen": "a", "rejected": "b"}',
        '{"%s": 1}',
        "%s",
    ],
)
def test_a_malformed_file_is_told_without_harm(palate: Invoke, tmp_path: Path, line: str) -> None:
    path = tmp_path / "evil\x1b[2J\u202e.jsonl"
    path.write_text(line % json.dumps(EVIL)[1:-1] + "\n")
    done = palate("import", str(path))
    assert done.exit_code != 0
    assert isinstance(done.exception, SystemExit), repr(done.exception)
    assert harmful(done.output, tabs=True) == set()


# -- logs and crashes ------------------------------------------------------------------------------------------


def test_the_log_can_be_read_in_a_terminal() -> None:
    try:
        raise ValueError(EVIL)
    except ValueError:
        record = logging.LogRecord("palate", logging.ERROR, "x", 1, "it said %s", (EVIL,), sys.exc_info())
    line = VisibleFormatter("%(message)s").format(record)
    assert line.count(MARK) == 2
    assert harmful(line, tabs=True) == set()


def test_a_crash_is_told_without_harm() -> None:
    code = (
        "import logging; from tests.hostile import EVIL; from tui.terminal.logs import guard_stderr; guard_stderr();"
        "logging.getLogger('x').warning('%s', EVIL); raise RuntimeError(EVIL)"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=False)
    told = done.stderr.decode()
    assert told.count(MARK) == 2
    assert "RuntimeError" in told
    assert harmful(told, tabs=True) == set()
