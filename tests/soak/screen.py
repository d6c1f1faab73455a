"""What a terminal shows, from the bytes that a program wrote to it, and every byte that should not be among them."""

import codecs
import re
from typing import Final

from rich.cells import get_character_cell_size

from tests.hostile import harmful

_ESCAPE: Final = re.compile(
    r"\x1b(?:\[[0-9;:?<>=$ ]*[a-zA-Z~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[()][A-Z0-9]|[=>])"
)
_PLACE: Final = re.compile(r"\x1b\[(\d+)?(?:;(\d+))?H")
_COLUMN: Final = re.compile(r"\x1b\[(\d+)G")
_LONGEST_ESCAPE: Final = 64


class Screen:
    """The characters on a terminal of some size. It knows the escape sequences that Textual writes, and no others."""

    def __init__(self, columns: int, rows: int) -> None:
        self.harm: set[str] = set()
        """Control, format and direction characters that came from outside, with the characters around them."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """An empty terminal of another size."""
        self._columns, self._rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._row = self._column = 0

    def feed(self, written: bytes) -> None:
        """Show what was written."""
        text = self._rest + self._decoder.decode(written)
        start = text.rfind("\x1b")
        unfinished = start >= 0 and not _ESCAPE.match(text, start) and len(text) - start < _LONGEST_ESCAPE
        text, self._rest = (text[:start], text[start:]) if unfinished else (text, "")
        self.harm |= harmful(text)
        at = 0
        for found in _ESCAPE.finditer(text):
            self._print(text[at : found.start()])
            self._move(found[0])
            at = found.end()
        self._print(text[at:])

    def text(self) -> str:
        """The lines, without the spaces at their ends."""
        return "\n".join("".join(line).rstrip() for line in self._cells)

    def _move(self, escape: str) -> None:
        if found := _PLACE.fullmatch(escape):
            self._row, self._column = int(found[1] or 1) - 1, int(found[2] or 1) - 1
        elif found := _COLUMN.fullmatch(escape):
            self._column = int(found[1]) - 1
        elif escape in ("\x1b[?1049h", "\x1b[?1049l", "\x1b[2J"):
            self._cells = [[" "] * self._columns for _ in range(self._rows)]

    def _print(self, text: str) -> None:
        for each in text:
            if each == "\r":
                self._column = 0
            elif each == "\n":
                self._row += 1
            elif width := get_character_cell_size(each):
                self._put(each, width)

    def _put(self, character: str, width: int) -> None:
        if 0 <= self._row < self._rows and 0 <= self._column < self._columns:
            line = self._cells[self._row]
            line[self._column] = character
            if width == 2 and self._column + 1 < self._columns:
                line[self._column + 1] = ""
        self._column += width
