"""Curves with axes: textual-plot, with what a live run in a terminal needs besides.

Points are thinned to what can be shown, a value that is not finite is a gap, the legend is a line above the data, the
frame is two thin axes, and the plot takes no focus and no mouse.
"""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import AxisFormatter

from tui.curves import Array, limits, pieces, smooth, smoothing_weight, thin, tick_labels, ticks

TONES: Final = {"train": "$accent", "eval": "$foreground", "chosen": "$success", "rejected": "$error"}
"""The colour of each tone, the same in the legend and (through chart.tcss) in the plot."""

SIXTEEN: Final = {
    "train": "#ffff55",
    "eval": "#ffffff",
    "chosen": "#55ff55",
    "rejected": "#ff5555",
    "raw": "#555555",
}
"""The same tones in a terminal of 16 colours, where a muted colour would be drawn as some grey: these are exact."""

MOST_MARKS: Final = 24
"""More evaluations than these stand too close for a mark each; their line is enough."""

HEAVY_TO_THIN: Final = str.maketrans("┃━┗┻┫╋┏┓┛┳┣", "│─└┴┤┼┌┐┘┬├")


@dataclass(frozen=True)
class Series:
    """One curve: its name in the legend, its tone, and its points.

    `steps` and `values` are (N,); `tone` is train, eval, chosen or rejected. What a step measured is drawn dim, and
    its moving average bright; what an evaluation measured is `evaluated`, few and calm: points joined as they are.
    """

    label: str
    tone: str
    steps: Array
    values: Array
    evaluated: bool = False


def resolution_from_environment() -> HiResMode:
    """How curves are drawn: PALATE_CURVES (braille, quadrant or halfblock), else what the terminal can show.

    The Linux console's font has half blocks but neither braille nor quadrants.
    """
    named = {mode.name.lower(): mode for mode in HiResMode}
    usual = HiResMode.HALFBLOCK if os.environ.get("TERM") == "linux" else HiResMode.BRAILLE
    return named.get(os.environ.get("PALATE_CURVES", "").lower(), usual)


class FewTicks(AxisFormatter):
    """Round ticks, at most as many as there is room for, labelled in the axis' own words."""

    def __init__(self, most: Callable[[], int], labels: Callable[[list[float]], list[str]] = tick_labels) -> None:
        self._most, self._labels = most, labels

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        """The ticks between `min_` and `max_`."""
        return ticks(min_, max_, min(self._most(), max_ticks))

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """The labels of `ticks`."""
        return self._labels(list(ticks))


def step_labels(steps: list[float]) -> list[str]:
    """The numbers of `steps`, the first with its unit; a step is whole, so a tick between two has no label."""
    labels = [f"{step:,.0f}" if step.is_integer() else "" for step in steps]
    return [f"step {labels[0]}", *labels[1:]] if labels else []


