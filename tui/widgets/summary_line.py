"""A summary in one line. Parts that do not fit are left out whole, the last first."""

from typing import Final

from textual.content import Content
from textual.widgets import Static

SEPARATOR: Final = " · "


class SummaryLine(Static):
    """Shows its content in one line of the available width."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)

    def render(self) -> Content:
        """As many of the parts as fit."""
        shown = self.content
        line = shown if isinstance(shown, Content) else Content(str(shown))
        return whole_parts(line, self.content_size.width)


def whole_parts(line: Content, width: int) -> Content:
    """As many of the parts between ` · ` as `width` cells take; a first part that is too long is cut.

    >>> whole_parts(Content("step 3 of 9 · 4 min left · 0.19 pairs/s"), 30).plain
    'step 3 of 9 · 4 min left'
    """
    while line.cell_length > width:
        end = line.plain.rfind(SEPARATOR)
        if end < 0:
            return line.truncate(width, ellipsis=True)
        line = line[:end]
    return line
