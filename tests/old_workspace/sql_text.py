"""A database as SQL text that any SQLite shell runs: its header, tables, rows, indexes, triggers and views.

`sqlite3.Connection.iterdump` is of no use here. It writes a virtual table into `sqlite_master` by hand, and it asks a
full-text index without contents for its rows. This text creates the virtual table and then fills its shadow tables.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

IN_LOG = "-- The write-ahead log holds what follows."
_LAST = "checkpoints"
"""The table whose rows are the last to be inserted. A killed run wrote there last."""
_HEADER = ("page_size", "application_id", "user_version")


def sql_of(conn: sqlite3.Connection) -> str:
    """The whole database as SQL; a row takes one line."""
    kinds = table_kinds(conn)
    made = conn.execute("SELECT type, name, sql FROM sqlite_master WHERE sql NOT NULL ORDER BY rowid").fetchall()
    tables = [sql for kind, name, sql in made if kind == "table" and kinds[name] != "shadow"]
    others = [sql for kind, _, sql in made if kind != "table"]
    shadows = [f'DELETE FROM "{name}"' for name, kind in kinds.items() if kind == "shadow"]
    stored = [name for name, kind in kinds.items() if kind != "virtual" and name != _LAST]
    rows = [line for name in stored for line in _inserts(conn, name)]
    header = [f"PRAGMA {name} = {conn.execute(f'PRAGMA {name}').fetchone()[0]}" for name in _HEADER]
    header.append(f"PRAGMA journal_mode = {conn.execute('PRAGMA journal_mode').fetchone()[0]}")
    first = [*header, "BEGIN", *tables, *shadows, *rows, *others, "COMMIT"]
    return _statements(first) + f"{IN_LOG}\n" + _statements(["BEGIN", *_inserts(conn, _LAST), "COMMIT"])


def run_sql(text: str, database: Path) -> None:
    """Make `database` from the text, with a write-ahead log beside it that is not empty, as a killed process leaves it.

    Raises:
        sqlite3.Error: the text is no SQL that this SQLite runs.
    """
    first, last = text.split(IN_LOG)
    building = database.with_name("building.db")
    with closing(sqlite3.connect(building)) as conn:
        conn.executescript(first)
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        conn.executescript(last)
        # Closing the connection would move the log into the database, so both are copied before.
        for end in ("", "-wal"):
            shutil.copyfile(f"{building}{end}", f"{database}{end}")
    building.unlink()


def schema_of(conn: sqlite3.Connection) -> set[tuple[str, ...]]:
    """Type, name, table and SQL of everything that the database's schema holds."""
    return set(conn.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def rows_of(conn: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of every table, shadow tables among them; virtual tables are left out."""
    names = [name for name, kind in table_kinds(conn).items() if kind != "virtual"]
    return {name: conn.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def header_of(conn: sqlite3.Connection) -> dict[str, Any]:
    """The facts that the file's first page holds."""
    return {name: conn.execute(f"PRAGMA {name}").fetchone()[0] for name in (*_HEADER, "journal_mode")}


def table_kinds(conn: sqlite3.Connection) -> dict[str, str]:
    """The names of all tables in the order of their creation → "table", "virtual" or "shadow"."""
    kinds = {row[1]: row[2] for row in conn.execute("PRAGMA main.table_list")}
    return {name: kinds[name] for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _statements(lines: list[str]) -> str:
    return "".join(f"{line};\n" for line in lines)


def _inserts(conn: sqlite3.Connection, table: str) -> Iterator[str]:
    for row in conn.execute(f'SELECT * FROM "{table}"'):
        yield f'INSERT INTO "{table}" VALUES ({", ".join(map(_literal, row))})'


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, str):
        return "||".join(_pieces(value)) or "''"
    return repr(value)


def _pieces(text: str) -> Iterator[str]:
    """Printable characters as they are and all others by number: a random model writes NUL, too."""
    for printable, part in groupby(text, str.isprintable):
        characters = "".join(part)
        numbers = ", ".join(str(ord(each)) for each in characters)
        yield "'" + characters.replace("'", "''") + "'" if printable else f"char({numbers})"
