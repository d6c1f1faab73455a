"""Commands beside the owner of a workspace: it runs them, says what they say, and outlives whoever asked."""

import ast
import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from db.errors import WorkspaceBusy
from db.lock import WorkspaceLock
from tests.starting import ROOT, Process
from tests.test_import_rules import calls_of
from tests.tiny import save_tiny
from tests.visiting import QUICK, SHORT, Owner, begin, owner_of, palate, records, wait_until
from tui.cli import main
from tui.ipc.client import connect_to_watch
from tui.ipc.protocol import VERSION, Channel
from tui.ipc.remote_workbench import RemoteWorkbench
from tui.workspace.workspace import read_workspace

LONG = ("--lora-r", "4", "--eval-share", "0", "--epochs", "100000")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    """A workspace with sixteen pairs, twelve of them judged, that nobody owns."""
    folder = tmp_path_factory.mktemp("furnished") / "space"
    with owner_of(folder, model) as owner:
        written = records(palate(folder, "generate", "--pairs", "16", *SHORT, "--json"))
        assert len(written) == 16
        for number, pair in enumerate(written[:12]):
            records(palate_in(owner, "judge", str(pair["id"]), "ab"[number % 2], "--json"))
        owner.end()
    return folder


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory, furnished: Path, model: Path) -> Iterator[Owner]:
    """An owner that these tests share: none of them makes it leave."""
    folder = tmp_path_factory.mktemp("shared") / "space"
    shutil.copytree(furnished, folder)
    with owner_of(folder, model) as process:
        yield process


@pytest.fixture
def mortal(tmp_path: Path, furnished: Path, model: Path) -> Iterator[Owner]:
    """An owner for one test, which may end it."""
    shutil.copytree(furnished, tmp_path / "space")
    with owner_of(tmp_path / "space", model) as process:
        yield process


def palate_in(owner: Owner, *words: str) -> "object":
    """A command without the start of a process: this test is the visitor, and says what `palate` would."""
    out = []
    with owner.connect() as link:
        channel = Channel(link)
        channel.send({"palate": VERSION, "ask": "command", "words": words, "cwd": str(ROOT), "environment": {}})
        while (said := channel.receive()) is not None and "exit" not in said:
            out.append(said.get("out", ""))
    assert said is not None

    class Done:
        returncode, stdout, stderr = said["exit"], "".join(out), ""

    return Done


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{folder / 'palate.db'}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()


def test_records_are_the_same_beside_an_owner_and_without_one(
    tmp_path: Path, furnished: Path, mortal: Owner, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tmp_path / "alone"
    before = ("--workspace", str(alone), "--model", str(model), "--dtype", "float32", "--device", "cpu", "--seed", "3")
    shutil.copytree(furnished, alone)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "more.txt").write_text("Why is the sky blue?\nWhat is rust?\n")
    (tmp_path / "here" / "pairs.jsonl").write_text('{"prompt": "Hi", "chosen": "Hello", "rejected": "Go away"}\n')
    monkeypatch.chdir(tmp_path / "here")
    commands: list[tuple[str, ...]] = [
        ("prompts", "add", "more.txt"),
        ("import", "pairs.jsonl", "--set", "mine"),
        ("settings", "depth", "7"),
        ("judge", "13", "tie", "--note", "same"),
        ("generate", "--pairs", "2", *SHORT),
        ("train", "--preflight", *QUICK),
        ("train", *QUICK, "--name", "mine"),
        ("compare", "--num-questions", "2", *SHORT),
        ("adapters", "use", "base"),
    ]
    for words in commands:
        beside = palate(mortal.folder, *words, "--json", cwd=tmp_path / "here")
        without = CliRunner().invoke(main, [*before, *words, "--json"], catch_exceptions=False)
        assert without.exit_code == 0, without.output
        told = [json.loads(line) for line in without.stdout.splitlines()]
        assert [plain(each) for each in records(beside)] == [plain(each) for each in told], words
    judged = "SELECT comparison, verdict, note FROM verdicts WHERE comparison = 13"
    assert rows(mortal.folder, judged) == [(13, "tie", "same")]


def plain(record: dict[str, object]) -> dict[str, object]:
    """A record without what differs between two runs of the same command: times, speeds and the moment's memory."""
    moving = (
        "at",
        "seconds",
        "seconds_left",
        "pairs_per_second",
        "tokens_per_second",
        "flops_per_second",
        "elapsed_s",
        "free_bytes",
    )
    return {name: value for name, value in record.items() if name not in moving}


