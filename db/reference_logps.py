"""Log-probabilities of the reference, computed once per pair and stored."""

from collections.abc import Mapping
from sqlite3 import Connection

from db.times import utc_now


def keep_references(conn: Connection, logps: Mapping[str, tuple[float, float]]) -> None:
    """Store reference log-probabilities (chosen, rejected; nats) under the engine's keys."""
    now = utc_now()
    conn.executemany(
        "INSERT OR REPLACE INTO reference_logps (key, chosen, rejected, created) VALUES (?, ?, ?, ?)",
        [(key, chosen, rejected, now) for key, (chosen, rejected) in logps.items()],
    )


def find_reference(conn: Connection, key: str) -> tuple[float, float] | None:
    """The stored reference log-probabilities under `key` (chosen, rejected; nats), None when there are none."""
    row = conn.execute("SELECT chosen, rejected FROM reference_logps WHERE key = ?", (key,)).fetchone()
    return None if row is None else (row["chosen"], row["rejected"])


def reference_keys(conn: Connection) -> list[str]:
    """Every key that has stored reference log-probabilities."""
    return [row["key"] for row in conn.execute("SELECT key FROM reference_logps ORDER BY key")]


def count_references(conn: Connection) -> int:
    """The number of pairs with stored reference log-probabilities."""
    return int(conn.execute("SELECT count(*) FROM reference_logps").fetchone()[0])
