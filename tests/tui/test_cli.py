"""The command line, end to end on a tiny random model: every command, its JSON, and what it says to bad input."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.tiny import save_tiny
from tui.cli import main

Invoke = Callable[..., Result]
SHORT = ("--max-new-tokens", "10")
QUICK = ("--epochs", "2", "--lora-r", "4", "--lora-alpha", "8", "--lora-dropout", "0", "--eval-share", "0.2")
STEP_NAMES = {
    "event",
    "run",
    "step",
    "total_steps",
    "epoch",
    "loss",
    "grad_norm",
    "learning_rate",
    "rewards/chosen",
    "rewards/rejected",
    "rewards/margins",
    "rewards/accuracies",
    "logps/chosen",
    "logps/rejected",
    "pairs_per_second",
}


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def palate(tmp_path: Path, model_folder: Path) -> Invoke:
    return command_in(tmp_path / "space", model_folder)


@pytest.fixture(scope="module")
def in_a_new_workspace(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Invoke:
    """The command on a workspace that holds nothing yet, for what is refused and changes nothing."""
    palate = command_in(tmp_path_factory.mktemp("new") / "space", model_folder)
    palate("prompts")  # there is no workspace yet
    palate("adapters", "use", "base")
    return palate


def command_in(folder: Path, model_folder: Path) -> Invoke:
    before = ("--workspace", str(folder), "--model", str(model_folder), "--dtype", "float32", "--seed", "3")

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, [*before, *words], catch_exceptions=False)

    return invoke


def records(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_loop_without_a_screen(palate: Invoke, tmp_path: Path) -> None:
    written = records(palate("generate", "--pairs", "8", *SHORT, "--json"))
    assert [each["event"] for each in written] == ["comparison"] * 8
    waiting = records(palate("queue", "--json"))
    assert [each["id"] for each in waiting] == [each["id"] for each in written]
    assert set(waiting[0]) == {"id", "prompt", "field", "a", "b"}

    for place, each in enumerate(waiting):
        verdict = "ab"[place % 2]
        assert records(palate("judge", str(each["id"]), verdict, "--json"))[0]["verdict"] == verdict
    assert records(palate("queue", "--json")) == []

    told = records(palate("train", *QUICK, "--json"))
    steps = [each for each in told if each["event"] == "step"]
    assert steps[0].keys() >= STEP_NAMES
    assert steps[0]["loss"] == pytest.approx(0.693147, abs=1e-5)
    assert steps[-1]["step"] == steps[-1]["total_steps"]
    assert told[-1]["event"] == "finished"

    answers = records(palate("compare", "--num-questions", "3", *SHORT, "--json"))
    assert len(answers) == 3
    assert answers[0].keys() >= {"prompt", "base", "tuned", "adapter"}

    assert [each["status"] for each in records(palate("runs", "--json"))] == ["finished"]
    shown = records(palate("runs", "show", "1", "--json"))
    assert sum(each["event"] == "step" for each in shown) == len(steps)
    assert [(each["name"], each["in_use"]) for each in records(palate("adapters", "--json"))] == [("taste-1", True)]
    assert records(palate("adapters", "use", "base", "--json"))[0]["adapter"] is None
    assert [each["in_use"] for each in records(palate("adapters", "--json"))] == [False]

    file = tmp_path / "out.jsonl"
    assert records(palate("export", str(file), "--json"))[0]["pairs"] == 8
    assert len(file.read_text(encoding="utf-8").splitlines()) == 8
    file.write_text("mine", encoding="utf-8")
    assert f"{file} exists already" in palate("export", str(file)).stderr
    assert file.read_text(encoding="utf-8") == "mine"
    assert palate("export", str(file), "--overwrite").exit_code == 0
    assert palate("import", str(file)).exit_code == 0


def test_people_get_words_and_tables(palate: Invoke) -> None:
    assert palate("generate", "--pairs", "5", *SHORT).exit_code == 0
    assert "[a]" in palate("queue").stdout
    for place in range(1, 6):
        assert palate("judge", str(place), "a").exit_code == 0
    trained = palate("train", *QUICK)
    assert trained.exit_code == 0
    assert trained.stdout == ""
    assert "step 1/" in trained.stderr
    assert "finished" in palate("runs").stdout
    assert "learning_rate" in palate("runs", "show", "1").stdout
    assert "taste-1" in palate("adapters").stdout
    assert "taste-1" in palate("compare", "--num-questions", "1", *SHORT).stdout
    assert "science" in palate("prompts").stdout


def test_an_adapter_goes_out_and_comes_in_under_another_name(palate: Invoke) -> None:
    palate("generate", "--pairs", "4", *SHORT)
    for place in range(1, 5):
        palate("judge", str(place), "b")
    palate("train", *QUICK, "--name", "first")
    folder = records(palate("adapters", "--json"))[0]["folder"]
    added = records(palate("adapters", "add", folder, "--name", "copy", "--json"))
    assert added[0]["name"] == "copy"
    assert records(palate("adapters", "use", "copy", "--json"))[0]["adapter"] == "copy"
    assert palate("train", *QUICK, "--from", "copy").exit_code == 0
    newest = records(palate("adapters", "--json"))[0]
    assert newest["lineage"] == ["copy", "taste-1"]


def test_a_system_prompt_is_trained_on_too(palate: Invoke, tmp_path: Path) -> None:
    palate("generate", "--pairs", "2", *SHORT, "--system", "Answer like a pirate.")
    palate("judge", "1", "a")
    file = tmp_path / "pairs.jsonl"
    palate("export", str(file))
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["prompt"][0] == {"role": "system", "content": "Answer like a pirate."}


def test_settings_stay_and_count_for_what_is_written(palate: Invoke) -> None:
    assert records(palate("settings", "system", "Answer like a pirate.", "--json"))[0]["value"] is not None
    palate("settings", "max_new_tokens", "6")
    palate("settings", "against_sampling", "temperature=1.5")
    listed = {each["name"]: each["value"] for each in records(palate("settings", "--json"))}
    assert (listed["max_new_tokens"], listed["depth"]) == (6, 12)
    assert "max_new_tokens 6" in palate("doctor").stdout
    assert "allowed" in palate("settings").stdout
    records(palate("generate", "--pairs", "1", "--json"))
    palate("judge", "1", "a")
    shown = records(palate("agreement", "--json"))[0]
    assert (shown["pairs"], shown["share"]) == (0, None)
    assert palate("agreement").stdout == "No pair was judged twice yet.\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("judge", "99", "a"), "99"),
        (("judge", "1", "best"), "best"),
        (("train",), "at least 4 preference pairs, there are 0"),
        (("train", "--beta", "-1"), "--beta is -1.0; allowed: above 0"),
        (("train", "--epochs", "two"), "--epochs takes a whole number, not 'two'"),
        (("train", "--from", "nothing"), "nothing"),
        (("compare",), "No adapter is in use"),
        (("generate", "--top-p", "7"), "--top-p is 7.0"),
        (("generate", "--against-sampling", "heat=1"), "--against-sampling has 'heat=1'"),
        (("generate", "--server", "http://localhost:8000"), "`server_model` is empty"),
        (("generate", "--server", "localhost:8000", "--server-model", "x"), "takes an address such as http://"),
        (("settings", "depth", "many"), "--depth takes a whole number"),
        (("settings", "colour"), "no setting 'colour'"),
        (("runs", "show", "12"), "12"),
        (("adapters", "use", "nobody"), "nobody"),
        (("prompts", "add", "missing.txt"), "missing.txt"),
        (("import", "missing.json"), "missing.json"),
    ],
)
def test_bad_input_is_told_in_a_sentence(in_a_new_workspace: Invoke, words: tuple[str, ...], told: str) -> None:
    result = in_a_new_workspace(*words)
    assert result.exit_code != 0
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_a_question_file_as_people_have_them(palate: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "questions.txt"
    file.write_bytes("﻿Why is the sky blue?\r\n\r\nWhy is the sky blue?\r\nWhat is a tide?\r\n".encode())
    record = records(palate("prompts", "add", str(file), "--json"))[0]
    assert record == {
        "event": "prompts",
        "set_name": "questions",
        "added": 2,
        "duplicates": 1,
        "skipped": 1,
        "in_other_set": 0,
        "left_out": [{"reason": "empty line", "count": 1, "lines": [2]}],
        "remarks": [],
        "similar": [],
    }
    again = records(palate("prompts", "add", str(file), "--json"))[0]
    assert (again["added"], again["duplicates"]) == (0, 3)


def test_a_question_file_in_another_encoding_is_refused_whole(palate: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "latin.txt"
    file.write_bytes("A fine question?\nWas heißt das?\n".encode("latin-1"))
    result = palate("prompts", "add", str(file))
    assert result.exit_code == 1
    assert "line 2" in result.stderr
    assert "latin" not in palate("prompts").stdout


def test_a_database_of_another_program_is_left_alone(palate: Invoke, tmp_path: Path) -> None:
    folder = tmp_path / "space"
    folder.mkdir()
    connection = sqlite3.connect(folder / "palate.db")
    connection.execute("CREATE TABLE recipes (id INTEGER)")
    connection.commit()
    connection.close()
    before = (folder / "palate.db").read_bytes()
    result = palate("generate", "--pairs", "1")
    assert result.exit_code == 1
    assert "not a Palate database" in result.stderr
    assert (folder / "palate.db").read_bytes() == before


def test_an_unknown_model_says_what_to_do(tmp_path: Path) -> None:
    words = ["--workspace", str(tmp_path / "space"), "--model", str(tmp_path / "no such model"), "generate"]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert result.exit_code == 1
    assert "no such model" in result.stderr


def test_a_gguf_that_is_none_says_so(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"this is a text file")
    words = ["--workspace", str(tmp_path / "space"), "--model", str(file), "generate"]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    assert result.exit_code == 1
    assert "model.gguf" in result.stderr
    assert "GGUF" in result.stderr


def test_doctor_looks_at_everything(palate: Invoke) -> None:
    palate("adapters", "use", "base")
    result = palate("doctor", "--json")
    areas = {json.loads(line)["area"] for line in result.stdout.splitlines()}
    assert areas >= {"machine", "python", "package", "device", "weights", "model", "workspace", "database", "terminal"}