def test_errors_and_words_come_back_as_well(owner: Owner) -> None:
    wrong = palate(owner.folder, "judge", "999", "a")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("Error: Not found. There is no comparison 999")
    said = palate(owner.folder, "judge", "14", "both_bad")
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "Comparison 14: both_bad.\n")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--model", "other/model"), "--model other/model cannot be used beside it"),
        (("--dtype", "bfloat16"), "open with --dtype float32; --dtype bfloat16 cannot"),
        (("--device", "cuda"), "open with --device cpu; --device cuda cannot"),
        (("--seed", "4"), "open with --seed 3; --seed 4 cannot"),
        (("--trust-remote-code",), "Leave --trust-remote-code out"),
    ],
)
def test_what_cannot_be_had_beside_an_owner_is_refused(owner: Owner, flags: tuple[str, ...], words: str) -> None:
    done = palate(owner.folder, *flags, "judge", "14", "a")
    assert done.returncode == 1
    assert words in done.stderr
    same = palate(owner.folder, "--model", str(owner.model), "--dtype", "float32", "--seed", "3", "judge", "14", "a")
    assert same.returncode == 0


def test_many_writers_at_once_are_all_served(owner: Owner, tmp_path: Path, furnished: Path) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(furnished, alone)
    for folder, verdict in ((owner.folder, "tie"), (alone, "skip")):  # alone, they own it one after the other
        started = [begin(folder, "judge", str(each), verdict, "--json") for each in (13, 14, 15, 16)]
        said = [each.communicate(timeout=120) for each in started]
        for each, (out, err) in zip(started, said, strict=True):
            assert each.returncode == 0, err
            assert json.loads(out)["verdict"] == verdict
        assert rows(folder, f"SELECT count(*) FROM verdicts WHERE comparison > 12 AND verdict = '{verdict}'") == [(4,)]


# -- who goes away ---------------------------------------------------------------------------------------------


def lines_until(process: Process, wanted: Callable[[dict[str, object]], bool]) -> None:
    for line in process.stdout:
        if wanted(json.loads(line)):
            return
    raise AssertionError("the command ended before that")


def test_a_run_outlives_the_visitor_who_started_it(mortal: Owner) -> None:
    with begin(mortal.folder, "train", *LONG, "--json") as visitor:
        lines_until(visitor, lambda record: record["event"] == "step")
        visitor.kill()
        visitor.communicate()
    step = int(rows(mortal.folder, "SELECT max(step) FROM metrics")[0][0])  # type: ignore[call-overload]
    wait_until(lambda: rows(mortal.folder, "SELECT max(step) FROM metrics")[0][0] > step + 2)
    assert palate(mortal.folder, "judge", "16", "a").returncode == 0  # labelling goes on
    assert rows(mortal.folder, "SELECT status FROM runs") == [("running",)]
    assert "Run 1 is still training" in palate(mortal.folder, "train", *LONG).stderr


def test_answers_that_nobody_waits_for_are_not_written(owner: Owner) -> None:
    with begin(owner.folder, "generate", "--pairs", "150", "--max-new-tokens", "200", "--json") as visitor:
        lines_until(visitor, lambda record: record["event"] == "comparison")
        visitor.kill()
        visitor.communicate()
    wait_until(lambda: not owner_status(owner)["writing_for_others"])
    assert rows(owner.folder, "SELECT count(*) FROM comparisons")[0][0] < 100  # type: ignore[operator]


def owner_status(owner: Owner) -> dict[str, object]:
    told = owner.say(json.dumps({"palate": VERSION, "ask": "who"}).encode() + b"\n")
    assert told is not None
    return {"writing_for_others": told["visitors"] > 0}


def test_ctrl_c_of_the_visitor_stops_the_run_and_keeps_it(owner: Owner) -> None:
    with begin(owner.folder, "train", *LONG, "--json") as visitor:
        lines_until(visitor, lambda record: record["event"] == "step")
        visitor.send_signal(signal.SIGINT)
        out, err = visitor.communicate(timeout=120)
    assert visitor.returncode == 0
    assert "Saving the adapter" in err
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["stopped"]) == ("finished", True)
    assert rows(owner.folder, "SELECT status, adapter IS NULL FROM runs") == [("stopped", 0)]


def test_ctrl_c_of_the_visitor_ends_its_command_alone(owner: Owner) -> None:
    with begin(owner.folder, "generate", "--pairs", "150", "--max-new-tokens", "200", "--json") as visitor:
        lines_until(visitor, lambda record: record["event"] == "comparison")
        visitor.send_signal(signal.SIGINT)
        _, err = visitor.communicate(timeout=120)
    assert (visitor.returncode, err.splitlines()[-1]) == (1, "Aborted!")
    assert palate(owner.folder, "judge", "16", "a").returncode == 0


def test_a_command_says_that_its_owner_is_suspended_and_ends_well_once_it_is_continued(owner: Owner) -> None:
    command = ("generate", "--pairs", "40", "--max-new-tokens", "200", "--json")
    with begin(owner.folder, *command) as visitor:
        lines_until(visitor, lambda record: record["event"] == "comparison")
        os.kill(owner.pid, signal.SIGSTOP)
        assert visitor.stderr is not None
        words = f"Process {owner.pid}, which has the workspace open, is suspended"
        try:
            wait_until(lambda: words in visitor.stderr.readline())
        finally:
            os.kill(owner.pid, signal.SIGCONT)
        visitor.communicate(timeout=240)
    assert visitor.returncode == 0


