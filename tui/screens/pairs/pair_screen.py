"""A screen with a pair of answers on it, which is judged by keys."""

import asyncio
import time
from collections.abc import Awaitable
from concurrent.futures import Future
from typing import Any, ClassVar

from textual import events
from textual.content import Content

from db.pair_rows import ComparisonRow, VerdictRow
from tui.errors import KNOWN_ERRORS, begun
from tui.screens.base import PalateScreen
from tui.screens.pairs.reading_clock import ReadingClock
from tui.screens.pairs.reasons import ReasonActions
from tui.screens.pairs.verdict_gate import VerdictGate
from tui.screens.pairs.view_actions import ViewActions
from tui.text.format import count
from tui.widgets.binding import TextualBinding
from tui.widgets.pair.pair_view import PairView
from tui.widgets.pair.verdict_notes import said_words, saved_words


class PairScreen(PalateScreen):
    """Subclasses compose a `PairView`, say which pair it shows, and what follows a verdict."""

    WATCHABLE = False
    AUTO_FOCUS = ""
    BLIND: ClassVar[bool] = True
    """Are the names of the answers' writers hidden on this screen?"""
    REASONS: ClassVar[tuple[str, ...]] = ()
    """The reasons that every verdict of this screen has from the start."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = VerdictGate(lambda: self.shown_pair is not None and not self.too_small)
        self.clock = ReadingClock()
        self.reasons = ReasonActions(self)
        self.take_actions(
            self.reasons,
            ViewActions(
                self, has_pair=lambda: self.shown_pair is not None, has_text=lambda: self.has_text, touch=self.touch
            ),
        )

    def on_mount(self) -> None:
        """Thoughts are folded or open, as the workspace's settings say."""
        self.view.thoughts_shown = self.workbench.thoughts_shown

    # -- for subclasses ------------------------------------------------------------------------------------------

    @property
    def shown_pair(self) -> ComparisonRow | None:
        """The pair on the screen, with both its answers."""
        raise NotImplementedError

    @property
    def has_text(self) -> bool:
        """Do the panes show texts, complete or still growing?"""
        return self.shown_pair is not None

    def judged(self, pair: ComparisonRow, words: Content) -> None:
        """React to a verdict of `pair` that is on the disk now; `words` say which."""
        raise NotImplementedError

    # -- the pair in sight ---------------------------------------------------------------------------------------

    @property
    def view(self) -> PairView:
        """The panes."""
        return self.query_one(PairView)

    @property
    def layout_word(self) -> str:
        """The layout of the panes, in the database's words."""
        return "stacked" if self.stacked else "side"

    def touch(self) -> None:
        """Note that a key was pressed, so the person is reading."""
        self.clock.touch(time.monotonic())

    def painted(self) -> None:
        """Start the clock and let verdict keys count: the pair is on the screen now, for the first time or again."""
        if self.shown_pair is not None and not self.too_small and self.is_active:
            now = time.monotonic()
            self.gate.paint(now)
            self.clock.resume(now)

    def paint_again(self) -> None:
        """Stop clock and verdict keys until the pair is painted again."""
        self.out_of_sight()
        self.call_after_refresh(self.painted)

    def out_of_sight(self) -> None:
        """Stop the clock, because nobody reads. No verdict key counts until the pair is painted again."""
        self.clock.pause(time.monotonic())
        self.gate.hide()

    def on_screen_suspend(self) -> None:
        """Another screen covers this one."""
        self.out_of_sight()

    def on_resize(self, _event: events.Resize) -> None:
        """Name the panes by their new places, and count from when the pair is painted again."""
        self.view.retitle()
        self.refresh_bindings()
        self.paint_again()

    # -- keys ----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a pair nothing is judged."""
        if self.shown_pair is None and action in ("judge", "say"):
            return None
        return super().check_action(action, parameters)

    def key_label(self, binding: TextualBinding) -> str:
        """Stacked panes are first and second."""
        if binding.action == "raw" and not self.view.rendered:
            return "markdown"
        words = {"left": "first", "right": "second"} if self.stacked else {}
        return words.get(binding.description, super().key_label(binding))

    def action_reasons(self) -> None:
        """Give reasons for the verdict of the pair that was opened again, else for the one just given."""
        pair = self.shown_pair
        standing = None if pair is None or self.gate.deciding else self.workbench.comparison(pair.id).standing
        if pair is None or standing is None or standing.verdict == "skip" or standing.source != "person":
            self.reasons.action_reasons()
        else:
            self.reasons.open_for(pair, standing, said_words(pair, standing, stacked=self.stacked))

    def action_judge(self, side: str, strength: int) -> None:
        """One answer is better."""
        pair = self.shown_pair
        if pair is not None:
            letter = pair.first_letter if side == "left" else pair.second_letter
            self._decide(pair, letter, side=side, strength=strength)

    def action_say(self, verdict: str) -> None:
        """Neither is better: a tie, both bad, or not now."""
        pair = self.shown_pair
        if pair is not None:
            self._decide(pair, verdict)

    # -- verdicts ------------------------------------------------------------------------------------------------

    @property
    def can_judge(self) -> bool:
        """Would a verdict key that is pressed at this moment count?"""
        return self.refusal(time.monotonic()) is None

    @property
    def takes_no_key_yet(self) -> bool:
        """Does no verdict key count yet for the pair that is shown or about to be?"""
        return self.shown_pair is not None and not self.too_small and self.is_attached and not self.can_judge

    def refusal(self, pressed_at: float) -> str | None:
        """Why a verdict key pressed at this moment (monotonic seconds) cannot be meant for the pair on the screen."""
        return self.gate.refusal(pressed_at) if self.shown_pair is not None else "there is no pair to judge"

    def seconds_read(self) -> float:
        """How long the pair was read, in seconds to the millisecond."""
        return round(self.clock.seconds(time.monotonic()), 3)

    def _decide(self, pair: ComparisonRow, verdict: str, *, side: str | None = None, strength: int = 1) -> None:
        refusal = self.gate.decide(self.palate.key_pressed_at)
        if refusal is not None:
            self.view.note(refusal)
            return
        stored = begun(
            lambda: self.workbench.labelling.judge(
                pair.id,
                verdict,
                strength=strength,
                side=side,
                layout=self.layout_word,
                seconds=self.seconds_read() if self.BLIND else None,
                blind=self.BLIND,
                reasons=self.REASONS,
            )
        )
        words = saved_words(verdict, side, strength, stacked=self.stacked)
        self.reasons.note_given(pair, stored, words, verdict)
        self.run_worker(self._store(pair, stored, words), name="verdict")

    async def _store(self, pair: ComparisonRow, stored: Future[VerdictRow], words: Content) -> None:
        """Wait until the verdict of `pair` is stored, then show the next pair."""
        if await self.commit(asyncio.wrap_future(stored)):
            dropped = self.gate.dropped
            if dropped:
                words += Content.styled(f" · {count(dropped, 'early key')} dropped", "$warning")
            self.judged(pair, words)

    async def commit(self, act: Awaitable[Any]) -> bool:
        """Wait until `act` is on the disk. If it fails, show the error, leave the pair open and return False."""
        try:
            await self.gate.commit(act)
        except KNOWN_ERRORS as error:
            self.palate.tell_error(error)
            return False
        return True
