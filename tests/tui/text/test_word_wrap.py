"""A text that grows piece by piece, in lines that break between words."""

import random
import textwrap

from tui.text.word_wrap import WordWrap, wrapped

TEXT = (
    "The sky is blue because air scatters blue light more than red light.\n\n  - indented point, 蓝色的天空 and a tail"
)


def in_pieces(text: str, width: int | None, seed: int) -> str:
    rng, wrap, shown = random.Random(seed), WordWrap(width), ""
    while text:
        at = rng.randint(1, 7)
        shown, text = shown + wrap.take(text[:at]), text[at:]
    return shown + wrap.end()


def test_a_line_breaks_between_words_however_the_text_grows() -> None:
    words = "The sky is blue because air scatters blue light more than red light."
    expected = "\n".join(textwrap.wrap(words, 20))
    assert wrapped(words, 20) == expected
    for seed in range(20):
        assert in_pieces(words, 20, seed) == expected
        assert in_pieces(TEXT, 30, seed) == wrapped(TEXT, 30)
    assert "\n  - indented" in wrapped(TEXT, 30)


def test_without_a_terminal_the_text_stays_as_it_is() -> None:
    assert in_pieces(TEXT, None, 1) == TEXT
    assert WordWrap(None).take("half a wor") == "half a wor"


def test_a_word_longer_than_a_line_is_not_held_back_for_ever() -> None:
    wrap = WordWrap(10)
    assert wrap.take("天空" * 3) == "天空" * 3
    assert wrap.take("x y") == "x"
