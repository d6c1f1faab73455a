"""Counts of the standing verdicts of labelling by kind, also as an update of an earlier count.

Verdicts are only ever added, so a comparison's standing verdict at an earlier time can be read later. A ranking counts
once, whatever the number of its pairs: as decisive where one of them is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from sqlite3 import Connection
from typing import NamedTuple

from db.givers import MAY_STAND

_MOST_NEW = 500
"""With more new verdicts than this, such as after an import, everything is counted again."""

_COUNTED = "trial IS NULL AND repeats IS NULL"
_ALL = f"""SELECT standing_verdict, count(*) FROM comparisons
    WHERE {_COUNTED} AND standing IS NOT NULL AND ranking IS NULL GROUP BY standing_verdict
    UNION ALL SELECT min(standing_verdict), 1 FROM comparisons
    WHERE ranking IS NOT NULL AND {_COUNTED} AND standing IS NOT NULL GROUP BY ranking"""
_STOOD = f"""(SELECT v.verdict FROM main.verdicts v
    WHERE v.comparison = c.id AND v.id <= {{at}} AND v.verdict <> 'undo' AND {MAY_STAND}
        AND NOT EXISTS (SELECT 1 FROM main.verdicts u WHERE u.undoes = v.id AND u.id <= {{at}})
    ORDER BY v.id DESC LIMIT 1)"""
_CHANGED = "SELECT comparison FROM main.verdicts WHERE id > :before AND id <= :now"
_CHANGES = f"""SELECT ifnull(-c.ranking, c.id), {_STOOD.format(at=":before")}, {_STOOD.format(at=":now")}
    FROM comparisons c WHERE {_COUNTED} AND (c.id IN ({_CHANGED}) OR c.ranking IN (
        SELECT r.ranking FROM comparisons r WHERE r.id IN ({_CHANGED}) AND r.ranking IS NOT NULL))"""


class VerdictTally(NamedTuple):
    """The number of comparisons by standing verdict, up to the verdict `newest`."""

    by_verdict: Mapping[str, int]
    newest: int
    importing: tuple[int, ...] | None
    """The ranges of an import in progress, whose pairs are hidden; None without one."""


def count_standing(conn: Connection, before: VerdictTally | None = None) -> VerdictTally:
    """The present tally. With the tally `before` it reads only comparisons with newer verdicts: 0.1 ms, not 20."""
    with _one_moment(conn):  # a verdict between two of the statements would be counted twice, or never
        return _tally(conn, before)


@contextmanager
def _one_moment(conn: Connection) -> Iterator[None]:
    """All that the block reads is of one moment, whatever other connections commit meanwhile."""
    if conn.in_transaction:
        yield
        return
    conn.execute("BEGIN")
    try:
        yield
    finally:
        conn.rollback()


def _tally(conn: Connection, before: VerdictTally | None) -> VerdictTally:
    importing = _importing(conn)
    now = int(conn.execute("SELECT ifnull(max(id), 0) FROM main.verdicts").fetchone()[0])
    if before is not None and before.importing == importing and 0 <= now - before.newest <= _MOST_NEW:
        return VerdictTally(_changed(conn, before, now), now, importing)
    counted: Counter[str] = Counter()
    for verdict, number in conn.execute(_ALL):
        counted[verdict] += number
    return VerdictTally(dict(counted), now, importing)


def _changed(conn: Connection, before: VerdictTally, now: int) -> Mapping[str, int]:
    if now == before.newest:
        return before.by_verdict
    stood: dict[int, tuple[list[str], list[str]]] = {}
    for question, *pair in conn.execute(_CHANGES, {"before": before.newest, "now": now}):
        for verdicts, said in zip(stood.setdefault(question, ([], [])), pair, strict=True):
            verdicts += [said] if said is not None else []
    tally = Counter(before.by_verdict)
    for old, new in stood.values():
        tally.subtract([min(old)] if old else [])
        tally.update([min(new)] if new else [])
    return {verdict: number for verdict, number in tally.items() if number}


def _importing(conn: Connection) -> tuple[int, ...] | None:
    row = conn.execute("SELECT first_comparison, last_comparison FROM main.import_batch").fetchone()
    return None if row is None else tuple(row)
