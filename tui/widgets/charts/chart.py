"""Curves with axes: a plot with what a live run in a terminal needs.

Points are thinned to the resolution of the plot. A value that is not finite is a gap. The legend is a line above the
data. The plot takes no focus and no mouse.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual_hires_canvas import HiResMode

from tui.runs.curves import (
    Array,
    any_positive,
    limits,
    pieces,
    positive_log,
    smooth,
    smoothing_weight,
    thin,
    tick_labels,
    value_at,
)
from tui.widgets.charts.plot import SIXTEEN, TONES, Plot, resolution_from_environment
from tui.widgets.update_static import update_static

MOST_POINT_MARKS: Final = 24
"""More evaluations than this are too close for a mark each; their line is enough."""
_SIGNS_ON_A_LINE: Final = 3


@dataclass(frozen=True, eq=False)
class Series:
    """One curve: its name in the legend, its tone, and its points.

    `steps` and `values` are (N,); `tone` is one of `TONES`. Values of steps are drawn dim (unless `raw` is off), and
    their moving average bright. Values of evaluations are `evaluated`: a few points, joined without an average. A
    `sign` marks the line at a few places, so that lines differ without colour. Drawing the same object again means that
    the curve did not change.
    """

    label: str
    tone: str
    steps: Array
    values: Array
    evaluated: bool = False
    sign: str = ""
    raw: bool = True


class Chart(Vertical):
    """A named plot of a few series; above it a line with the name, the legend and the newest values.

    With a crosshair the legend shows the values there.
    """

    resolution: HiResMode = resolution_from_environment()
    """The resolution of curves: braille, quadrant or half block; one choice for all charts."""

    def __init__(
        self,
        title: str,
        *,
        write: Callable[[float], str] = "{:.3f}".format,
        labels: Callable[[list[float]], list[str]] = tick_labels,
        floor: float | None = None,
        ceiling: float | None = None,
        named: bool = True,
        id: str | None = None,
    ) -> None:
        """`write` turns a value into the legend's words, `labels` the ticks of the value axis into theirs.

        `floor` and `ceiling` are values that are always in view, unless the axis is logarithmic. A chart that is not
        `named` has only its title above the data: its series are named elsewhere.
        """
        super().__init__(id=id)
        self._labels, self._named = labels, named
        self._title, self._write, self._floor, self._ceiling = title, write, floor, ceiling
        self._series: tuple[Series, ...] = ()
        self._lines: dict[Series, Array] = {}
        self._weight = 0.0
        self._total_steps = 0
        self._log = False
        self._cross: float | None = None

    def compose(self) -> ComposeResult:
        """The legend line and the plot."""
        yield Static(Content(self._title), classes="chart--legend", markup=False)
        yield Plot(self._labels)

    @property
    def legend(self) -> str:
        """The line above the data as plain text."""
        return str(self.query_one(".chart--legend", Static).visual)

    @property
    def last_step(self) -> int:
        """The last step of the axis: the last planned step, or the newest one if that is later."""
        return max([self._total_steps, *(int(each.steps[-1]) for each in self._series)])

    @property
    def newest_step(self) -> int:
        """The newest step with a value; 0 without one."""
        return max((int(each.steps[-1]) for each in self._series), default=0)

    @property
    def columns(self) -> int:
        """How many columns of dots the curves have."""
        plot = self.query_one(Plot)
        return max(20, 2 * (plot.size.width - plot.margin_left))

    @property
    def is_log(self) -> bool:
        """Is the value axis logarithmic? It is if this was requested and a value is positive."""
        return self._log and any_positive(each.values for each in self._series)

    def draw(self, series: Sequence[Series], total_steps: int) -> None:
        """Show `series` on an axis of `total_steps` steps; series without points are left out."""
        self._series = tuple(each for each in series if each.steps.size)
        self._total_steps = total_steps
        weight = smoothing_weight(self.last_step)
        known = self._lines if weight == self._weight else {}
        self._weight = weight
        self._lines = {each: known[each] if each in known else self._averaged(each) for each in self._series}
        self._redraw()

    def _averaged(self, series: Series) -> Array:
        return series.values if series.evaluated else smooth(series.values, self._weight)

    def line_of(self, series: Series) -> Array:
        """The bright line of a series that was drawn: its values (N,), or their moving average."""
        return self._lines.get(series, series.values)

    def name_it(self, title: str, write: Callable[[float], str], floor: float | None, ceiling: float | None) -> None:
        """Show another metric from the next `draw` on."""
        self._title, self._write, self._floor, self._ceiling = title, write, floor, ceiling

    def on_resize(self) -> None:
        """Thin the points again for the new number of columns."""
        self._redraw()

    def set_resolution(self, mode: HiResMode) -> None:
        """Draw with another kind of block from now on."""
        Chart.resolution = mode
        self._redraw()

    def set_log(self, log: bool) -> bool:
        """Draw a logarithmic or a linear value axis. Without a positive value, change nothing and return False."""
        if log and not any_positive(each.values for each in self._series):
            return False
        self._log = log
        self._redraw()
        return True

    def set_cross(self, step: float | None) -> None:
        """Place the crosshair at a step, so that the legend shows the values there, or remove it (None)."""
        self._cross = step
        self.query_one(Plot).set_cross(step)
        update_static(self.query_one(".chart--legend", Static), self._legend_line())

    # -- drawing -------------------------------------------------------------------------------------------------

    def _redraw(self) -> None:
        if not self.size:
            return  # before the first layout, which draws it
        plot = self.query_one(Plot)
        plot.clear()
        last = self.last_step
        # A little space at the right keeps the newest point off the edge, where it would be cut.
        span = (0.0, max(last, 1) * 1.02)
        log = self.is_log
        scaled: Callable[[Array], Array] = positive_log if log else np.asarray
        edges = (None, None) if log else (self._floor, self._ceiling)
        in_view = [scaled(each.values if each.raw else line) for each, line in self._lines.items()]
        plot.set_log(log)
        plot.set_xlimits(*span)
        plot.set_ylimits(*limits(in_view, floor=edges[0], ceiling=edges[1]))
        # Without a value, or without planned steps, an axis has no ticks.
        plot.set_yticks(None if self._series else [])
        plot.set_xticks(None if last else [])
        for each in self._series:
            if each.raw and not each.evaluated:
                self._draw_line(plot, each.steps, scaled(each.values), "raw", span)
        for each, line in self._lines.items():
            self._draw_line(plot, each.steps, scaled(line), each.tone, span)
        for place, (each, line) in enumerate(self._lines.items()):
            self._mark(plot, each, scaled(line), place)
        plot.draw()
        update_static(self.query_one(".chart--legend", Static), self._legend_line())

    def _draw_line(self, plot: Plot, steps: Array, values: Array, tone: str, span: tuple[float, float]) -> None:
        columns = self.columns
        for x, y in pieces(steps, values):
            x, y = thin(x, y, *span, columns)
            if x.size == 1:  # a line needs two ends; one point alone becomes a short dash
                x, y = np.array([x[0], x[0] + span[1] / columns]), np.repeat(y, 2)
            plot.plot(x, y, line_style=plot.ink(tone), hires_mode=Chart.resolution)

    def _mark(self, plot: Plot, series: Series, line: Array, place: int) -> None:
        """Mark few evaluations with dots, or a line with its sign at places where no other line has one."""
        ink = plot.ink(series.tone)
        if series.sign:
            known = np.flatnonzero(np.isfinite(line))
            shares = (np.arange(_SIGNS_ON_A_LINE) + (place + 1) / (len(self._series) + 1)) / _SIGNS_ON_A_LINE
            at = known[np.minimum((shares * known.size).astype(np.int64), known.size - 1)] if known.size else known
            plot.scatter(series.steps[at], line[at], marker=series.sign, marker_style=f"bold {ink}")
        elif series.evaluated and series.steps.size <= MOST_POINT_MARKS:
            plot.scatter(series.steps, line, marker="•", marker_style=ink)

    # -- the legend ----------------------------------------------------------------------------------------------

    def _legend_line(self) -> Content:
        """The name and the series. In a narrow line the evaluations are left out first, then the signs."""
        title = f"log {self._title}" if self.is_log else self._title
        if not self._named:
            return Content.styled(title, "bold")
        trained = [each for each in self._series if not each.evaluated]
        line = Content("")
        for series, gap, signs in ((self._series, "  ", True), (self._series, " ", True), (trained, " ", True)):
            line = self._legend_of(title, series, gap, signs)
            if line.cell_length <= self.size.width:
                return line
        return self._legend_of(title, trained, " ", False)

    def _legend_of(self, title: str, series: Sequence[Series], gap: str, signs: bool) -> Content:
        line = Content.styled(title, "bold")
        for each in series:
            sign = f"{each.sign} " if each.sign else "• " if each.evaluated else "━ "
            label = (sign if signs or each.sign else "") + each.label
            line += Content.assemble(gap, (label.rstrip(), self._colour(each.tone)), f" {self._words(each)}")
        return line

    def _words(self, series: Series) -> str:
        """The newest value, or the one at the crosshair."""
        if self._cross is not None:
            there = value_at(series.steps, series.values, self._cross)
            return "–" if there is None else self._write(there)
        newest = float(series.values[-1])
        return self._write(newest) if math.isfinite(newest) else "not a number"

    def _colour(self, tone: str) -> str:
        return SIXTEEN[tone] if self.app.console.color_system == "standard" else TONES[tone]
