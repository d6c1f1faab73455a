"""Reason tags: short words of the labeller that say why a verdict was given. A verdict has none, one or several.

At most ten are offered at a time; others that came with a file, or were removed from the list, stay on their verdicts.
"""

import json
from collections.abc import Iterable, Sequence
from sqlite3 import Connection

from db.errors import NotAllowed, NotFound
from db.inserting import insert
from db.pair_rows import SETTLED
from db.times import utc_now

MOST = 10
LONGEST = 24


def ensure_tag(conn: Connection, name: str, *, offered: bool = True) -> int:
    """The id of the tag of that name, in whatever case; a new one is offered behind the others if there is room.

    With `offered` False a new one is not offered.

    Raises:
        NotAllowed: the name is empty.
    """
    name = name.strip()
    if not name:
        raise NotAllowed("A reason needs a word. Give it one.")
    row = conn.execute("SELECT id FROM tags WHERE name = ?", (name,)).fetchone()
    if row is not None:
        return int(row["id"])
    archived = not offered or name.casefold() == SETTLED or len(list_tags(conn)) >= MOST
    return insert(conn, "tags", {"name": name, "place": _last(conn), "archived": archived, "created": utc_now()})


def _last(conn: Connection) -> int:
    """The place behind all tags."""
    return int(conn.execute("SELECT ifnull(max(place) + 1, 0) FROM tags").fetchone()[0])


def offer_tag(conn: Connection, name: str) -> None:
    """Offer a tag of this name behind the others, a new one or one that was removed.

    Raises:
        NotAllowed: the name is not usable, is offered already, or ten tags are offered.
    """
    name = _usable(name)
    offered = list_tags(conn)
    if name.casefold() in map(str.casefold, offered):
        raise NotAllowed(f"The reason {name!r} is in the list already.")
    if len(offered) >= MOST:
        raise NotAllowed(f"The list has {MOST} reasons, which is as many as there are digits. Remove one first.")
    conn.execute("UPDATE tags SET archived = 0, place = ? WHERE id = ?", (_last(conn), ensure_tag(conn, name)))


def offer_first(conn: Connection, names: Iterable[str]) -> None:
    """Offer these tags in a workspace that never had any; in another one, change nothing."""
    if conn.execute("SELECT 1 FROM tags WHERE name <> ?", (SETTLED,)).fetchone() is None:
        for each in names:
            ensure_tag(conn, each)


def rename_tag(conn: Connection, name: str, new: str) -> None:
    """Rename a tag, on all its verdicts too.

    Raises:
        NotFound: there is no such tag.
        NotAllowed: the new name is not usable, or another tag has it.
    """
    found, new = _tag(conn, name), _usable(new)
    taken = conn.execute("SELECT id FROM tags WHERE name = ?", (new,)).fetchone()
    if taken is not None and taken["id"] != found:
        raise NotAllowed(f"There is a reason {new!r} already. Choose another word.")
    conn.execute("UPDATE tags SET name = ? WHERE id = ?", (new, found))


def move_tag(conn: Connection, name: str, by: int) -> None:
    """Move an offered tag `by` places down the list (negative: up), as far as the list goes.

    Raises:
        NotFound: there is no such tag.
    """
    _tag(conn, name)
    names = list_tags(conn)
    at = next((place for place, each in enumerate(names) if each.casefold() == name.strip().casefold()), None)
    if at is None:
        raise NotFound(f"The reason {name!r} is not in the list. Add it first.")
    names.insert(max(at + by, 0), names.pop(at))
    conn.executemany("UPDATE tags SET place = ? WHERE name = ?", list(enumerate(names)))


def _tag(conn: Connection, name: str) -> int:
    row = conn.execute("SELECT id FROM tags WHERE name = ?", (name.strip(),)).fetchone()
    if row is None:
        there = ", ".join(list_tags(conn)) or "none"
        raise NotFound(f"There is no reason {name.strip()!r}. There are: {there}.")
    return int(row["id"])


def _usable(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise NotAllowed(f"A reason is a word or two, of 1 to {LONGEST} visible characters. Choose another one.")
    if name.casefold() == SETTLED:
        raise NotAllowed(
            f"{SETTLED!r} is the reason of verdicts that two people settled together. Choose another word."
        )
    return name


def list_tags(conn: Connection) -> list[str]:
    """The names of the tags that are offered, in their order; archived ones are left out."""
    return [row["name"] for row in conn.execute("SELECT name FROM tags WHERE archived = 0 ORDER BY place, id")]


def archive_tag(conn: Connection, name: str, archived: bool = True) -> None:
    """Offer a tag no longer, or again. Verdicts keep it.

    Raises:
        NotFound: there is no such tag.
    """
    conn.execute("UPDATE tags SET archived = ? WHERE id = ?", (archived, _tag(conn, name)))


def give_reasons(conn: Connection, verdict: int, names: Iterable[str]) -> None:
    """Give a verdict of the owner's these reasons in place of those that it had. That it was settled stays.

    Raises:
        NotFound: a name is no tag.
        NotAllowed: the verdict was undone, or is not the owner's.
    """
    query = """SELECT 1 FROM verdicts v WHERE v.id = ? AND v.verdict <> 'undo' AND v.person IS NULL AND v.judge IS NULL
        AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id)"""
    if conn.execute(query, (verdict,)).fetchone() is None:
        raise NotAllowed("That verdict was taken back, or is not yours, so it gets no reason.")
    chosen = list(names)
    for each in chosen:
        _tag(conn, each)
    kept = [SETTLED] if SETTLED in tags_of(conn, [verdict]).get(verdict, ()) else []
    set_tags(conn, verdict, [*chosen, *kept])


def last_reasons(conn: Connection) -> tuple[str, ...]:
    """The reasons that the owner gave last, as far as they are offered."""
    query = """SELECT x.verdict FROM verdict_tags x JOIN tags t ON t.id = x.tag JOIN verdicts v ON v.id = x.verdict
        WHERE v.source = 'person' AND v.person IS NULL AND t.archived = 0 ORDER BY x.verdict DESC LIMIT 1"""
    row = conn.execute(query).fetchone()
    offered = list_tags(conn)
    return () if row is None else tuple(each for each in tags_of(conn, [row[0]])[row[0]] if each in offered)


def set_tags(conn: Connection, verdict: int, names: Iterable[str], *, offered: bool = True) -> None:
    """Give a verdict these reasons in place of those that it had. With `offered` False a new one is not offered."""
    conn.execute("DELETE FROM verdict_tags WHERE verdict = ?", (verdict,))
    rows = [(verdict, tag) for tag in dict.fromkeys(ensure_tag(conn, name, offered=offered) for name in names)]
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
