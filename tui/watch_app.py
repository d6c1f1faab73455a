"""The app of a second `palate` that only looks on: the same screens, with everything dimmed that would write."""

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


class WatchApp(PalateApp):
    """Palate, looking on. `palate.wants_to_take_over` tells how it ended."""

    MODES = {mode: screen for mode, screen in PalateApp.MODES.items() if mode != "label"}
    DEFAULT_MODE = "runs"
    BINDINGS = [
        Binding(
            "t", "take_over", "take over", id="app.take-over", tooltip="The owner leaves; go on here.", priority=True
        )
    ]

    def __init__(self, watched: RemoteWorkbench, keys: Path | None, signals: Signals) -> None:
        super().__init__(cast(Workbench, watched), keys, signals=signals)
        self._watched = watched
        self.wants_to_take_over = False

    def on_ready(self) -> None:
        """Begin where something happens."""
        super().on_ready()
        if self._watched.run_progress is not None:
            self.switch_mode("train")

    def on_from_workbench(self, message: FromWorkbench) -> None:
        """What the owner does; and that it has left."""
        super().on_from_workbench(message)
        if self._watched.left and isinstance(message.published, CommandServed):
            self.tell("The owner has left", f"{self._watched.watching}. Press t to take over, q to leave.")

    # -- keys ----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A `t` that is typed is a letter; judging is not done here."""
        if action == "take_over":
            return not isinstance(self.focused, Input)
        if action == "settings" or (action, parameters) == ("go", ("label",)):
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
        """Do what only looks; of everything else, say why not."""
        here = default_namespace or self
        if isinstance(action, str) and writes(type(here), action):
            if super()._check_action_state(action, here):
                self._say_why()
                return True
            return False
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except WatchOnly as error:
            self.tell_error(error)
            return True

    def push_screen(self, screen: Any, *args: Any, **more: Any) -> Any:
        """Screens for judging and setting are not opened."""
        if isinstance(screen, PalateScreen) and not screen.WATCHABLE:
            self._say_why()
            return None
        return super().push_screen(screen, *args, **more)

    def switch_mode(self, mode: str) -> Any:
        """Every mode but Label."""
        if mode not in self.MODES:
            self._say_why()
            return None
        return super().switch_mode(mode)

    def action_take_over(self) -> None:
        """End the watch; whoever opened it takes over."""
        self.wants_to_take_over = True
        self.exit()

    async def action_quit(self) -> None:
        """Leave: nothing is lost, the owner goes on."""
        self.exit()

    def hang_up(self) -> None:
        """Nobody watches any more."""
        self._leave()

    def _handle_exception(self, error: Exception) -> None:
        cause = getattr(error, "error", error)  # what a worker failed with
        if isinstance(cause, WatchOnly):
            self.tell_error(cause)
        else:
            super()._handle_exception(error)

    def _say_why(self) -> None:
        self.tell(WatchOnly.title, f"You are {self._watched.watching}. Press t to take over.")
