"""Textual's driver for a terminal whose link may stall or die: it never blocks the app, never spins and never fails."""

import os
import select
import signal
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty
from typing import Any, Final, Protocol, TextIO, runtime_checkable

from textual.drivers._writer_thread import MAX_QUEUED_WRITES
from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.signals import hung_up, in_background

_STALLED_S: Final = 1.0
"""A link that took nothing for so many seconds is not waited for when the terminal is given back."""
_RESTORE_WITHIN_S: Final = 10.0
"""Seconds in which a slow link must take what is left: one paint, and the sequences that restore the terminal."""
_END_OF_UPDATE: Final = "\x1b[?2026l"
"""Lets the terminal show what it held back since the beginning of an update."""


class LinkFile:
    """The terminal as the driver's writing thread sees it: a file that accepts everything and never raises.

    Text that cannot be written any more is dropped. Writing uses a file description of this process alone, which does
    not block, so that a write can be abandoned; the shell's description keeps its mode.
    """

    def __init__(self, file: TextIO, drained: Callable[[], None]) -> None:
        self._file = file
        self._drained = drained
        self._fd = file.fileno()
        self.dead = False
        """The terminal is gone for good."""
        self._give_up_at = float("inf")
        """From this monotonic second on, everything is dropped."""

    def open(self) -> None:
        """Start to write, for the first time or again."""
        self._give_up_at = float("inf")
        self._fd = _own_description(self._file.fileno())

    def leave(self) -> None:
        """Let what is left be written as long as the link takes some of it, for `_RESTORE_WITHIN_S` at most."""
        self._give_up_at = min(self._give_up_at, time.monotonic() + _RESTORE_WITHIN_S)

    def close(self) -> None:
        """Close this process's own description."""
        if self._fd != self._file.fileno():
            os.close(self._fd)
        self._fd = self._file.fileno()

    def write(self, text: str) -> None:
        """Write all of `text`, unless the link dies, or is too slow or stalls after `leave`. To end in the middle of a
        sequence would leave the terminal in disorder."""
        data, moved = memoryview(text.encode(errors="replace")), time.monotonic()
        while data and not self.dead and (now := time.monotonic()) < self._give_up_at:
            if taken := self._write_some(data):
                data, moved = data[taken:], now
            elif self._give_up_at < float("inf") and now - moved > _STALLED_S:
                self._give_up_at = now

    def flush(self) -> None:
        """Report that the queue is empty: Textual's writing thread calls this then."""
        self._drained()

    def fileno(self) -> int:
        """The terminal's descriptor."""
        return self._file.fileno()

    def _write_some(self, data: memoryview) -> int:
        waiting = select.poll()
        waiting.register(self._fd, select.POLLOUT)
        if not waiting.poll(100):
            return 0
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:  # the other end is closed
            self.dead = True
            return 0


def _own_description(terminal: int) -> int:
    try:
        return os.open(os.ttyname(terminal), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # no terminal, or its name does not exist in this container
        return terminal


@runtime_checkable
class TerminalUser(Protocol):
    """An app that wants to know when it has the terminal."""

    def terminal_left(self) -> None:
        """The process is about to stop."""

    def terminal_taken(self) -> None:
        """The terminal is taken again, after a stop or an editor. What was typed before was not for the app."""


class PalateDriver(LinuxDriver):
    """LinuxDriver, except that writing never blocks the app and that a dead terminal is no error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._link = LinkFile(self._file, self._drained)  # type: ignore[arg-type]  # Textual's own stderr
        self._file = self._link  # type: ignore[assignment]  # the writing thread needs only `write` and `flush`
        self._behind = False
        self._has_terminal = False
        self._had_terminal = False

    def start_application_mode(self) -> None:
        """Take the terminal: at the start, after an external editor, and after a SIGSTOP, which no handler sees.

        SIGCONT calls this, and SIGCONT also comes with a lost link; a terminal that is gone is not taken again.
        """
        if self._has_terminal:
            if self.gone:
                return
            self.suspend_application_mode()
        if self._had_terminal:
            self._forget_input()
        self._has_terminal = self._had_terminal = True
        self._link.open()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def write(self, data: str) -> None:
        """Queue `data`. Where a stalled link leaves no room, drop it; the app repaints everything later."""
        if self._writer_thread is not None and self._writer_thread._queue.qsize() >= MAX_QUEUED_WRITES - 1:
            self._behind = True
        else:
            super().write(data)

    def hang_up(self) -> None:
        """Stop to read and write: the terminal is gone."""
        self._link.dead = True
        self.exit_event.set()

    def run_input_thread(self) -> None:
        """Read keys until the app leaves or the terminal is gone; `watch_for_hang_up` reports the latter."""
        with suppress(OSError):
            super().run_input_thread()

    def suspend(self, words: str) -> None:
        """Give the terminal back, write `words` on it, and stop this job until the shell continues it.

        The whole job stops, as at a ctrl+Z that the terminal itself handles: the process that waits for this one, and
        a script that started both.
        """
        self._give_back()
        with suppress(OSError):  # the terminal is gone; the hang-up is noticed after the stop
            os.write(self._link.fileno(), words.encode(errors="replace"))
        os.killpg(os.getpgrp(), signal.SIGSTOP)

    def _give_back(self) -> None:
        if isinstance(self._app, TerminalUser):
            self._app.terminal_left()
        self.suspend_application_mode()
        self._must_signal_resume = True

    def _sigtstp_application(self, *_: object) -> None:
        """Stop the process, after giving back the terminal if it has one."""
        if self._has_terminal and self._auto_restart:
            self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again after a stop, or stop again where the shell continued the job in the background.

        SIGCONT also comes with the end of a shell's session, perhaps after the app has given the terminal back. It must
        not end a run that continues without a terminal.
        """
        if not (self._has_terminal or self._must_signal_resume):
            return
        if in_background(self.fileno):
            os.kill(os.getpid(), signal.SIGSTOP)
        else:
            super()._sigcont_application()

    def _forget_input(self) -> None:
        """Drop what was typed while another program had the terminal."""
        with suppress(termios.error):  # the terminal is gone
            termios.tcflush(self.fileno, termios.TCIFLUSH)
        if isinstance(self._app, TerminalUser):
            self._app.terminal_taken()

    def stop_application_mode(self) -> None:
        """Give the terminal back, if there is one."""
        self._has_terminal = False
        self._link.leave()
        self._drop_queued()
        super().stop_application_mode()

    def _drop_queued(self) -> None:
        """Drop the paints that wait for a slow link, since the screen is left; the one that is being written ends."""
        if self._writer_thread is None:
            return
        with suppress(Empty):
            while True:
                self._writer_thread._queue.get_nowait()
        self.write(_END_OF_UPDATE)

    def close(self) -> None:
        """End the writing thread, within about `_STALLED_S` where the link stalls."""
        self._link.leave()
        super().close()
        self._link.close()

    def _drained(self) -> None:
        """Repaint everything once the link has room again. Runs on the writing thread."""
        if self._behind and not self._link.dead and not self.exit_event.is_set():
            self._behind = False
            self._app.call_later(self._app.refresh, repaint=True, layout=True)

    @property
    def gone(self) -> bool:
        """Whether the other end of the terminal is closed."""
        return self._link.dead or hung_up(self.fileno)