def test_ctrl_c_ends_a_command_whose_owner_is_suspended(owner: Owner) -> None:
    with begin(owner.folder, "generate", "--pairs", "150", "--max-new-tokens", "200", "--json") as visitor:
        lines_until(visitor, lambda record: record["event"] == "comparison")
        os.kill(owner.pid, signal.SIGSTOP)
        assert visitor.stderr is not None
        try:
            wait_until(lambda: "is suspended" in visitor.stderr.readline())
            visitor.send_signal(signal.SIGINT)
            visitor.communicate(timeout=120)
        finally:
            os.kill(owner.pid, signal.SIGCONT)
    assert visitor.returncode == 1
    assert palate(owner.folder, "judge", "16", "a").returncode == 0


def test_a_watcher_says_that_the_owner_is_suspended_and_not_that_it_left(owner: Owner) -> None:
    with pytest.raises(WorkspaceBusy) as busy:
        WorkspaceLock(owner.folder).acquire()
    watched = RemoteWorkbench(read_workspace(owner.folder), *connect_to_watch(busy.value))
    watched.start()
    try:
        os.kill(owner.pid, signal.SIGSTOP)
        wait_until(lambda: watched.watching == f"watching, owner is suspended: {owner.pid}")
        os.kill(owner.pid, signal.SIGCONT)
        wait_until(lambda: watched.watching == f"watching, owner is {owner.pid}")
        assert not watched.left
    finally:
        os.kill(owner.pid, signal.SIGCONT)
        watched.close()


def test_an_owner_that_dies_is_told_and_nothing_acknowledged_is_lost(mortal: Owner) -> None:
    with begin(mortal.folder, "generate", "--pairs", "150", "--max-new-tokens", "200", "--json") as visitor:
        lines_until(visitor, lambda record: record["event"] == "comparison")
        assert records(palate(mortal.folder, "judge", "15", "b", "--json"))[0]["verdict"] == "b"
        mortal.process.kill()
        _, err = visitor.communicate(timeout=120)
    assert visitor.returncode == 1
    assert f"Process {mortal.pid} ended while it ran this command" in err
    assert rows(mortal.folder, "SELECT verdict FROM verdicts WHERE comparison = 15") == [("b",)]
    assert palate(mortal.folder, "judge", "16", "a").returncode == 0  # the command can be run again


@pytest.mark.parametrize("words", [("adapters", "push", "x", "anna/taste"), ("runs", "--to", "trackio")])
def test_nothing_leaves_with_the_owner_s_account(owner: Owner, words: tuple[str, ...]) -> None:
    refused = palate(owner.folder, *words, "--allow")
    assert refused.returncode == 1
    assert "would send this with its own account and address" in refused.stderr


def test_an_owner_that_leaves_tells_its_visitors(mortal: Owner) -> None:
    with begin(mortal.folder, "train", *LONG, "--json") as visitor:
        lines_until(visitor, lambda record: record["event"] == "step")
        mortal.end()
        _, err = visitor.communicate(timeout=120)
    assert visitor.returncode == 1
    assert "palate train --resume 1" in err
    assert f"Process {mortal.pid} has left the workspace" in err
    assert rows(mortal.folder, "SELECT status FROM runs") == [("interrupted",)]


# -- an owner without a screen ---------------------------------------------------------------------------------


def test_a_command_that_computes_serves_others_meanwhile_and_waits_for_them(
    tmp_path: Path, furnished: Path, model: Path
) -> None:
    folder = tmp_path / "space"
    shutil.copytree(furnished, folder)
    before = ("--model", str(model), "--dtype", "float32", "--device", "cpu")
    with begin(folder, *before, "train", *LONG, "--json") as training:
        lines_until(training, lambda record: record["event"] == "step")
        assert palate(folder, "judge", "16", "a").returncode == 0
        with begin(folder, "generate", "--pairs", "3", "--max-new-tokens", "200", "--json") as visitor:
            lines_until(visitor, lambda record: record["event"] == "comparison")
            training.send_signal(signal.SIGINT)
            out, err = visitor.communicate(timeout=120)
        assert visitor.returncode == 0, err
        assert len(out.splitlines()) == 2
        training.communicate(timeout=120)
        assert training.returncode == 0


# -- the commands themselves -----------------------------------------------------------------------------------


def test_commands_that_an_owner_may_run_speak_through_the_console_and_take_paths_from_there() -> None:
    for path in sorted((ROOT / "tui" / "commands").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "options.owning()" in text or "options.working()" in text:
            assert calls_of(ast.parse(text), "print") == [], path
            wrong = ("click.echo(", "click.confirm(", "click.prompt(", "click.Path(", "sys.stdin", "getcwd")
            assert [each for each in wrong if each in text and path.name != "console.py"] == [], path
