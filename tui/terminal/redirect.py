"""Keeps the terminal for Textual and sends everything else that is printed to a log."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from db.private_files import open_private
from tui.terminal.logs import VisibleFormatter

_CLIENTS: Final = ("httpx2", "httpcore2", "httpx", "httpcore")
"""Loggers of HTTP clients: each request's whole address is there at INFO, and it may hold a secret."""


def log_to(path: Path) -> None:
    """Write the program's log to a file of at most 1 MB, for its owner alone, with one older file beside it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handler = _PrivateLog(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    handler.setFormatter(VisibleFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in _CLIENTS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


class _PrivateLog(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        return os.fdopen(open_private(Path(self.baseFilename), os.O_WRONLY | os.O_APPEND), "a", encoding=self.encoding)


class Terminal:
    """The terminal while Textual's driver alone has it; meanwhile file descriptors 1 and 2 write to a log."""

    def __init__(self, log: Path) -> None:
        log_fd = open_private(log, os.O_WRONLY | os.O_APPEND)
        self._kept = {fd: os.dup(fd) for fd in (1, 2)}
        shown = 2 if os.isatty(2) else 1  # `palate 2>errors.txt` still has a terminal
        self._file = os.fdopen(os.dup(self._kept[shown]), "w", encoding="utf-8", errors="replace", buffering=1)
        self._before = sys.__stdout__, sys.__stderr__
        sys.__stdout__ = sys.__stderr__ = self._file  # type: ignore[misc]
        for fd in self._kept:
            os.dup2(log_fd, fd)
        os.close(log_fd)

    def give_back(self) -> None:
        """Point the file descriptors 1 and 2 at the terminal again, unless `let_go` closed it."""
        sys.__stdout__, sys.__stderr__ = self._before  # type: ignore[misc]
        with suppress(OSError):  # the other end is closed
            self._file.close()
        for fd, copy in self._kept.items():
            os.dup2(copy, fd)
            os.close(copy)
        self._kept = {}

    def let_go(self) -> None:
        """Close every descriptor of the terminal: output stays in the log, and reading gives the end of the file."""
        for copy in self._kept.values():
            os.close(copy)
        self._kept = {}
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)


@contextmanager
def redirect_output(log: Path) -> Iterator[Terminal]:
    """Give the terminal to Textual's driver alone.

    The driver writes to `sys.__stderr__` and asks `sys.__stdout__` for the size. Anything else that writes to the file
    descriptors 1 and 2, such as a library's progress bar or a subprocess, would write on the screen, so both lead to
    `log` inside the block.
    """
    terminal = Terminal(log)
    try:
        yield terminal
    finally:
        terminal.give_back()
