"""What a person keeps with a run: its name, a note, tags, and whether it is put away."""

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any

from db.errors import NotFound
from db.hashing import canonical_json

RUN_LABELS: tuple[str, ...] = (
    """ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'
        CHECK (json_valid(tags) AND json_type(tags) = 'array')""",
    "ALTER TABLE runs ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1))",
)


def rename_run(conn: Connection, run: int, name: str) -> None:
    """Give the run another name.

    Raises:
        NotFound: there is no such run; so for every function here.
    """
    _keep(conn, run, "name", name)


def note_run(conn: Connection, run: int, note: str) -> None:
    """Keep a note with the run in place of an older one; an empty one takes it away."""
    _keep(conn, run, "note", note)


def tag_run(conn: Connection, run: int, tags: Sequence[str]) -> None:
    """Keep these tags, in this order and each once, in place of the older ones."""
    _keep(conn, run, "tags", canonical_json(list(dict.fromkeys(tags))))


def archive_run(conn: Connection, run: int, archived: bool) -> None:
    """Put the run away, so that lists leave it out unless they are asked, or bring it back. Nothing is deleted."""
    _keep(conn, run, "archived", int(archived))


def _keep(conn: Connection, run: int, column: str, value: Any) -> None:
    if conn.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, run)).rowcount == 0:
        raise NotFound(f"There is no run {run}. `palate runs --all` lists them.")
