"""Open a workspace's database: identify the file, create or migrate it, and make connections.

There are three kinds of connection. `open_database` opens one to check and migrate, and closes it again. The writer
has the one from `writing`. Every reader has its own from `read_only`.
"""

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from db.backup import back_up
from db.backup_files import advice, newest_backup
from db.errors import (
    DamagedDatabase,
    DatabaseError,
    ForeignDatabase,
    MissingDatabase,
    NewerDatabase,
    NotFound,
    NotWritable,
    OlderDatabase,
    ReplacedDatabase,
)
from db.file_identity import connected, first_bytes, is_replaced, wal_of
from db.import_batches import hide_batch
from db.lock import owner_of
from db.migrations.runner import (
    apply_migrations,
    first_fault,
    migrating,
    newest_version,
    pending_names,
    unknown_names,
)
from db.restoring import finish_restore
from db.sqlite_errors import primary_code, translated

# "PALT": SQLite keeps this number in the file's header, so that a program recognises its own files.
APPLICATION_ID = 0x50414C54
BUSY_TIMEOUT_S = 5.0

# With at least this many verdicts an upgrade takes longer than a second or two.
_MANY = 10_000

_HEADER_SIZE = 100
REPLACED = "another program removed or replaced it or its -wal file while Palate had it open"
_LEFT_ALONE = "It was left as it is. Choose another folder with --workspace."
# A new database is written under `palate.db.<pid>` and this ending, then moved into place.
_BESIDE = ".new"
_MAGIC = b"SQLite format 3\x00"
# Tables that every version has; a file with our id that lacks one of them is incomplete.
_NEEDED = frozenset({"prompts", "completions", "comparisons", "verdicts", "runs", "settings", "clean_close"})


def open_database(path: Path, tell: Callable[[str], None] = lambda _: None) -> None:
    """Create the database, or check it and bring it to this version. Only the workspace's owner may call this.

    `tell` receives a sentence when that will take longer than a moment.

    An existing file is backed up before a migration and checked after an unclean end. The first bytes identify a file
    of another program, and SQLite never opens such a file.

    Raises:
        ForeignDatabase, NewerDatabase, DamagedDatabase, NotWritable, DiskFull, DatabaseError.
    """
    with translated(path):
        _clear_away(path)
        finish_restore(path)
        if not _exists(path):
            _create(path)
        _check_header(path)
        with closing(connect(path)) as conn:
            _check_application(path, conn)
            _check_version(path, conn)
            _migrate(path, conn, tell)
            _check_tables(path, conn)
            _check_after_unclean_end(path, conn)


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that can only read, for one thread at a time. It sees every commit of the writer at once.

    It also works in a folder that cannot be written and on a full disk, as long as the WAL is empty and no process
    owns the workspace.

    Raises:
        NotWritable: an owner is alive, and SQLite cannot read beside it.
        ReplacedDatabase: this process is the owner, and its files are no longer those under their names.
        MissingDatabase, ForeignDatabase, NewerDatabase, OlderDatabase, DamagedDatabase, DatabaseError.
    """
    with translated(path):
        if is_replaced(path):
            raise ReplacedDatabase(
                f"{path} is not read: {REPLACED}. Leave Palate; its last words say what to do.", None
            )
        conn = any_version(path)
        try:
            if pending_names(conn):
                raise OlderDatabase(f"{path} was written by an older Palate. {_how_to_upgrade(path)}")
            hide_batch(conn)
        except (sqlite3.Error, DatabaseError):
            conn.close()
            raise
        return conn


def any_version(path: Path) -> sqlite3.Connection:
    """A connection that can only read, to a database or a copy of one, of this version or an older one.

    Raises:
        NotWritable: an owner is alive, and SQLite cannot read beside it.
        MissingDatabase, ForeignDatabase, NewerDatabase, DamagedDatabase, DatabaseError.
    """
    with translated(path):
        if not _exists(path):
            raise MissingDatabase(f"{path} does not exist. Start `palate` once to make the workspace.")
        _check_header(path)
        conn = _connect_for_reading(path)
        try:
            _check_application(path, conn)
            _check_version(path, conn)
            _check_tables(path, conn)
        except (sqlite3.Error, DatabaseError):
            conn.close()
            raise
        return conn


def writing(path: Path) -> sqlite3.Connection:
    """The writer's connection: in WAL mode, with foreign keys, each commit on the disk before it returns."""
    return _configured(connect(path), "PRAGMA journal_mode = WAL")


