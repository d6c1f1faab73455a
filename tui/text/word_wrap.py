"""A growing text in lines that fit a terminal, which itself breaks lines in the midst of words."""

import re
from unicodedata import combining, east_asian_width

_PIECES = re.compile(r"\n|[^\S\n]+|\S+")


class WordWrap:
    """Breaks lines between words. The last word is held back while it may grow, up to a line of it."""

    def __init__(self, width: int | None, column: int = 0) -> None:
        """`width` is that of the terminal in columns; with None the text is left as it is."""
        self._width, self._column = width, column
        self._held = self._space = ""
        """The word that may grow, and the blanks before the next word, which a break replaces."""

    def take(self, text: str) -> str:
        """What can be printed now that `text` has come."""
        if self._width is None:
            return text
        pieces = _PIECES.findall(self._held + text)
        grows = bool(pieces) and not pieces[-1].isspace() and columns_of(pieces[-1]) < self._width
        self._held = pieces.pop() if grows else ""
        return "".join(self._placed(each, self._width) for each in pieces)

    def end(self) -> str:
        """What is left to print once the text is complete."""
        word, self._held = self._held, ""
        return self._placed(word, self._width) if self._width is not None and word else ""

    def _placed(self, piece: str, width: int) -> str:
        if piece == "\n":
            self._column, self._space = 0, ""
            return piece
        if piece.isspace():
            self._space += piece  # blanks may come one by one
            return ""
        before, cells = self._space, columns_of(piece)
        if self._column and before and self._column + len(before) + cells > width:
            before, self._column = "\n", 0
        else:
            self._column += len(before)
        self._space = ""
        self._column = (self._column + cells - 1) % width + 1
        return before + piece


def columns_of(text: str) -> int:
    """How many columns a terminal gives to a line of text."""
    return sum(0 if combining(each) else 1 + (east_asian_width(each) in "WF") for each in text)


def wrapped(text: str, width: int | None) -> str:
    """A whole text in lines of at most `width` columns."""
    wrap = WordWrap(width)
    return wrap.take(text) + wrap.end()
