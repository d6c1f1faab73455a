"""Honest time: how long a person looked at a pair, with the time spent elsewhere left out. No Textual here."""

from typing import Final

IDLE_LIMIT_S: Final = 120.0
"""At most this much counts between two signs of life, because after so long nobody was reading."""


class ReadingClock:
    """Seconds of reading since `reset`. Every moment is in monotonic seconds and comes from the caller."""

    def __init__(self) -> None:
        self._spent = 0.0
        self._last: float | None = None

    def reset(self) -> None:
        """Another pair: nothing is read yet, and the clock waits for `resume`."""
        self._spent, self._last = 0.0, None

    def touch(self, now: float) -> None:
        """A sign of life, such as a key."""
        if self._last is not None:
            self._spent += min(max(now - self._last, 0.0), IDLE_LIMIT_S)
            self._last = now

    def pause(self, now: float) -> None:
        """The pair is out of sight."""
        self.touch(now)
        self._last = None

    def resume(self, now: float) -> None:
        """Both answers can be read from now on; does nothing while the clock runs."""
        if self._last is None:
            self._last = now

    def seconds(self, now: float) -> float:
        """Seconds of reading up to `now`."""
        running = 0.0 if self._last is None else min(max(now - self._last, 0.0), IDLE_LIMIT_S)
        return self._spent + running
