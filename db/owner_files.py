"""Check that the writer's open files still have their names, and save a copy of the data if they do not.

Another program may remove or replace palate.db or its WAL while Palate writes. A commit then goes into a file that no
longer has a name, and is lost when the process ends. SQLite itself does not notice.
"""

import ctypes
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from db.backup import back_up_open
from db.backup_files import BACKUPS, SAVED, timed_name
from db.connection import REPLACED, quick_check, read_only
from db.errors import (
    DamagedDatabase,
    DatabaseError,
    ForeignDatabase,
    MissingDatabase,
    NewerDatabase,
    OlderDatabase,
    ReplacedDatabase,
)
from db.file_identity import forget, is_replaced, remember, wal_of
from db.sqlite_errors import translated

_OTHER_CONTENT = (DamagedDatabase, ForeignDatabase, MissingDatabase, NewerDatabase, OlderDatabase)


class OwnerFiles:
    """The files of one writer's connection. Used on the writer's thread alone."""

    def __init__(self, path: Path) -> None:
        """Remember the present files. Call this after the first commit, when there is a WAL."""
        self._path = path
        self._seen = self._sizes()
        self.replaced: ReplacedDatabase | None = None
        """The error, once the files were found replaced."""
        remember(path)

    def check(self, conn: sqlite3.Connection) -> None:
        """Raise when the files are not those that `conn` has open, or another program damaged their content.

        This costs four calls of stat as long as no other process wrote. After a write by another process, which may be
        the checkpoint of a program that only reads, every page is checked: 0.6 s for 100,000 verdicts.

        Raises:
            ReplacedDatabase: after an attempt to save a copy of what `conn` sees.
            DatabaseError: the pages could not be checked.
        """
        if self.replaced is not None or is_replaced(self._path):
            self.save(conn)
        if self._sizes() != self._seen:
            if not self._is_sound():
                self.save(conn)
            self._seen = self._sizes()

    def check_own(self, conn: sqlite3.Connection) -> None:
        """Check as `check` does, right after a transaction of `conn`, which itself changed the files' sizes and times.

        Raises:
            ReplacedDatabase: as `check`.
        """
        if self.replaced is not None or is_replaced(self._path):
            self.save(conn)
        self._seen = self._sizes()

    def save(self, conn: sqlite3.Connection) -> None:
        """Save a copy of what `conn` sees, unless there is one already, and raise.

        Raises:
            ReplacedDatabase: always.
        """
        if self.replaced is None:
            _keep_open(conn)
        if self.replaced is None or self.replaced.saved is None:
            self.replaced = self._rescued(conn)
        raise self.replaced

    def close(self, conn: sqlite3.Connection) -> None:
        """Close `conn`, or leave it open until the process ends where the files were replaced."""
        if self.replaced is None:
            forget(self._path)
            conn.close()

    def _rescued(self, conn: sqlite3.Connection) -> ReplacedDatabase:
        name = timed_name(SAVED)
        failed: Exception | None = None
        for folder in (self._path.parent / BACKUPS, Path(tempfile.gettempdir())):
            try:
                back_up_open(conn, folder / name)
            except (sqlite3.Error, OSError, DatabaseError) as error:
                failed = failed or error
            else:
                return ReplacedDatabase(self._saved_words(folder / name), folder / name)
        return ReplacedDatabase(self._unsaved_words(failed), None)

    def _saved_words(self, saved: Path) -> str:
        return (
            f"{self._path} takes nothing more: {REPLACED}. All that was stored is in {saved}: leave Palate, and put it "
            f"back with `palate restore {saved}`."
        )

    def _unsaved_words(self, failed: Exception | None) -> str:
        return (
            f"{self._path} takes nothing more: {REPLACED}, and no copy of it can be saved ({failed}). "
            f"Keep Palate open, make room in {self._path.parent}, and judge: each verdict key tries again."
        )

    def _sizes(self) -> tuple[int, int, int]:
        """The values that only a commit or a checkpoint changes."""
        try:
            file = self._path.stat()
            return file.st_size, file.st_mtime_ns, wal_of(self._path).stat().st_size
        except FileNotFoundError:
            return 0, 0, 0

    def _is_sound(self) -> bool:
        """Whether a new connection, which has no page in memory yet, finds the whole file readable and sound."""
        try:
            with translated(self._path), closing(read_only(self._path)) as fresh:
                return quick_check(fresh) == "ok"
        except _OTHER_CONTENT:
            return False
        except DatabaseError as error:
            if is_short_read(error.__cause__):
                return False
            raise


def is_short_read(error: BaseException | None) -> bool:
    """Whether SQLite reached the end of a file before a page: the file was truncated or replaced."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_SHORT_READ


def _keep_open(conn: sqlite3.Connection) -> None:
    """Never close `conn`, not even when the interpreter ends.

    Closing the last connection copies its WAL into the database file. That file may have other content by now, which
    those pages would destroy. When the process ends, the system closes the descriptors without that copy.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(conn))
