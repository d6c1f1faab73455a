"""Ctrl+Z: Palate gives the terminal back and stops, as any program below a shell does; `fg` continues it.

Everything stops: a run pauses at its step and continues there. (`q` and then `g` leaves a run in progress without a
terminal.) Time that passes until then counts as no reading, and no key that was typed for the shell reaches a screen.
"""

import time
from typing import Final

from textual import events
from textual.app import App

from tui.driver import PalateDriver
from tui.screens.base import PalateScreen
from tui.snapshots import RunProgress
from tui.terminal.signals import has_shell
from tui.text.sanitize import visible_line
from tui.widgets.binding import Binding
from tui.workbench import Workbench

SUSPEND: Final = Binding(
    "ctrl+z",
    "suspend_process",
    "Suspend",
    show=False,
    id="app.suspend",
    tooltip="Back to the shell; `fg` continues. A run pauses until then.",
    priority=True,  # also in editors, where ctrl+z would undo
)


class SuspendableApp(App[None]):
    """An app that stops on ctrl+Z and draws itself again on `fg`."""

    workbench: Workbench
    key_pressed_at = 0.0
    """When the key that is being handled was read from the terminal, in monotonic seconds."""
    _resumed_at = 0.0

    def tell(self, title: str, text: str, *, severity: str = "information", seconds: float = 8.0) -> None:
        """Show a notice."""
        raise NotImplementedError

    async def on_event(self, event: events.Event) -> None:
        """Drop what was typed for the shell. Record when a key was pressed: the screen may change before it acts."""
        if isinstance(event, events.InputEvent | events.Paste) and event.time < self._resumed_at:
            return
        if isinstance(event, events.Key):
            self.key_pressed_at = event.time
        await super().on_event(event)

    def action_suspend_process(self) -> None:
        """Stop, where a shell can continue this process."""
        driver = self._driver
        if not isinstance(driver, PalateDriver):
            return
        if has_shell():
            driver.suspend(suspended_words(self.workbench.run_progress))
        else:
            self.tell("No shell to return to", "Palate was not started from a shell that can continue it. q leaves.")

    def terminal_left(self) -> None:
        """The terminal is given back now: no time counts as reading until `terminal_taken`.

        Called between two instructions.
        """
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, PalateScreen):
                    screen.out_of_sight()

    def terminal_taken(self) -> None:
        """The terminal is taken again: draw everything. Called between two instructions."""
        self._resumed_at = time.monotonic()
        self.call_later(self.refresh, repaint=True, layout=True)


def suspended_words(run: RunProgress | None) -> str:
    """The line above the shell's next prompt; empty when nothing waits."""
    if run is None:
        return ""
    return (
        f"Run {run.run} ({visible_line(run.name, 40)}) pauses until `fg`. "
        "To let it continue without a terminal, leave with q and then g.\n"
    )
