"""The gate: nothing that could steer a terminal comes through, and honest text is left alone."""

import unicodedata

import pytest

from tui.visible import visible, visible_line


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
