"""Two answers, one key: the key decides, saves and shows the next pair. For labelling and for blind trials."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from db.pair_rows import ComparisonRow, VerdictRow
from tui.errors import KNOWN_ERRORS, begun
from tui.events import AnswersGrowing, ModelChanged, QueueChanged, VerdictStored, WorkbenchEvent, WorkbenchFailed
from tui.screens.pairs.pair_screen import LOOKING_KEYS, PairScreen, pair_key
from tui.screens.pairs.reading_clock import ReadingClock
from tui.text.format import count
from tui.widgets.pair.pair_view import PairView
from tui.widgets.pair.verdict_notes import empty_note, said

SETTLE_S: Final = 0.2
"""A verdict key within this time after a pair was painted was pressed for the pair before it. One within this time
after another comes from a key that is held down, and would judge pair after pair."""

_MAY_BRING_A_PAIR: Final = (QueueChanged, ModelChanged, VerdictStored, WorkbenchFailed)
"""News after which there may be a pair, or another reason why there is none."""


VERDICT_KEYS = (
    pair_key("1,left", "judge('left', 1)", "left", "left", "The left (first) answer is better."),
    pair_key("2,right", "judge('right', 1)", "right", "right", "The right (second) answer is better."),
    pair_key(
        "shift+left,exclamation_mark",
        "judge('left', 2)",
        "much-left",
        "much",
        "The left (first) answer is much better.",
    ),
    pair_key(
        "shift+right,at", "judge('right', 2)", "much-right", "much", "The right (second) is much better.", show=False
    ),
    pair_key("0", "say('tie')", "tie", "tie", "Both are equally good. A tie is never trained on."),
    pair_key("x", "say('both_bad')", "both-bad", "both bad", "Both are bad. Never trained on."),
)
"""Keys that decide."""


class JudgeScreen(PairScreen):
    """Judge pairs of answers, with both hands on the keys. Subclasses say which pairs, and add keys of their own."""

    BINDINGS: ClassVar = [
        *VERDICT_KEYS,
        pair_key("s", "say('skip')", "skip", "skip", "Not now: the pair comes back later."),
        pair_key("u", "undo", "undo", "undo", "Take back the last verdict and open its pair again."),
        *LOOKING_KEYS,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._pair: ComparisonRow | None = None
        self._growing: AnswersGrowing | None = None
        self._painted_at: float | None = None
        self._pressed_at = self._undone_at = -math.inf
        self._committing = False
        self._dropped = 0
        self._clock = ReadingClock()

    def compose_body(self) -> ComposeResult:
        """The panes, and the sentence that stands in for them while there is no pair."""
        yield PairView()
        yield Static(id="empty")

    # -- what is shown -------------------------------------------------------------------------------------------

    @property
    def pair(self) -> ComparisonRow | None:
        """The pair that is open on this screen."""
        return self._pair

    @property
    def shown_pair(self) -> ComparisonRow | None:
        """The pair that is open on this screen."""
        return self._pair

    @property
    def can_look(self) -> bool:
        """Answers that grow can be looked at as well."""
        return self._pair is not None or self._growing is not None

    @property
    def can_judge(self) -> bool:
        """Would a verdict key that is pressed at this moment count?"""
        return self._refusal(time.monotonic()) is None

    @property
    def settling(self) -> bool:
        """Does a pair stand here, or come at this moment, that no verdict key counts for yet?"""
        return self._pair is not None and not self.too_small and self.is_attached and not self.can_judge

    @property
    def layout_word(self) -> str:
        """How the panes stand, in the database's words."""
        return "stacked" if self.stacked else "side"

    # What is judged here and where it comes from: a trial is judged in the same way.

    def next_pair(self, after: int | None) -> ComparisonRow | None:
        """The pair to show next, not `after` if there is another one."""
        return self.workbench.next_comparison(after)

    def position_of(self, pair: ComparisonRow) -> tuple[int, int]:
        """Where the pair stands, from 1, and among how many."""
        return self.workbench.prompt_position(pair.prompt.id)

    def why_empty(self) -> Content:
        """Why there is no pair, and what happens or what to press."""
        return empty_note(self.workbench.status())

    def take_back(self) -> Future[int | None]:
        """Undo the newest verdict; resolves to the pair that is open again."""
        return self.workbench.undo()

    def screen_shown(self) -> None:
        """Back in sight: the clock goes on, and the pair is still the right one or the next one comes."""
        if self._pair is not None and not self._is_open(self._pair):
            self._pair = None
        if self._pair is None:
            self._show_next()
        else:
            self.call_after_refresh(self._painted)

    def _is_open(self, pair: ComparisonRow) -> bool:
        """Is it still without a verdict? It may have been judged elsewhere meanwhile."""
        now = self.workbench.comparison(pair.id).standing
        return (now and now.id) == (pair.standing and pair.standing.id)

    def on_screen_suspend(self) -> None:
        """Out of sight: nobody reads."""
        self._clock.pause(time.monotonic())
        self._painted_at = None

    def visited(self) -> None:
        """What became of the pair on the screen is published by itself; a reader is not disturbed."""
        if self.is_current and self._pair is None and not self._committing:
            self._show_next()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """A pair may have become ready, or the shown one may have been judged elsewhere."""
        if self._committing or not self.is_current:
            return
        if isinstance(published, VerdictStored) and self._pair and published.comparison == self._pair.id:
            self.screen_shown()
        elif self._pair is None and isinstance(published, AnswersGrowing):
            self._grow(published)
        elif self._pair is None and isinstance(published, _MAY_BRING_A_PAIR):
            self._show_next()

    def _grow(self, growing: AnswersGrowing) -> None:
        """Show two answers while they are written; no verdict key counts before both are complete."""
        if growing.texts is None:
            self._growing = None
            self._show_next()
            return
        begins, self._growing = self._growing is None, growing
        position = self.workbench.prompt_position(growing.prompt.id)
        with self.app.batch_update():
            self.set_class(False, "-empty")
            self.view.show_growing(growing.prompt, growing.texts, position=position)
        if begins:
            self.refresh_bindings()

    def _show_next(self, *, after: int | None = None, note: str | Content = "") -> None:
        self._show(self.next_pair(after), note)

    def _show(self, pair: ComparisonRow | None, note: str | Content = "") -> None:
        """Paint a pair; verdict keys count from when it stands on the screen."""
        self._pair, self._painted_at = pair, None
        if pair is not None or not self.workbench.is_writing:
            self._growing = None
        with self.app.batch_update():
            self.set_class(pair is None and self._growing is None, "-empty")
            if pair is None:
                self.query_one("#empty", Static).update(self.why_empty())
            else:
                self.view.show(pair, position=self.position_of(pair))
                self.view.note(note)
        self.refresh_status()
        self.refresh_bindings()
        self._clock.reset()
        self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        """The pair stands on the screen, for the first time or again: from now on it is read."""
        if self._pair is None or self.too_small or not self.is_active:
            return
        self._painted_at = time.monotonic()
        self._clock.resume(self._painted_at)

    def on_resize(self, _event: events.Resize) -> None:
        """Panes are named by where they stand, and a pair that is out of sight is not being read."""
        self.view.retitle()
        self.refresh_bindings()
        self._read_again()

    def _read_again(self) -> None:
        """The pair was out of sight: verdict keys and the clock count from when it is painted again."""
        self._clock.pause(time.monotonic())
        self._painted_at = None
        self.call_after_refresh(self._painted)

    # -- keys ----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a pair only undo does something, and answers that grow can be looked at."""
        if self._pair is None and action in ("judge", "say"):
            return None
        return super().check_action(action, parameters)

    def action_judge(self, side: str, strength: int) -> None:
        """One answer is better."""
        if self._pair is not None:
            letter = self._pair.first_letter if side == "left" else self._pair.second_letter
            self._decide(letter, side=side, strength=strength)

    def action_say(self, verdict: str) -> None:
        """Neither is better: a tie, both bad, or not now."""
        self._decide(verdict)

    def action_undo(self) -> None:
        """Open the pair of the last verdict again."""
        before, self._undone_at = self._undone_at, self.palate.key_pressed_at
        if self._committing or self._undone_at < before + SETTLE_S:
            self.view.note("that key came too early, and was dropped")
        else:
            self._committing = True
            self.run_worker(self._undo(begun(self.take_back)), name="undo")

    def touch(self) -> None:
        """A key: somebody reads."""
        self._clock.touch(time.monotonic())

    # -- verdicts ------------------------------------------------------------------------------------------------

    def _refusal(self, pressed_at: float) -> str | None:
        """Why a verdict key pressed at this moment (monotonic seconds) cannot be meant for the pair on the screen."""
        if self._pair is None:
            return "there is no pair to judge"
        if self._committing:
            return "that key came before the last verdict was saved, and was dropped"
        if self.too_small or self._painted_at is None or pressed_at < self._painted_at + SETTLE_S:
            return "that key came too early for this pair, and was dropped"
        if pressed_at < self._pressed_at + SETTLE_S:
            return "that key came too early after the one before, and was dropped"
        return None

    def _decide(self, verdict: str, *, side: str | None = None, strength: int = 1) -> None:
        pressed_at = self.palate.key_pressed_at
        pair, refusal = self._pair, self._refusal(pressed_at)
        self._pressed_at = pressed_at
        if pair is None or refusal is not None:
            self._dropped += self._committing
            self.view.note(refusal or "")
            return
        self._committing, self._dropped = True, 0
        seconds = round(self._clock.seconds(time.monotonic()), 3)
        given = {"strength": strength, "side": side, "layout": self.layout_word, "seconds": seconds}
        stored = begun(lambda: self.workbench.judge(pair.id, verdict, **given))
        told = said(verdict, side, strength, stacked=self.stacked)
        self.run_worker(self._commit(pair, stored, told), name="verdict")

    async def _commit(self, pair: ComparisonRow, stored: Future[VerdictRow], told: Content) -> None:
        """Only when the verdict of `pair` is on the disk is the next pair painted."""
        if await self._stored(lambda: asyncio.wrap_future(stored)):
            if self._dropped:
                told += Content.styled(f" · {count(self._dropped, 'early key')} dropped", "$warning")
            self._show_next(after=pair.id, note=told)

    async def _undo(self, stored: Future[int | None]) -> None:
        """Once the last verdict is taken back, open its pair."""
        if not await self._stored(lambda: asyncio.wrap_future(stored)):
            return
        taken = stored.result()
        if taken is None:
            self.view.note("there is no verdict to take back")
        else:
            self._show(self.workbench.comparison(taken), "open again: your verdict was taken back")

    async def _stored(self, act: Callable[[], Awaitable[object]]) -> bool:
        """Wait until something is on the disk; when it fails, say so and leave the pair open."""
        try:
            await act()
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return False
        finally:
            self._committing = False
        return True
