"""The samples of one run: read how its answers change."""

from textual.app import ComposeResult
from textual.widgets import Static

from db.run_rows import RunRow
from tui.events import RunChanged, SamplesStored, WorkbenchEvent
from tui.screens.base import PalateScreen
from tui.widgets.binding import Binding
from tui.widgets.runs.live_run import headline
from tui.widgets.runs.run_samples import RunSamples
from tui.widgets.summary_line import SummaryLine


class SamplesScreen(PalateScreen):
    """Answers to the same held-out prompts at every evaluation of a run. Escape goes back; a live run continues."""

    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("right", "turn(1)", "later", id="samples.later", key_display="←→", tooltip="A later step."),
        Binding("left", "turn(-1)", "earlier", show=False, id="samples.earlier", tooltip="An earlier step."),
        Binding("tab", "prompt", "next prompt", id="samples.prompt", tooltip="The next prompt."),
        Binding("down,j", "scroll(1)", "scroll", id="samples.down", key_display="↑↓", tooltip="Scroll both down."),
        Binding("up,k", "scroll(-1)", "up", show=False, id="samples.up", tooltip="Scroll both up."),
        Binding("pagedown,space", "page(1)", "page", show=False, id="samples.page-down", tooltip="A page down."),
        Binding("pageup,b", "page(-1)", "page up", show=False, id="samples.page-up", tooltip="A page up."),
        Binding("m", "raw", "raw", id="samples.raw", tooltip="Rendered markdown, or the text as it was written."),
        Binding("escape,s", "back", "back", id="samples.back", tooltip="Back to the run."),
    ]

    def __init__(self, run: RunRow, mode: str) -> None:
        """Show the samples of `run`, coming from the screen of `mode`."""
        super().__init__()
        self.MODE = mode
        self._run = run

    def compose_body(self) -> ComposeResult:
        """The run's line, the samples, and the words in their place while there are none."""
        yield SummaryLine(id="samples-run")
        yield RunSamples()
        yield Static("", id="no-samples", markup=False)

    @property
    def samples(self) -> RunSamples:
        """The prompt and its panes."""
        return self.query_one(RunSamples)

    def screen_shown(self) -> None:
        """Read again what there is."""
        self._read()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Show the samples that came since."""
        match published:
            case SamplesStored(run=self._run.id) | RunChanged(run=self._run.id, event=None):
                self._read()

    def _read(self) -> None:
        self._run = self.workbench.run(self._run.id)
        self.query_one("#samples-run", Static).update(headline(self._run, None))
        rows = self.workbench.run_samples(self._run.id)
        self.samples.display = bool(rows)
        self.samples.show(rows)
        none = self.query_one("#no-samples", Static)
        none.display = not rows
        none.update(no_samples(self._run))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim what leads nowhere."""
        if action == "turn":
            before, after = self.samples.places
            return True if (after if parameters == (1,) else before) else None
        if action == "prompt":
            return True if self.samples.prompts > 1 else None
        return super().check_action(action, parameters)

    def action_turn(self, by: int) -> None:
        """Another step."""
        self.samples.turn(by)
        self.refresh_bindings()

    def action_prompt(self) -> None:
        """Another prompt."""
        self.samples.next_prompt()
        self.refresh_bindings()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.samples.scroll_panes(lines)

    def action_page(self, pages: int) -> None:
        """Scroll by pages."""
        self.samples.scroll_pages(pages)

    def action_raw(self) -> None:
        """Rendered, or as it was written."""
        self.samples.toggle_rendered()

    def action_back(self) -> None:
        """Back to the run."""
        self.dismiss()


def no_samples(run: RunRow) -> str:
    """Why there are none."""
    if run.status == "running":
        return "The first samples are taken before the first step, the next ones at every evaluation."
    return (
        "This run took no samples. The settings samples and sample_tokens (press ,) say how many held-out prompts a "
        "run answers, and at what length."
    )
