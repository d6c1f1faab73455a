"""Labelling pairs that are asked again with their sides swapped, to measure a person's agreement with themselves.

A repeat is a comparison of its own that names the one it repeats. It is judged like any other, but it never becomes a
preference pair; the first verdict counts. The pairs of a ranking are never asked alone, so they have no repeats.
"""

from sqlite3 import Connection

from db.comparisons import C_STILL_LABELLING, IS_OPEN, add_comparison, get_comparison, seed_showing

GAP = 10
"""A pair is repeated only after at least this many later verdicts."""

# A person's standing blind verdict, from :start to :end, on a pair without a repeat whose names were never shown: a
# second verdict on any other one would not be blind. The query walks the person's own verdicts through their own index,
# because there may be a million imported ones.
_CANDIDATE = f"""SELECT c.id FROM verdicts v INDEXED BY verdicts_by_person
    CROSS JOIN comparisons c ON c.standing = v.id
    WHERE v.id BETWEEN :start AND :end AND v.source = 'person' AND v.verdict <> 'undo' AND v.blind = 1
        AND c.trial IS NULL AND c.repeats IS NULL AND c.ranking IS NULL AND c.withdrawn = 0
        AND c.standing_verdict IN ('a', 'b', 'tie', 'both_bad', 'both_good')
        AND {C_STILL_LABELLING}
        AND NOT EXISTS (SELECT 1 FROM comparisons r
            WHERE r.repeats = c.id AND r.repeats IS NOT NULL AND r.trial IS NULL)
        AND NOT EXISTS (SELECT 1 FROM names_shown n WHERE n.comparison = c.id)
    ORDER BY v.id LIMIT 1"""
# A repeat whose prompt became held out or was forgotten waits no longer.
_LAST = f"""SELECT created, {IS_OPEN} AS waits FROM comparisons
    WHERE repeats IS NOT NULL AND trial IS NULL ORDER BY id DESC LIMIT 1"""
# A person's first verdicts since the last repeat was planned; skips, discards, undone ones and repeats are none.
_JUDGED_SINCE = """SELECT count(*) FROM verdicts v INDEXED BY verdicts_by_person
    CROSS JOIN comparisons c ON c.standing = v.id
    WHERE v.at > ? AND v.source = 'person' AND v.verdict <> 'undo' AND v.act IS NULL
        AND c.trial IS NULL AND c.repeats IS NULL AND v.verdict IN ('a', 'b', 'tie', 'both_bad', 'both_good')"""
_BOTH = """SELECT f.standing_verdict AS first, s.standing_verdict AS second
    FROM comparisons s JOIN comparisons f ON f.id = s.repeats
    JOIN verdicts v ON v.id = f.standing AND v.blind = 1
    JOIN verdicts w ON w.id = s.standing AND w.blind = 1
    WHERE s.repeats IS NOT NULL AND s.trial IS NULL
        AND s.standing_verdict IN ('a', 'b', 'tie', 'both_bad', 'both_good')
        AND f.standing_verdict IN ('a', 'b', 'tie', 'both_bad', 'both_good')
    ORDER BY s.id"""


def plan_repeat(conn: Connection, *, share: float, pick: int) -> int | None:
    """Plan a repeat of an older pair if one is due, and return the new comparison's id.

    A repeat is due when `1 / share` pairs were judged since the last one was planned (share 0: never), and the last one
    was judged or skipped, or is no longer asked.

    Args:
        share: repeats for each judged pair, 0 to 1.
        pick: any number of 0 or more; it chooses the older pair.
    """
    last = conn.execute(_LAST).fetchone()
    if share <= 0 or (last is not None and last["waits"]):
        return None
    if conn.execute(_JUDGED_SINCE, (last["created"] if last else "",)).fetchone()[0] < 1 / share:
        return None
    newest = conn.execute("SELECT max(id) FROM verdicts").fetchone()[0] or 0
    end = newest - GAP
    start = 1 + pick % max(end, 1)
    for first in (start, 1):  # from a random place; if nothing follows there, from the beginning
        row = conn.execute(_CANDIDATE, {"start": first, "end": end}).fetchone()
        if row is not None:
            return _ask_again(conn, row["id"])
    return None


def repeated_verdicts(conn: Connection) -> list[tuple[str, str]]:
    """The first and the second verdict (a, b, tie, both_bad or both_good) on every pair that was judged blind again."""
    return [(row["first"], row["second"]) for row in conn.execute(_BOTH)]


def _ask_again(conn: Connection, comparison: int) -> int:
    pair = get_comparison(conn, comparison)
    ids = {"prompt": pair.prompt.id, "a": pair.a.id, "b": pair.b.id}
    swapped = seed_showing(not pair.flipped, pair.side_seed)
    return add_comparison(conn, **ids, side_seed=swapped, repeats=pair.id)
