"""A page of curves and facts: scrolling, a crosshair, a logarithmic axis, and how fine curves are drawn."""

from collections.abc import Callable
from typing import Final

from textual.containers import VerticalScroll

from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.widgets.binding import Binding
from tui.widgets.charts.chart import Chart
from tui.widgets.charts.run_charts import next_fineness

CURVE_KEYS: Final = (
    Binding("left", "cross(-1)", "read", id="curve.left", key_display="←→", tooltip="Read all curves earlier."),
    Binding("right", "cross(1)", "later", show=False, id="curve.right", tooltip="Read all curves later."),
    Binding("shift+left", "cross(-10)", "left", show=False, id="curve.far-left", tooltip="Read them much earlier."),
    Binding("shift+right", "cross(10)", "right", show=False, id="curve.far-right", tooltip="Read them much later."),
    Binding("y", "log", "log", id="curve.log", tooltip="A logarithmic value axis, or a linear one."),
    Binding("v", "fineness", "dots", show=False, id="run.dots", tooltip="Draw with braille, quadrants or half blocks."),
    Binding("down,j", "scroll(1)", "scroll", show=False, id="run.down", key_display="↑↓", tooltip="A line down."),
    Binding("up,k", "scroll(-1)", "up", show=False, id="run.up", tooltip="A line up."),
    Binding("pagedown,space", "page(1)", "page down", show=False, id="run.page-down", tooltip="A page down."),
    Binding("pageup", "page(-1)", "page up", show=False, id="run.page-up", tooltip="A page up."),
    Binding("home,g", "edge(False)", "top", show=False, id="run.top", tooltip="To the curves."),
    Binding("end,G", "edge(True)", "end", show=False, id="run.end", tooltip="To the end."),
)


BACK_KEY: Final = Binding("escape", "back", "back", id="run.back", tooltip="Back to the table of runs.")


class CurveActions(Actions):
    """Reads the charts of a screen at a step, scrolls their page, and leads back."""

    def __init__(
        self, screen: PalateScreen, *, moving: Callable[[], VerticalScroll], cross_moved: Callable[[], None]
    ) -> None:
        """`moving` gives what scrolls; `cross_moved` is called after the charts are read elsewhere, or not at all."""
        self._screen, self._moving, self._cross_moved = screen, moving, cross_moved
        self.cross: int | None = None
        """The step at which the curves are read."""
        self._log = False

    # -- the crosshair -------------------------------------------------------------------------------------------

    def action_cross(self, by: int) -> None:
        """Move the crosshair by columns of dots; the first press puts it at the newest step."""
        charts = list(self._screen.query(Chart))
        last = max((chart.newest_step for chart in charts), default=0)
        if not last:
            return
        axis = max(chart.last_step for chart in charts)
        stride = max(1, round(axis / min(chart.columns for chart in charts)))
        at = last if self.cross is None else self.cross + by * stride
        self._read_at(max(1, min(at, last)))

    def _read_at(self, step: int | None) -> None:
        self.cross = step
        for chart in self._screen.query(Chart):
            chart.set_cross(step)
        self._cross_moved()

    def action_back(self) -> None:
        """Take the crosshair off; without one, go back."""
        if self.cross is not None:
            self._read_at(None)
        else:
            self._screen.dismiss()

    # -- axes and dots -------------------------------------------------------------------------------------------

    def action_log(self) -> None:
        """Logarithmic where something is positive; where nothing is, it is refused with a word."""
        charts = list(self._screen.query(Chart))
        if self._log:
            self._log = False
            for chart in charts:
                chart.set_log(False)
            return
        could = [chart.set_log(True) for chart in charts]
        self._log = any(could)
        if not self._log:
            self._screen.palate.tell("Log axis", "Nothing here is positive, so there is no logarithm to draw.")
        elif not all(could):
            self._screen.palate.tell("Log axis", "Charts without a positive value stay linear.")

    def action_fineness(self) -> None:
        """Draw curves with other blocks."""
        name = next_fineness(self._screen.query(Chart))
        self._screen.palate.tell("Curves", f"They are drawn with {name} characters now.")

    # -- scrolling -----------------------------------------------------------------------------------------------

    def action_scroll(self, lines: int) -> None:
        """Move by lines."""
        self._moving().scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Move by pages."""
        moving = self._moving()
        moving.scroll_relative(y=pages * max(moving.size.height - 1, 1), animate=False)

    def action_edge(self, end: bool) -> None:
        """Move to the top or to the end."""
        moving = self._moving()
        moving.scroll_to(y=moving.max_scroll_y if end else 0, animate=False)
