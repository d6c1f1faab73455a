"""Which process has a database file open, and when that file may be read without SQLite.

POSIX drops every lock that a process has on a file as soon as the process closes any descriptor of that file. SQLite
guards a database with such locks. A process that has a database open must therefore open the file and its -shm only
through SQLite. Otherwise the next connection of another process would take itself for the last one and remove the WAL.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

Identity = tuple[int, int]
"""Device and inode."""

# No thread may connect while another one reads the bytes: closing that descriptor would drop the connection's locks.
_opening = threading.Lock()
_remembered: dict[Path, tuple[Identity | None, Identity | None]] = {}


def identity(path: Path) -> Identity | None:
    """The identity of the file that has this name now; None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def is_open_here(path: Path) -> bool:
    """Whether this process has a descriptor of that file. The check takes 0.1 ms."""
    wanted = identity(path)
    return wanted is not None and any(_of_descriptor(each) == wanted for each in _descriptors())


def first_bytes(path: Path, number: int) -> bytes | None:
    """The first bytes of a file, or None when this process has it open and only SQLite may read it.

    Raises:
        OSError: the file cannot be read.
    """
    with _opening:
        if is_open_here(path):
            return None
        with path.open("rb") as file:
            return file.read(number)


def connected(path: Path, query: str, **options: Any) -> sqlite3.Connection:
    """A connection to an existing file. Palate opens every connection to a database here.

    `query` is the query of SQLite's URI, such as `mode=ro`; `options` go to `sqlite3.connect`.
    """
    with _opening:
        uri = f"file:{quote(str(path.absolute()))}?{query}"
        conn: sqlite3.Connection = sqlite3.connect(uri, uri=True, isolation_level=None, **options)
        return conn


def wal_of(path: Path) -> Path:
    """The write-ahead log of a database, which holds commits until a checkpoint copies them into the file."""
    return path.with_name(path.name + "-wal")


def remember(path: Path) -> None:
    """Remember the identity of the owner's database and WAL until `forget`."""
    _remembered[path] = identity(path), identity(wal_of(path))


def forget(path: Path) -> None:
    """Forget the files that `remember` noted: the owner closed them."""
    _remembered.pop(path, None)


def is_replaced(path: Path) -> bool:
    """Whether the names of this owner's open files no longer belong to those files. Costs two calls of stat."""
    opened = _remembered.get(path)
    return opened is not None and opened != (identity(path), identity(wal_of(path)))


def _descriptors() -> Iterable[int]:
    try:
        return map(int, os.listdir("/dev/fd"))
    except OSError:  # no /proc is mounted
        return range(os.sysconf("SC_OPEN_MAX"))


def _of_descriptor(number: int) -> Identity | None:
    try:
        found = os.fstat(number)
    except OSError:  # the descriptor of the listing itself, or one that another thread has just closed
        return None
    return found.st_dev, found.st_ino
