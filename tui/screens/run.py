"""One run: its curves, what it was made of, what it said, and the adapter that it made."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from db.rows import RunLogRow, RunRow
from tui.curves import RunHistory
from tui.pair_sets import pair_set_of
from tui.published import AdapterView, ModelChanged, Published, RunChanged, RunProgress
from tui.run_words import settings_in_order, took
from tui.screens.adapter_acts import AdapterActs
from tui.screens.samples import SamplesScreen
from tui.visible import visible, visible_line
from tui.widgets.form_rows import plain
from tui.widgets.live_run import ending_line, headline, notice_line, progress_line
from tui.widgets.run_charts import Pace, RunCharts
from tui.words import when

_LABEL: Final = 28
"""Room for the longest name of a setting."""


class RunScreen(AdapterActs):
    """One run on a page of its own; a live one moves. Escape goes back to the table."""

    MODE = "runs"
    CSS_PATH = ["base.tcss", "../widgets/chart.tcss", "run.tcss"]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (90, "-wide"), (120, "-broad")]
    BINDINGS = [
        Binding("escape", "back", "all runs", id="run.back", tooltip="Back to the table of runs."),
        Binding("down,j", "scroll(1)", "scroll", id="run.down", key_display="↑↓", tooltip="A line down."),
        Binding("up,k", "scroll(-1)", "up", show=False, id="run.up", tooltip="A line up."),
        Binding("pagedown,space", "page(1)", "page down", show=False, id="run.page-down", tooltip="A page down."),
        Binding("pageup", "page(-1)", "page up", show=False, id="run.page-up", tooltip="A page up."),
        Binding("home,g", "edge(False)", "top", show=False, id="run.top", tooltip="To the curves."),
        Binding("end,G", "edge(True)", "end", show=False, id="run.end", tooltip="To the end."),
        Binding("s", "samples", "samples", id="run.samples", tooltip="Read how the answers change as the run learns."),
        Binding("v", "fineness", "dots", id="run.dots", tooltip="Draw with braille, quadrants or half blocks."),
    ]

    def __init__(self, run: int) -> None:
        super().__init__()
        self._run = run
        self._row: RunRow | None = None
        self._history = RunHistory()
        self._pace = Pace(self.set_timer, self._draw)

    def compose_body(self) -> ComposeResult:
        """Two lines, then charts and facts: beside each other where there is room, else one below the other."""
        yield Static("", id="run-headline", markup=False)
        yield Static("", id="run-progress", markup=False)
        with VerticalScroll(id="run-page", can_focus=False):
            yield RunCharts()
            with VerticalScroll(id="run-facts", can_focus=False):
                yield Static("", id="facts", markup=False)

    def shown_run(self) -> RunRow | None:
        """The run of this page."""
        return self._row

    def screen_shown(self) -> None:
        """Read everything again."""
        self._read_history()
        self._draw()

    def from_workbench(self, published: Published) -> None:
        """Follow the run while it is alive."""
        match published:
            case RunChanged(run=self._run, event=event):
                metrics = getattr(event, "metrics", None)
                if metrics is not None:
                    self._history.add(event.step, metrics)  # type: ignore[union-attr]
                elif event is None:
                    self._read_history()
                self._pace.news()
            case ModelChanged():
                self._pace.news()

    def _read_history(self) -> None:
        self._history = RunHistory()
        for row in self.workbench.run_metrics(self._run):
            self._history.add(row.step, {row.name: row.value})

    def _progress(self) -> RunProgress | None:
        alive = self.workbench.status().run
        return alive if alive is not None and alive.run == self._run else None

    def _draw(self) -> None:
        self.read_adapters()
        self._row = run = self.workbench.run(self._run)
        adapter, progress = self.adapter_of(run), self._progress()
        self.query_one("#run-headline", Static).update(headline(run, adapter))
        line = progress_line(run, progress, self._history) if progress else ending_line(run, adapter)
        self.query_one("#run-progress", Static).update(line)
        self.query_one(RunCharts).draw(self._history, run.total_steps or 0)
        facts = facts_of(run, adapter, self.adapter(run.parent_adapter), self.workbench.run_log(self._run))
        self.query_one("#facts", Static).update(facts)
        self.refresh_bindings()

    # -- actions -------------------------------------------------------------------------------------------------

    @property
    def _moving(self) -> VerticalScroll:
        """What scrolls: the facts where they stand beside the charts, else the whole page."""
        broad = self.has_class("-broad")
        return self.query_one("#run-facts" if broad else "#run-page", VerticalScroll)

    def action_back(self) -> None:
        """Back to the table."""
        self.dismiss()

    def action_scroll(self, lines: int) -> None:
        """Move by lines."""
        self._moving.scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Move by pages."""
        self._moving.scroll_relative(y=pages * max(self._moving.size.height - 1, 1), animate=False)

    def action_edge(self, end: bool) -> None:
        """Move to the top or to the end."""
        self._moving.scroll_to(y=self._moving.max_scroll_y if end else 0, animate=False)

    def action_samples(self) -> None:
        """Show what the run answered while it learned."""
        self.palate.push_screen(SamplesScreen(self.workbench.run(self._run), self.MODE))

    def action_fineness(self) -> None:
        """Draw curves with other blocks."""
        name = self.query_one(RunCharts).next_fineness()
        self.palate.tell("Curves", f"They are drawn with {name} characters now.")


