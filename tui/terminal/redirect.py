"""The terminal kept for Textual while everything else that is printed goes to the log."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tui.terminal.logs import VisibleFormatter


def log_to(path: Path) -> None:
    """Send the program's own log to a file of at most 1 MB, with one older beside it, for the owner alone."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    handler.setFormatter(VisibleFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)
    path.chmod(0o600)


class Terminal:
    """The terminal while it is kept for Textual's driver; file descriptors 1 and 2 lead to a log meanwhile."""

    def __init__(self, log: Path) -> None:
        log_fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._kept = {fd: os.dup(fd) for fd in (1, 2)}
        shown = 2 if os.isatty(2) else 1  # `palate 2>errors.txt` still has a terminal
        self._file = os.fdopen(os.dup(self._kept[shown]), "w", encoding="utf-8", errors="replace", buffering=1)
        self._before = sys.__stdout__, sys.__stderr__
        sys.__stdout__ = sys.__stderr__ = self._file  # type: ignore[misc]
        for fd in self._kept:
            os.dup2(log_fd, fd)
        os.close(log_fd)

    def give_back(self) -> None:
        """Let everything that is printed reach the terminal again, unless it was let go."""
        sys.__stdout__, sys.__stderr__ = self._before  # type: ignore[misc]
        with suppress(OSError):  # nobody is at the other end any more
            self._file.close()
        for fd, copy in self._kept.items():
            os.dup2(copy, fd)
            os.close(copy)
        self._kept = {}

    def let_go(self) -> None:
        """Hold no descriptor of the terminal any more: what is printed stays in the log, nothing can be read."""
        for copy in self._kept.values():
            os.close(copy)
        self._kept = {}
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)


@contextmanager
def redirect_output(log: Path) -> Iterator[Terminal]:
    """Give the terminal to Textual's driver alone.

    The driver writes to `sys.__stderr__` and asks `sys.__stdout__` for the size. What anything else writes to the file
    descriptors 1 and 2, such as a library's progress bar or a subprocess, would land on the screen, so those go to
    `log` meanwhile.
    """
    terminal = Terminal(log)
    try:
        yield terminal
    finally:
        terminal.give_back()