def connect(path: Path) -> sqlite3.Connection:
    """A connection for reading and writing without Python's implicit transactions; the file must exist."""
    conn = connected(path, "mode=rw", timeout=BUSY_TIMEOUT_S, factory=_Connection)
    return _configured(conn, "PRAGMA synchronous = FULL")


class _Connection(sqlite3.Connection):
    """Python's connection. For an id too large for SQLite it raises `NotFound` in place of an overflow error."""

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        """Execute a statement as Python's connection does; `NotFound` for an integer beyond SQLite's range."""
        try:
            return super().execute(sql, values)
        except OverflowError as error:
            given = values.values() if isinstance(values, Mapping) else values
            number = max((each for each in given if isinstance(each, int)), key=abs)
            raise NotFound(f"There is no {number}: the number is too large. Look it up in a list.") from error


# -- what the file is ------------------------------------------------------------------------------------------


def _exists(path: Path) -> bool:
    """Whether there is a database file. An empty file counts as none, unless there are backups of it."""
    if not path.exists():
        return False
    if path.stat().st_size > 0:
        return True
    if newest_backup(path.parent) is not None:
        raise DamagedDatabase(f"{path} is empty, but there are backups. {advice(path)}")
    return False


def _check_header(path: Path) -> None:
    """Raise unless the first bytes are those of a Palate database. SQLite never opens a foreign file.

    Where this process has the file open already, the check happened before, and only SQLite may read the file.
    """
    header = first_bytes(path, _HEADER_SIZE)
    if header is None:
        return
    if not header.startswith(_MAGIC):
        raise ForeignDatabase(f"{path} is not an SQLite file. {_LEFT_ALONE}")
    # https://www.sqlite.org/fileformat.html: the application id is the big-endian integer at offset 68.
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise ForeignDatabase(f"{path} is a database of another program. {_LEFT_ALONE}")


def _check_application(path: Path, conn: sqlite3.Connection) -> None:
    """Check the application id again through SQLite: another file may have replaced the one `_check_header` read."""
    if conn.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ForeignDatabase(f"{path} is a database of another program. {_LEFT_ALONE}")


def _check_version(path: Path, conn: sqlite3.Connection) -> None:
    version, unknown = conn.execute("PRAGMA user_version").fetchone()[0], unknown_names(conn)
    if version > newest_version() or unknown:
        raise NewerDatabase(
            f"{path} has version {version}, this Palate knows up to {newest_version()}. "
            "Upgrade Palate, or choose another folder with --workspace."
        )


