"""The Runs screen: every run in a table, the one under the cursor opened with `enter`."""

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from db.rows import RunRow
from tui.published import ModelChanged, Published, RunChanged
from tui.screens.run import RunScreen
from tui.screens.run_keys import RunKeys
from tui.visible import visible_line
from tui.widgets.cursor_list import CursorList
from tui.widgets.run_charts import Pace
from tui.widgets.run_table import RunTable
from tui.words import count


class RunsScreen(RunKeys):
    """All runs, the newest first; a live one moves."""

    MODE = "runs"
    CSS_PATH = ["base.tcss", "../widgets/cursor_list.tcss", "runs.tcss"]

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace(self.set_timer, self._draw)

    def compose_body(self) -> ComposeResult:
        """What is in use, the table, and the words for when there is nothing."""
        yield Static("", id="in-use", markup=False)
        yield RunTable()
        yield Static(_EMPTY, id="no-runs", markup=False)

    def shown_run(self) -> RunRow | None:
        """The run under the cursor."""
        return self.query_one(RunTable).current

    def screen_shown(self) -> None:
        """Read all runs again."""
        self._draw()

    def from_workbench(self, published: Published) -> None:
        """Draw again, at most about once a second."""
        if isinstance(published, RunChanged | ModelChanged):
            self._pace.news()

    def _draw(self) -> None:
        self.read_adapters()
        runs, used = self.workbench.runs(), self.adapter_in_use()
        table = self.query_one(RunTable)
        table.show(runs, used.id if used else None)
        table.display = bool(runs)
        self.query_one("#no-runs").display = not runs
        words = Content(" ") + Content.assemble((count(len(runs), "run"), "bold"), " · ")
        if used is None:
            words += Content("no adapter in use, the base model answers")
        else:
            words += Content.assemble("adapter in use: ", (visible_line(used.name, 40), "bold $accent"))
            words += Content(f" · of run {used.run}" if used.run is not None else " · from outside")
        self.query_one("#in-use", Static).update(words)
        self.query_one("#in-use").display = bool(runs)
        if runs and self.focused is None:
            self.query_one(CursorList).focus()
        self.refresh_bindings()

    @on(OptionList.OptionHighlighted)
    def cursor_moved(self) -> None:
        """The keys follow the run under the cursor."""
        self.refresh_bindings()

    @on(OptionList.OptionSelected)
    def open_run(self) -> None:
        """Show the run under the cursor."""
        run = self.shown_run()
        if run is not None:
            self.palate.push_screen(RunScreen(run.id))


_EMPTY = Content.assemble(
    "No run yet. Judge some pairs (",
    ("L", "bold $accent"),
    "), then press ",
    ("T", "bold $accent"),
    " to train an adapter on your verdicts.",
)
