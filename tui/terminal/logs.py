"""What the program tells of itself: its log, its warnings and its crashes, all made visible before they are read.

A log is read in a terminal, and its lines may quote answers, names and files.
"""

import logging
import sys
import traceback
from types import TracebackType

from tui.text.sanitize import visible


class VisibleFormatter(logging.Formatter):
    """Lines and tracebacks without anything that could steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback where there is one, made visible."""
        return visible(super().format(record))


def guard_stderr() -> None:
    """Make visible what commands let through to stderr: warnings of the log, and the traceback of a crash."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(VisibleFormatter())
    sys.excepthook = _tell_crash


def _tell_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(visible("".join(traceback.format_exception(kind, error, trace))))
