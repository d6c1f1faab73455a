"""The list of standing verdicts, newest first, read in pages as one goes down."""

from collections.abc import Callable, Iterable
from typing import Final

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from db.rows import VerdictListRow
from tui.visible import visible_line
from tui.words import duration, when

PAGE: Final = 200
_AHEAD: Final = 20
"""The next page is read when the mark comes this close to the end."""
_WIDTHS: Final = (16, 11, 6)
_LONGEST_LINE: Final = 400
"""No terminal shows more of a prompt's first line than this."""

VERDICT_WORDS: Final = {"tie": "tie", "both_bad": "both bad", "skip": "skipped", "discard": "discarded"}

ReadPage = Callable[[int | None], list[VerdictListRow]]


class VerdictList(OptionList):
    """One line for each verdict. `read_page` gives the rows below a verdict's id (None: from the newest)."""

    BINDINGS = [
        Binding("enter", "select", "open", id="data.open", tooltip="Read the pair again, see its history, judge anew."),
    ]

    class Loaded(Message):
        """Other rows are shown."""

        def __init__(self, shown: int, complete: bool) -> None:
            super().__init__()
            self.shown = shown
            self.complete = complete

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._read_page: ReadPage | None = None
        self._last: int | None = None
        self._complete = True

    def load(self, read_page: ReadPage) -> None:
        """Show the newest rows; the mark stays on its comparison where that is still among them."""
        marked = self.highlighted_option.id if self.highlighted_option else None
        self._read_page = read_page
        rows = read_page(None)
        self.set_options(_options(rows))
        self._took(rows)
        places = [place for place, row in enumerate(rows) if str(row.comparison) == marked]
        if rows:
            self.highlighted = places[0] if places else 0
        self.post_message(self.Loaded(self.option_count, self._complete))

    def _took(self, rows: list[VerdictListRow]) -> None:
        self._complete = len(rows) < PAGE
        self._last = rows[-1].id if rows else None

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Read on before the mark reaches the end."""
        super().watch_highlighted(highlighted)
        near_end = highlighted is not None and highlighted >= self.option_count - _AHEAD
        if near_end and not self._complete and self._read_page is not None:
            rows = self._read_page(self._last)
            self.add_options(_options(rows))
            self._took(rows)
            self.post_message(self.Loaded(self.option_count, self._complete))


def _options(rows: Iterable[VerdictListRow]) -> list[Option]:
    return [Option(list_line(row), id=str(row.comparison)) for row in rows]


def heading() -> Content:
    """The names of the columns, set as the rows are."""
    words = ("when", "verdict", "time")
    return Content(_columns(*words) + "prompt")


def list_line(row: VerdictListRow) -> Content:
    """When, what, how long, and the prompt with its field."""
    taken = "" if row.seconds is None else duration(row.seconds)
    about = " · ".join(visible_line(part, 32) for part in (row.field, row.set_name) if part)
    return Content.assemble(
        (_columns(when(row.at), verdict_word(row.verdict, row.strength), taken), "$quiet"),
        visible_line(row.prompt_line, _LONGEST_LINE),
        (f"  {about}", "$quiet"),
    )


def verdict_word(verdict: str, strength: int) -> str:
    """A verdict in a word or two; which answer it was is told where the answers are shown."""
    if verdict in ("a", "b"):
        return "much better" if strength > 1 else "better"
    return VERDICT_WORDS[verdict]


def _columns(at: str, verdict: str, taken: str) -> str:
    return f"{at:<{_WIDTHS[0]}}  {verdict:<{_WIDTHS[1]}}  {taken:>{_WIDTHS[2]}}  "
