"""Errors of SQLite, of the system and of text encoding about a database, as sentences for a person."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.backup_files import advice
from db.errors import DamagedDatabase, DatabaseError, DiskFull, NotAllowed, NotWritable


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors about `path` from SQLite, the system and text encoding into `DatabaseError`s with a sentence."""
    try:
        yield
    except sqlite3.Error as error:
        if worded := _in_words(path, error):
            raise worded from error
        raise
    except UnicodeEncodeError as error:
        what = ascii(error.object[max(error.start - 20, 0) : error.end + 20])
        raise NotAllowed(f"{what} holds half of a surrogate pair, which is no text. Write it in UTF-8.") from error
    except PermissionError as error:
        raise NotWritable(_not_writable(path)) from error
    except OSError as error:
        raise DatabaseError(f"{path}: {error.strerror}. Check the folder and start again.") from error


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its extension; 0 when the error has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _in_words(path: Path, error: sqlite3.Error) -> DatabaseError | None:
    """The error as a sentence, by SQLite's primary result code; None for a mistake in Palate's own SQL."""
    code = primary_code(error)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(f"There is no room left for {path}. Saved work is safe; free some space and try again.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return NotWritable(_not_writable(path))
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DamagedDatabase(f"{path}: {error}. {advice(path)}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseError(f"{path} is locked by another program. Close that program and try again.")
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
        return NotAllowed(f"A rule in {path} refuses this: {error}. Nothing was stored; the rest is as it was.")
    if code == sqlite3.SQLITE_IOERR:
        return DatabaseError(f"{path}: {error}. The disk did not answer; check it, then start again.")
    return None


def _not_writable(path: Path) -> str:
    return f"{path} cannot be opened or written. Check the permissions, or choose another folder with --workspace."
