"""Every message that a person can meet is plain: it begins and ends as a sentence, and is two sentences at most."""

import re
from pathlib import Path

import pytest

from tests.messages import GAP, Message, messages, messages_in, sentences

ALL = messages()
REFUSALS = [each for each in ALL if each.kind == "refusal"]
MOST_SENTENCES = 2
ODD_WORDS = (
    "is told",
    "stands",
    "goes on",
    "what comes of it",
    "take up",
    "takes up",
    "mend",
    "hand back",
    "hands back",
)
ON_SCREENS = ("tui/screens/", "tui/widgets/", "tui/app.py", "tui/watch_app.py")


def told(found: list[Message]) -> list[str]:
    return [f"{each.place}: {each.text}" for each in found]


def odd_words_of(text: str) -> list[str]:
    return [each for each in ODD_WORDS if re.search(rf"\b{each}s?\b", text)]


def test_the_messages_are_found() -> None:
    assert len(REFUSALS) > 400
    assert len(ALL) > 1000
    assert any("There is no run" in each.text for each in REFUSALS)


def test_a_text_of_parts_is_read_with_each_alternative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tests.messages

    monkeypatch.setattr(tests.messages, "ROOT", tmp_path)
    file = tmp_path / "one.py"
    file.write_text('raise InputError(f"No {name} " + ("here." if here else f"at {place}."))\n', encoding="utf-8")
    assert [each.text for each in messages_in(file)] == [f"No {GAP} here.", f"No {GAP} at {GAP}."]


def test_sentences_are_counted_without_what_stands_in_backticks() -> None:
    assert len(sentences("It has 2.5 GB. Press T. `palate train a. B` does it.")) == 3


def test_a_refusal_has_two_sentences_at_most() -> None:
    assert told([each for each in REFUSALS if len(sentences(each.text)) > MOST_SENTENCES]) == []


def test_a_refusal_begins_with_a_capital_letter_or_a_name() -> None:
    assert told([each for each in REFUSALS if not re.match(r"[A-Z{`“'\"$]|--[a-z]", each.text)]) == []


def test_a_refusal_ends_with_a_full_stop() -> None:
    assert told([each for each in REFUSALS if not each.text.rstrip().endswith((".", "?", GAP))]) == []


def test_no_message_has_words_that_a_reader_has_to_guess_at() -> None:
    assert told([each for each in ALL if odd_words_of(each.text)]) == []


def test_a_screen_names_no_flag_of_the_command_line() -> None:
    on_screens = [each for each in ALL if each.place.startswith(ON_SCREENS)]
    assert told([each for each in on_screens if re.search(r"--[a-z]", re.sub(r"`palate [^`]*`", "", each.text))]) == []
