"""textual-plot's widget with what a terminal needs: thin axes, few ticks, cells that agree with dots, a crosshair."""

import math
import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from textual.app import ComposeResult
from textual.containers import Grid
from textual.reactive import reactive
from textual_hires_canvas import Canvas, HiResMode
from textual_plot import PlotWidget
from textual_plot.axis_formatter import AxisFormatter
from textual_plot.plot_widget import Legend

from tui.runs.curves import log_labels, log_ticks, tick_labels, ticks
from tui.widgets.charts.fast_canvas import FastCanvas

MOST_RUNS: Final = 8
"""The most runs that differ by colour, in 16 colours too."""

TONES: Final = {
    **{"train": "$accent", "eval": "$foreground", "chosen": "$success", "rejected": "$error"},
    **{f"run-{slot}": f"$run-{slot}" for slot in range(MOST_RUNS)},
}
"""The colour of each tone, the same in the legend and (through chart.tcss) in the plot."""

SIXTEEN: Final = {
    "train": "#ffff55",
    "eval": "#ffffff",
    "chosen": "#55ff55",
    "rejected": "#ff5555",
    "raw": "#555555",
    **dict(
        zip(
            (f"run-{slot}" for slot in range(MOST_RUNS)),
            ("#ffff55", "#55ffff", "#ff55ff", "#55ff55", "#ff5555", "#5555ff", "#ffffff", "#00aaaa"),
            strict=True,
        )
    ),
}
"""The same tones in a terminal of 16 colours, where a muted colour would become grey: these are exact."""

HEAVY_TO_THIN: Final = str.maketrans("┃━┗┻┫╋┏┓┛┳┣", "│─└┴┤┼┌┐┘┬├")


def resolution_from_environment() -> HiResMode:
    """How curves are drawn: PALATE_CURVES (braille, quadrant or halfblock), else the finest that the terminal can show.

    The Linux console's font has half blocks but neither braille nor quadrants.
    """
    named = {mode.name.lower(): mode for mode in HiResMode}
    usual = HiResMode.HALFBLOCK if os.environ.get("TERM") == "linux" else HiResMode.BRAILLE
    return named.get(os.environ.get("PALATE_CURVES", "").lower(), usual)


class FewTicks(AxisFormatter):
    """Round ticks, at most as many as fit, with the labels of the axis."""

    def __init__(
        self,
        most: Callable[[], int],
        labels: Callable[[list[float]], list[str]] = tick_labels,
        ticks: Callable[[float, float, int], list[float]] = ticks,
    ) -> None:
        self._most, self._labels, self._ticks = most, labels, ticks

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:
        """The ticks between `min_` and `max_`."""
        return self._ticks(min_, max_, min(self._most(), max_ticks))

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        """The labels of `ticks`."""
        return self._labels(list(ticks))


def step_labels(steps: list[float]) -> list[str]:
    """The numbers of `steps`, the first with its unit; a step is whole, so a tick between two has no label."""
    labels = [f"{step:,.0f}" if step.is_integer() else "" for step in steps]
    return [f"step {labels[0]}", *labels[1:]] if labels else []


class Plot(PlotWidget, can_focus=False):
    """textual-plot's widget with two thin axes in place of a heavy frame, and few ticks."""

    COMPONENT_CLASSES = {f"plot--{tone}" for tone in (*TONES, "raw", "cross")}

    margin_top = reactive(0)
    margin_bottom = reactive(1)
    margin_left = reactive(7)

    def __init__(self, labels: Callable[[list[float]], list[str]] = tick_labels) -> None:
        super().__init__(allow_pan_and_zoom=False)
        self._linear = FewTicks(self._rows_for_ticks, labels)
        self._logarithmic = FewTicks(self._rows_for_ticks, log_labels, log_ticks)
        self._cross: float | None = None
        self.set_x_formatter(FewTicks(lambda: max(2, self.size.width // 10), step_labels))
        self.set_y_formatter(self._linear)

    def compose(self) -> ComposeResult:
        """What textual-plot composes, on even canvases."""
        with Grid():
            for part in ("margin-top", "margin-left", "plot", "margin-bottom"):
                yield FastCanvas(1, 1, id=part)
        yield Legend(id="legend")

    def _rows_for_ticks(self) -> int:
        return max(2, self.size.height // 3)

    def set_log(self, log: bool) -> None:
        """Label the value axis as one of logarithms; the values that are drawn then are logarithms."""
        self.set_y_formatter(self._logarithmic if log else self._linear)

    def set_cross(self, step: float | None) -> None:
        """Place the crosshair at a step, or remove it (None)."""
        self._cross = step
        self._rerender()

    def ink(self, tone: str) -> str:
        """The style of a curve of this tone, as textual-plot takes it."""
        if self.app.console.color_system == "standard" and tone in SIXTEEN:
            return SIXTEEN[tone]
        return str(self.get_component_rich_style(f"plot--{tone}"))

    def get_pixel_from_coordinate(self, x: Any, y: Any) -> tuple[int, int]:
        """The cell in which the finer dot of this value lies, so that ticks and marks are on their line.

        textual-plot rounds cells differently from dots, so that they can be one cell apart.
        """
        dot_x, dot_y = self.get_hires_pixel_from_coordinate(x, y)
        area = self._scale_rectangle
        return min(math.floor(dot_x), area.right - 1), min(math.floor(dot_y), area.bottom - 1)

    def draw(self) -> None:
        """Draw now, so that the next frame shows the curves. textual-plot would draw them one frame later."""
        self.render()

    def _render_plot(self) -> None:
        canvas = self.query_one("#plot", Canvas)
        if canvas.size.width < 6 or canvas.size.height < 3:
            return
        with canvas.batch_refresh():
            super()._render_plot()
            self._lighten_frame(canvas)
            if self._cross is not None:
                self._draw_cross(canvas, self._cross)

    def _render_x_ticks(self) -> None:
        """Ticks on the lower axis; a label that would not fit at an edge is moved inwards instead of being cut."""
        canvas, margin = self.query_one("#plot", Canvas), self.query_one("#margin-bottom", Canvas)
        margin.reset()
        axis, ink = (str(self.get_component_rich_style(f"plot--{part}")) for part in ("axis", "tick"))
        ticks: Sequence[float] = self._x_formatter.get_ticks(self._x_min, self._x_max)
        if self._x_ticks is not None:
            ticks = self._x_ticks
        for tick, label in zip(ticks, self._x_formatter.get_labels_for_ticks(ticks), strict=True):
            x, _ = self.get_pixel_from_coordinate(tick, self._y_min)
            if tick > self._x_min:
                canvas.set_pixel(x, self._scale_rectangle.bottom, "┬", axis)
            left = x + self.margin_left - len(label) // 2
            margin.write_text(max(0, min(left, margin.size.width - len(label))), 0, f"[{ink}]{label}")

    def _lighten_frame(self, canvas: Canvas) -> None:
        """Draw the left and lower axis thin, and remove the upper and right one."""
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

    def _draw_cross(self, canvas: Canvas, step: float) -> None:
        """A line up from the axis, behind the curves: it fills empty cells only."""
        x, _ = self.get_pixel_from_coordinate(step, self._y_min)
        style = self.ink("cross")
        for y in range(canvas.size.height - 1):
            if canvas.get_pixel(x, y)[0] == " ":
                canvas.set_pixel(x, y, "│", style)
        canvas.set_pixel(x, canvas.size.height - 1, "┴", style)
