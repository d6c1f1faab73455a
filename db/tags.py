"""Reason tags: short words of the labeller that say why a verdict was given. A verdict has none, one or several."""

import json
from collections.abc import Iterable, Sequence
from sqlite3 import Connection

from db.errors import NotAllowed
from db.inserting import insert
from db.times import utc_now

SETTLED = "settled"
"""The reason of a verdict that two people gave together, after they had judged the pair otherwise."""


def ensure_tag(conn: Connection, name: str) -> int:
    """The id of the tag of that name, in whatever case; a new one is added behind the others.

    Raises:
        NotAllowed: the name is empty.
    """
    name = name.strip()
    if not name:
        raise NotAllowed("A reason needs a word. Give it one.")
    row = conn.execute("SELECT id FROM tags WHERE name = ?", (name,)).fetchone()
    if row is not None:
        return int(row["id"])
    place = conn.execute("SELECT ifnull(max(place) + 1, 0) FROM tags").fetchone()[0]
    return insert(conn, "tags", {"name": name, "place": place, "created": utc_now()})


def list_tags(conn: Connection) -> list[str]:
    """The names of the tags that are offered, in their order; archived ones are left out."""
    return [row["name"] for row in conn.execute("SELECT name FROM tags WHERE archived = 0 ORDER BY place, id")]


def archive_tag(conn: Connection, name: str, archived: bool = True) -> None:
    """Offer a tag no longer, or again. Verdicts keep it."""
    conn.execute("UPDATE tags SET archived = ? WHERE name = ?", (archived, name.strip()))


def set_tags(conn: Connection, verdict: int, names: Iterable[str]) -> None:
    """Give a verdict these reasons in place of those that it had."""
    conn.execute("DELETE FROM verdict_tags WHERE verdict = ?", (verdict,))
    rows = [(verdict, tag) for tag in dict.fromkeys(ensure_tag(conn, name) for name in names)]
    conn.executemany("INSERT INTO verdict_tags VALUES (?, ?)", rows)


def tags_of(conn: Connection, verdicts: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The names of the tags of each of these verdicts, in their order; verdicts without a tag are left out."""
    query = """SELECT x.verdict, t.name FROM verdict_tags x JOIN tags t ON t.id = x.tag
        WHERE x.verdict IN (SELECT value FROM json_each(?)) ORDER BY x.verdict, t.place, t.id"""
    found: dict[int, tuple[str, ...]] = {}
    for row in conn.execute(query, (json.dumps(list(verdicts)),)):
        found[row["verdict"]] = (*found.get(row["verdict"], ()), row["name"])
    return found


def count_tags(conn: Connection) -> dict[str, int]:
    """The number of standing verdicts of labelling by tag, the most frequent first."""
    query = """SELECT t.name, count(*) AS verdicts FROM verdict_tags x JOIN tags t ON t.id = x.tag
        JOIN comparisons c ON c.standing = x.verdict WHERE c.trial IS NULL AND c.repeats IS NULL AND t.name <> ?
        GROUP BY t.id ORDER BY verdicts DESC, t.place"""
    return {row["name"]: row["verdicts"] for row in conn.execute(query, (SETTLED,))}
