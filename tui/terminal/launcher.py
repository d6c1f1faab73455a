"""Two processes for the app: a parent that is the shell's job and only waits, and a child that does everything.

A shell shows its prompt when its job ends, and a job cannot leave the terminal and continue. So the child leaves the
terminal's session, reports that to the parent and continues, and then the parent ends. The child is forked before
anything heavy is imported, in the parent's process group and terminal; the fork takes a millisecond.
"""

import os
import signal
import socket
import termios
from contextlib import suppress
from typing import Any

COMPLETING = "_PALATE_COMPLETE"
"""The variable that a shell sets when it asks for completions; then no app opens, whatever the words are."""
PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP, signal.SIGCONT)
"""The signals that the parent passes on when another process sends them to the parent alone."""
WAITED_FOR = (*PASSED_ON, signal.SIGCHLD, signal.SIGUSR1)
HELD_BACK = (*WAITED_FOR, signal.SIGTTOU)
RESET_SCREEN = "\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?2048l\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[?1004l"
"""The sequences that reset keyboard, mouse, bracketed paste, line wrap, alternate screen and cursor for a shell."""


class Line:
    """The child's connection to its parent, the shell's job."""

    def __init__(self, connection: socket.socket, parent: int) -> None:
        self._connection = connection
        self._parent = parent

    def fileno(self) -> int:
        """A file to watch: it hangs up when the parent has ended and the shell has the terminal again."""
        return self._connection.fileno()

    def let_go(self, words: str) -> None:
        """Leave the terminal's session for one without a terminal; the parent prints `words` and ends."""
        if os.getpgrp() != os.getpid():
            os.setsid()
        with suppress(OSError):  # the parent was killed
            self._connection.sendall(words.encode(errors="replace"))
            if os.getppid() == self._parent:
                os.kill(self._parent, signal.SIGUSR1)


def in_a_child() -> Line:
    """Fork, and return in the child alone; the parent waits for the child and ends with its status."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    ours, childs = socket.socketpair()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        ours.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return Line(childs, parent)
    childs.close()
    os._exit(_Parent(child, ours).status())


class _Parent:
    """The waiting parent: it passes signals on, and stops and ends when its child does."""

    def __init__(self, child: int, line: socket.socket) -> None:
        self._child = child
        self._line = line
        self._terminal = _terminal_modes()
        self._child_stopped = False

    def status(self) -> int:
        """Wait until the child has ended or has left the terminal; returns the exit status for the shell."""
        while True:
            number, sent_to_us_alone = _next_signal()
            if number == signal.SIGUSR1:
                if self._has_let_go():
                    return 0
                continue
            ended = self._look_at_child()
            if ended is not None:
                return self._status_of(ended)
            if number == signal.SIGCHLD:
                self._stop_with_child()
            elif sent_to_us_alone and (number != signal.SIGCONT or self._child_stopped):
                os.kill(self._child, number)

    def _look_at_child(self) -> int | None:
        """The wait status of a child that ended, else None. Notes whether the child is stopped."""
        while True:
            pid, status = os.waitpid(self._child, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            if pid == 0:
                return None
            if not (os.WIFSTOPPED(status) or os.WIFCONTINUED(status)):
                return status
            self._child_stopped = os.WIFSTOPPED(status)

    def _stop_with_child(self) -> None:
        """Stop this process, the shell's job, where its child is stopped.

        A SIGCONT that waits here was sent to the whole job, so the child is about to run as well.
        """
        if self._child_stopped and signal.SIGCONT not in signal.sigpending():
            os.kill(os.getpid(), signal.SIGSTOP)

    def _status_of(self, ended: int) -> int:
        if os.WIFSIGNALED(ended):
            self._restore_terminal(os.WTERMSIG(ended))
            return 128 + os.WTERMSIG(ended)
        return os.waitstatus_to_exitcode(ended)

    def _has_let_go(self) -> bool:
        """Print the child's last words; returns whether it has left the terminal."""
        try:
            words = self._line.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:  # another process sent the signal
            return False
        _say(words)
        return bool(words)

    def _restore_terminal(self, number: int) -> None:
        """Reset the terminal for the shell after signal `number` killed the child, and print what happened."""
        if self._terminal is not None:
            with suppress(OSError, termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._terminal)
                _say(RESET_SCREEN.encode())
        name = signal.Signals(number).name
        _say(f"{name} ended Palate. Your verdicts are saved; press r on Runs to resume a run.\n".encode())


def _terminal_modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(0)
    except termios.error:  # no terminal
        return None


def _next_signal() -> tuple[int, bool]:
    """The next signal, and whether a process sent it; a signal of the terminal reaches the child as well."""
    if hasattr(signal, "sigwaitinfo"):
        info = signal.sigwaitinfo(WAITED_FOR)
        return info.si_signo, info.si_code <= 0  # a signal of the kernel has a positive code
    number = signal.sigwait(WAITED_FOR)  # macOS does not say which process sent it
    return number, number != signal.SIGINT


def _say(words: bytes) -> None:
    with suppress(OSError):  # the terminal is gone
        os.write(2, words)
