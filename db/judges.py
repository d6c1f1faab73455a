"""Judges: programs and models that give verdicts in a person's place. Their verdicts are never a person's."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any

from db.errors import NotAllowed, NotFound
from db.hashing import canonical_json
from db.inserting import insert
from db.times import utc_now


@dataclass(frozen=True)
class JudgeRow:
    """A judge. `kind` is command (a command line) or model (a model's id, on a server's id or None for here).

    A judge is never changed: another rubric makes another judge of the same name, and the older one is archived.
    """

    id: int
    name: str
    kind: str
    command: str | None
    model: int | None
    server: int | None
    rubric: str
    settings: Mapping[str, Any]
    archived: bool


def command_judge(conn: Connection, command: str) -> int:
    """The id of the judge that is this command line; a new one gets the command as its name.

    Raises:
        NotAllowed: the command is empty.
    """
    if not command:
        raise NotAllowed("A judge needs a command. Give one.")
    query = "SELECT id FROM judges WHERE kind = 'command' AND command = ? ORDER BY archived, id DESC LIMIT 1"
    row = conn.execute(query, (command,)).fetchone()
    if row is not None:
        return int(row["id"])
    return insert(conn, "judges", {"name": command, "kind": "command", "command": command, "created": utc_now()})


def set_command_judge(conn: Connection, name: str, command: str) -> int:
    """The id of the judge `name` that is this command line; a judge of that name that differs is archived.

    Raises:
        NotAllowed: the name or the command is empty.
    """
    name = name.strip()
    if not name or not command.strip():
        raise NotAllowed("A judge needs a name and a command. Give both.")
    known = conn.execute("SELECT * FROM judges WHERE name = ? AND archived = 0", (name,)).fetchone()
    if known is not None:
        if known["command"] == command:
            return int(known["id"])
        archive_judge(conn, known["id"])
    return insert(conn, "judges", {"name": name, "kind": "command", "command": command, "created": utc_now()})


def set_model_judge(
    conn: Connection,
    name: str,
    *,
    model: int | None = None,
    server: int | None = None,
    rubric: str = "",
    settings: Mapping[str, Any] | None = None,
) -> int:
    """The id of the judge `name` with exactly this model, server, rubric and settings.

    A judge of that name that differs is archived, and a new one takes its name.

    Raises:
        NotAllowed: the name is empty.
    """
    if not name.strip():
        raise NotAllowed("A judge needs a name. Give it one.")
    values = {"model": model, "server": server, "rubric": rubric, "settings": canonical_json(dict(settings or {}))}
    known = conn.execute("SELECT * FROM judges WHERE name = ? AND archived = 0", (name.strip(),)).fetchone()
    if known is not None:
        if known["kind"] == "model" and all(known[column] == value for column, value in values.items()):
            return int(known["id"])
        archive_judge(conn, known["id"])
    return insert(conn, "judges", {"name": name.strip(), "kind": "model", **values, "created": utc_now()})


def named_judge(conn: Connection, name: str) -> int:
    """The id of the judge of that name that is in use; one that is known by its name alone is added.

    Raises:
        NotAllowed: the name is empty.
    """
    row = conn.execute("SELECT id FROM judges WHERE name = ? AND archived = 0", (name.strip(),)).fetchone()
    return int(row["id"]) if row is not None else set_model_judge(conn, name)


def get_judge(conn: Connection, judge: int) -> JudgeRow:
    """One judge.

    Raises:
        NotFound: there is none with that id.
    """
    row = conn.execute("SELECT * FROM judges WHERE id = ?", (judge,)).fetchone()
    if row is None:
        raise NotFound(f"There is no judge {judge}. `palate judges` lists them.")
    return _judge_row(row)


def list_judges(conn: Connection) -> list[JudgeRow]:
    """The judges that are not archived, the oldest first."""
    return [_judge_row(row) for row in conn.execute("SELECT * FROM judges WHERE archived = 0 ORDER BY id")]


def judge_names(conn: Connection) -> dict[int, str]:
    """The names of all judges by id, archived ones too."""
    return {row["id"]: row["name"] for row in conn.execute("SELECT id, name FROM judges ORDER BY id")}


def archive_judge(conn: Connection, judge: int) -> None:
    """Offer a judge no longer. Its verdicts stay."""
    conn.execute("UPDATE judges SET archived = 1 WHERE id = ?", (judge,))


def _judge_row(row: Row) -> JudgeRow:
    return JudgeRow(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        command=row["command"],
        model=row["model"],
        server=row["server"],
        rubric=row["rubric"],
        settings=json.loads(row["settings"]),
        archived=bool(row["archived"]),
    )
