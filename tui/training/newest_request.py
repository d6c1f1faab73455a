"""A thread that answers requests one at a time, of which only the newest counts."""

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

_WORKS_S = 0.001
_RESTS_S = 0.0005
_SLICE_S = 0.01


class Dropped(Exception):
    """A newer request came, and nobody waits for the result any more."""


class Breather:
    """Lets other threads run while something long is computed in Python, and ends it once nobody wants it.

    The interpreter takes 5 ms to switch threads by itself, and a key needs a dozen switches.
    """

    def __init__(self, is_dropped: Callable[[], bool] = lambda: False) -> None:
        self._is_dropped, self._began = is_dropped, time.perf_counter()

    def pause(self) -> None:
        """Call it after each small piece of the work.

        Raises:
            Dropped: nobody wants the result any more.
        """
        if time.perf_counter() - self._began < _WORKS_S:
            return
        if self._is_dropped():
            raise Dropped
        time.sleep(_RESTS_S)
        self._began = time.perf_counter()

    def settle(self, seconds: float) -> None:
        """Wait so long before something long is begun: another key may be under way, and wants another answer.

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
    """The thread begins with the first request. `at_end` is called on it when it ends."""

    def __init__(self, name: str, at_end: Callable[[], None]) -> None:
        self._name, self._at_end = name, at_end
        self._changed = threading.Condition()
        self._waiting: Act | None = None
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def ask(self, act: Act) -> None:
        """Do `act` next, in place of what waits; what is being done is told by its `Breather` to end."""
        with self._changed:
            if self._is_closing:
                return
            self._waiting = act
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Drop everything, and wait for the thread."""
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
