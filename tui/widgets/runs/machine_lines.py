"""The machine's figures beside a run: each with its number and a line of its history."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from textual.content import Content

from tui.machine.figures import FIGURES, Figure, known, scale_of, values_of
from tui.runs.curves import RunHistory
from tui.snapshots import MachineReading
from tui.text.sparkline import bars, in_cells
from tui.widgets.charts.run_charts import spark_signs

_LINES: Final = 2
_NARROWEST: Final = 26
_LABEL, _NUMBER = 9, 8
_MOST_CELLS: Final = 24
"""A longer line of history would be louder than the curves."""
_FACT_LABEL: Final = 14
_FACT_NUMBER: Final = 14
_FACT_CELLS: Final = 14


def machine_lines(readings: Sequence[MachineReading], width: int) -> Content:
    """The newest figures with their history of the last moments, in two lines of columns; empty without a reading.

    Where the columns of `width` cells are too few, the last figures are left out.
    """
    figures, most = known(readings), max(width // _NARROWEST, 1)
    if len(figures) > most * _LINES:  # a card's own figures say more
        figures = [each for each in figures if each.name != "cpu_use"][: most * _LINES]
    columns = min(most, -(-len(figures) // _LINES))
    if not columns:
        return Content("")
    shown = [_column(each, readings, width // columns) for each in figures]
    rows = [shown[start : start + columns] for start in range(0, len(shown), columns)]
    return Content("\n").join(Content("").join(row) for row in rows)


def _column(figure: Figure, readings: Sequence[MachineReading], width: int) -> Content:
    values = values_of(figure, readings)
    room = max(width - _LABEL - _NUMBER - 3, 0)
    cells = min(room, _MOST_CELLS)
    number = figure.write(values[-1] or 0.0)
    line = bars(values[-cells:] if cells else [], scale_of(figure, readings[-1]), spark_signs())
    return Content.assemble(
        (figure.short.ljust(_LABEL), "$quiet"), number.rjust(_NUMBER), " ", (line.ljust(room + 2), "$quiet")
    )


def machine_facts(readings: Sequence[MachineReading], history: RunHistory, last: int) -> Iterable[Content]:
    """A line for each figure: the newest number with the last moments, or a run's mean (or extreme) with its curve.

    `readings` are those of a run that is alive, else empty; `last` is the run's last step.
    """
    if readings:
        for figure in known(readings):
            values, top = values_of(figure, readings), scale_of(figure, readings[-1])
            yield _fact_line(figure, figure.write(values[-1] or 0.0), bars(values[-_FACT_CELLS:], top, spark_signs()))
        return
    for figure in FIGURES:
        steps, kept = (each.tolist() for each in history.series(figure.metric))
        finite = [value for value in kept if math.isfinite(value)]
        if finite:
            number = f"{figure.summary_words} {figure.write(figure.summary(finite))}"
            cells = in_cells([int(step) for step in steps], kept, last, min(_FACT_CELLS, last))
            yield _fact_line(figure, number, bars(cells, figure.most, spark_signs()))


def _fact_line(figure: Figure, number: str, line: str) -> Content:
    label = "  " + figure.words.ljust(_FACT_LABEL - 2)
    return Content.assemble((label, "$quiet"), f"{number:>{_FACT_NUMBER}}  {line}")