def facts_of(run: RunRow, adapter: AdapterView | None, parent: AdapterView | None, log: list[RunLogRow]) -> Content:
    """Everything about a run that is not a curve, in sections."""
    sections = (
        ("run", _run_facts(run, parent)),
        ("adapter", _adapter_facts(run, adapter)),
        ("settings", _settings_facts(run)),
        ("log", [_log_line(row) for row in log] or [Content.styled("nothing to report", "$quiet")]),
        ("versions", [_fact(name, str(version)) for name, version in run.versions.items()]),
    )
    lines: list[Content] = []
    for title, facts in sections:
        lines += [Content.styled(title, "bold"), *facts, Content("")]
    return Content("\n").join(lines[:-1])


def _run_facts(run: RunRow, parent: AdapterView | None) -> Iterable[Content]:
    yield _fact("started", when(run.started))
    yield _fact("took", took(run) + (" so far" if run.status == "running" else ""))
    yield _fact("pairs", f"{run.train_pairs:,} trained on, {run.eval_pairs:,} measured on")
    if run.pair_set is not None:
        yield _fact("asked for", pair_set_of(run.pair_set).words())
    yield _fact("base model", visible_line(run.base_name, 60))
    if run.parent_adapter is not None:
        yield _fact("started from", visible_line(parent.name if parent else run.parent_adapter, 60))
    if run.note:
        yield _fact("note", visible(run.note))


def _adapter_facts(run: RunRow, adapter: AdapterView | None) -> Iterable[Content]:
    if adapter is None:
        none = "The adapter is no longer in the workspace." if run.adapter else "none was saved"
        yield Content.styled("none yet" if run.status == "running" else none, "$quiet")
        return
    name = Content.assemble("  ", (visible_line(adapter.name, 40), "bold"), f" · {adapter.id}")
    yield name + Content.styled(" · in use", "$success") if adapter.in_use else name
    yield _fact("lineage", " → ".join(["base", *(visible_line(each, 40) for each in adapter.lineage)]))
    if not adapter.fits:
        yield Content.styled("It was made for another base model.", "$warning")
    yield Content.styled(f"  {visible(adapter.folder)}", "$quiet")


def _settings_facts(run: RunRow) -> Iterable[Content]:
    for name, value, default, differs in settings_in_order(run):
        label, words = visible_line(name.replace("_", " ")), visible(plain(value))
        if differs:
            sign = Content.assemble(("≠ ", "$accent"), (label.ljust(_LABEL), "$foreground"), (words, "bold $accent"))
            yield sign + Content.styled(f" default {plain(default)}", "$quiet")
        else:
            yield Content.assemble("  ", (label.ljust(_LABEL), "$quiet"), words)


def _log_line(row: RunLogRow) -> Content:
    at = datetime.fromisoformat(row.at).astimezone()
    return Content.styled(f"{at:%H:%M:%S} ", "$quiet") + notice_line(row, whole=True)


def _fact(label: str, words: str) -> Content:
    return Content.assemble("  ", (visible_line(label).ljust(14), "$quiet"), visible(words))
