"""The program's log, warnings and crashes, with control characters made visible.

A person reads a log in a terminal, and its lines may quote answers, names and files.
"""

import logging
import sys
import traceback
from contextlib import suppress
from io import TextIOWrapper
from types import TracebackType

from tui.text.sanitize import visible


class VisibleFormatter(logging.Formatter):
    """Lines and tracebacks without control characters that a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and its traceback if it has one, made visible."""
        return visible(super().format(record))


def guard_stderr() -> None:
    """Make visible the log's warnings and a crash's traceback, which commands print on stderr."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(VisibleFormatter())
    sys.excepthook = _print_crash


def write_every_character() -> None:
    """Write a character that the terminal's encoding lacks as its escape, such as \\u2013, in place of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            with suppress(OSError):  # its descriptor was a file when it was made, and is a pipe now
                stream.reconfigure(errors="backslashreplace")


def _print_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(visible("".join(traceback.format_exception(kind, error, trace))))
