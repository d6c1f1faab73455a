"""The keys that pause, continue and stop the run in progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tui.screens.actions import Actions
from tui.screens.base import PalateScreen
from tui.screens.confirm import StopScreen
from tui.screens.runs.study_actions import StudyActions
from tui.snapshots import WAITING, RunPhase, RunProgress
from tui.widgets.binding import TextualBinding, Writing

RUN_KEYS: Final = (
    Writing("x,full_stop", "stop", "stop", id="train.stop", tooltip="End the run early: keep its adapter, or not."),
    Writing("space", "pause", "pause", id="train.pause", tooltip="Let the run wait at a checkpoint, or continue."),
)


class RunControl(Actions):
    """The actions of `RUN_KEYS`. `shown` is the run's progress as it was last drawn, and `now` as it is."""

    def __init__(
        self,
        screen: PalateScreen,
        studies: StudyActions,
        *,
        shown: Callable[[], RunProgress | None],
        now: Callable[[], RunProgress | None],
    ) -> None:
        self._screen, self._studies, self._shown, self._now = screen, studies, shown, now

    def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A run that ends or saves is not paused, and one that ends is not stopped again.

        A search or an outlook can be left between two of its runs as well.
        """
        del parameters
        shown = self._shown()
        if shown is None:
            return action == "stop" and self._screen.workbench.study_progress is not None
        if shown.phase is RunPhase.STOPPING:
            return False
        return action == "stop" or shown.phase is not RunPhase.SAVING

    def word(self, binding: TextualBinding) -> str:
        """The same key continues a run that waits."""
        shown = self._shown()
        waits = shown is not None and shown.phase in WAITING
        return "continue" if binding.action == "pause" and waits else super().word(binding)

    def action_pause(self) -> None:
        """Let the run wait, or continue."""
        now, trainer = self._now(), self._screen.workbench.trainer
        if now is None:
            return
        if now.phase in WAITING:
            trainer.go_on()
        else:
            trainer.pause()

    def action_stop(self) -> None:
        """Ask whether to keep what the run has learned; then stop it. A search or an outlook is left at once."""
        if not self._studies.stop() and (now := self._now()) is not None:
            self._screen.app.push_screen(StopScreen(now), self._stop_answered)

    def _stop_answered(self, answer: str | None) -> None:
        if answer is not None and self._now() is not None:
            self._screen.workbench.trainer.stop(discard=answer == "d")
