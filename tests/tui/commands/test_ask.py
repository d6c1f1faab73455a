"""`palate ask` on a tiny model: one question, the next turn, a conversation from a pipe, past conversations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.tiny import save_tiny
from tui.cli import main
from tui.text.word_wrap import columns_of

Invoke = Callable[..., Result]
SHORT = ("--max-new-tokens", "8")


@pytest.fixture(scope="module")
def palate(tmp_path_factory: pytest.TempPathFactory) -> Invoke:
    """A workspace on a tiny model."""
    model = save_tiny(tmp_path_factory.mktemp("model"))
    space = tmp_path_factory.mktemp("space")
    before = ("--workspace", str(space), "--model", str(model), "--dtype", "float32", "--seed", "3")

    def invoke(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, [*before, *words], input=typed, catch_exceptions=False)

    return invoke


def records(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_question_its_verdict_and_the_next_turn(palate: Invoke) -> None:
    (first,) = records(palate("ask", "Who are you?", *SHORT, "--json"))
    assert first["event"] == "answers"
    assert {first["first_is"], first["second_is"]} == {"a", "b"}
    assert palate("judge", str(first["comparison"]), first["second_is"]).exit_code == 0
    (second,) = records(palate("ask", "And why?", "--after", str(first["prompt_id"]), *SHORT, "--json"))
    assert [each["content"] for each in second["prompt"]] == ["Who are you?", first["second"], "And why?"]
    shown = palate("ask", "Only words?", *SHORT)
    assert shown.stdout.startswith("[1] ")
    assert "\n\n[2] " in shown.stdout
    assert "palate judge" in shown.stderr


def test_a_turn_with_two_equal_answers_is_continued(palate: Invoke) -> None:
    greedy = (*SHORT, "--temperature", "0", "--json")
    (first,) = records(palate("ask", "Twice the same?", *greedy))
    assert first["first"] == first["second"]
    (second,) = records(palate("ask", "And why?", "--after", str(first["prompt_id"]), *greedy))
    assert [each["content"] for each in second["prompt"]] == ["Twice the same?", first["first"], "And why?"]


def test_lines_break_between_words_on_a_terminal(palate: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.ipc.console.terminal_columns", lambda: 24)
    shown = palate("ask", "On a narrow terminal?", "--max-new-tokens", "40")
    lines = [*shown.stdout.splitlines(), *shown.stderr.partition("Pair ")[2].splitlines()]
    assert len(lines) > 6
    assert [each for each in lines if columns_of(each) > 24 and " " in each[4:].strip()] == []


def test_a_conversation_from_a_pipe_judges_and_goes_on_with_what_was_chosen(palate: Invoke) -> None:
    said = records(palate("ask", *SHORT, "--json", typed="One?\n2\nTwo?\nnew\nThree?\n"))
    assert [len(each["prompt"]) for each in said] == [1, 3, 1]
    assert said[1]["prompt"][1]["content"] == said[0]["second"]
    listed = records(palate("ask", "--list", "--json"))
    assert [each["messages"][-1]["content"] for each in listed[:2]] == ["Three?", "Two?"]
    assert "2 turns" in palate("ask", "--list", "one? TWO").stdout


def test_a_turn_that_fails_ends_a_conversation_from_a_pipe(palate: Invoke) -> None:
    told = palate("ask", *SHORT, "--json", typed=f"First?\n{'long ' * 20_000}\n1\nThird?\n")
    assert told.exit_code == 1
    assert [json.loads(line)["prompt"][-1]["content"] for line in told.stdout.splitlines()] == ["First?"]
    assert "There is no answer." in told.stderr
    assert "Saved" not in told.stderr


def test_a_line_about_a_pair_is_no_question_while_there_is_no_pair(palate: Invoke) -> None:
    told = palate("ask", *SHORT, "--json", typed="1\nu\nagain\nnames\n")
    assert records(told) == []
    assert told.stderr.count("There is no pair") == 4


def test_a_conversation_is_written_as_prompts(palate: Invoke, tmp_path: Path) -> None:
    (asked,) = records(palate("ask", "To a file?", *SHORT, "--json"))
    file = tmp_path / "talk.jsonl"
    assert palate("ask", "--export", str(file), "--after", str(asked["prompt_id"])).exit_code == 0
    assert json.loads(file.read_text())["prompt"] == asked["prompt"]
    again = ("ask", "--export", str(file), "--after", str(asked["prompt_id"]))
    assert "exists already" in palate(*again).stderr
    assert palate(*again, "--overwrite").exit_code == 0


def test_what_cannot_be_asked_is_told(palate: Invoke) -> None:
    assert "asks nothing" in palate("ask", " ").stderr
    assert "There is no prompt 9999" in palate("ask", "x", "--after", "9999").stderr
    assert "--temperature is 9.0" in palate("ask", "x", "--temperature", "9").stderr
    assert palate("ask", "x", "--policy", "nobody").exit_code != 0
    held_out = json.loads(palate("prompts", "show", "science, held out", "--json").stdout.splitlines()[0])
    refused = palate("ask", held_out["line"])
    assert "held out for trials" in refused.stderr
