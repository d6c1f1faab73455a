"""How much two answers are alike."""

import pytest

from tui.text.similarity import likeness, nearly_equal

SENTENCE = "Leaves change colour because the tree stops making chlorophyll when the days grow short"


@pytest.mark.parametrize(
    ("first", "second", "share"),
    [
        ("The same.", " The same.\n", 1.0),
        ("Ice floats, on water!", "ice floats on water", 1.0),
        ("", "", 1.0),
        ("", "Something", 0.0),
        ("!!!", "???", 0.0),
        ("It is blue", "It is green", 2 / 3),  # two of three words in common: 2·2 / 6
        ("one two three four", "four three two one", 0.25),  # one word in the same order: 2·1 / 8
    ],
)
def test_the_share_of_words_in_common(first: str, second: str, share: float) -> None:
    assert likeness(first, second) == pytest.approx(share)


def test_one_word_of_many_makes_no_other_answer() -> None:
    other = SENTENCE.replace("short", "cold")
    assert likeness(SENTENCE, other) == pytest.approx(26 / 28)
    assert nearly_equal(SENTENCE, other, 0.9)
    assert not nearly_equal(SENTENCE, other, 0.95)


def test_equal_answers_are_equal_whatever_the_share() -> None:
    assert nearly_equal("!", " !", 1.0)


def test_a_longer_answer_is_another_one() -> None:
    assert not nearly_equal(SENTENCE, f"{SENTENCE}. {SENTENCE}", 0.95)
