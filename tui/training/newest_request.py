"""A thread that handles one request at a time. A new request replaces the one that waits."""

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

_WORKS_S = 0.001
_RESTS_S = 0.0005
_SLICE_S = 0.01


class Dropped(Exception):
    """The caller no longer needs the result, for example because it made a newer request."""


class Breather:
    """Lets other threads run during a long computation in Python, and ends it once its result is not needed.

    By itself the interpreter switches threads only every 5 ms, and handling a key needs a dozen switches.
    """

    def __init__(self, is_dropped: Callable[[], bool] = lambda: False) -> None:
        self._is_dropped, self._began = is_dropped, time.perf_counter()

    def pause(self) -> None:
        """Give other threads time to run. Call this after each small piece of the work.

        Raises:
            Dropped: the caller no longer needs the result.
        """
        if time.perf_counter() - self._began < _WORKS_S:
            return
        if self._is_dropped():
            raise Dropped
        time.sleep(_RESTS_S)
        self._began = time.perf_counter()

    def wait(self, seconds: float) -> None:
        """Wait this long before a long computation: the person may press another key, which needs another result.

        Raises:
            Dropped: nobody wants the result any more.
        """
        until = time.monotonic() + seconds
        while not self._is_dropped():
            if time.monotonic() >= until:
                return
            time.sleep(_SLICE_S)
        raise Dropped


Act = Callable[[Breather], None]


class NewestRequest:
    """Starts the thread with the first request. The thread calls `at_end` when it ends."""

    def __init__(self, name: str, at_end: Callable[[], None]) -> None:
        self._name, self._at_end = name, at_end
        self._changed = threading.Condition()
        self._waiting: Act | None = None
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def ask(self, act: Act) -> None:
        """Run `act` next, in place of the request that waits. The running request ends at its next `Breather.pause`."""
        with self._changed:
            if self._is_closing:
                return
            self._waiting = act
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Drop all requests, and wait for the thread to end."""
        with self._changed:
            self._is_closing, self._waiting = True, None
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            while (act := self._next()) is not None:
                try:
                    act(Breather(lambda: self._waiting is not None or self._is_closing))
                except Dropped:
                    pass
                except Exception:
                    logger.exception("A request on the thread %s ended with an error", self._name)
        finally:
            self._at_end()

    def _next(self) -> Act | None:
        with self._changed:
            while self._waiting is None and not self._is_closing:
                self._changed.wait()
            act, self._waiting = self._waiting, None
            return act
