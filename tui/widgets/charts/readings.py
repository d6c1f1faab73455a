"""The text beside the curves of overlaid runs: each run's value at the crosshair, and their settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from db.run_rows import RunRow
from tui.runs.curves import Array, value_at
from tui.runs.diff import SettingLine
from tui.runs.format import SLOT_SIGNS
from tui.runs.metrics import Metric
from tui.text.format import plain
from tui.text.sanitize import visible_line
from tui.theme import SIGNS
from tui.widgets.charts.plot import SIXTEEN
from tui.widgets.lists.cells import cut

_LABEL: Final = 22
_NAME: Final = 24
_WIDEST: Final = 14
"""A longer value is cut: here a person only needs to see that it differs."""


@dataclass(frozen=True)
class Overlaid:
    """One of the runs: its slot, its row, and the points of the metric that is shown, raw and averaged (N,)."""

    slot: int
    run: RunRow
    steps: Array
    values: Array
    average: Array


def slot_colour(slot: int, *, sixteen: bool) -> str:
    """The colour of a slot in a table, the same as on the chart."""
    return SIXTEEN[f"run-{slot}"] if sixteen else f"$run-{slot}"


def readings(runs: Sequence[Overlaid], metric: Metric, cross: int | None, *, sixteen: bool) -> Content:
    """A line for each run: letter, name, and the value at the crosshair (or the newest) with its average."""
    where = "newest" if cross is None else f"at step {cross:,}"
    head = f"{'':{_NAME + 9}}{where:>14}{'' if metric.evaluated else 'average':>12}{'step':>9}"
    lines = [Content.styled(head, "$quiet")]
    for each in runs:
        value, average = (_there(each, points, cross) for points in (each.values, each.average))
        words = "–" if value is None else metric.write(value)
        mean = "" if metric.evaluated else "–" if average is None else metric.write(average)
        sign, colour = SIGNS[each.run.status]
        name = set_cell_size(visible_line(each.run.name, _NAME), _NAME)
        lines.append(
            Content.assemble(
                (f"{SLOT_SIGNS[each.slot]} ", f"bold {slot_colour(each.slot, sixteen=sixteen)}"),
                (sign, colour),
                f"{each.run.id:>5} {name}",
                (f"{words:>14}", "bold"),
                (f"{mean:>12}", "$foreground"),
                (f"{each.run.step:>9,}", "$quiet"),
            )
        )
    return Content("\n").join(lines)


def _there(each: Overlaid, points: Array, cross: int | None) -> float | None:
    """The value at the crosshair, or the newest; beyond the end of a run there is none."""
    if cross is not None and cross > each.run.step:
        return None
    return value_at(each.steps, points, each.run.step if cross is None else cross)


def beside(runs: Sequence[Overlaid], lines: Sequence[SettingLine], width: int, *, sixteen: bool) -> Content:
    """Settings in columns, one for each run; those that differ are marked."""
    room = min(max((width - _LABEL - 2) // len(runs) - 2, 4), _WIDEST)
    cells = [[_words(value) for value in line.values] for line in lines]
    widths = [min(room, max(cell_len(row[at]) for row in cells)) for at in range(len(runs))]
    head = Content(" " * (_LABEL + 2))
    for each, column in zip(runs, widths, strict=True):
        letter = SLOT_SIGNS[each.slot].rjust(max(column, 1))
        head += Content.assemble("  ", (letter, f"bold {slot_colour(each.slot, sixteen=sixteen)}"))
    shown = [head]
    for line, row in zip(lines, cells, strict=True):
        label = set_cell_size(visible_line(line.name.replace("_", " "), _LABEL), _LABEL)
        set_words = "".join("  " + _right(words, column) for words, column in zip(row, widths, strict=True))
        if line.differs:
            shown.append(Content.assemble(("≠ ", "$accent"), (label, "$foreground"), (set_words, "bold $accent")))
        else:
            shown.append(Content.assemble("  ", (label, "$quiet"), set_words))
    return Content("\n").join(shown)


def _words(value: Any) -> str:
    return "–" if value is None else visible_line(plain(value))


def _right(words: str, width: int) -> str:
    words = cut(words, width)
    return " " * (width - cell_len(words)) + words
