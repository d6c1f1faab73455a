"""How the app ends: at once, with the run continued without a terminal, or once the run has saved its adapter."""

from __future__ import annotations

import contextlib

from tui.driver import PalateDriver
from tui.screens.confirm import QuitScreen
from tui.screens.suspension import SuspendableApp
from tui.snapshots import WAITING
from tui.terminal.signals import Signals
from tui.workspace.settings import GO_ON


class Leaving:
    """Ends `app`. The app's caller reads afterwards how it ended."""

    def __init__(self, app: SuspendableApp, signals: Signals | None) -> None:
        self._app, self._signals = app, signals
        self._after_saving = False
        self.goes_on = False
        """Must the run continue without a terminal after the app ends?"""
        self.wanted_model = ""
        """The base model with which the workspace must be opened again; empty if a person left for good."""
        self.taken_over = ""
        """Which process took over the workspace, as a sentence; empty if none did."""

    def ask(self) -> None:
        """Leave; while a run is in progress, ask first what happens to it."""
        run, study = self._app.workbench.run_progress, self._app.workbench.study_progress
        if run is None:
            self._app.exit()
        else:
            self._app.push_screen(QuitScreen(run, on_part=study is not None and not study.on_all), self._answered)

    def _answered(self, answer: str | None) -> None:
        if answer == "g":
            self.detach()
        elif answer == "c":
            self.leave()
        elif answer == "s":
            self._leave_after_saving()

    def leave(self) -> None:
        """Leave at once; a run in progress writes a checkpoint while the workbench closes."""
        self.goes_on = False
        self._app.exit()

    def detach(self) -> None:
        """End the app; its caller continues the run without a terminal."""
        self.goes_on = True
        self._app.exit()

    def hang_up(self) -> None:
        """End the app without its terminal. A run that is not paused continues, unless the settings say to leave."""
        driver, workbench = self._app._driver, self._app.workbench
        if isinstance(driver, PalateDriver) and driver.gone:
            driver.hang_up()
        run, study = workbench.run_progress, workbench.study_progress
        trains = study is not None if run is None else run.phase not in WAITING  # a study measures between its runs
        if trains and workbench.link_lost() == GO_ON:
            self.detach()
        else:
            self.leave()

    def make_way(self, why: str) -> None:
        """Leave at once, since another process takes over; `why` is shown later. Called on a thread of the socket."""
        self.taken_over = why
        if self._signals is not None:
            with contextlib.suppress(SystemExit):  # no handler is set yet; the app checks `taken_over` when ready
                self._signals.leave()
        else:
            self._app.call_later(self.leave)

    def restart_with(self, model: str) -> None:
        """Leave, so that the caller opens the workspace again with another base model."""
        self.wanted_model = model
        self._app.exit()

    def _leave_after_saving(self) -> None:
        """Leave as soon as the run in progress has saved its adapter."""
        self._after_saving = True
        self._app.workbench.trainer.stop()
        if self._app.workbench.run_progress is None:
            self._app.exit()
        else:
            self._app.tell("Stopping the run", "Palate leaves as soon as the adapter is saved.")

    def note_news(self) -> None:
        """Something was published: leave if only the end of the run was waited for."""
        if self._after_saving and self._app.workbench.run_progress is None:
            self._app.exit()
