"""A table of runs with a cursor row. Columns are as wide as what stands in them; the name takes what is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from db.rows import RunRow
from tui.run_words import figure, steps_words, took
from tui.theme import SIGNS
from tui.visible import visible_line
from tui.widgets.cursor_list import CursorList
from tui.widgets.run_charts import percent
from tui.words import when


@dataclass(frozen=True)
class Column:
    """One column: its head, and the words of a run in it. Numbers stand right, words left."""

    head: str
    words: Callable[[RunRow], str]
    right: bool = True


COLUMNS: Final = (
    Column("run", lambda run: str(run.id)),
    Column("name", lambda run: visible_line(run.name, 40), right=False),
    Column("pairs", lambda run: f"{run.pairs:,}"),
    Column("steps", steps_words),
    Column("loss", lambda run: figure(run.loss, ".3f")),
    Column("margin", lambda run: figure(run.margin, "+.2f")),
    Column("accuracy", lambda run: "–" if run.accuracy is None else percent(run.accuracy)),
    Column("started", lambda run: when(run.started)),
    Column("took", took),
)
_NAME: Final = 1
_LEAST_NAME: Final = 10
_SIGN: Final = 2


def fit(cells: Sequence[Sequence[str]], width: int) -> tuple[list[int], int]:
    """(the width of each column, the gap between them) that show `cells` (rows of words, the head among them).

    The gap is 2 where there is room for it, else 1. Where even the shortest name finds no room, the last columns are
    left out: what they tell stands on the run's own page.
    """
    widths = [max(len(row[index]) for row in cells) for index in range(len(COLUMNS))]
    wanted = widths[_NAME]
    for columns in range(len(COLUMNS), _NAME, -1):
        for gap in (2, 1):
            left = width - _SIGN - sum(widths[:columns]) + wanted - gap * (columns - 1)
            if left >= min(wanted, _LEAST_NAME):
                return [*widths[:_NAME], min(wanted, left), *widths[_NAME + 1 : columns]], gap
    return widths[: _NAME + 1], 1


def line_of(cells: Sequence[str], widths: Sequence[int], gap: int) -> str:
    """One row of words, set into columns."""
    set_words = []
    for column, words, width in zip(COLUMNS, cells, widths, strict=False):
        words = words if len(words) <= width else words[: width - 1] + "…"
        set_words.append(words.rjust(width) if column.right else words.ljust(width))
    return (" " * gap).join(set_words)


class RunTable(Vertical):
    """Head and rows. `show` gives it all runs; the cursor stays on its run."""

    def __init__(self) -> None:
        super().__init__()
        self._runs: tuple[RunRow, ...] = ()
        self._in_use: str | None = None

    def compose(self) -> ComposeResult:
        """The head and the list."""
        yield Static("", id="run-table-head", markup=False)
        yield CursorList()

    @property
    def current(self) -> RunRow | None:
        """The run under the cursor."""
        at = self.query_one(CursorList).highlighted
        return self._runs[at] if at is not None and at < len(self._runs) else None

    def show(self, runs: Sequence[RunRow], adapter_in_use: str | None) -> None:
        """Draw `runs`, the newest first; the one whose adapter is in use is marked."""
        self._runs, self._in_use = tuple(runs), adapter_in_use
        self._draw()

    def on_resize(self) -> None:
        """Fit the columns anew."""
        self._draw()

    def _draw(self) -> None:
        rows = self.query_one(CursorList)
        width = self.size.width - 3  # one column of air at each side, one for the scrollbar
        if width <= 0:
            return
        heads = [column.head for column in COLUMNS]
        cells = [[column.words(run) for column in COLUMNS] for run in self._runs]
        widths, gap = fit([heads, *cells], width)
        head = " " * (_SIGN + 1) + line_of(heads, widths, gap)
        self.query_one("#run-table-head", Static).update(Content.styled(head, "$quiet"))
        lines = [self._line(run, line_of(row, widths, gap)) for run, row in zip(self._runs, cells, strict=True)]
        rows.show(zip((str(run.id) for run in self._runs), lines, strict=True))

    def _line(self, run: RunRow, words: str) -> Content:
        sign, colour = SIGNS[run.status]
        in_use = run.adapter is not None and run.adapter == self._in_use
        return Content.assemble((sign, colour), " ", (words, "bold $accent" if in_use else "$foreground"))
