"""Asks before leaving while a run is alive."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from tui.published import RunProgress
from tui.screens.dialog import Dialog
from tui.visible import visible_line


class QuitScreen(Dialog[bool]):
    """True: stop the run, keep what is trained, and leave. None: stay."""

    BINDINGS = [
        Binding("s", "stop_and_leave", "Stop and leave", id="quit.stop", tooltip="Keep what is trained, then leave."),
    ]

    def __init__(self, run: RunProgress) -> None:
        super().__init__("A run is in progress")
        self._run = run

    def compose_question(self) -> ComposeResult:
        """Where the run stands, and the two ways out."""
        run = self._run
        yield Static(
            Content(
                f"{visible_line(run.name, 40)} is at step {run.step} of {run.total_steps}. Leaving stops it; "
                "what is trained so far is kept as an adapter. Your verdicts are saved already."
            ),
            id="sentence",
        )
        keys = ("s", "bold $accent"), " stop, keep and leave   ", ("esc", "bold $accent"), " stay"
        yield Static(Content.assemble(*keys), id="hint")

    def action_stop_and_leave(self) -> None:
        """Stop the run, keep its adapter, leave."""
        self.dismiss(True)
