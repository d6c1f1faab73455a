"""The Runs screen: every run in a table, filtered and sorted; the one under the cursor opened with `enter`."""

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from db.run_rows import RunRow
from tui.errors import WorkbenchError
from tui.events import ModelChanged, RunChanged, WorkbenchEvent
from tui.runs.format import SLOT_SIGNS, slots_of
from tui.runs.query import RunQuery
from tui.screens.base import PalateScreen
from tui.screens.runs.overlay import RunOverlayScreen
from tui.screens.runs.run import RunScreen
from tui.screens.runs.run_actions import ADAPTER_KEYS, AdapterList, RunActions
from tui.screens.runs.run_labels import LABEL_KEYS, RunLabelActions
from tui.screens.single_dismiss import leads_away_once
from tui.text.format import count
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding
from tui.widgets.charts.run_charts import DrawThrottle
from tui.widgets.form.line_input import LineInput
from tui.widgets.lists.line_list import LineList
from tui.widgets.runs.run_table import COLUMNS, RunTable, columns_for
from tui.widgets.update_static import update_static


class RunsScreen(PalateScreen):
    """All runs, the newest first unless asked otherwise; a live one moves."""

    MODE = "runs"
    READ_BEFORE_LAYOUT = True
    AUTO_FOCUS = "LineList"
    BINDINGS: ClassVar = [
        Binding(
            "slash", "filter", "filter", id="runs.filter", key_display="/", tooltip="Only some: lr>=1e-4 tag:short."
        ),
        Binding("s", "sort(1)", "sort", id="runs.sort", tooltip="Sort by the next column."),
        Binding("S", "turn", "turn round", show=False, id="runs.turn", tooltip="Sort the other way round."),
        Binding("space", "mark", "mark", id="runs.mark", tooltip="Mark this run, to lay it over others."),
        Binding(
            "d", "overlay", "lay over", id="runs.overlay", tooltip="Lay the curves of the marked runs over one another."
        ),
        Binding(
            "z", "archived", "archived", show=False, id="runs.archived", tooltip="Show archived runs, or hide them."
        ),
        Binding("escape", "clear", "all", id="runs.clear", tooltip="Take off the marks, then the filter."),
        *ADAPTER_KEYS,
        *LABEL_KEYS,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._every: dict[int, RunRow] = {}
        self._query = RunQuery()
        self._marked: set[int] = set()
        self._pace = DrawThrottle(self.set_timer, self._draw)
        self._table = RunTable(lambda run: self.workbench.records.spark(run))
        self._adapters = AdapterList(self)
        shown = self, self.shown_run, self._adapters
        self.take_actions(RunActions(*shown), RunLabelActions(*shown))
        self._stale: set[int] | None = None
        """The runs that moved since they were read; None when all have to be read."""

    def compose_body(self) -> ComposeResult:
        """The filter, what is in use, the table, and the words for when there is nothing."""
        yield LineInput(placeholder="lr>=1e-4 status:finished -note:test", id="runs-filter", select=False)
        yield Static("", id="in-use", markup=False)
        yield self._table
        yield Static("", id="no-runs", markup=False)

    def shown_run(self) -> RunRow | None:
        """The run under the cursor."""
        return self._table.current

    def screen_shown(self) -> None:
        """Read all runs again."""
        self._stale = None
        self._draw()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Draw again, at most about once a second."""
        match published:
            case RunChanged(run=run):
                if self._stale is not None:
                    self._stale.add(run)
                self._pace.news()
            case ModelChanged():
                self._pace.news()

    # -- drawing -------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Read what moved; a live run is one of hundreds."""
        if self._stale is None:
            self._every = {run.id: run for run in self.workbench.runs()}
        else:
            for run in self._stale:
                self._every[run] = self.workbench.run(run)
        self._stale = set()

    def _draw(self) -> None:
        self._read()
        self._adapters.read()
        table, used = self._table, self._adapters.in_use
        try:
            shown, fields = self._query.of(list(self._every.values())), self._query.fields()
        except WorkbenchError as error:  # half a filter is no reason to take the list away
            self._draw_head(Content.styled(f" {visible_line(str(error))}", "$warning"))
            return
        self._marked &= self._every.keys()
        table.show(
            shown,
            used.id if used else None,
            columns=columns_for(fields),
            sort=(self._query.sort, self._query.descending),
            marks=slots_of(self._marked),
        )
        table.display = bool(shown)
        empty = self.query_one("#no-runs", Static)
        empty.display = not shown
        update_static(empty, _NOTHING_FOUND if self._every else _EMPTY)
        self._draw_head(self._head(len(shown)) if self._every else None)
        self.refresh_bindings()

    def _draw_head(self, words: Content | None) -> None:
        line = self.query_one("#in-use", Static)
        line.display = words is not None
        update_static(line, words or "")

    def _head(self, shown: int) -> Content:
        """How many, what is marked, and what is in use."""
        away = sum(run.archived for run in self._every.values())
        total = len(self._every) if self._query.archived else len(self._every) - away
        number = f"{shown:,} of {count(total, 'run')}" if self._query.text else count(shown, "run")
        words = Content(" ") + Content.assemble((number, "bold"))
        if away and not self._query.text:
            words += Content.styled(f" · {away:,} archived" + (" among them" if self._query.archived else ""), "$quiet")
        if self._marked:
            press = " · d lays them over" if len(self._marked) > 1 else " · mark another one"
            return words + Content.assemble((f" · {len(self._marked)} marked", "$accent"), (press, "$quiet"))
        used = self._adapters.in_use
        if used is None:
            return words + Content(" · no adapter in use, the base model answers")
        words += Content.assemble(" · adapter in use: ", (visible_line(used.name, 40), "bold $accent"))
        return words + Content(f" · of run {used.run}" if used.run is not None else " · from outside")

    @on(LineList.Moved)
    def cursor_moved(self) -> None:
        """The keys follow the run under the cursor."""
        self.refresh_bindings()

    @on(LineList.Opened)
    @leads_away_once
    def open_run(self) -> None:
        """Show the run under the cursor."""
        run = self.shown_run()
        if run is not None:
            self.app.push_screen(RunScreen(run.id))

    # -- filter and order ----------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters are letters while a filter is typed; what there is nothing for does nothing."""
        if isinstance(self.focused, Input):
            return action == "clear" or action not in _OWN_KEYS
        match action:
            case "clear":
                return bool(self._marked or self._query.text or self.query("#runs-filter.-open"))
            case "overlay":
                return len(self._marked) > 1
            case "mark":
                return self.shown_run() is not None
            case "filter" | "sort" | "turn":
                return len(self._every) > 1
            case "archived":
                return any(run.archived for run in self._every.values())
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        """Type a query; the table follows every key."""
        line = self.query_one("#runs-filter")
        line.add_class("-open")
        line.focus()
        self.refresh_bindings()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The table follows every key."""
        self._query = replace(self._query, text=event.value.strip())
        self._draw()

    def on_input_submitted(self) -> None:
        """Enter goes to the table and keeps the filter."""
        self.query_one(LineList).focus()
        self.refresh_bindings()

    def action_clear(self) -> None:
        """Take off the marks first, then the filter."""
        line = self.query_one("#runs-filter", Input)
        if self._marked and self.focused is not line:
            self._marked = set()
        else:
            line.value = ""
            line.remove_class("-open")
            self._query = replace(self._query, text="")
        self.query_one(LineList).focus()
        self._draw()

    def action_sort(self, by: int) -> None:
        """By the next column: numbers the largest first, words from A on."""
        fields = [column.field for column in COLUMNS if column.field]
        at = fields.index(self._query.sort) if self._query.sort in fields else 0
        field = fields[(at + by) % len(fields)]
        self._query = replace(self._query, sort=field, descending=field not in ("name", "tag"))
        self._draw()

    def action_turn(self) -> None:
        """The other way round."""
        self._query = replace(self._query, descending=not self._query.descending)
        self._draw()

    def action_archived(self) -> None:
        """Show archived runs, or hide them."""
        self._query = replace(self._query, archived=not self._query.archived)
        self._draw()

    # -- marks ---------------------------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark the run under the cursor, or remove its mark, and move to the next."""
        run = self.shown_run()
        if run is None:
            return
        if run.id not in self._marked and len(self._marked) == len(SLOT_SIGNS):
            self.palate.tell("Marks", f"{len(SLOT_SIGNS)} runs have a colour of their own. Take a mark off first.")
            return
        self._marked ^= {run.id}
        self._draw()
        self.query_one(LineList).action_move(1)

    def action_overlay(self) -> None:
        """Lay the marked runs over one another."""
        self.app.push_screen(RunOverlayScreen(sorted(self._marked)))


_OWN_KEYS = (
    *("filter", "sort", "turn", "mark", "overlay", "archived", "use", "use_base", "resume"),
    *("train_on", "note", "tag", "rename", "archive"),
)
_EMPTY = Content.assemble(
    "No run yet. Judge some pairs (",
    ("L", "bold $accent"),
    "), then press ",
    ("T", "bold $accent"),
    " to train an adapter on your verdicts.",
)
_NOTHING_FOUND = Content.assemble("No run matches. Press ", ("esc", "bold $accent"), " to see all of them.")
