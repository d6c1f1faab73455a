"""Asks before a run is stopped."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from tui.published import RunProgress
from tui.screens.dialog import Dialog
from tui.visible import visible_line


class StopScreen(Dialog[bool]):
    """True: stop the run and keep what it has learned. None: let it go on."""

    BINDINGS = [
        Binding("y", "stop_run", "Stop and keep", id="stop.yes", tooltip="Stop the run; keep what it has learned."),
        Binding("n", "leave", "Go on", id="stop.no", tooltip="Let the run go on."),
    ]

    def __init__(self, run: RunProgress) -> None:
        super().__init__("Stop this run?")
        self._run = run

    def compose_question(self) -> ComposeResult:
        """What stopping does, and the two keys."""
        run = self._run
        words = f"{visible_line(run.name, 40)} is at step {run.step} of {run.total_steps}. "
        words += (
            "What it has learned so far is kept as an adapter."
            if run.step
            else "It has not finished a step, so there is nothing to keep."
        )
        yield Static(Content(words), id="sentence")
        keys = ("y", "bold $accent"), " stop and keep   ", ("n", "bold $accent"), " go on"
        yield Static(Content.assemble(*keys), id="hint")

    def action_stop_run(self) -> None:
        """Stop and keep."""
        self.dismiss(True)
