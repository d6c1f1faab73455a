"""How many requests are in flight at a server: as many as make it faster, and fewer once it refuses some."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

FIRST = 4
"""Requests in flight before anything is known of a server."""
FASTER = 1.1
"""More are sent at a time while that makes a server faster by this factor."""
LONGEST_WAIT_S = 120.0
"""The longest wait that a server may ask for before it is asked again."""


class RequestPace:
    """The number of requests in flight, between 1 and `most`. It belongs to one event loop at a time.

    After every round of answers the tokens a second are compared with those of the rounds before: while they grow,
    twice as many requests are sent. A refusal halves the number and lets the server rest as long as it asks for.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = min(FIRST, most)
        self._most, self._clock = most, clock
        self._in_flight = 0
        self._grows, self._best = True, 0.0
        self._round, self._tokens, self._began = 0, 0, clock()
        self._rests_until = 0.0
        self._freed = asyncio.Event()

    def begin(self) -> None:
        """A new event loop sends requests from now on; what is known of the server stays."""
        self._in_flight, self._freed = 0, asyncio.Event()
        self._round, self._tokens, self._began = 0, 0, self._clock()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait until one more request may be sent, and count it inside."""
        while self._in_flight >= self.limit or self._clock() < self._rests_until:
            self._freed.clear()
            wait = max(self._rests_until - self._clock(), 0.0)
            try:
                await asyncio.wait_for(self._freed.wait(), wait if wait > 0 else None)
            except TimeoutError:
                continue
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            self._freed.set()

    def answered(self, tokens: int) -> None:
        """An answer of so many tokens came."""
        self._round += 1
        self._tokens += tokens
        if self._round < self.limit:
            return
        rate = self._tokens / max(self._clock() - self._began, 1e-6)
        if self._grows and rate > self._best * FASTER:
            self._best, self.limit = rate, min(2 * self.limit, self._most)
        elif self._grows:
            self._grows = False
        self._round, self._tokens, self._began = 0, 0, self._clock()
        self._freed.set()

    def refused(self, wait_s: float) -> None:
        """The server takes no more for now, and asks for a rest of `wait_s`."""
        self._grows, self.limit = False, max(self.limit // 2, 1)
        self._rests_until = max(self._rests_until, self._clock() + wait_s)


def asked_wait(value: str | None) -> float | None:
    """The seconds that a header `Retry-After` asks for: a number, or a date; None where there is none."""
    if not value:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    from email.utils import parsedate_to_datetime  # a dozen modules, for the few servers that name a date

    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
