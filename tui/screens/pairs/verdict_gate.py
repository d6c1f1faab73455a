"""Which verdict key counts: only one that can be meant for the pair on the screen. No Textual here."""

import math
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

Result = TypeVar("Result")

SETTLE_S: Final = 0.2
"""Ignore a verdict key this soon after painting: it was meant for the previous pair. Ignore one this soon after another
key: the key is held down, and would judge pair after pair."""

_UNSAVED: Final = "that key came before the last verdict was saved, and was dropped"
_UNSEEN: Final = "that key came too early for this pair, and was dropped"
_REPEATED: Final = "that key came too early after the one before, and was dropped"


class VerdictGate:
    """Lets one decision through at a time, and none from a key that was pressed before its pair was painted.

    Every moment is in monotonic seconds and comes from the caller.
    """

    def __init__(self, in_sight: Callable[[], bool]) -> None:
        """`in_sight`: is there a pair, on a screen that shows it?"""
        self._in_sight = in_sight
        self.painted_at: float | None = None
        """Since when the pair is on the screen; None while it is out of sight."""
        self.deciding = False
        """Has a decision begun that is not on the disk yet?"""
        self.dropped = 0
        """Keys that were refused while the last decision was being saved."""
        self._pressed_at = self._undone_at = -math.inf

    def hide(self) -> None:
        """The pair is out of sight, or another one comes."""
        self.painted_at = None

    def paint(self, now: float) -> None:
        """The pair can be read from now on."""
        self.painted_at = now

    def refusal(self, pressed_at: float) -> str | None:
        """Why a verdict key that was pressed at this moment does not count; None where it does."""
        if self.deciding:
            return _UNSAVED
        if not self._in_sight() or self.painted_at is None or pressed_at < self.painted_at + SETTLE_S:
            return _UNSEEN
        if pressed_at < self._pressed_at + SETTLE_S:
            return _REPEATED
        return None

    def decide(self, pressed_at: float) -> str | None:
        """Begin a decision with the verdict key that was pressed at this moment, or say why the key does not count."""
        refusal, self._pressed_at = self.refusal(pressed_at), pressed_at
        if refusal is None:
            self.deciding, self.dropped = True, 0
        elif self.deciding:
            self.dropped += 1
        return refusal

    def undo(self, pressed_at: float) -> bool:
        """Begin to take a verdict back, unless one is being saved or the key is held down. No pair has to be shown."""
        before, self._undone_at = self._undone_at, pressed_at
        if self.deciding or pressed_at < before + SETTLE_S:
            return False
        self.deciding = True
        return True

    def begin(self) -> None:
        """Begin a change that is no verdict, such as an edit, and refuse verdict keys until `commit` ends."""
        self.deciding = True

    async def commit(self, act: Awaitable[Result]) -> Result:
        """Wait until the change is on the disk. Keys count again afterwards, also when it failed.

        Raises:
            Exception: whatever `act` fails with.
        """
        try:
            return await act
        finally:
            self.deciding = False
