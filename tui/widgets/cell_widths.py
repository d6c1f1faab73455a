"""Keeps columns in place to the right of characters whose width terminals disagree on.

A terminal that takes 👍🏽 for four cells, or ❤️ for one, shifts the rest of its line, with borders and other panes. So
the cursor is set to its column after each such cluster. The cluster's cells are blanked first, since a narrower cluster
would leave their old content.
"""

import re
from typing import Final
from unicodedata import category

from rich.cells import cell_len
from rich.console import Console
from textual._compositor import CompositorUpdate

_JOINERS: Final = "\u200c\u200d\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff"
_SCRIPTS: Final = (*range(0x0300, 0x2000), *range(0xA800, 0xAC00))  # the range of marks that have a width of their own
_MARKS: Final = "".join(chr(code) for code in _SCRIPTS if category(chr(code)) in ("Mn", "Me"))
_WIDE_MARKS: Final = "".join(chr(code) for code in _SCRIPTS if category(chr(code)) == "Mc")
_EMOJI: Final = "\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
_FLAG: Final = "\U0001f1e6-\U0001f1ff"
_ANY: Final = r"[^\x00-\x20\x7f]"
_JOINED: Final = f"(?:[{_JOINERS}]|(?<=\u200d){_ANY})"
_DOUBTFUL: Final = re.compile(
    f"[{_FLAG}]{{1,2}}|[{_EMOJI}]{_JOINED}*|[^\x00-\x20\x7f{_EMOJI}{_FLAG}][{_MARKS}]*[{_JOINERS}]{_JOINED}*"
)
_SPACED: Final = re.compile(f"[{_WIDE_MARKS}]")
"""Vowel signs beside their letter. Blanking and cutting them like an emoji would lose them."""
_EDGE: Final = re.compile("([│┃])")
_PIECE: Final = re.compile(r"\x1b\[(?:\d+;(\d+)H|[0-9;:?<=>]*[ -/]*[@-~])|[^\x1b]+|\x1b")


def hold_columns(written: str) -> str:
    r"""The output for the terminal, with the cursor set to its column after every cluster of doubtful width.

    After vowel signs with a width of their own, the cursor is set at the next edge of a pane. `written` must place the
    cursor (`CSI row;column H`) at the beginning of every line, as the compositor does.

    >>> hold_columns("\x1b[1;3Ha👍b")
    '\x1b[1;3Ha  \x1b[4G👍\x1b[6Gb'
    """
    if written.isascii():
        return written
    return "\n".join(_line(each) if _moves(each) else each for each in written.split("\n"))


def _moves(line: str) -> bool:
    return not line.isascii() and (_DOUBTFUL.search(line) or _SPACED.search(line)) is not None


def _line(written: str) -> str:
    column, shifted, parts = 1, False, []
    for piece in _PIECE.finditer(written):
        text = piece[0]
        if text[0] == "\x1b":
            column, shifted = (int(piece[1]), False) if piece[1] else (column, shifted)
            parts.append(text)
            continue
        shifted = shifted or _SPACED.search(text) is not None
        for number, part in enumerate(_EDGE.split(text)):
            parts += [f"\x1b[{column}G"] if shifted and number % 2 else []  # every second part is an edge
            placed, column = _placed(part, column)
            parts.append(placed)
    return "".join(parts)


def _placed(text: str, column: int) -> tuple[str, int]:
    """`text` from this column on, and the column after it."""
    parts, end = [], 0
    for found in _DOUBTFUL.finditer(text):
        before = text[end : found.start()]
        start = column + cell_len(before)
        column, end = start + cell_len(found[0]), found.end()
        parts += [before, " " * (column - start), f"\x1b[{start}G", found[0], f"\x1b[{column}G"]
    parts.append(text[end:])
    return "".join(parts), column + cell_len(text[end:])


class AlignedUpdate(CompositorUpdate):
    """A compositor update in which every line keeps its columns."""

    def __init__(self, update: CompositorUpdate) -> None:
        self._update = update

    def render_segments(self, console: Console) -> str:
        """The escape sequences and texts."""
        return hold_columns(self._update.render_segments(console))
