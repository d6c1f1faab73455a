"""One side-by-side: question after question, the base's answer and the adapter's, named."""

from dataclasses import replace

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from db.pair_rows import ComparisonRow
from db.run_rows import TrialRow
from tui.events import TrialChanged, WorkbenchEvent
from tui.screens.base import PalateScreen
from tui.screens.pairs.view_actions import ViewActions
from tui.text.format import count
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding, Writing
from tui.widgets.pair.pair_view import PairView


class NamedPairView(PairView):
    """The panes of Label with the names of the two policies in place of the keys that would choose one."""

    def __init__(self) -> None:
        super().__init__()
        self.names = ("base", "tuned")

    def title_of(self, name: str) -> str:
        """Which policy wrote the answer."""
        return self.names[0 if name == "first" else 1]


class SideBySideScreen(PalateScreen):
    """Shows the answers, and more as they are written. Escape goes back; the writing continues."""

    MODE = "compare"
    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("n,right", "step(1)", "next", id="side.next", tooltip="The next question."),
        Binding("p,left", "step(-1)", "before", id="side.before", tooltip="The question before."),
        Binding("down,j", "scroll(1)", "scroll", id="side.down", key_display="↑↓", tooltip="Scroll both answers down."),
        Binding("up,k", "scroll(-1)", "up", show=False, id="side.up", tooltip="Scroll both answers up."),
        Binding("pagedown,space", "page(1)", "page down", show=False, id="side.page-down", tooltip="A page down."),
        Binding("pageup", "page(-1)", "page up", show=False, id="side.page-up", tooltip="A page up."),
        Binding("home", "edge(False)", "start", show=False, id="side.start", tooltip="To the beginning."),
        Binding("end", "edge(True)", "end", show=False, id="side.end", tooltip="To the end."),
        Binding("m", "raw", "raw", id="side.raw", tooltip="Rendered markdown, or the text as it was written."),
        Binding("o", "thoughts", "thoughts", id="side.thoughts", tooltip="Open the thoughts before answers, or fold."),
        Binding("z", "zoom", "zoom", id="side.zoom", tooltip="Give one answer the whole width; tab changes which."),
        Binding("tab,shift+tab", "mark", "one pane", show=False, id="side.mark", tooltip="Scroll one pane alone."),
        Writing("full_stop", "stop", "stop", id="side.stop", tooltip="Stop writing; the questions that are done stay."),
        Binding("escape", "back", "back", id="side.back", tooltip="Back to the list; the writing continues."),
    ]

    def __init__(self, trial: int) -> None:
        super().__init__()
        self._trial = trial
        self._at = 0
        self._pairs: list[ComparisonRow] = []
        self._shown: int | None = None
        always = lambda: True  # noqa: E731
        self.take_actions(ViewActions(self, has_pair=always, has_text=always, touch=lambda: None))

    def compose_body(self) -> ComposeResult:
        """The panes, and the words in their place until the first question is answered."""
        yield NamedPairView()
        yield Static("", id="writing", markup=False)

    @property
    def view(self) -> NamedPairView:
        """The panes."""
        return self.query_one(NamedPairView)

    def screen_shown(self) -> None:
        """Read the trial again."""
        self._read()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """Show the questions that were answered since."""
        if isinstance(published, TrialChanged) and published.trial == self._trial:
            self._read()

    def _row(self) -> TrialRow:
        return next(row for row in self.workbench.trials() if row.id == self._trial)

    def _read(self) -> None:
        self._pairs = self.workbench.trial_comparisons(self._trial)
        self._draw()

    def _draw(self) -> None:
        trial = self._row()
        self.view.names = (visible_line(trial.first_name, 40), visible_line(trial.model_b_name, 40))
        self.view.display = bool(self._pairs)
        waiting = self.query_one("#writing", Static)
        waiting.display = not self._pairs
        if self._pairs:
            self._draw_pair(trial)
        else:
            waiting.update(waiting_words(trial))
        self.refresh_bindings()

    def _draw_pair(self, trial: TrialRow) -> None:
        pair = self._pairs[self._at]
        if pair.id != self._shown:
            self._shown = pair.id
            # The base, or what it is compared with, comes first: nothing is hidden here that a side could give away.
            self.view.show(replace(pair, flipped=False), position=(self._at + 1, trial.num_questions))
        self.view.note(pair_progress_words(trial, pair))

    # -- actions -------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim what leads nowhere."""
        match action:
            case "step":
                to = self._at + (parameters[0] if isinstance(parameters[0], int) else 0)
                return True if 0 <= to < len(self._pairs) else None
            case "stop":
                return self._row().status == "running"
        return super().check_action(action, parameters)

    def action_step(self, by: int) -> None:
        """Another question."""
        if 0 <= self._at + by < len(self._pairs):
            self._at += by
            self._draw()

    def action_back(self) -> None:
        """Back to the list."""
        self.dismiss()

    def action_stop(self) -> None:
        """Write no further answers."""
        self.workbench.side_by_side.stop()
        self.palate.tell("Stopping", "The answers that are being written are the last ones.")


def waiting_words(trial: TrialRow) -> Content:
    """The words in place of the panes while no question is answered."""
    if trial.status == "running":
        first, second = visible_line(trial.first_name, 40), visible_line(trial.model_b_name, 40)
        return Content(
            f"Writing the answers of {first} and of {second} "
            f"to {count(trial.num_questions, 'held-out question')}. Each appears here when both have answered."
        )
    return Content(f"This comparison {trial.status} before a question was answered. Press esc and start another.")


def pair_progress_words(trial: TrialRow, pair: ComparisonRow) -> str:
    """The words in the lower border of the question."""
    parts = []
    if pair.a.text == pair.b.text:
        parts.append("both answers are the same")
    if trial.status == "running":
        parts.append(f"{trial.done} of {trial.num_questions} answered, writing")
    elif trial.done < trial.num_questions:
        parts.append(f"{trial.status} after {trial.done} of {trial.num_questions}")
    return " · ".join(parts)
