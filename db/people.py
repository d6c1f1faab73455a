"""People who give verdicts: the owner's own name, and others by name."""

from sqlite3 import Connection

from db.errors import NotAllowed
from db.inserting import insert
from db.settings import get_setting
from db.times import utc_now

OWN_NAME = "person"
"""The setting that holds the owner's own name, as {"name": …}."""


def own_name(conn: Connection) -> str | None:
    """The owner's own name; None where none was given."""
    name = get_setting(conn, OWN_NAME, {}).get("name")
    return name if isinstance(name, str) and name.strip() else None


def ensure_person(conn: Connection, name: str) -> int:
    """The id of the person of that name; a new one is added.

    Raises:
        NotAllowed: the name is empty.
    """
    name = name.strip()
    if not name:
        raise NotAllowed("A person needs a name. Give one.")
    row = conn.execute("SELECT id FROM people WHERE name = ?", (name,)).fetchone()
    return int(row["id"]) if row else insert(conn, "people", {"name": name, "created": utc_now()})


def list_people(conn: Connection) -> dict[int, str]:
    """The names of all people by id, the oldest first."""
    return {row["id"]: row["name"] for row in conn.execute("SELECT id, name FROM people ORDER BY id")}