def _check_tables(path: Path, conn: sqlite3.Connection) -> None:
    there = {row["name"] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if missing := sorted(_NEEDED - there):
        raise DamagedDatabase(f"{path} has no table {missing[0]}. {advice(path)}")


def quick_check(conn: sqlite3.Connection) -> str:
    """The first finding of SQLite's quick check of every page; "ok" when it finds nothing."""
    return str(conn.execute("PRAGMA quick_check(1)").fetchone()[0])


def _check_after_unclean_end(path: Path, conn: sqlite3.Connection) -> None:
    """Check every page when the last owner did not close the file: 0.6 s for 100,000 verdicts (250 MB)."""
    if conn.execute("SELECT clean FROM clean_close").fetchone()["clean"]:
        return
    found = quick_check(conn)
    if found != "ok":
        raise DamagedDatabase(f"{path}: {found}. {advice(path)}")


def data_version(conn: sqlite3.Connection) -> int:
    """A number that changes for this connection whenever another connection commits.

    Compare it only with numbers from the same connection.
    """
    return int(conn.execute("PRAGMA data_version").fetchone()[0])


# -- making and migrating --------------------------------------------------------------------------------------


def _create(path: Path) -> None:
    """Write the whole file under another name and move it into place, so its name never shows half a database."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f"{path.name}.{os.getpid()}{_BESIDE}")
    try:
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(connect(beside)) as conn:
            with migrating(conn):
                conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                apply_migrations(conn)
            conn.execute("PRAGMA journal_mode = WAL")
        _put_in_place(beside, path)
    finally:
        _remove(beside)


def _clear_away(path: Path) -> None:
    """Remove the unfinished files of processes that were killed; a process that is alive keeps its own."""
    for beside in path.parent.glob(f"{path.name}.*{_BESIDE}"):
        pid = beside.name.removeprefix(f"{path.name}.").removesuffix(_BESIDE)
        if pid.isdecimal() and not _lives(int(pid)):
            _remove(beside)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _remove(file: Path) -> None:
    for each in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal"))):
        each.unlink(missing_ok=True)


def _put_in_place(beside: Path, path: Path) -> None:
    """Give the new file its name, unless another process was first; then use that process's file."""
    if path.exists() and path.stat().st_size == 0:
        path.unlink()
    try:
        os.link(beside, path)
    except OSError:
        # Another process was first, or the file system has no hard links.
        if not path.exists():
            beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _migrate(path: Path, conn: sqlite3.Connection, tell: Callable[[str], None]) -> None:
    """Back up and migrate in one write transaction, so that a second process finds nothing left to do."""
    if not pending_names(conn):
        return
    verdicts = conn.execute("SELECT count(*) FROM verdicts").fetchone()[0]
    if verdicts >= _MANY:
        tell(f"Upgrading the workspace: {verdicts:,} verdicts are backed up and indexed. This takes a moment, once.")
    with migrating(conn):
        if pending_names(conn):
            backup = path.parent / "backups" / f"palate-before-version-{newest_version()}.db"
            back_up(path, backup)
            apply_migrations(conn)
            if (fault := first_fault(conn)) is not None:
                raise DamagedDatabase(f"{path} was not upgraded: {fault}. It is as it was; {backup} is a copy of it.")


# -- connections -----------------------------------------------------------------------------------------------


def _configured(conn: sqlite3.Connection, *pragmas: str) -> sqlite3.Connection:
    """Run these statements and return the connection; close it when one of them fails."""
    conn.row_factory = sqlite3.Row
    try:
        for pragma in ("PRAGMA foreign_keys = ON", *pragmas):
            conn.execute(pragma).fetchall()
    except sqlite3.Error:
        conn.close()
        raise
    return conn


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    """Open with `mode=ro`, or the file alone where SQLite cannot make its -shm file (no permission, no room).

    The file alone is safe to read only while no process changes it, so only while no process owns the workspace.
    """
    try:
        return _reader(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        if (owner := owner_of(path.parent)) is not None:
            raise NotWritable(
                f"{path} cannot be read beside process {owner['pid']} on {owner.get('host')}, which owns it: {error}. "
                "Close that process, or read as the user who started it."
            ) from error
        wal = wal_of(path)
        if wal.exists() and wal.stat().st_size > 0:
            raise
        return _reader(path, "mode=ro&immutable=1")


def _how_to_upgrade(path: Path) -> str:
    if (owner := owner_of(path.parent)) is None:
        return "Start `palate` once; it is upgraded then."
    return f"Process {owner['pid']} has it open with that version: close it, or take over with `palate --take-over`."


def _reader(path: Path, query: str) -> sqlite3.Connection:
    # One thread opens a reader and another may close it; the sqlite3 library allows that.
    conn = connected(path, query, timeout=BUSY_TIMEOUT_S, check_same_thread=False, factory=_Connection)
    # SQLite reads the file at the first statement; an error should surface here and not in the caller's statement.
    return _configured(conn, "SELECT 1 FROM sqlite_schema LIMIT 1")
