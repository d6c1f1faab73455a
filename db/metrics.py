"""The metrics of runs as curves: every point of a metric or a few, always read along the primary key."""

import json
from collections.abc import Iterable, Sequence
from sqlite3 import Connection

from db.pair_rows import Split
from db.run_rows import MarginRow

KEPT = "kept"
"""A mark beside the metrics, 1 at the step whose adapter a run saved. Earlier runs lack it."""

GENERAL_TEXT = "general_text"
"""Nats a token of the general text, before a run and of the step whose adapter it saved. Earlier runs lack it."""

# (steps, values) of one metric, by rising step; SQLite stores NaN as NULL, so it is None here.
Curve = tuple[list[int], list[float | None]]


def metric_names(conn: Connection, run: int) -> list[str]:
    """The names of the metrics that a run recorded, sorted. The query jumps from name to name, not over the steps."""
    jumps = """WITH RECURSIVE names(name) AS (
            SELECT min(name) FROM metrics WHERE run = :run
            UNION ALL
            SELECT (SELECT min(name) FROM metrics WHERE run = :run AND name > names.name) FROM names
            WHERE names.name IS NOT NULL)
        SELECT name FROM names WHERE name IS NOT NULL"""
    return [row["name"] for row in conn.execute(jumps, {"run": run})]


def curve(conn: Connection, run: int, name: str) -> Curve:
    """Every point of one metric of a run; both lists are empty where there is none."""
    cursor = conn.execute("SELECT step, value FROM metrics WHERE run = ? AND name = ? ORDER BY step", (run, name))
    cursor.row_factory = None
    rows = cursor.fetchall()
    return [step for step, _ in rows], [value for _, value in rows]


def some_points(conn: Connection, run: int, name: str, steps: Sequence[int]) -> Curve:
    """The points of one metric at those of the given steps that have one. Each step costs a few microseconds."""
    cursor = conn.execute(
        """SELECT step, value FROM metrics WHERE run = ? AND name = ? AND step IN (SELECT value FROM json_each(?))
        ORDER BY step""",
        (run, name, json.dumps(list(steps))),
    )
    cursor.row_factory = None
    rows = cursor.fetchall()
    return [step for step, _ in rows], [value for _, value in rows]


def general_text(conn: Connection, run: int) -> tuple[float, float] | None:
    """Nats a token of the general text before and after a run; None where one of them is not known."""
    _, values = curve(conn, run, GENERAL_TEXT)
    before, after = (values[0], values[-1]) if len(values) > 1 else (None, None)
    return None if before is None or after is None else (before, after)


def add_margins(conn: Connection, run: int, epoch: int, rows: Iterable[tuple[int, Split, float]]) -> None:
    """Store the margins of an epoch as (comparison, split, margin).

    An epoch that a resumed run trains again replaces its own margins and those of later epochs.
    """
    conn.execute("DELETE FROM run_margins WHERE run = ? AND epoch >= ?", (run, epoch))
    conn.executemany(
        "INSERT INTO run_margins (run, epoch, comparison, split, margin) VALUES (?, ?, ?, ?, ?)",
        [(run, epoch, comparison, split, margin) for comparison, split, margin in rows],
    )


def run_margins(conn: Connection, run: int) -> list[MarginRow]:
    """Every pair's margin in every epoch of the run, by epoch; in each the lowest margin first."""
    rows = conn.execute(
        "SELECT epoch, comparison, split, margin FROM run_margins WHERE run = ? ORDER BY epoch, margin", (run,)
    )
    return [MarginRow(row["epoch"], row["comparison"], row["split"], row["margin"]) for row in rows]


def last_margins(conn: Connection, run: int, split: Split) -> list[MarginRow]:
    """The margins of a split's pairs in the last epoch of the run, the lowest first."""
    rows = run_margins(conn, run)
    last = max((row.epoch for row in rows), default=0)
    return [row for row in rows if row.epoch == last and row.split == split]


def trim_metrics(conn: Connection, run: int, from_step: int) -> None:
    """Delete the run's metrics from `from_step` on: a resumed run repeats those steps."""
    conn.execute("DELETE FROM metrics WHERE run = ? AND step >= ?", (run, from_step))
