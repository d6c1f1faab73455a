"""The gate: nothing that could steer a terminal comes through, and honest text is left alone."""

import unicodedata

import pytest

from tui.text.sanitize import MOST_MARKS, beginning, typed, visible, visible_line


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text, nothing else", "plain text, nothing else"),
        ("a\x1b[2Jb", "a␛[2Jb"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x9b31m", "⟨009B⟩31m"),
        ("a\x00\x7f", "a␀␡"),
        ("abc\u202edef", "abc⟨202E⟩def"),
        ("no\u200bwidth", "no⟨200B⟩width"),
        ("one\r\ntwo\tthree", "one\ntwo\tthree"),
        ("over\rwritten", "over␍written"),
        ("lone \ud800", "lone ⟨D800⟩"),
        ("می\u200cخواهم 👩\u200d🔬 naïve 光", "می\u200cخواهم 👩\u200d🔬 naïve 光"),
    ],
)
def test_what_is_shown(raw: str, shown: str) -> None:
    assert visible(raw) == shown


def test_no_control_character_of_unicode_comes_through() -> None:
    everything = "".join(map(chr, range(0x110000)))
    left = {char for char in visible(everything) if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")}
    assert left == {"\n", "\t"}


def test_no_mark_of_direction_comes_through() -> None:
    marks = [chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in _DIRECTION]
    assert len(marks) >= 9
    assert all(mark not in visible("a" + mark) for mark in marks)


_DIRECTION = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@pytest.mark.parametrize(
    ("text", "width", "line"),
    [
        ("\n  \n  first  words \nsecond", None, "first words …"),
        ("only one", None, "only one"),
        ("", None, ""),
        ("\x1b[31mred", None, "␛[31mred"),
        ("much too long for this", 9, "much too…"),
    ],
)
def test_first_line(text: str, width: int | None, line: str) -> None:
    assert visible_line(text, width) == line


# -- marks that are heaped -------------------------------------------------------------------------------------

ACUTE, JOINER = "\u0301", "\u200d"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("e" + ACUTE * 8, "e" + ACUTE * 8),
        ("e" + ACUTE * 9, "e" + ACUTE * 8 + "⟨+1⟩"),
        ("e" + ACUTE * 300_000 + "x", "e" + ACUTE * 8 + "⟨+299992⟩x"),
        ("e" + ACUTE * 8 + JOINER + ACUTE * 8, "e" + ACUTE * 8 + "⟨+9⟩"),
        ("👨\u200d👩\u200d👧\u200d👦" * 3, "👨\u200d👩\u200d👧\u200d👦" * 3),
        ("✊🏿👩🏽\u200d❤️\u200d💋\u200d👨🏿" * 2, "✊🏿👩🏽\u200d❤️\u200d💋\u200d👨🏿" * 2),
        ("–—…“”‘’«»¿¡°±×÷", "–—…“”‘’«»¿¡°±×÷"),
        ("क्षत्रिय นี้ที่กู้ שָׁלוֹם مُحَمَّد", "क्षत्रिय นี้ที่กู้ שָׁלוֹם مُحَمَّد"),
    ],
)
def test_marks_are_counted_from_the_ninth_on(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@pytest.mark.parametrize("skin", ["", "🏽"])
def test_no_chain_of_emoji_is_longer_than_any_real_one(skin: str) -> None:
    chained = visible((f"🔥{skin}" + JOINER) * 1000)
    assert max(part.count(JOINER) for part in chained.split("⟨+1⟩")) <= MOST_MARKS


# -- lines that are typed, and beginnings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pasted", "line"),
    [
        ("/home/me/prompts.txt", "/home/me/prompts.txt"),
        ("naïve 光 👩\u200d🔬", "naïve 光 👩\u200d🔬"),
        ("a\x1b[2J\x9b\u202e\ud800b", "a�[2J���b"),
        ("tab\there\nand there", "tab here and there"),
        ("e" + ACUTE * 500, "e"),
    ],
)
def test_what_may_stand_in_a_line_to_type_in(pasted: str, line: str) -> None:
    assert typed(pasted) == line


@pytest.mark.parametrize(
    ("text", "start"),
    [("abcdef", "abcd"), ("a\nb\nc", "a\nb"), ("a\n", "a\n"), ("\n\n\n", "\n"), ("", ""), ("a\nb", "a\nb")],
)
def test_a_beginning_has_no_more_characters_and_lines_than_asked_for(text: str, start: str) -> None:
    assert beginning(text, characters=4, lines=2) == start
