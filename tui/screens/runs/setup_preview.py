"""The preview beside the form of the Train screen: counts at once, then a look at the run off the screen's thread."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.message import Message

from engine.config import TrainConfig
from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.snapshots import TrainPreview
from tui.training.newest_request import Dropped
from tui.training.pair_sets import PairSet
from tui.widgets.runs.train_setup import TrainSetup

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight

_NO_KEY_FOR_S: Final = 0.3
"""Settings must be unchanged for this long before the preflight: nobody needs it for half a number."""

PreviewedRun = tuple[TrainConfig, PairSet]
"""The settings and pairs that a preview is of."""


class PreviewCounted(Message):
    """A run with the settings and pairs `wanted` is counted."""

    def __init__(self, wanted: PreviewedRun, preview: TrainPreview) -> None:
        super().__init__()
        self.wanted, self.preview = wanted, preview


class SetupPreview:
    """Draws what a run by the form's settings would do. A screen that holds it passes on `PreviewCounted`."""

    def __init__(self, screen: PalateScreen) -> None:
        self._screen = screen
        self._wanted: PreviewedRun | None = None
        """The settings and pairs of the newest preview that was asked for."""
        self._drawn: tuple[PreviewedRun | None, TrainPreview] | None = None

    @property
    def _setup(self) -> TrainSetup:
        return self._screen.query_one(TrainSetup)

    def draw(self) -> None:
        """Draw the known counts at once, without a query: this comes after every key. A thread counts the rest."""
        config, pairs = self._setup.config(), self._setup.pairs
        self._setup.show_preset(config)
        self._wanted = config, pairs
        previews = self._screen.workbench.previews
        if (known := previews.known(config, pairs)) is not None:
            self._show(known)
        self._screen.workers.cancel_group(self._screen, "preflight")
        previews.ask(config, pairs, partial(self._post, self._wanted))

    def counted(self, message: PreviewCounted) -> None:
        """Draw the counts, unless the settings have changed since; then begin the preflight."""
        if message.wanted is not self._wanted:
            return
        self._show(message.preview)
        if message.preview.steps is not None and self._screen.workbench.model_state.is_ready:
            look = partial(self._look, message.wanted)  # a coroutine would be left over where the worker never begins
            self._screen.run_worker(look, group="preflight", exclusive=True)  # type: ignore[arg-type]

    def _show(self, preview: TrainPreview) -> None:
        """Draw a preview. The known counts are mostly the same as those that follow, and are not drawn twice."""
        if self._drawn is None or self._drawn[0] is not self._wanted or self._drawn[1] != preview:
            self._drawn = self._wanted, preview
            self._setup.show_preview(preview)
            self._setup.follow_start()
            self._setup.show_preset(self._setup.config())  # which settings "auto" has depends on the number of pairs

    def _post(self, wanted: PreviewedRun, preview: TrainPreview) -> None:
        """Pass a preview to the screen. Called on the thread that counts."""
        with suppress(RuntimeError):  # the loop closed while the app was leaving
            self._screen.post_message(PreviewCounted(wanted, preview))

    async def _look(self, wanted: PreviewedRun) -> None:
        """Preflight the run on another thread, once the settings are unchanged for a moment."""
        await asyncio.sleep(_NO_KEY_FOR_S)
        preflight = self._screen.workbench.previews.preflight
        found: Preflight | str
        try:
            found = await asyncio.to_thread(preflight, *wanted, lambda: wanted is not self._wanted)
        except Dropped:
            return
        except KNOWN_ERRORS as error:
            found = str(error)
        if wanted is self._wanted:
            self._setup.show_preflight(found)
