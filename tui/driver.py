"""Textual's driver for a link that may stall or die: it never blocks the app, never spins and never fails."""

import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TextIO

from textual.drivers._writer_thread import MAX_QUEUED_WRITES
from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.signals import hung_up

_LAST_WORDS_S: Final = 1.0
"""How long a link that stalls is given for what restores the terminal."""


class LinkFile:
    """The terminal as the driver's writing thread sees it: a file that takes everything and never raises.

    What cannot be written any more is dropped. It is written through a file description of our own, which does not
    block, so a write can be given up; the shell's description stays as it is.
    """

    def __init__(self, file: TextIO, drained: Callable[[], None]) -> None:
        self._file = file
        self._drained = drained
        self._fd = file.fileno()
        self.dead = False
        """The terminal is gone for good."""
        self.give_up_at = float("inf")
        """From this monotonic second on, everything is dropped."""

    def open(self) -> None:
        """Begin to write, now or again."""
        self.give_up_at = float("inf")
        self._fd = _own_description(self._file.fileno())

    def close(self) -> None:
        """Let go of the description of our own."""
        if self._fd != self._file.fileno():
            os.close(self._fd)
        self._fd = self._file.fileno()

    def write(self, text: str) -> None:
        """Write all of it, unless the link dies or it is time to give up."""
        data = memoryview(text.encode(errors="replace"))
        while data and not self.dead and time.monotonic() < self.give_up_at:
            data = data[self._write_some(data) :]

    def flush(self) -> None:
        """Called when nothing more waits to be written."""
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
        except OSError:  # nobody is at the other end
            self.dead = True
            return 0


def _own_description(terminal: int) -> int:
    try:
        return os.open(os.ttyname(terminal), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # no terminal, or one whose name is not known in this container
        return terminal


class PalateDriver(LinuxDriver):
    """LinuxDriver, except that writing never holds up the app and that a dead terminal is no error."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._link = LinkFile(self._file, self._drained)  # type: ignore[arg-type]  # Textual's own stderr
        self._file = self._link  # type: ignore[assignment]  # it writes to whatever has `write` and `flush`
        self._behind = False
        self._has_terminal = False

    def start_application_mode(self) -> None:
        """Take the terminal: at the start, after an editor had it, and after a stop that came without a word.

        SIGCONT, which brings us here, comes with a lost link too; a terminal that is gone is not taken again.
        """
        if self._has_terminal:
            if self.gone:
                return
            self.suspend_application_mode()
        self._has_terminal = True
        self._link.open()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def write(self, data: str) -> None:
        """Queue what is to be written. While a stalled link leaves no room, it is dropped, and all is drawn later."""
        if self._writer_thread is not None and self._writer_thread._queue.qsize() >= MAX_QUEUED_WRITES - 1:
            self._behind = True
        else:
            super().write(data)

    def hang_up(self) -> None:
        """The terminal is gone: nothing is read or written any more."""
        self._link.dead = True
        self.exit_event.set()

    def run_input_thread(self) -> None:
        """Read keys until the app leaves or the terminal is gone, which whoever watches the link tells."""
        with suppress(OSError):
            super().run_input_thread()

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again after a stop.

        SIGCONT also comes with the end of a shell's session, and may come when the app has given the terminal back: a
        run that goes on without one must not end by it.
        """
        if self._has_terminal or self._must_signal_resume:
            super()._sigcont_application()

    def _sigtstp_application(self, *_: object) -> None:
        """Stop the process; a terminal that it has is given back before."""
        if self._has_terminal:
            super()._sigtstp_application()
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    def stop_application_mode(self) -> None:
        """Give the terminal back, as far as there is one."""
        self._has_terminal = False
        self._link.give_up_at = time.monotonic() + _LAST_WORDS_S
        super().stop_application_mode()

    def close(self) -> None:
        """End the writing thread, which a stalled link cannot hold up for long."""
        self._link.give_up_at = time.monotonic() + _LAST_WORDS_S
        super().close()
        self._link.close()

    def _drained(self) -> None:
        """Called on the writing thread."""
        if self._behind and not self._link.dead and not self.exit_event.is_set():
            self._behind = False
            self._app.call_later(self._app.refresh, repaint=True, layout=True)

    @property
    def gone(self) -> bool:
        """Is nobody at the other end of the terminal?"""
        return self._link.dead or hung_up(self.fileno)
