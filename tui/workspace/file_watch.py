"""Check once a second what other programs do to the workspace's database: they may replace it, or let its log grow."""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from db.errors import DatabaseError, ReplacedDatabase
from db.file_identity import wal_of
from db.writer import Writer
from tui.events import DatabaseReplaced, WorkbenchEvent, WorkbenchNotice
from tui.text.sanitize import visible_line

CHECK_EVERY_S = 1.0
LONG_LOG = 32 << 20
"""Bytes of the write-ahead log that tell of another program that reads without an end: SQLite folds it in at 4 MB."""
EMPTY_AGAIN_AFTER_S = 60.0

logger = logging.getLogger(__name__)


class FileWatch:
    """Checks on a thread of its own, which ends with `close` or after it published a replacement."""

    def __init__(self, writer: Writer, publish: Callable[[WorkbenchEvent], None]) -> None:
        """Start the checks. `publish` is called on their thread."""
        self._writer = writer
        self._publish = publish
        self._closing = threading.Event()
        self._empty_at = 0.0
        self._log_was_long = False
        self._thread = threading.Thread(target=self._follow, name="palate-files", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the checks and their thread."""
        self._closing.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._closing.wait(CHECK_EVERY_S):
            try:
                self._writer.check_files()
            except ReplacedDatabase as replaced:
                logger.error("%s", replaced)
                self._publish(DatabaseReplaced(replaced.title, str(replaced)))
                return
            except DatabaseError as error:
                logger.warning("The database's files could not be checked: %s", error)
            else:
                self._shorten_log()

    def _shorten_log(self) -> None:
        """Empty a log that is too long; where another program's reading prevents that, publish it once."""
        if log_size(self._writer.path) <= LONG_LOG:
            self._log_was_long = False
            return
        if time.monotonic() < self._empty_at:
            return
        self._writer.empty_log()
        self._empty_at = time.monotonic() + EMPTY_AGAIN_AFTER_S
        if (size := log_size(self._writer.path)) > LONG_LOG and not self._log_was_long:
            self._log_was_long = True
            self._publish(WorkbenchNotice("The database's log grows", _words(self._writer.path, size)))


def log_size(path: Path) -> int:
    """Bytes of the write-ahead log of the database `path`; 0 without one."""
    try:
        return wal_of(path).stat().st_size
    except FileNotFoundError:
        return 0


def _words(path: Path, size: int) -> str:
    readers = _other_readers(path)
    who = f"Process {' and '.join(readers)}" if readers else "Another program"
    return f"{who} has been reading {path.name} for long, so its log has {size / 1e6:.0f} MB already. End that reading."


def _other_readers(path: Path) -> list[str]:
    """The other processes of this user that have the database open, as `12 (sqlite3)`."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and any(each.path == str(path.resolve()) for each in process.open_files()):
                found.append(f"{process.pid} ({visible_line(process.name(), 20)})")
        except psutil.Error:  # it is another user's, or has ended
            continue
    return found
