"""The differences of two texts, word by word."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

Spans = tuple[tuple[int, int], ...]
"""Character ranges as (start, end)."""

MOST_WORDS: Final = 3000
"""The limit for both texts together. The time grows with its square, to some tenths of a second at most."""

_WORD: Final = re.compile(r"\w+|[^\w\s]")


def differences(first: str, second: str) -> tuple[Spans, Spans] | None:
    """The words of each text that the other lacks at that place; None where the texts are too long to compare fast.

    >>> differences("red leaves fall", "yellow leaves fall")
    (((0, 3),), ((0, 6),))
    """
    words = [list(_WORD.finditer(text)) for text in (first, second)]
    if sum(map(len, words)) > MOST_WORDS:
        return None
    one, two = ([match.group() for match in each] for each in words)
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        tuple(_joined(words[0], ((code[1], code[2]) for code in changed))),
        tuple(_joined(words[1], ((code[3], code[4]) for code in changed))),
    )


def _joined(words: list[re.Match[str]], ranges: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for start, end in ranges:
        if end > start:
            yield words[start].start(), words[end - 1].end()
