"""Two processes for the app: a small one that is the shell's job and waits, and its child that does everything.

A shell takes its prompt back when its job ends, and a job cannot leave the terminal and live on. So the job is a
process that only waits: its child can leave the terminal's session, say so, and go on, and then the small one ends.
It is forked before anything heavy is imported, shares its group and terminal with the child, and costs a millisecond.
"""

import os
import signal
import socket
import termios
from contextlib import suppress
from typing import Any

COMPLETING = "_PALATE_COMPLETE"
"""A shell that asks for completions sets this variable; then nothing is opened, whatever words there are."""
PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP, signal.SIGCONT)
"""What somebody sends to the waiting process alone is meant for its child."""
WAITED_FOR = (*PASSED_ON, signal.SIGCHLD, signal.SIGUSR1)
HELD_BACK = (*WAITED_FOR, signal.SIGTTOU)
PLAIN_AGAIN = "\x1b[<u\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?2048l\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[?1004l"
"""Keyboard, mouse, pasting, line wrap, the other screen and the cursor, as a shell wants them."""


class Line:
    """The child's line to the process that waits for it in the shell's job."""

    def __init__(self, connection: socket.socket, waiting: int) -> None:
        self._connection = connection
        self._waiting = waiting

    def fileno(self) -> int:
        """To be watched: it hangs up when the waiting process is gone, and the shell has the terminal again."""
        return self._connection.fileno()

    def let_go(self, words: str) -> None:
        """Leave the terminal's session for one without a terminal; the waiting process says `words` and ends."""
        if os.getpgrp() != os.getpid():
            os.setsid()
        with suppress(OSError):  # the waiting process was killed
            self._connection.sendall(words.encode(errors="replace"))
            if os.getppid() == self._waiting:
                os.kill(self._waiting, signal.SIGUSR1)


def in_a_child() -> Line:
    """Fork, and return in the child alone; the parent waits for it and ends as it does."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    ours, childs = socket.socketpair()
    waiting = os.getpid()
    child = os.fork()
    if child == 0:
        ours.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return Line(childs, waiting)
    childs.close()
    os._exit(_Waiting(child, ours).status())


class _Waiting:
    """The parent: passes signals on, stops and ends as its child does."""

    def __init__(self, child: int, line: socket.socket) -> None:
        self._child = child
        self._line = line
        self._terminal = _terminal_modes()

    def status(self) -> int:
        """Wait until the child ended or let go; the exit status for the shell."""
        while True:
            number, meant_for_us_alone = _next_signal()
            if number == signal.SIGCHLD:
                status = self._looked_after()
                if status is not None:
                    return status
            elif number == signal.SIGUSR1:
                if self._has_let_go():
                    return 0
            elif meant_for_us_alone:
                os.kill(self._child, number)

    def _looked_after(self) -> int | None:
        """The status of a child that ended. One that was stopped stops us: the shell waits for its job, which is us."""
        pid, status = os.waitpid(self._child, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            return None
        if os.WIFSTOPPED(status):
            os.kill(os.getpid(), signal.SIGSTOP)
            return None
        if os.WIFSIGNALED(status):
            self._mend_terminal(os.WTERMSIG(status))
        return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)

    def _has_let_go(self) -> bool:
        """Did the child say that it goes on alone? Its words are for the person at the prompt."""
        try:
            words = self._line.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:  # the signal came from somebody else
            return False
        _say(words)
        return bool(words)

    def _mend_terminal(self, number: int) -> None:
        """A child that was killed left the terminal as it had it: make it the shell's again, and say what happened."""
        if self._terminal is not None:
            with suppress(OSError, termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._terminal)
                _say(PLAIN_AGAIN.encode())
        name = signal.Signals(number).name
        _say(f"Palate was ended by {name}. What you judged is saved; a run goes on with r on Runs.\n".encode())


def _terminal_modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(0)
    except termios.error:  # no terminal
        return None


def _next_signal() -> tuple[int, bool]:
    """The next signal, and whether somebody sent it; what the terminal sends comes to the whole group."""
    if hasattr(signal, "sigwaitinfo"):
        told = signal.sigwaitinfo(WAITED_FOR)
        return told.si_signo, told.si_code <= 0  # what the kernel itself sends has a positive code
    number = signal.sigwait(WAITED_FOR)  # macOS does not tell who sent it
    return number, number != signal.SIGINT


def _say(words: bytes) -> None:
    with suppress(OSError):  # the terminal is gone
        os.write(2, words)
