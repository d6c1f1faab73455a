"""Two or more runs over one another: a metric's curves, every run's value at a crosshair, settings side by side."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from db.run_rows import RunRow
from tui.events import RunChanged, WorkbenchEvent
from tui.runs.curves import steps_in_view
from tui.runs.diff import facts_beside, settings_beside
from tui.runs.format import SLOT_SIGNS, slots_of
from tui.runs.metrics import Metric, metric_of, metrics_in_order
from tui.screens.base import PalateScreen
from tui.screens.runs.curve_actions import BACK_KEY, CURVE_KEYS, CurveActions
from tui.text.format import count
from tui.widgets.binding import Binding
from tui.widgets.charts.chart import Chart, Series
from tui.widgets.charts.readings import Overlaid, beside, readings
from tui.widgets.charts.run_charts import DrawThrottle
from tui.widgets.update_static import update_static

_RAW_UP_TO = 2
"""More runs than these would cover one another with what single steps measured; then only averages are drawn."""


class RunOverlayScreen(PalateScreen):
    """Runs in stable colours, each with a letter on its line."""

    MODE = "runs"
    READ_BEFORE_LAYOUT = True
    BINDINGS: ClassVar = [
        Binding("tab", "metric(1)", "metric", id="overlay.metric", priority=True, tooltip="The next metric."),
        Binding(
            "shift+tab", "metric(-1)", "metric", show=False, id="overlay.metric-back", priority=True,
            tooltip="The metric before.",
        ),
        *CURVE_KEYS,
        BACK_KEY,
    ]  # fmt: skip

    def __init__(self, runs: Sequence[int]) -> None:
        """The ids of the runs, at most as many as there are letters."""
        super().__init__()
        self._slots = slots_of(runs)
        self._metrics: list[Metric] = []
        self._metric = metric_of("loss")
        self._runs: list[Overlaid] = []
        self._drawn: dict[int, Series] = {}
        """The curve of each run; one that has moved is taken out, and read again."""
        self._pace = DrawThrottle(self.set_timer, self._read_and_draw)
        self._curves = CurveActions(self, moving=self._page, cross_moved=self._draw_readings)
        self.take_actions(self._curves)

    def compose_body(self) -> ComposeResult:
        """The headline, then the chart, the readings and the settings on a page that scrolls."""
        yield Static("", id="overlay-headline", markup=False)
        with VerticalScroll(id="overlay-page", can_focus=False):
            yield Chart("loss", named=False, id="overlay-chart")
            yield Static("", id="readings", markup=False)
            yield Static("", id="beside", markup=False)

    @property
    def cross(self) -> int | None:
        """The step at which the curves are read."""
        return self._curves.cross

    def _page(self) -> VerticalScroll:
        return self.query_one("#overlay-page", VerticalScroll)

    def screen_shown(self) -> None:
        """Read everything again."""
        names = {name for run in self._slots for name in self.workbench.records.metric_names(run)}
        self._metrics = metrics_in_order(names) or [metric_of("loss")]
        if self._metric not in self._metrics:
            self._metric = self._metrics[0]
        self._drawn.clear()
        self._read_and_draw()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """A live run among them moves."""
        if isinstance(published, RunChanged) and published.run in self._slots:
            self._drawn.pop(published.run, None)
            self._pace.news()

    def on_resize(self) -> None:  # type: ignore[override]
        """Set the columns of the settings again."""
        if self._runs:
            self._draw_texts()

    # -- drawing -------------------------------------------------------------------------------------------------

    def _read_and_draw(self) -> None:
        rows = [self.workbench.run(run) for run in self._slots]
        for run in self._slots.keys() - self._drawn.keys():
            self._drawn[run] = self._series(run)
        chart = self.query_one(Chart)
        chart.name_it(self._metric.words, self._metric.write, self._metric.floor, self._metric.ceiling)
        chart.draw([self._drawn[run] for run in self._slots], max(map(steps_in_view, rows), default=0))
        self._runs = [self._overlaid(row, self._drawn[row.id], chart) for row in rows]
        self._draw_texts()

    def _series(self, run: int) -> Series:
        points = self.workbench.records.history(run, [self._metric.name]).series(self._metric.name)
        slot, raw, evaluated = self._slots[run], len(self._slots) <= _RAW_UP_TO, self._metric.evaluated
        return Series("", f"run-{slot}", *points, evaluated=evaluated, sign=SLOT_SIGNS[slot], raw=raw)

    def _overlaid(self, row: RunRow, series: Series, chart: Chart) -> Overlaid:
        return Overlaid(self._slots[row.id], row, series.steps, series.values, chart.line_of(series))

    def _draw_texts(self) -> None:
        sixteen = self.app.console.color_system == "standard"
        at = self._metrics.index(self._metric) + 1
        head = Content.assemble((count(len(self._runs), "run"), "bold"), " over one another")
        more = f" · metric {at} of {len(self._metrics)}, tab for the next"
        update_static(self.query_one("#overlay-headline", Static), head + Content.styled(more, "$quiet"))
        words = readings(self._runs, self._metric, self.cross, sixteen=sixteen)
        update_static(self.query_one("#readings", Static), words)
        rows = [each.run for each in self._runs]
        settings = [*settings_beside(rows), *facts_beside(rows)]
        settings.sort(key=lambda line: not line.differs)
        width = self.app.size.width - 3  # a column of air at each side, one for the scrollbar
        update_static(self.query_one("#beside", Static), beside(self._runs, settings, width, sixteen=sixteen))
        self.refresh_bindings()

    def _draw_readings(self) -> None:
        """Read every run where the crosshair is."""
        sixteen = self.app.console.color_system == "standard"
        words = readings(self._runs, self._metric, self.cross, sixteen=sixteen)
        update_static(self.query_one("#readings", Static), words)

    def action_metric(self, by: int) -> None:
        """The next metric, or the one before."""
        self._metric = self._metrics[(self._metrics.index(self._metric) + by) % len(self._metrics)]
        self._drawn.clear()
        self._read_and_draw()
