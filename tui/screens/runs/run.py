"""One run: its curves, what it was made of, what it said, and the adapter that it made."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from db.run_rows import RunRow
from tui.events import MachineRead, ModelChanged, RunChanged, VerdictStored, WorkbenchEvent
from tui.machine.figures import MACHINE_METRICS
from tui.runs.curves import RunHistory, steps_in_view
from tui.runs.history import EpochMargins
from tui.runs.lineage import TreeLine, family_of
from tui.screens.base import PalateScreen
from tui.screens.pairs.review import ReviewScreen
from tui.screens.runs.adapter_files import FILE_KEYS, AdapterFiles
from tui.screens.runs.curve_actions import BACK_KEY, CURVE_KEYS, CurveActions
from tui.screens.runs.destinations import DESTINATION_KEYS, RunDestinations
from tui.screens.runs.run_actions import ADAPTER_KEYS, AdapterList, RunActions
from tui.screens.runs.run_labels import LABEL_KEYS, RunLabelActions
from tui.screens.runs.samples import SamplesScreen
from tui.snapshots import RunProgress
from tui.text.format import signed
from tui.widgets.binding import Binding, Writing
from tui.widgets.charts.run_charts import CHART_METRICS, DrawThrottle, RunCharts
from tui.widgets.runs.live_run import ending_line, headline, progress_line
from tui.widgets.runs.machine_lines import machine_facts
from tui.widgets.runs.run_facts import RunPage, facts_of
from tui.widgets.summary_line import SummaryLine
from tui.widgets.update_static import update_static


class RunScreen(PalateScreen):
    """One run on a page of its own; a live one moves. Escape goes back to the table."""

    MODE = "runs"
    READ_BEFORE_LAYOUT = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (90, "-wide"), (120, "-broad")]
    BINDINGS: ClassVar = [
        Writing("w", "wrong", "look again", id="run.wrong", tooltip="Judge again the pairs that stay wrong."),
        *ADAPTER_KEYS,
        *CURVE_KEYS,
        Binding("s", "samples", "samples", id="run.samples", tooltip="Read how the answers change as the run learns."),
        *LABEL_KEYS,
        *FILE_KEYS,
        *DESTINATION_KEYS,
        BACK_KEY,
    ]

    def __init__(self, run: int) -> None:
        super().__init__()
        self._run = run
        self._row: RunRow | None = None
        self._page: RunPage | None = None
        self._history = RunHistory()
        self._epoch_margins = EpochMargins(0, 0, ())
        self._general_text: tuple[float, float] | None = None
        self._family: list[TreeLine] = []
        self._pace = DrawThrottle(self.set_timer, self._draw)
        self._adapters = AdapterList(self)
        self._curves = CurveActions(self, moving=self._moving, cross_moved=self._cross_moved)
        shown = self, lambda: self._row, self._adapters
        self.take_actions(self._curves, RunActions(*shown), AdapterFiles(*shown), RunLabelActions(*shown))
        self.take_actions(RunDestinations(*shown))

    def compose_body(self) -> ComposeResult:
        """Two lines, then charts and facts: beside each other where there is room, else one below the other."""
        yield SummaryLine(id="run-headline")
        yield SummaryLine(id="run-progress")
        with VerticalScroll(id="run-page", can_focus=False):
            yield RunCharts()
            with VerticalScroll(id="run-facts", can_focus=False):
                yield Static("", id="facts", markup=False)

    @property
    def cross(self) -> int | None:
        """The step at which the curves are read."""
        return self._curves.cross

    def screen_shown(self) -> None:
        """Read everything again."""
        self._read()
        self._draw()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Follow the run while it is alive."""
        match published:
            case RunChanged(run=self._run, event=event):
                metrics = getattr(event, "metrics", None)
                if metrics is not None:
                    self._history.add(event.step, metrics)  # type: ignore[union-attr]
                elif event is None:
                    self._read()
                self._pace.news()
            case ModelChanged() | VerdictStored():
                self._read_beside()
                self._pace.news()
            case MachineRead() if self._progress() is not None:
                self._draw_facts()

    def _read(self) -> None:
        self._history = self.workbench.records.history(self._run, (*CHART_METRICS, *MACHINE_METRICS))
        self._read_beside()

    def _read_beside(self) -> None:
        """What other runs and verdicts may change: read when they do, not at every step."""
        self._epoch_margins = self.workbench.records.epoch_margins(self._run)
        self._general_text = self.workbench.records.general_text(self._run)
        self._adapters.read()
        self._family = family_of(self.workbench.run(self._run), self.workbench.runs(), self._adapters.views)

    def _progress(self) -> RunProgress | None:
        alive = self.workbench.run_progress
        return alive if alive is not None and alive.run == self._run else None

    def _draw(self) -> None:
        self._adapters.read()
        self._row = run = self.workbench.run(self._run)
        adapter = self._adapters.of(run)
        update_static(self.query_one("#run-headline", Static), headline(run, adapter))
        self._draw_progress(run)
        self.query_one(RunCharts).draw(self._history, steps_in_view(run))
        log, parent = self.workbench.run_log(self._run), self._adapters.get(run.parent_adapter)
        self._page = RunPage(run, adapter, parent, log, self._epoch_margins, self._family, self._general_text)
        self._draw_facts()
        self.refresh_bindings()

    def _draw_facts(self) -> None:
        """Draw what is no curve; the machine's part of it changes every second."""
        if self._page is not None:
            readings = self.workbench.machine_readings() if self._progress() is not None else ()
            machine = list(machine_facts(readings, self._history, self._page.run.step))
            update_static(self.query_one("#facts", Static), facts_of(self._page, machine))

    def _draw_progress(self, run: RunRow) -> None:
        """Draw how far the run is, or the step at which its curves are read."""
        progress, place = self._progress(), self.query_one("#run-progress", Static)
        if progress is not None:
            line = progress_line(run, progress, self._history, place.content_size.width)
        else:
            line = ending_line(run, self._adapters.of(run))
        if self.cross is not None:
            there = Content.assemble(("│ ", "$quiet"), (f"read at step {self.cross:,}", "bold"))
            line = there + Content.styled(f" of {run.step:,} · escape takes the line off", "$quiet")
        update_static(place, line)

    def _cross_moved(self) -> None:
        """Say where."""
        if self._row is not None:
            self._draw_progress(self._row)

    # -- actions -------------------------------------------------------------------------------------------------

    def _moving(self) -> VerticalScroll:
        """What scrolls: the facts where they are beside the charts, else the whole page."""
        broad = self.has_class("-broad")
        return self.query_one("#run-facts" if broad else "#run-page", VerticalScroll)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without wrong pairs there is nothing to look at again."""
        if action == "wrong":
            return bool(self._epoch_margins.pairs)
        return super().check_action(action, parameters)

    def action_samples(self) -> None:
        """Show what the run answered while it learned."""
        self.app.push_screen(SamplesScreen(self.workbench.run(self._run), self.MODE))

    def action_wrong(self) -> None:
        """Open the pairs that stay wrong, the lowest margin first."""
        pairs = [(pair.comparison, f"margin {signed(pair.margins[-1])}") for pair in self._epoch_margins.pairs]
        self.app.push_screen(ReviewScreen(pairs))
