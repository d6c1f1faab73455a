"""The link to the terminal: signals, and a hang-up that comes without one. No Textual here."""

import os
import select
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

LOOK_EVERY_MS = 1000
"""A hang-up wakes the watch at once; on systems that do not wake it, it looks this often."""

HANG_UP, LEAVE = signal.SIGHUP, (signal.SIGTERM, signal.SIGINT)


class Signals:
    """What SIGHUP, SIGTERM and SIGINT mean: whoever hears them last decides. Until somebody does, they end the process
    by way of every `finally`.

    They stay with the process when the app's loop ends, so that none of them meets a process that has no handler.
    """

    def __init__(self, numbers: Iterable[int] = (HANG_UP, *LEAVE), *, ignored_stay: bool = False) -> None:
        """For the main thread. With `ignored_stay`, signals that are ignored stay so, as a command under `nohup` wants
        it. An app whose terminal is gone must hear of it, whatever a script that opened it ignores."""
        self.told_to_leave = False
        """SIGTERM or SIGINT came, whoever heard it."""
        self._hear: Callable[[int], None] = _end
        for number in numbers:
            if not (ignored_stay and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self._came)

    def hear(self, listener: Callable[[int], None]) -> None:
        """Call `listener` with every signal from now on: between any two instructions of the main thread, if not from
        another thread. It may only tell somebody."""
        self._hear = listener

    def leave(self) -> None:
        """As if SIGTERM had come; may be called from any thread."""
        self._came(signal.SIGTERM, None)

    def _came(self, number: int, _frame: FrameType | None) -> None:
        self.told_to_leave = self.told_to_leave or number in LEAVE
        self._hear(number)


def _end(number: int) -> None:
    raise SystemExit(128 + number)


@contextmanager
def hang_ups_heard(listener: Callable[[int], None]) -> Iterator[None]:
    """Call `listener` with a SIGHUP that comes meanwhile; none is heard where it is ignored, or off the main thread."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(HANG_UP) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(HANG_UP, lambda number, _: listener(number))
    try:
        yield
    finally:
        signal.signal(HANG_UP, before)


def watch_for_hang_up(files: Iterable[int]) -> None:
    """Send this process a SIGHUP as soon as one of `files` hangs up: a dead link does not always bring one."""
    poll = select.poll()
    for file in files:
        poll.register(file, 0)  # a hang-up is told unasked
    threading.Thread(target=_wait_for_hang_up, args=(poll,), name="palate-link", daemon=True).start()


def _wait_for_hang_up(poll: "select.poll") -> None:
    while not poll.poll(LOOK_EVERY_MS):
        pass
    os.kill(os.getpid(), HANG_UP)


def hung_up(file: int) -> bool:
    """Is nobody at the other end of this terminal any more?"""
    poll = select.poll()
    poll.register(file, 0)
    return bool(poll.poll(0))
