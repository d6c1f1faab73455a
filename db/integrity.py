"""The faults of a database, and what a copy of it holds that it lacks."""

from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

from db.connection import any_version
from db.sqlite_errors import translated


def faults(conn: Connection, most: int) -> list[str]:
    """Up to `most` findings of each of SQLite's two checks; none for a sound database. Reads every page."""
    pages = [str(row[0]) for row in conn.execute(f"PRAGMA integrity_check({most})")]
    if pages == ["ok"]:
        pages = []
    keys = conn.execute("PRAGMA foreign_key_check").fetchmany(most)
    return pages + [f"row {row[1]} of {row[0]} refers to no row of {row[2]}" for row in keys]


def verdicts_held(conn: Connection) -> tuple[int, str | None]:
    """How many verdicts a database of any version holds, and the time of the newest in UTC."""
    number, newest = conn.execute("SELECT count(*), max(at) FROM verdicts").fetchone()
    return number, newest


def verdicts_missing(conn: Connection, copy: Path) -> int:
    """How many verdicts a copy of the database holds that `conn` does not see.

    Raises:
        DatabaseError: the copy cannot be read.
    """
    query = "SELECT id, comparison, at, verdict FROM verdicts"
    with translated(copy), closing(any_version(copy)) as other:
        theirs = {tuple(row) for row in other.execute(query)}
    return len(theirs - {tuple(row) for row in conn.execute(query)})
