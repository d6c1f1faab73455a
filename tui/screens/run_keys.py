"""The keys that act on a run, for every screen that shows one: use its adapter, use none, resume it."""

from typing import Final

from textual.binding import Binding

from db.run_rows import RunRow
from tui.errors import KNOWN_ERRORS
from tui.published import AdapterView
from tui.screens.base import PalateScreen

ADAPTER_KEYS: Final = (
    Binding("U", "use", "use adapter", id="adapter.use", tooltip="Use this run's adapter from now on."),
    Binding("r", "resume", "resume", id="run.resume", tooltip="Go on with this interrupted run, exactly."),
    Binding("B", "use_base", "base", id="adapter.base", tooltip="Use no adapter: the base model answers."),
)
"""A screen that lists them among its own bindings gives them their place in the key line."""


class RunKeys(PalateScreen):
    """A screen with `U` (use the shown run's adapter), `B` (use none, the base model) and `r` (resume the run)."""

    BINDINGS = list(ADAPTER_KEYS)

    def __init__(self) -> None:
        super().__init__()
        self._adapters: list[AdapterView] = []

    def read_adapters(self) -> None:
        """Read the adapters again. Keys are checked at every press, so they look at what was read, not at the disk."""
        self._adapters = self.workbench.adapters()

    def shown_run(self) -> RunRow | None:
        """The run whose adapter is meant, as it was last read."""
        raise NotImplementedError

    def adapter_of(self, run: RunRow | None) -> AdapterView | None:
        """What a run made, if it is still there."""
        return self.adapter(run.adapter) if run is not None else None

    def adapter(self, id: str | None) -> AdapterView | None:
        """The adapter with this id, if it is there."""
        return next((view for view in self._adapters if view.id == id), None)

    def adapter_in_use(self) -> AdapterView | None:
        """The adapter that answers now; None when the base model does."""
        return next((view for view in self._adapters if view.in_use and view.fits), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Using what is in use already does nothing."""
        if action == "use":
            adapter = self.adapter_of(self.shown_run())
            return adapter is not None and not adapter.in_use
        if action == "use_base":
            return self.adapter_in_use() is not None
        if action == "resume":
            run = self.shown_run()
            return run is not None and run.status == "interrupted" and self.workbench.can_resume(run)
        return super().check_action(action, parameters)

    def action_use(self) -> None:
        """Use the adapter of the shown run."""
        adapter = self.adapter_of(self.shown_run())
        if adapter is not None:
            self._use(adapter.id)

    def action_resume(self) -> None:
        """Let the shown run go on from its checkpoint."""
        run = self.shown_run()
        if run is None:
            return
        try:
            self.workbench.resume_run(run.id)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        self.refresh_bindings()

    def action_use_base(self) -> None:
        """Use no adapter."""
        self._use(None)

    def _use(self, adapter: str | None) -> None:
        try:
            self.workbench.use_adapter(adapter)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
        self.refresh_bindings()
