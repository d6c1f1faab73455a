"""A list with a cursor row, changed in place so that a live row is updated without a jump."""

from collections.abc import Iterable
from typing import Any

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.widgets.binding import Binding


class CursorList(OptionList):
    """Rows of styled text, each with a key; `enter` opens the one under the cursor."""

    BINDINGS = [
        Binding("enter", "select", "open", id="list.open", tooltip="Open the row under the cursor."),
        Binding("up,k", "cursor_up", "up", show=False, id="list.up", tooltip="The row above."),
        Binding("down,j", "cursor_down", "down", show=False, id="list.down", tooltip="The row below."),
        Binding("home,g", "first", "first", show=False, id="list.first", tooltip="The first row."),
        Binding("end,G", "last", "last", show=False, id="list.last", tooltip="The last row."),
        Binding("pageup", "page_up", "page up", show=False, id="list.page-up", tooltip="A page up."),
        Binding("pagedown", "page_down", "page down", show=False, id="list.page-down", tooltip="A page down."),
    ]

    class Left(Message):
        """The cursor would move above the first row."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False, compact=True)

    def _move_page(self, direction: Any) -> None:
        """A page up or down; nothing while the list has no size, where Textual would look for a missing line."""
        if self.scrollable_content_region:
            super()._move_page(direction)

    @property
    def current(self) -> str | None:
        """The key of the row under the cursor."""
        at = self.highlighted
        return None if at is None else self.get_option_at_index(at).id

    def show(self, rows: Iterable[tuple[str, Content]]) -> None:
        """Show these rows (key, line); the cursor stays on its row, or goes to the first if that is gone."""
        lines = dict(rows)
        if [option.id for option in self.options] == list(lines):
            for option in list(self.options):
                line = lines[str(option.id)]
                if str(option.prompt) != str(line):
                    self.replace_option_prompt(str(option.id), line)
            return
        here = self.current
        self.set_options(Option(line, id=key) for key, line in lines.items())
        if lines:
            self.highlighted = list(lines).index(here) if here in lines else 0

    def action_cursor_up(self) -> None:
        """Up; past the first row the cursor leaves the list instead of going round."""
        if self.highlighted in (None, 0):
            self.post_message(self.Left())
        else:
            super().action_cursor_up()

    def action_cursor_down(self) -> None:
        """Down; the last row is the end."""
        if self.highlighted is None or self.highlighted < self.option_count - 1:
            super().action_cursor_down()
