"""Counts of the standing verdicts of labelling by kind, also as an update of an earlier count.

Verdicts are only ever added, so a comparison's standing verdict at an earlier time can be read later.
"""

from collections import Counter
from collections.abc import Mapping
from sqlite3 import Connection
from typing import NamedTuple

from db.givers import MAY_STAND

_MOST_NEW = 500
"""With more new verdicts than this, such as after an import, everything is counted again."""

_COUNTED = "trial IS NULL AND repeats IS NULL"
_ALL = f"""SELECT standing_verdict, count(*), (SELECT max(id) FROM main.verdicts) FROM comparisons
    WHERE {_COUNTED} AND standing IS NOT NULL GROUP BY standing_verdict"""
_STOOD = f"""(SELECT v.verdict FROM main.verdicts v
    WHERE v.comparison = c.id AND v.id <= {{at}} AND v.verdict <> 'undo' AND {MAY_STAND}
        AND NOT EXISTS (SELECT 1 FROM main.verdicts u WHERE u.undoes = v.id AND u.id <= {{at}})
    ORDER BY v.id DESC LIMIT 1)"""
_CHANGES = f"""SELECT {_STOOD.format(at=":before")}, {_STOOD.format(at=":now")} FROM comparisons c
    WHERE {_COUNTED}
        AND c.id IN (SELECT comparison FROM main.verdicts WHERE id > :before AND id <= :now)"""


class VerdictTally(NamedTuple):
    """The number of comparisons by standing verdict, up to the verdict `newest`."""

    by_verdict: Mapping[str, int]
    newest: int
    importing: tuple[int, ...] | None
    """The ranges of an import in progress, whose pairs are hidden; None without one."""


def count_standing(conn: Connection, before: VerdictTally | None = None) -> VerdictTally:
    """The present tally. With the tally `before` it reads only comparisons with newer verdicts: 0.1 ms, not 20."""
    importing = _importing(conn)
    now = int(conn.execute("SELECT ifnull(max(id), 0) FROM main.verdicts").fetchone()[0])
    if before is not None and before.importing == importing and 0 <= now - before.newest <= _MOST_NEW:
        return VerdictTally(_changed(conn, before, now), now, importing)
    rows = conn.execute(_ALL).fetchall()
    return VerdictTally({row[0]: row[1] for row in rows}, rows[0][2] if rows else 0, importing)


def _changed(conn: Connection, before: VerdictTally, now: int) -> Mapping[str, int]:
    if now == before.newest:
        return before.by_verdict
    tally = Counter(before.by_verdict)
    for old, new in conn.execute(_CHANGES, {"before": before.newest, "now": now}):
        tally[old] -= 1
        tally[new] += 1
    return {verdict: number for verdict, number in tally.items() if number and verdict is not None}


def _importing(conn: Connection) -> tuple[int, ...] | None:
    row = conn.execute("SELECT first_comparison, last_comparison FROM main.import_batch").fetchone()
    return None if row is None else tuple(row)
