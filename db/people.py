"""People other than the owner who gave verdicts, by name."""

from sqlite3 import Connection

from db.errors import NotAllowed
from db.inserting import insert
from db.times import utc_now


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
