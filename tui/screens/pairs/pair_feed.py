"""One pair after another on a screen, for labelling and for blind trials."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from db.pair_rows import ComparisonRow
from tui.errors import begun
from tui.events import AnswersGrowing, ModelChanged, QueueChanged, VerdictStored, WorkbenchEvent, WorkbenchFailed
from tui.screens.actions import Actions
from tui.screens.pairs.pair_screen import PairScreen
from tui.widgets.pair.pair_view import PairView
from tui.widgets.pair.verdict_notes import undone_words

_MAY_BRING_A_PAIR = (QueueChanged, ModelChanged, VerdictStored, WorkbenchFailed)
"""News after which there may be a pair, or another reason why there is none."""


class PairSource(Protocol):
    """Where a screen's pairs come from."""

    def next_pair(self, after: int | None) -> ComparisonRow | None:
        """The pair to show next, not `after` if there is another one."""

    def position_of(self, pair: ComparisonRow) -> tuple[int, int]:
        """The place of the pair, from 1, and how many there are."""

    def why_empty(self) -> Content:
        """Why there is no pair, and what happens or what to press."""

    def take_back(self) -> Future[int | None]:
        """Undo the newest verdict; resolves to the pair that is open again, or to None where there is no verdict."""


class PairFeed(Actions):
    """Shows the pairs of a source on a screen, and takes the last verdict back."""

    def __init__(self, screen: PairScreen, source: PairSource, leave: Callable[[], None] = lambda: None) -> None:
        """`leave` is called before another pair, or none, takes the place of what is shown."""
        self._screen, self._source, self._leave = screen, source, leave
        self.pair: ComparisonRow | None = None
        """The pair that is shown."""
        self.growing: AnswersGrowing | None = None
        """What is shown of a pair whose answers are still being written."""

    def compose(self) -> ComposeResult:
        """The panes, and the sentence that replaces them while there is no pair."""
        yield PairView()
        yield Static(id="empty")

    # -- what is shown -------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """The screen is in sight again: keep the pair where it is still the right one, else show the next."""
        if self.pair is not None and not self._is_unchanged(self.pair):
            self.pair = None
        if self.pair is None:
            self.show_next()
        else:
            self._screen.call_after_refresh(self._screen.painted)

    def _is_unchanged(self, pair: ComparisonRow) -> bool:
        """Whether its verdict and its prompt are those that were shown.

        Another process may have judged it since, and a person may have held its prompt out or forgotten it.
        """
        now = self._screen.workbench.comparison(pair.id)
        return _shown_of(now) == _shown_of(pair)

    def show_next(self, *, after: int | None = None, note: str | Content = "") -> None:
        """Show the next pair, not `after` if there is another one."""
        self.show(self._source.next_pair(after), note)

    def show(self, pair: ComparisonRow | None, note: str | Content = "") -> None:
        """Paint a pair; verdict keys count from when it is on the screen. None shows why there is none."""
        screen = self._screen
        self._leave()
        self.pair = pair
        screen.gate.hide()
        if pair is not None or not screen.workbench.is_writing:
            self.growing = None
        with screen.app.batch_update():
            self._paint(pair, note)
        screen.refresh_status()
        screen.refresh_bindings()
        screen.clock.reset()
        screen.call_after_refresh(screen.painted)

    def _paint(self, pair: ComparisonRow | None, note: str | Content) -> None:
        self._screen.set_class(pair is None and self.growing is None, "-empty")
        if pair is None:
            self._screen.query_one("#empty", Static).update(self._source.why_empty())
        else:
            self._screen.view.show(pair, position=self._source.position_of(pair))
            self._screen.view.note(note)

    def grow(self, growing: AnswersGrowing) -> None:
        """Show two answers while they are written; no verdict key counts before both are complete."""
        screen = self._screen
        if growing.texts is None:
            self.growing = None
            self.show_next()
            return
        begins, self.growing = self.growing is None, growing
        position = screen.workbench.prompt_position(growing.prompt.id)
        with screen.app.batch_update():
            screen.set_class(False, "-empty")
            screen.view.show_growing(growing.prompt, growing.texts, position=position)
        if begins:
            screen.refresh_bindings()

    # -- news ----------------------------------------------------------------------------------------------------

    def look_for_a_pair(self) -> None:
        """Show a pair that became ready, unless one is being read."""
        if self.pair is None and not self._screen.gate.deciding and self._screen.is_current:
            self.show_next()

    def hear(self, published: WorkbenchEvent) -> None:
        """A pair may have become ready, or the shown one may be judged, held out or forgotten elsewhere."""
        if self._screen.gate.deciding or not self._screen.is_current:
            return
        if self.pair is not None:
            if isinstance(published, VerdictStored | QueueChanged) and not self._is_unchanged(self.pair):
                self._screen.screen_shown()
        elif isinstance(published, AnswersGrowing):
            self.grow(published)
        elif isinstance(published, _MAY_BRING_A_PAIR):
            self.show_next()

    # -- undo ----------------------------------------------------------------------------------------------------

    def action_undo(self) -> None:
        """Open the pair of the last verdict again."""
        if self._screen.gate.undo(self._screen.palate.key_pressed_at):
            self._screen.run_worker(self._undo(begun(self._source.take_back)), name="undo")
        else:
            self._screen.view.note("that key came too early, and was dropped")

    async def _undo(self, stored: Future[int | None]) -> None:
        """Once the last verdict is taken back, open its pair."""
        if not await self._screen.commit(asyncio.wrap_future(stored)):
            return
        self._screen.reasons.note_undone()
        taken = stored.result()
        if taken is None:
            self._screen.view.note("there is no verdict to take back")
        else:
            self._show_again(self._screen.workbench.comparison(taken))

    def _show_again(self, pair: ComparisonRow) -> None:
        """Show the pair of what was taken back, unless nothing that is said of it would count any more."""
        if pair.trial is None and (pair.prompt.held_out or pair.prompt.forgotten):
            left = "was forgotten" if pair.prompt.forgotten else "is held out for trials"
            self.show_next(note=f"taken back; the prompt of that pair {left}, so it is not asked again")
        else:
            self.show(pair, undone_words(pair, self._screen.workbench.last_undone()))


def _shown_of(pair: ComparisonRow) -> tuple[object, ...]:
    """What a pair on the screen must still be."""
    return pair.standing and pair.standing.id, pair.prompt.held_out, pair.prompt.forgotten
