"""A table of runs with a cursor row. Columns are as wide as their contents; the name takes the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from db.run_rows import RunRow
from tui.runs.fields import FIELDS
from tui.runs.format import SLOT_SIGNS, figure, steps_words, took
from tui.runs.history import SPARK_CELLS
from tui.text.format import percent, when
from tui.text.sanitize import visible_line
from tui.text.sparkline import spark
from tui.theme import SIGNS
from tui.widgets.charts.run_charts import spark_signs
from tui.widgets.lists.cells import cut
from tui.widgets.lists.line_list import LineList
from tui.widgets.update_static import update_static


@dataclass(frozen=True)
class Column:
    """One column: its head, and the words of a run in it. Numbers are aligned right, words left.

    A narrow table leaves out the columns with the smallest `rank` first; the run's own page shows their contents.
    `field` is the sort field under this head. An `optional` column is shown only if a run has words in it.
    """

    head: str
    words: Callable[[RunRow], str]
    right: bool = True
    rank: int = 50
    field: str | None = None
    optional: bool = False


NAME: Final = Column("name", lambda run: visible_line(run.name, 40), right=False, rank=100, field="name")
CURVE: Final = Column("curve", lambda _run: "", right=False, rank=45)
"""Its signs are read only for the rows in sight."""
COLUMNS: Final = (
    Column("run", lambda run: str(run.id), rank=99, field="run"),
    NAME,
    Column("tags", lambda run: visible_line(" ".join(run.tags), 16), right=False, rank=30, field="tag", optional=True),
    CURVE,
    Column("pairs", lambda run: f"{run.pairs:,}", rank=25, field="pairs"),
    Column("steps", steps_words, rank=60, field="step"),
    Column("loss", lambda run: figure(run.loss, ".3f"), rank=80, field="loss"),
    Column("margin", lambda run: figure(run.margin, "+.2f"), rank=75, field="margin"),
    Column("accuracy", lambda run: "–" if run.accuracy is None else percent(run.accuracy), rank=70, field="accuracy"),
    Column("started", lambda run: when(run.started), rank=20, field="started"),
    Column("took", took, rank=10, field="took"),
)
_LEAST_NAME: Final = 10
_SIGN: Final = 2


def columns_for(fields: Sequence[str]) -> tuple[Column, ...]:
    """The columns of a table with these fields. A field without a column gets one, before the times."""
    known = {column.field for column in COLUMNS}
    more = [FIELDS[name] for name in fields if name not in known]
    extra = tuple(
        Column(
            field.name.replace("_", " "),
            lambda run, field=field: visible_line(field.words(run), 24),  # type: ignore[misc]
            right=field.right,
            rank=90,
            field=field.name,
        )
        for field in more
    )
    return (*COLUMNS[:-2], *extra, *COLUMNS[-2:])


def fit(widths: Sequence[int], ranks: Sequence[int], name: int, room: int) -> tuple[list[int], int, int]:
    """(places of the columns that are shown, the width of the name, the gap between columns) for a line of `room`.

    `name` is the name's place. The gap is 2 if there is room for it, else 1. If even the shortest name does not fit,
    the columns of the smallest rank are left out one by one.
    """
    shown = list(range(len(widths)))
    while True:
        others = sum(widths[place] for place in shown if place != name)
        for gap in (2, 1):
            left = room - others - gap * (len(shown) - 1)
            if left >= min(widths[name], _LEAST_NAME) or len(shown) == 1:
                return shown, min(widths[name], left), gap
        shown.remove(min(shown, key=lambda place: ranks[place]))


class RunTable(Vertical):
    """Head and rows. `show` sets all runs; the cursor stays on its run."""

    def __init__(self, read_spark: Callable[[RunRow], list[float | None]]) -> None:
        """`read_spark` gives a run's loss in a few means; it is called for the rows in sight."""
        super().__init__()
        self._read_spark = read_spark
        self._lines = LineList(self._line)
        self._runs: tuple[RunRow, ...] = ()
        self._columns: tuple[Column, ...] = COLUMNS
        self._cells: dict[int, tuple[RunRow, list[str], list[int]]] = {}
        self._day = date.today()
        self._fit: tuple[list[int], list[int], int] = ([], [], 1)
        self._sort = ("run", True)
        self._in_use: str | None = None
        self._marks: Mapping[int, int] = {}

    def compose(self) -> ComposeResult:
        """The head and the list."""
        yield Static("", id="run-table-head", markup=False)
        yield self._lines

    @property
    def current(self) -> RunRow | None:
        """The run under the cursor."""
        at = self._lines.at
        return self._runs[at] if at is not None and at < len(self._runs) else None

    def show(
        self,
        runs: Sequence[RunRow],
        adapter_in_use: str | None,
        *,
        columns: tuple[Column, ...] = COLUMNS,
        sort: tuple[str, bool] = ("run", True),
        marks: Mapping[int, int] | None = None,
    ) -> None:
        """Draw `runs` in their order; the one whose adapter is in use is marked.

        `sort` is the field of the order, and whether it is descending. `marks` holds the slot of each marked run.
        """
        if columns != self._columns or self._day != date.today():  # "14:10" becomes "yesterday 14:10"
            self._cells, self._day = {}, date.today()
        self._runs, self._columns, self._in_use = tuple(runs), columns, adapter_in_use
        self._sort, self._marks = sort, marks or {}
        self._draw()

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        self._draw()

    # -- drawing -------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        room = self.size.width - 3 - _SIGN - self._margin  # an empty column at each side, one for the scrollbar
        if room <= 0:
            return
        self._columns_fit(room)
        places, _, gap = self._fit
        heads = [self._head(self._columns[place]) for place in places]
        head = " " * (_SIGN + 1 + self._margin) + (" " * gap).join(self._set(heads))
        update_static(self.query_one("#run-table-head", Static), Content.styled(head, "$quiet"))
        self._lines.show([run.id for run in self._runs])

    @property
    def _margin(self) -> int:
        """The room for the letters of marked runs."""
        return 2 if self._marks else 0

    def _columns_fit(self, room: int) -> None:
        by_column = zip(*(self._cells_of(run)[1] for run in self._runs), strict=True)
        widest = [max(widths) for widths in by_column] or [0] * len(self._columns)
        widths = [max(cell_len(self._head(column)), wide) for column, wide in zip(self._columns, widest, strict=True)]
        widths[self._columns.index(CURVE)] = SPARK_CELLS
        says = [place for place, column in enumerate(self._columns) if not column.optional or widest[place]]
        columns = [self._columns[place] for place in says]
        ranks = [98 if column.field == self._sort[0] else column.rank for column in columns]
        shown, name, gap = fit([widths[place] for place in says], ranks, columns.index(NAME), room)
        places = [says[each] for each in shown]
        self._fit = places, [name if self._columns[place] is NAME else widths[place] for place in places], gap

    def _head(self, column: Column) -> str:
        field, falls = self._sort
        return f"{column.head}{'▾' if falls else '▴'}" if column.field == field else column.head

    def _cells_of(self, run: RunRow) -> tuple[list[str], list[int]]:
        """The words of a run and their widths, computed once for each of its states and always while it runs."""
        kept = self._cells.get(run.id)
        if kept is None or (kept[0] is not run and kept[0] != run) or run.status == "running":
            words = [column.words(run) for column in self._columns]
            kept = run, words, [cell_len(each) for each in words]
            self._cells[run.id] = kept
        return kept[1:]

    def _set(self, cells: Sequence[str]) -> list[str]:
        """Words aligned in the columns that are shown."""
        places, widths, _ = self._fit
        set_words = []
        for words, place, width in zip(cells, places, widths, strict=True):
            words = cut(words, width)
            air = " " * (width - cell_len(words))
            set_words.append(air + words if self._columns[place].right else words + air)
        return set_words

    def _line(self, at: int) -> Content:
        run = self._runs[at]
        places, _, gap = self._fit
        words, _ = self._cells_of(run)
        sign, colour = SIGNS[run.status]
        in_use = run.adapter is not None and run.adapter == self._in_use
        style = "bold $accent" if in_use else "$quiet" if run.archived else "$foreground"
        slot = self._marks.get(run.id)
        letter = SLOT_SIGNS[slot] if slot is not None else " "
        mark = Content.styled(f"{letter} ", f"bold $run-{slot or 0}") if self._marks else Content("")
        curves = [self._columns[place] is CURVE for place in places]
        cells = [self._spark(run) if curve else words[place] for curve, place in zip(curves, places, strict=True)]
        parts = [(each, "$quiet" if curve else style) for each, curve in zip(self._set(cells), curves, strict=True)]
        line = Content(" " * gap).join(Content.styled(*part) for part in parts)
        return Content.assemble(" ", (sign, colour), " ", mark, line)

    def _spark(self, run: RunRow) -> str:
        signs = spark_signs()
        return spark(self._read_spark(run), signs)
