"""Searches and outlooks on the Train screen: started from their rows, left with a key, and laid over one another."""

from __future__ import annotations

import asyncio
from typing import Final

from engine.config import TrainConfig
from tui.errors import KNOWN_ERRORS
from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.screens.runs.overlay import RunOverlayScreen
from tui.training.pair_sets import PairSet
from tui.training.study import Kind, Study
from tui.widgets.binding import Binding

STUDY_KEYS: Final = (
    Binding("o", "overlay", "overlay", show=False, id="train.overlay", tooltip="Lay a search's runs on one another."),
)


class StudyActions(Actions):
    """The actions of `STUDY_KEYS`, and what the rows of a search and an outlook do."""

    def __init__(self, screen: PalateScreen) -> None:
        self._screen = screen
        self._is_starting = False
        self.search: Study | None = None
        """The latest search, as it was last read."""
        self.outlook: Study | None = None

    def read(self) -> None:
        """Read the latest search and the latest outlook."""
        self.search = self._screen.workbench.latest_study("search")
        self.outlook = self._screen.workbench.latest_study("outlook")

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A search of one run has nothing to lay over it."""
        del action, parameters
        return self.search is not None and len(self.search.first_runs) > 1

    def action_overlay(self) -> None:
        """Lay the curves of the latest search over one another, one for each of its settings."""
        if self.search is not None:
            self._screen.app.push_screen(RunOverlayScreen(self.search.first_runs))

    def start(self, kind: Kind, config: TrainConfig, pairs: PairSet, *, name: str | None) -> None:
        """Start or continue a search or an outlook on another thread. Its runs are shown as they come."""
        if not self._is_starting:
            self._is_starting = True
            self._screen.run_worker(self._start(kind, config, pairs, name), group="start")

    async def _start(self, kind: Kind, config: TrainConfig, pairs: PairSet, name: str | None) -> None:
        try:
            await asyncio.to_thread(self._screen.workbench.studies.start, kind, config, pairs, name=name)
        except KNOWN_ERRORS as error:
            self._screen.palate.tell_error(error)
        finally:
            self._is_starting = False

    def stop(self) -> bool:
        """Leave the search or outlook in progress, to be continued. False where none is, or its run on all pairs is."""
        study = self._screen.workbench.study_progress
        if study is None or study.on_all:
            return False
        self._screen.run_worker(asyncio.to_thread(self._screen.workbench.studies.stop), group="stop")
        return True
