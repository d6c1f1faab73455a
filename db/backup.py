"""A verified copy of the database. It is written under another name and renamed, so a backup is whole or absent."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from db.backup_files import UNFINISHED
from db.errors import DatabaseError
from db.file_identity import connected

_PAGES = 2048
"""Pages that are copied between two calls of `step`."""


def back_up(source: Path, target: Path) -> None:
    """Copy what is committed in `source` to `target`, as `back_up_open` does."""
    with closing(connected(source, "mode=ro")) as original:
        back_up_open(original, target)


def back_up_open(original: sqlite3.Connection, target: Path, step: Callable[[], None] = lambda: None) -> None:
    """Copy everything that an open connection sees to `target`, even when the database's files have lost their names.

    The copy replaces an older file of the same name. Another connection may write at the same time: the copy holds
    what was committed when it began. `step` is called while pages are copied; what it raises ends the copy.

    Raises:
        DatabaseError: the copy does not hold what the source holds. `target` is unchanged then.
        sqlite3.Error, OSError: the copy could not be written, for example because the disk is full.
    """
    target.parent.mkdir(mode=0o700, exist_ok=True)
    beside = target.with_name(target.name + UNFINISHED)
    beside.unlink(missing_ok=True)
    try:
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(connected(beside, "mode=rw")) as copy:
            original.execute("BEGIN")
            original.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()  # from here on it sees one state
            original.backup(copy, pages=_PAGES, progress=lambda *_: step())
            copy.execute("PRAGMA journal_mode = DELETE")
            _check(target, original, copy)
        sync(beside)
        beside.replace(target)
        sync(target.parent)
    finally:
        if original.in_transaction:
            original.execute("ROLLBACK")
        beside.unlink(missing_ok=True)


def _check(target: Path, original: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Raise unless the copy is sound and every table has as many rows as the original."""
    found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok" or _row_counts(copy) != _row_counts(original):
        raise DatabaseError(f"The backup {target} could not be verified ({found}). Check the disk, then start again.")


def _row_counts(conn: sqlite3.Connection) -> dict[str, int]:
    """By table. A reader may hide an unfinished import behind views of the same names, hence `main`."""
    tables = [row[0] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {table: conn.execute(f'SELECT count(*) FROM main."{table}"').fetchone()[0] for table in tables}


def sync(path: Path) -> None:
    """Bring a file, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
