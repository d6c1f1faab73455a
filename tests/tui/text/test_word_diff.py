"""Where two texts differ, by hand."""

from tui.text.word_diff import MOST_WORDS, differences


def words(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:end] for start, end in spans]


def test_words_that_differ() -> None:
    first, second = "Red leaves fall, in autumn.", "Yellow leaves fall slowly in autumn!"
    found = differences(first, second)
    assert found is not None
    assert words(first, found[0]) == ["Red", ",", "."]
    assert words(second, found[1]) == ["Yellow", "slowly", "!"]


def test_neighbouring_words_are_one_range_and_equal_texts_have_none() -> None:
    found = differences("a b c", "a x y c")
    assert found == (((2, 3),), ((2, 5),))
    assert differences("same", "same") == ((), ())
    assert differences("", "new words") == ((), ((0, 9),))


def test_very_long_texts_are_not_compared() -> None:
    assert differences("word " * MOST_WORDS, "word") is None
