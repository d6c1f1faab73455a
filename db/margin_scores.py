"""Margins of comparisons that wait for a verdict: how sure an adapter is which answer is better."""

from collections.abc import Mapping
from sqlite3 import Connection

from db.comparisons import IS_OPEN

_OPEN = f"""SELECT comparisons.id, m.margin FROM comparisons
    LEFT JOIN margins m ON m.comparison = comparisons.id AND m.model = ?
    WHERE {IS_OPEN}"""


def open_margins(conn: Connection, model: int) -> dict[int, float | None]:
    """Comparison → margin under the model, of those without a verdict, in id order; None is not scored yet."""
    return {row["id"]: row["margin"] for row in conn.execute(f"{_OPEN} ORDER BY comparisons.id", (model,))}


def unscored(conn: Connection, model: int, limit: int) -> list[int]:
    """The first comparisons without a verdict that the model has not scored."""
    rows = conn.execute(f"{_OPEN} AND m.margin IS NULL ORDER BY comparisons.id LIMIT ?", (model, limit))
    return [row["id"] for row in rows]


def keep_margins(conn: Connection, model: int, margins: Mapping[int, float]) -> None:
    """Keep margins (comparison → rewards of a minus rewards of b) under the model."""
    rows = [(comparison, model, margin) for comparison, margin in margins.items()]
    conn.executemany("INSERT OR REPLACE INTO margins (comparison, model, margin) VALUES (?, ?, ?)", rows)