class Plot(PlotWidget, can_focus=False):
    """textual-plot's widget with two thin axes in place of a heavy frame, and few ticks."""

    COMPONENT_CLASSES = {"plot--train", "plot--eval", "plot--chosen", "plot--rejected", "plot--raw"}

    margin_top = reactive(0)
    margin_bottom = reactive(1)
    margin_left = reactive(7)

    def __init__(self, labels: Callable[[list[float]], list[str]] = tick_labels) -> None:
        super().__init__(allow_pan_and_zoom=False)
        self.set_x_formatter(FewTicks(lambda: max(2, self.size.width // 10), step_labels))
        self.set_y_formatter(FewTicks(lambda: max(2, self.size.height // 3), labels))

    def ink(self, tone: str) -> str:
        """The style of a curve of this tone, as textual-plot takes it."""
        if self.app.console.color_system == "standard":
            return SIXTEEN[tone]
        return str(self.get_component_rich_style(f"plot--{tone}"))

    def get_pixel_from_coordinate(self, x: Any, y: Any) -> tuple[int, int]:
        """The cell in which the finer dot of this value lies, so that ticks and marks stand on the line they belong to.

        (textual-plot rounds cells another way than dots, which puts them up to one cell apart.)
        """
        dot_x, dot_y = self.get_hires_pixel_from_coordinate(x, y)
        area = self._scale_rectangle
        return min(math.floor(dot_x), area.right - 1), min(math.floor(dot_y), area.bottom - 1)

    def _render_plot(self) -> None:
        canvas = self.query_one("#plot", Canvas)
        if canvas.size.width < 6 or canvas.size.height < 3:
            return
        with canvas.batch_refresh():
            super()._render_plot()
            self._lighten_frame(canvas)

    def _lighten_frame(self, canvas: Canvas) -> None:
        """Draw the left and lower axis thin, and take away the upper and right one."""
        width, height = canvas.size
        for y in range(height):
            char, style = canvas.get_pixel(0, y)
            canvas.set_pixel(0, y, "│" if y == 0 else char.translate(HEAVY_TO_THIN), style)
        for x in range(1, width):
            char, style = canvas.get_pixel(x, height - 1)
            canvas.set_pixel(x, height - 1, "─" if x == width - 1 else char.translate(HEAVY_TO_THIN), style)
            canvas.set_pixel(x, 0, " ", "")
        for y in range(height - 1):
            canvas.set_pixel(width - 1, y, " ", "")


class Chart(Vertical):
    """A named plot of one or two series; above it a line with the name, the legend and the newest values."""

    resolution: HiResMode = resolution_from_environment()
    """How fine curves are drawn: braille, quadrant or half block; one choice for all charts."""

    def __init__(
        self,
        title: str,
        *,
        write: Callable[[float], str] = "{:.3f}".format,
        labels: Callable[[list[float]], list[str]] = tick_labels,
        floor: float | None = None,
        ceiling: float | None = None,
        id: str | None = None,
    ) -> None:
        """`write` turns a value into the legend's words, `labels` the ticks of the value axis into theirs.

        `floor` and `ceiling` are values that are always in view.
        """
        super().__init__(id=id)
        self._labels = labels
        self._title, self._write, self._floor, self._ceiling = title, write, floor, ceiling
        self._series: tuple[Series, ...] = ()
        self._total_steps = 0

    def compose(self) -> ComposeResult:
        """The legend line and the plot."""
        yield Static(Content(self._title), classes="chart--legend", markup=False)
        yield Plot(self._labels)

    @property
    def legend(self) -> str:
        """The line above the data as plain text."""
        return str(self.query_one(".chart--legend", Static).visual)

    def draw(self, series: Sequence[Series], total_steps: int) -> None:
        """Show `series` on an axis of `total_steps` steps; series without points are left out."""
        self._series = tuple(each for each in series if each.steps.size)
        self._total_steps = total_steps
        if self.is_mounted:
            self._redraw()

    def on_mount(self) -> None:
        """Draw what came before the widget was there."""
        self._redraw()

    def on_resize(self) -> None:
        """Thin the points anew: there is another number of columns."""
        self._redraw()

    def set_resolution(self, mode: HiResMode) -> None:
        """Draw with another kind of block from now on."""
        Chart.resolution = mode
        self._redraw()

    def _redraw(self) -> None:
        plot = self.query_one(Plot)
        plot.clear()
        last = max([self._total_steps, *(int(each.steps[-1]) for each in self._series)])
        # A little air at the right keeps the newest point off the edge, where it would be cut.
        span = (0.0, max(last, 1) * 1.02)
        low, high = limits([each.values for each in self._series], floor=self._floor, ceiling=self._ceiling)
        plot.set_xlimits(*span)
        plot.set_ylimits(low, high)
        # Without a value, or without a plan, an axis has nothing to say.
        plot.set_yticks(None if self._series else [])
        plot.set_xticks(None if last else [])
        for each in self._series:
            if not each.evaluated:
                self._draw_line(plot, each.steps, each.values, "raw", span)
        for each in self._series:
            if each.evaluated:
                self._draw_line(plot, each.steps, each.values, each.tone, span)
                self._mark(plot, each)
            else:
                self._draw_line(plot, each.steps, smooth(each.values, smoothing_weight(last)), each.tone, span)
        self.query_one(".chart--legend", Static).update(self._legend_line())

    def _draw_line(self, plot: Plot, steps: Array, values: Array, tone: str, span: tuple[float, float]) -> None:
        columns = max(20, 2 * (plot.size.width - plot.margin_left))
        for x, y in pieces(steps, values):
            x, y = thin(x, y, *span, columns)
            if x.size == 1:  # a line needs two ends; one point alone becomes a short dash
                x, y = np.array([x[0], x[0] + span[1] / columns]), np.repeat(y, 2)
            plot.plot(x, y, line_style=plot.ink(tone), hires_mode=Chart.resolution)

    def _mark(self, plot: Plot, series: Series) -> None:
        if series.steps.size <= MOST_MARKS:
            plot.scatter(series.steps, series.values, marker="•", marker_style=plot.ink(series.tone))

    def _legend_line(self) -> Content:
        """The name and the series. Where it is narrow, evaluations lose their place first, then the signs."""
        trained = [each for each in self._series if not each.evaluated]
        line = Content("")
        for series, gap, signs in ((self._series, "  ", True), (self._series, " ", True), (trained, " ", True)):
            line = self._legend_of(series, gap, signs)
            if line.cell_length <= self.size.width:
                return line
        return self._legend_of(trained, " ", False)

    def _legend_of(self, series: Sequence[Series], gap: str, signs: bool) -> Content:
        line = Content.styled(self._title, "bold")
        for each in series:
            newest = float(each.values[-1])
            words = self._write(newest) if math.isfinite(newest) else "not a number"
            sign = "• " if each.evaluated else "━ "
            label = (sign if signs else "") + each.label
            line += Content.assemble(gap, (label.rstrip(), self._colour(each.tone)), f" {words}")
        return line

    def _colour(self, tone: str) -> str:
        return SIXTEEN[tone] if self.app.console.color_system == "standard" else TONES[tone]
