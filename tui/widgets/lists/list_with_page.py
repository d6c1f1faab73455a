"""A sentence, a list with a cursor, and a page about the row under the cursor."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.widgets.binding import Binding
from tui.widgets.lists.cursor_list import CursorList

_Row = TypeVar("_Row")


def page_keys(screen: str) -> tuple[Binding, Binding]:
    """The keys that scroll the page by a line, for a screen whose keys have ids that begin with `screen`."""
    down, up = "Scroll its page down.", "Scroll its page up."
    return (
        Binding("right_square_bracket", "page(1)", "down", show=False, id=f"{screen}.down", tooltip=down),
        Binding("left_square_bracket", "page(-1)", "up", show=False, id=f"{screen}.up", tooltip=up),
    )


class ListWithPage(Vertical, Generic[_Row]):
    """Shows `about`, the rows, and the page of the marked row; `empty` says what to do where there is none."""

    def __init__(self, about: str, empty: str) -> None:
        super().__init__()
        self._about, self._empty = about, empty
        self._rows: Mapping[str, _Row] = {}

    def compose(self) -> ComposeResult:
        """The sentence, the list and the page."""
        yield Static(Content(self._about), id="about", markup=False)
        yield CursorList()
        with VerticalScroll(id="page", can_focus=False):
            yield Static("", id="page-words", markup=False)

    def show(self, rows: Mapping[str, _Row], line: Callable[[_Row], Content]) -> None:
        """Show these rows by their keys, each as its line. The cursor stays on its row."""
        self._rows = rows
        shown = self.query_one(CursorList)
        shown.show((key, line(each)) for key, each in rows.items())
        shown.display = bool(rows)

    @property
    def marked(self) -> _Row | None:
        """The row under the cursor; None without one, and before there is a list."""
        shown = self.query(CursorList)
        return self._rows.get(shown.first().current or "") if shown else None

    def show_page(self, page: Callable[[_Row], Content]) -> None:
        """Show the page of the marked row."""
        marked = self.marked
        words = Content.styled(self._empty, "$quiet") if marked is None else page(marked)
        self.query_one("#page-words", Static).update(words)

    def scroll_page(self, by: int) -> None:
        """Scroll the page by `by` lines."""
        self.query_one("#page").scroll_relative(y=by, animate=False)
