"""The one thread that writes. It owns the only writing connection, and resolves each future after the commit.

SQLite up to 3.51.2 can corrupt a WAL file when two connections write or checkpoint together, hence one writer.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from db.connection import BUSY_TIMEOUT_S, writing
from db.errors import DatabaseError
from db.file_identity import wal_of
from db.index_merges import allow_merges, merges_wait, postpone_merges
from db.owner_files import OwnerFiles, is_short_read
from db.reserve import Reserve
from db.sqlite_errors import primary_code, translated

P = ParamSpec("P")
T = TypeVar("T")

# At close, readers inside a statement may still hold the WAL; a longer wait for them has no use.
_CLOSE_TIMEOUT_MS = 500
# What is only wanted, not acknowledged, waits for a better moment after these.
_REFUSED_FOR_NOW = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

logger = logging.getLogger(__name__)


class Writer:
    """Runs functions of a connection on its own thread, each in one transaction, in the order of submission."""

    def __init__(self, path: Path) -> None:
        """Open the file that `open_database` prepared, and mark it as in use.

        Raises:
            DatabaseError: the file cannot be opened or written.
        """
        self.path = path
        self._conn: sqlite3.Connection | None = None
        self._files: OwnerFiles
        self._reserve = Reserve(path)
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="palate-writer")
        try:
            self._thread.submit(self._open).result()
        except BaseException:
            self._thread.shutdown()
            raise

    def submit(
        self, fn: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Run `fn(conn, ...)` in BEGIN IMMEDIATE … COMMIT. The future has its result once that is on the disk.

        When `fn` or the commit fails, the transaction is rolled back and the future has the error, such as `DiskFull`.
        The caller need not wait, because the future cannot be cancelled. Once another program removed or replaced the
        files, every future has the error `ReplacedDatabase`.

        Raises:
            DatabaseError: the writer is closed.
        """
        return self._submit(lambda conn: fn(conn, *args, **kwargs), reserved=False)

    def submit_with_reserve(
        self, fn: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """As `submit`, for verdicts: on a full disk the room that is kept for them is given up, and `fn` runs again.

        `fn` changes nothing but the database.
        """
        return self._submit(lambda conn: fn(conn, *args, **kwargs), reserved=True)

    def empty_log(self) -> None:
        """Copy the write-ahead log into the database and truncate it, as far as readers and the disk allow.

        Then keep room for verdicts again, if there is some. Does nothing once the writer is closed.
        """
        with self._lock:
            conn = self._conn
            if conn is None:
                return
            emptied = self._thread.submit(self._empty_log, conn)
            kept = self._thread.submit(self._keep_room, conn)
        emptied.result()
        kept.result()

    def keep_room(self, size: int) -> bool:
        """Keep `size` bytes of the disk for verdicts from now on; returns whether they are kept, see `db.reserve`.

        Raises:
            DatabaseError: the writer is closed.
        """
        with self._lock:
            kept = self._thread.submit(self._keep_room, self._opened(), size)
        return kept.result()

    def compact(self) -> Future[bool]:
        """Rewrite the database without free pages and empty the write-ahead log, so that no deleted text is left.

        The future has False where a reader kept the log from being emptied. It needs as much room as the database has.

        Raises:
            DatabaseError: the writer is closed.
        """
        with self._lock:
            return self._thread.submit(self._compact, self._opened())

    def check_files(self) -> None:
        """Check that the open files still have their names; does nothing once the writer is closed.

        Raises:
            ReplacedDatabase: they have not; a copy of all data was saved if that was possible.
        """
        with self._lock:
            conn = self._conn
            looked = self._thread.submit(self._look, conn) if conn is not None else None
        if looked is not None:
            looked.result()

    def wait_until_done(self) -> None:
        """Wait for the submitted functions and for the callbacks of their futures, which run on this thread too."""
        with self._lock:
            last = self._thread.submit(lambda: None) if self._conn is not None else None
        if last is not None:
            last.result()

    def close(self) -> None:
        """Finish the submitted functions, copy the WAL into the file, and mark it as cleanly closed.

        A second call does nothing.

        Raises:
            ReplacedDatabase: another program removed or replaced the files; they are left as they are.
        """
        with self._lock:
            conn, self._conn = self._conn, None
        if conn is None:
            return
        try:
            self._thread.submit(self._close, conn).result()
        finally:
            self._thread.shutdown()

    def _opened(self) -> sqlite3.Connection:
        if self._conn is None:
            raise DatabaseError(f"{self.path} is closed. Start `palate` again to write to it.")
        return self._conn

    def _open(self) -> None:
        with translated(self.path):
            conn = writing(self.path)
            try:
                # On a full disk this takes the room that is kept, so that a person can still judge.
                self._with_room(conn, lambda: conn.execute("UPDATE clean_close SET clean = 0"), reserved=True)
            except sqlite3.Error:
                conn.close()
                raise
            self._files = OwnerFiles(self.path)
            self._keep_room(conn)
            self._conn = conn

    def _submit(self, fn: Callable[[sqlite3.Connection], T], *, reserved: bool) -> Future[T]:
        with self._lock:
            conn = self._opened()
            done: Future[T] = Future()
            done.set_running_or_notify_cancel()
            self._thread.submit(self._resolve, done, conn, lambda: fn(conn), reserved)
            return done

    def _resolve(self, done: Future[T], conn: sqlite3.Connection, work: Callable[[], T], reserved: bool) -> None:
        try:
            result = self._transact(conn, lambda: self._with_room(conn, work, reserved))
        except BaseException as error:  # noqa: BLE001 — the future carries any error, as a thread pool's does
            done.set_exception(error)
        else:
            done.set_result(result)

    def _transact(self, conn: sqlite3.Connection, work: Callable[[], T]) -> T:
        """Run `work`, which commits, between two checks of the files."""
        with translated(self.path):
            self._files.check(conn)
            try:
                result = work()
            except sqlite3.Error as error:
                if is_short_read(error):
                    self._files.save(conn)
                self._files.check_own(conn)
                raise
            # Only this check proves that the commit did not go into a file that has lost its name.
            self._files.check_own(conn)
        return result

    def _with_room(self, conn: sqlite3.Connection, work: Callable[[], T], reserved: bool) -> T:
        """Run `work` in a transaction. On a full disk its log is emptied, and what may use the reserve runs again."""
        try:
            return self._committed(conn, work)
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_FULL:
                raise
            self._empty_log(conn)
            if not reserved or not self._reserve.give_up():
                raise
            self._empty_log(conn)  # the database has room to grow now

        def work_without_merges() -> T:
            postpone_merges(conn)
            return work()

        return self._committed(conn, work_without_merges)

    def _keep_room(self, conn: sqlite3.Connection, size: int | None = None) -> bool:
        """Keep room for verdicts (again), if there is some; the index may merge again then. Returns whether it is kept.

        Merges go on waiting where the disk is full once more, or another program holds the file locked.
        """
        kept = self._reserve.keep() if size is None else self._reserve.resize(size)
        if kept and merges_wait(conn):
            self._allow_merges(conn)
        return kept

    def _allow_merges(self, conn: sqlite3.Connection) -> None:
        try:
            self._committed(conn, lambda: allow_merges(conn))
        except sqlite3.OperationalError as error:
            if primary_code(error) not in _REFUSED_FOR_NOW:
                raise
            logger.warning("The index of words in %s merges later: %s", self.path, error)

    def _empty_log(self, conn: sqlite3.Connection) -> None:
        conn.execute(f"PRAGMA busy_timeout = {_CLOSE_TIMEOUT_MS}")
        try:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError as error:  # the disk is too full to copy the log into the database
            logger.warning("%s could not be emptied: %s", wal_of(self.path), error)
        finally:
            conn.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")

    def _compact(self, conn: sqlite3.Connection) -> bool:
        with translated(self.path):
            self._files.check(conn)
            conn.execute("VACUUM")
            emptied = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
            self._files.check_own(conn)
            return bool(emptied)

    def _committed(self, conn: sqlite3.Connection, work: Callable[[], T]) -> T:
        conn.execute("BEGIN IMMEDIATE")
        try:
            result = work()
            conn.execute("COMMIT")
        finally:
            # SQLite has already rolled back after some errors, such as a full disk.
            if conn.in_transaction:
                conn.execute("ROLLBACK")
        return result

    def _look(self, conn: sqlite3.Connection) -> None:
        with translated(self.path):
            if self._files.replaced is not None:
                raise self._files.replaced  # only a verdict tries again to save a copy
            self._files.check(conn)
            self._keep_room(conn)

    def _close(self, conn: sqlite3.Connection) -> None:
        with translated(self.path):
            try:
                self._files.check(conn)
                self._mark_clean(conn)
            finally:
                self._files.close(conn)

    def _mark_clean(self, conn: sqlite3.Connection) -> None:
        """Mark the file as cleanly closed.

        It stays unmarked on a full disk, and where another program holds it locked; the next start checks every page.
        """
        try:
            self._committed(conn, lambda: conn.execute("UPDATE clean_close SET clean = 1"))
            self._empty_log(conn)
        except sqlite3.OperationalError as error:
            if primary_code(error) not in _REFUSED_FOR_NOW:
                raise
            logger.warning("%s was closed without a mark, its log holds the newest rows: %s", self.path, error)


def timed(
    conn: sqlite3.Connection, fn: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
) -> tuple[float, T]:
    """Run `fn(conn, ...)`; returns its seconds of processor time on this thread, and its result."""
    begun = time.thread_time()
    result = fn(conn, *args, **kwargs)
    return time.thread_time() - begun, result
