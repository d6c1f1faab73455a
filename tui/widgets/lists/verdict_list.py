"""The list of current verdicts, newest first, read in pages as the cursor moves down."""

from collections.abc import Iterable
from typing import Final

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from db.pair_rows import VerdictListRow
from tui.text.format import UNDECIDED_WORDS, duration, when
from tui.text.sanitize import visible_line
from tui.widgets.binding import Writing

_AHEAD: Final = 20
"""More rows are requested when the mark comes this close to the end."""
_WIDTHS: Final = (16, 11, 6)
_LONGEST_LINE: Final = 400
"""No terminal shows more of a prompt's first line than this."""


class VerdictList(OptionList):
    """One line for each verdict. Requests more rows before the mark reaches the end."""

    BINDINGS = [
        Writing("enter", "select", "open", id="data.open", tooltip="Read the pair again, its history, judge it again."),
    ]

    class Wanted(Message):
        """Request for the rows below the verdict `before`."""

        def __init__(self, before: int) -> None:
            super().__init__()
            self.before = before

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.rows: list[VerdictListRow] = []
        self._complete = True
        self._wanted: int | None = None

    @property
    def marked(self) -> VerdictListRow | None:
        """The row under the mark."""
        at = self.highlighted
        return None if at is None or at >= len(self.rows) else self.rows[at]

    def show(self, rows: list[VerdictListRow], *, complete: bool) -> None:
        """Show these rows from the top; unchanged rows are not drawn again, and the mark stays on its pair."""
        marked = self.marked
        self._complete, self._wanted = complete, None
        if rows != self.rows:
            self._put(rows, marked)
        self._want_more()

    def _put(self, rows: list[VerdictListRow], marked: VerdictListRow | None) -> None:
        same = [row.comparison for row in rows] == [row.comparison for row in self.rows]
        before, self.rows = self.rows, rows
        if same:
            for at, (row, old) in enumerate(zip(rows, before, strict=True)):
                if row != old:
                    self.replace_option_prompt_at_index(at, list_line(row))
            return
        self.set_options(_options(rows))
        places = [at for at, row in enumerate(rows) if marked and row.comparison == marked.comparison]
        if rows:
            self.highlighted = places[0] if places else 0

    def add(self, rows: list[VerdictListRow], *, complete: bool) -> None:
        """Show these rows below the others."""
        self.rows = [*self.rows, *rows]
        self._complete, self._wanted = complete, None
        self.add_options(_options(rows))

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Request more rows before the mark reaches the end."""
        super().watch_highlighted(highlighted)
        self._want_more()

    def _want_more(self) -> None:
        near_end = self.highlighted is not None and self.highlighted >= len(self.rows) - _AHEAD
        if near_end and not self._complete and self.rows and self._wanted != self.rows[-1].id:
            self._wanted = self.rows[-1].id
            self.post_message(self.Wanted(self._wanted))


def _options(rows: Iterable[VerdictListRow]) -> list[Option]:
    return [Option(list_line(row), id=str(row.comparison)) for row in rows]


def heading() -> Content:
    """The names of the columns, aligned with the rows."""
    words = ("when", "verdict", "time")
    return Content(_columns(*words) + "prompt")


def list_line(row: VerdictListRow) -> Content:
    """Time, verdict, duration, and the prompt with its field."""
    taken = "" if row.seconds is None else duration(row.seconds)
    about = " · ".join(visible_line(part, 32) for part in (row.field, row.set_name) if part)
    return Content.assemble(
        (_columns(when(row.at), verdict_word(row.verdict, row.strength), taken), "$quiet"),
        *_given_by(row),
        *_left_out(row),
        visible_line(row.prompt_line, _LONGEST_LINE),
        (f"  {about}", "$quiet"),
    )


def _given_by(row: VerdictListRow) -> Iterable[tuple[str, str]]:
    """Who gave a verdict that is not the owner's."""
    if row.by is not None:
        yield f"{visible_line(row.by.replace(':', ' ', 1), 24)}  ", "$accent"


def _left_out(row: VerdictListRow) -> Iterable[tuple[str, str]]:
    """Why a pair that decides is not trained on, by sign and word."""
    if row.out:
        yield "− out  ", "$warning"
    elif row.held_out and row.trial is None:
        yield "− held out  ", "$warning"


def verdict_word(verdict: str, strength: int) -> str:
    """A verdict in a word or two; which answer it chose is shown with the answers."""
    if verdict in ("a", "b"):
        return "much better" if strength > 1 else "better"
    return UNDECIDED_WORDS[verdict]


def _columns(at: str, verdict: str, taken: str) -> str:
    return f"{at:<{_WIDTHS[0]}}  {verdict:<{_WIDTHS[1]}}  {taken:>{_WIDTHS[2]}}  "
