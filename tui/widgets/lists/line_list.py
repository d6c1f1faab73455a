"""A list of lines with a cursor that draws only the lines in sight, so that a thousand open as fast as ten."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tui.widgets.binding import Binding


class LineList(ScrollView, can_focus=True):
    """Lines with keys; `enter` opens the one under the cursor. `line` is called for each line that comes in sight."""

    COMPONENT_CLASSES: ClassVar = {"line-list--line", "line-list--cursor"}
    BINDINGS: ClassVar = [
        Binding("enter", "select", "open", id="list.open", tooltip="Open the row under the cursor."),
        Binding("up,k", "move(-1)", "up", show=False, id="list.up", tooltip="The row above."),
        Binding("down,j", "move(1)", "down", show=False, id="list.down", tooltip="The row below."),
        Binding("home,g", "edge(False)", "first", show=False, id="list.first", tooltip="The first row."),
        Binding("end,G", "edge(True)", "last", show=False, id="list.last", tooltip="The last row."),
        Binding("pageup", "page(-1)", "page up", show=False, id="list.page-up", tooltip="A page up."),
        Binding("pagedown", "page(1)", "page down", show=False, id="list.page-down", tooltip="A page down."),
    ]

    class Moved(Message):
        """The cursor is on another line."""

    class Opened(Message):
        """The person opens the line under the cursor."""

    def __init__(self, line: Callable[[int], Content], id: str | None = None) -> None:
        super().__init__(id=id)
        self._line = line
        self._keys: tuple[int, ...] = ()
        self._at = 0

    @property
    def at(self) -> int | None:
        """The place of the cursor; None in an empty list."""
        return self._at if self._keys else None

    def show(self, keys: Sequence[int]) -> None:
        """Show a line for each key; the cursor stays on its key, or goes to the first if that is gone."""
        here = self._keys[self._at] if self._keys else None
        moved = tuple(keys) != self._keys
        self._keys = tuple(keys)
        if moved:
            self._at = self._keys.index(here) if here in self._keys else 0
            self.virtual_size = Size(self.size.width, len(self._keys))
            self._into_sight()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line, which `line` gives now."""
        at = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        cursor = at == self._at and bool(self._keys)
        style = self.get_visual_style("line-list--line", *(["line-list--cursor"] if cursor else []))
        if at >= len(self._keys):
            return Strip.blank(width, style.rich_style)
        strips = Visual.to_strips(self, self._line(at), width, 1, style, apply_selection=False)
        return strips[0].extend_cell_length(width, style.rich_style).crop(0, width)

    # -- the cursor ----------------------------------------------------------------------------------------------

    def move_to(self, at: int) -> None:
        """Move the cursor to a line, at most to the first or the last one."""
        at = max(0, min(at, len(self._keys) - 1))
        if at == self._at or not self._keys:
            return
        for y in (self._at, at):
            self.refresh(Region(0, y - self.scroll_offset.y, self.size.width, 1))
        self._at = at
        self._into_sight()
        self.post_message(self.Moved())

    def _into_sight(self) -> None:
        region = Region(0, self._at, max(self.size.width, 1), 1)
        self.scroll_to_region(region, force=True, animate=False, immediate=True)

    def action_move(self, lines: int) -> None:
        """Up or down."""
        self.move_to(self._at + lines)

    def action_page(self, pages: int) -> None:
        """A page up or down."""
        self.move_to(self._at + pages * max(self.size.height - 1, 1))

    def action_edge(self, end: bool) -> None:
        """The first or the last line."""
        self.move_to(len(self._keys) if end else 0)

    def action_select(self) -> None:
        """Open what is under the cursor."""
        if self._keys:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """A click opens its line."""
        at = event.y + self.scroll_offset.y
        if at < len(self._keys):
            self.move_to(at)
            self.action_select()
