"""What can be done with the run that a screen shows: use its adapter, use none, resume it."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from db.run_rows import RunRow
from tui.errors import KNOWN_ERRORS
from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.screens.confirm import ResumeScreen
from tui.snapshots import AdapterView
from tui.training.outcome import LESS_MEMORY, fell_to_memory, saves_memory
from tui.widgets.binding import Writing

ADAPTER_KEYS: Final = (
    Writing("U", "use", "use adapter", id="adapter.use", tooltip="Use this run's adapter from now on."),
    Writing("r", "resume", "resume", id="run.resume", tooltip="Continue this interrupted run, exactly."),
    Writing("B", "use_base", "base", id="adapter.base", tooltip="Use no adapter: the base model answers."),
)

ShownRun = Callable[[], RunRow | None]
"""Gives the run that a screen's keys mean, as it was last read; None while there is none."""


class AdapterList:
    """The adapters of a workspace as they were last read: keys are checked at every press, not to wait for the disk."""

    def __init__(self, screen: PalateScreen) -> None:
        self._screen = screen
        self.views: list[AdapterView] = []

    def read(self) -> None:
        """Read them again."""
        self.views = self._screen.workbench.adapters()

    def get(self, id: str | None) -> AdapterView | None:
        """The adapter with this id, if it is there."""
        return next((view for view in self.views if view.id == id), None)

    def of(self, run: RunRow | None) -> AdapterView | None:
        """What a run made, if it is still there."""
        return self.get(run.adapter) if run is not None else None

    @property
    def in_use(self) -> AdapterView | None:
        """The adapter that answers now; None when the base model does."""
        return next((view for view in self.views if view.in_use and view.fits), None)


class RunActions(Actions):
    """The actions of `ADAPTER_KEYS`."""

    def __init__(self, screen: PalateScreen, run: ShownRun, adapters: AdapterList) -> None:
        self._screen, self._run, self._adapters = screen, run, adapters
        self._is_resuming = False

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Using what is in use already does nothing."""
        del parameters
        run = self._run()
        if action == "use":
            adapter = self._adapters.of(run)
            return adapter is not None and not adapter.in_use
        if action == "use_base":
            return self._adapters.in_use is not None
        return run is not None and run.status == "interrupted" and self._screen.workbench.can_resume(run)

    def action_use(self) -> None:
        """Use the adapter of the shown run."""
        adapter = self._adapters.of(self._run())
        if adapter is not None:
            self._use(adapter.id)

    def action_resume(self) -> None:
        """Resume the shown run from its checkpoint; for one that ran out of memory, ask how."""
        run = self._run()
        if run is None:
            return
        if fell_to_memory(run.error) and saves_memory(run.config):
            answered = partial(self._resume_answered, run.id)
            self._screen.app.push_screen(ResumeScreen(run), answered)
        else:
            self._resume(run.id, {})

    def _resume_answered(self, run: int, answer: str | None) -> None:
        if answer is not None:
            self._resume(run, LESS_MEMORY if answer == "g" else {})

    def _resume(self, run: int, changes: Mapping[str, Any]) -> None:
        if not self._is_resuming:
            self._is_resuming = True
            begin = partial(self._begin_resuming, run, changes)
            self._screen.run_worker(begin, group="resume")  # type: ignore[arg-type]

    async def _begin_resuming(self, run: int, changes: Mapping[str, Any]) -> None:
        """Resume on another thread: every pair of the run is read."""
        try:
            await asyncio.to_thread(self._screen.workbench.trainer.resume, run, changes)
        except KNOWN_ERRORS as error:
            self._screen.palate.tell_error(error)
        finally:
            self._is_resuming = False
        self._screen.refresh_bindings()

    def action_use_base(self) -> None:
        """Use no adapter."""
        self._use(None)

    def _use(self, adapter: str | None) -> None:
        try:
            self._screen.workbench.use_adapter(adapter)
        except KNOWN_ERRORS as error:
            self._screen.palate.tell_error(error)
        self._screen.refresh_bindings()
