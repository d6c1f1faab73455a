"""The app of a second `palate` that only watches: the same screens, with every key dimmed that would write."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from textual.dom import DOMNode
from textual.widgets import Input

from tui.app import PalateApp
from tui.events import CommandServed
from tui.ipc.remote_workbench import RemoteWorkbench, WatchOnly
from tui.screens.base import PalateScreen
from tui.screens.key_registry import writes
from tui.screens.messages import FromWorkbench
from tui.terminal.signals import Signals
from tui.widgets.binding import Binding
from tui.workbench import Workbench

_REFUSED = ("go('label')", "go('ask')", "settings")
"""Actions of the app itself whose keys are dimmed: pressed all the same, they say why."""


class WatchApp(PalateApp):
    """Palate as a watcher. `wants_to_take_over` says how it ended."""

    MODES = {mode: screen for mode, screen in PalateApp.MODES.items() if mode not in ("label", "ask")}
    DEFAULT_MODE = "runs"
    BINDINGS = [
        Binding(
            "t", "take_over", "take over", id="app.take-over", tooltip="The owner leaves; continue here.", priority=True
        )
    ]

    def __init__(self, watched: RemoteWorkbench, keys: Path | None, signals: Signals) -> None:
        super().__init__(cast(Workbench, watched), keys, signals=signals)
        self._watched = watched
        self.wants_to_take_over = False

    def on_ready(self) -> None:
        """Begin on the Train screen while a run is in progress. Textual calls the base class's handler as well."""
        if self._watched.run_progress is not None:
            self.switch_mode("train")

    def on_from_workbench(self, message: FromWorkbench) -> None:
        """Show a notice when the owner has left. Textual calls the base class's handler as well."""
        if self._watched.left and isinstance(message.published, CommandServed):
            self.tell("The owner has left", f"{self._watched.watching}. Press t to take over, q to leave.")

    # -- keys ----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave a `t` in a text field to it, and disable judging and settings."""
        if action == "take_over":
            return not isinstance(self.focused, Input)
        if action == "settings" or (action == "go" and parameters[0] in ("label", "ask")):
            return None
        return super().check_action(action, parameters)

    def _check_action_state(self, action: str, default_namespace: DOMNode) -> bool | None:
        state = super()._check_action_state(action, default_namespace)
        return None if state and writes(type(default_namespace), action) else state

    async def run_action(
        self,
        action: Any,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action that only reads; refuse every other one with a notice."""
        here = default_namespace or self
        if action in _REFUSED:
            self._refuse()
            return True
        if isinstance(action, str) and writes(type(here), action):
            if super()._check_action_state(action, here):
                self._refuse()
                return True
            return False
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except WatchOnly as error:
            self.tell_error(error)
            return True

    def push_screen(self, screen: Any, *args: Any, **more: Any) -> Any:
        """Open a screen, unless it is for judging or settings."""
        if isinstance(screen, PalateScreen) and not screen.WATCHABLE:
            self._refuse()
            return None
        return super().push_screen(screen, *args, **more)

    def switch_mode(self, mode: str) -> Any:
        """Show a mode; all but Label and Ask are available."""
        if mode not in self.MODES:
            self._refuse()
            return None
        return super().switch_mode(mode)

    def action_take_over(self) -> None:
        """End the app; its caller takes over the workspace."""
        self.wants_to_take_over = True
        self.exit()

    async def action_quit(self) -> None:
        """Leave. The owner continues, and nothing is lost."""
        self.exit()

    def hang_up(self) -> None:
        """Leave, since the terminal is gone."""
        self.leaving.leave()

    def is_expected(self, error: Exception) -> bool:
        """A key that would change something is refused, and the app continues."""
        return isinstance(error, WatchOnly)

    def _refuse(self) -> None:
        self.tell(WatchOnly.title, f"You are {self._watched.watching}. Press t to take over.")
