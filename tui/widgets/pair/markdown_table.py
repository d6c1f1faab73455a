"""A table of a markdown text as aligned lines of one width."""

from collections.abc import Sequence
from typing import Final

from textual.content import Content

Row = Sequence[Content]

_GAP: Final = " │ "
_LEAST_COLUMN: Final = 6
"""Columns are wrapped no narrower than this many cells; a table that would need less is written row by row."""


def table_lines(rows: Sequence[Row], width: int) -> list[Content]:
    """The lines of a table, whose first row is the head. Cells are wrapped if it is wider than `width` cells."""
    count = max(len(row) for row in rows)
    padded = [[*row, *[Content("")] * (count - len(row))] for row in rows]
    widths = _widths(padded, width - len(_GAP) * (count - 1))
    if widths is None:
        return [line for row in rows for line in Content(" | ").join(row).wrap(width)]
    head, *body = ([_aligned(cells, widths) for cells in _wrapped(row, widths)] for row in padded)
    rule = Content.styled("─┼─".join("─" * each for each in widths), "$quiet")
    return [*(line.stylize("bold") for line in head), rule, *(line for row in body for line in row)]


def _widths(rows: Sequence[Row], room: int) -> list[int] | None:
    """The widths of the columns, of which the widest shrinks first. None if even narrow columns do not fit."""
    widths = [max(max(cell.cell_length for cell in column), 1) for column in zip(*rows, strict=True)]
    while sum(widths) > room:
        widest = widths.index(max(widths))
        if widths[widest] <= _LEAST_COLUMN:
            return None
        widths[widest] -= 1
    return widths


def _wrapped(row: Row, widths: Sequence[int]) -> list[list[Content]]:
    """The row's lines, each with a piece of every cell."""
    cells = [cell.wrap(width) or [Content("")] for cell, width in zip(row, widths, strict=True)]
    height = max(map(len, cells))
    return [[cell[line] if line < len(cell) else Content("") for cell in cells] for line in range(height)]


def _aligned(cells: Row, widths: Sequence[int]) -> Content:
    padded = [cell.pad_right(max(width - cell.cell_length, 0)) for cell, width in zip(cells, widths, strict=True)]
    return Content.styled(_GAP, "$quiet").join(padded)
