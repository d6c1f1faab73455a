"""Signals, and the detection of a lost terminal that sends no SIGHUP. No Textual here."""

import os
import select
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

LOOK_EVERY_MS = 1000
"""A hang-up wakes `poll` at once. On systems where it does not, the watch looks again after this many milliseconds."""

HEARD_WITHIN_S = 1.0
"""The app's loop and the wait for a detached run's end wake at least so often. CPython runs a signal's handler between
two instructions of the main thread, so a signal that comes just before a wait begins, or reaches another thread, is not
heard before the wait ends."""

HANG_UP, LEAVE = signal.SIGHUP, (signal.SIGTERM, signal.SIGINT)


class Signals:
    """The handlers of SIGHUP, SIGTERM and SIGINT. The latest listener decides what a signal does; without a listener,
    it ends the process through every `finally`.

    The handlers stay when the app's loop ends, so that no signal finds the process without one.
    """

    def __init__(self, numbers: Iterable[int] = (HANG_UP, *LEAVE), *, ignored_stay: bool = False) -> None:
        """Set the handlers; only the main thread may do that.

        With `ignored_stay`, an ignored signal stays ignored, as a command under `nohup` needs it. The app does not use
        this: it has to know when its terminal is gone, even where the script that opened it ignores SIGHUP.
        """
        self.told_to_leave = False
        """SIGTERM or SIGINT came."""
        self._hear: Callable[[int], None] = _end
        for number in numbers:
            if not (ignored_stay and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self._came)

    def hear(self, listener: Callable[[int], None]) -> None:
        """Call `listener` with every signal from now on.

        The call comes between any two instructions of the main thread, or from the thread that calls `leave`. So the
        listener may only pass the signal on.
        """
        self._hear = listener

    def leave(self) -> None:
        """Act as if SIGTERM had come. From any thread."""
        self._came(signal.SIGTERM, None)

    def _came(self, number: int, _frame: FrameType | None) -> None:
        self.told_to_leave = self.told_to_leave or number in LEAVE
        self._hear(number)


def _end(number: int) -> None:
    raise SystemExit(128 + number)


@contextmanager
def hang_ups_heard(listener: Callable[[int], None]) -> Iterator[None]:
    """Call `listener` with each SIGHUP inside the block; not off the main thread, nor where SIGHUP is ignored."""
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
    """Send this process a SIGHUP as soon as one of `files` hangs up: a dead link does not always cause one."""
    poll = select.poll()
    for file in files:
        poll.register(file, 0)  # `poll` reports a hang-up whatever the mask
    threading.Thread(target=_wait_for_hang_up, args=(poll,), name="palate-link", daemon=True).start()


def _wait_for_hang_up(poll: "select.poll") -> None:
    while not poll.poll(LOOK_EVERY_MS):
        pass
    os.kill(os.getpid(), HANG_UP)


def hung_up(file: int) -> bool:
    """Whether the other end of this terminal is closed."""
    poll = select.poll()
    poll.register(file, 0)
    return bool(poll.poll(0))


def in_background(terminal: int) -> bool:
    """Whether another job has this terminal now, so that reading or setting it would stop this process."""
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:  # no terminal, or it is gone
        return False


def has_shell() -> bool:
    """Whether a shell with job control started this job. Without one, nothing would continue a stopped process."""
    import psutil  # the start of the app does not wait for it

    group, session = os.getpgrp(), os.getsid(0)
    for parent in psutil.Process().parents():
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(parent.pid) != group:
                return os.getsid(parent.pid) == session
    return False
