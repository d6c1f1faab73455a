"""Margins of comparisons that wait for a verdict: how clearly an adapter prefers one of the answers."""

from collections.abc import Mapping
from sqlite3 import Connection

from db.comparisons import IS_OPEN, get_comparison, next_asked_first, next_open
from db.pair_rows import ComparisonRow

_OPEN = f"""SELECT comparisons.id, m.margin FROM comparisons
    LEFT JOIN margins m ON m.comparison = comparisons.id AND m.model = ?
    WHERE {IS_OPEN}"""


def open_margins(conn: Connection, model: int) -> dict[int, float | None]:
    """Comparison → margin under the model, for comparisons without a verdict, in id order; None: not scored yet."""
    return {row["id"]: row["margin"] for row in conn.execute(f"{_OPEN} ORDER BY comparisons.id", (model,))}


def next_by_margin(
    conn: Connection, model: int, *, pick: int | None, after: int | None, farthest: bool = False
) -> ComparisonRow | None:
    """The ready comparison whose margin under the model is nearest to 0, or farthest from it.

    A comparison that a person asked for comes first. Those without a margin come last, in id order, and skipped ones
    follow when none is ready. `pick` chooses one of the ready ones instead, modulo their number. The comparison `after`
    is left out unless it is the only one.
    """
    if (asked := next_asked_first(conn, after=after)) is not None:
        return asked
    margins = open_margins(conn, model)
    ready = [each for each in margins if each != after]
    if not ready:
        return next_open(conn, after=after)
    if pick is not None:
        return get_comparison(conn, ready[pick % len(ready)])
    scored = [(abs(margin), each) for each in ready if (margin := margins[each]) is not None]
    best = max if farthest else min
    return get_comparison(conn, best(scored)[1] if scored else ready[0])


def unscored(conn: Connection, model: int, limit: int) -> list[int]:
    """The first comparisons without a verdict that the model has not scored."""
    rows = conn.execute(f"{_OPEN} AND m.margin IS NULL ORDER BY comparisons.id LIMIT ?", (model, limit))
    return [row["id"] for row in rows]


def keep_margins(conn: Connection, model: int, margins: Mapping[int, float]) -> None:
    """Store margins under the model (comparison → reward of a minus reward of b)."""
    rows = [(comparison, model, margin) for comparison, margin in margins.items()]
    conn.executemany("INSERT OR REPLACE INTO margins (comparison, model, margin) VALUES (?, ?, ?)", rows)
