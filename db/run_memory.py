"""What a run leaves behind for itself and for later runs: checkpoints, reference log-probabilities, margins."""

from collections.abc import Iterable, Mapping
from sqlite3 import Connection

from db.pair_rows import Split
from db.run_rows import CheckpointRow, MarginRow
from db.times import utc_now


def set_checkpoint(conn: Connection, run: int, *, step: int, path: str, size: int) -> None:
    """Record where the run can be taken up again; its earlier checkpoint was replaced."""
    conn.execute(
        "INSERT OR REPLACE INTO checkpoints (run, step, path, bytes, created) VALUES (?, ?, ?, ?, ?)",
        (run, step, path, size, utc_now()),
    )


def get_checkpoint(conn: Connection, run: int) -> CheckpointRow | None:
    """The run's checkpoint, None when it has none."""
    row = conn.execute("SELECT run, step, path, bytes, created FROM checkpoints WHERE run = ?", (run,)).fetchone()
    return None if row is None else CheckpointRow(row["run"], row["step"], row["path"], row["bytes"], row["created"])


def drop_checkpoint(conn: Connection, run: int) -> None:
    """Forget the run's checkpoint, whose file is gone."""
    conn.execute("DELETE FROM checkpoints WHERE run = ?", (run,))


def checkpoints_of_ended(conn: Connection) -> list[int]:
    """The runs that have a checkpoint and an end after which it has no use."""
    ended = "SELECT id FROM runs WHERE status IN ('finished', 'stopped', 'failed')"
    return [row["run"] for row in conn.execute(f"SELECT run FROM checkpoints WHERE run IN ({ended}) ORDER BY run")]


def keep_references(conn: Connection, logps: Mapping[str, tuple[float, float]]) -> None:
    """Keep reference log-probabilities (chosen, rejected; nats) under the engine's keys."""
    now = utc_now()
    conn.executemany(
        "INSERT OR REPLACE INTO reference_logps (key, chosen, rejected, created) VALUES (?, ?, ?, ?)",
        [(key, chosen, rejected, now) for key, (chosen, rejected) in logps.items()],
    )


def find_reference(conn: Connection, key: str) -> tuple[float, float] | None:
    """The reference log-probabilities that were kept under `key`, None when there are none."""
    row = conn.execute("SELECT chosen, rejected FROM reference_logps WHERE key = ?", (key,)).fetchone()
    return None if row is None else (row["chosen"], row["rejected"])


def reference_keys(conn: Connection) -> list[str]:
    """Every key under which reference log-probabilities are kept."""
    return [row["key"] for row in conn.execute("SELECT key FROM reference_logps ORDER BY key")]


def count_references(conn: Connection) -> int:
    """How many pairs have reference log-probabilities kept."""
    return int(conn.execute("SELECT count(*) FROM reference_logps").fetchone()[0])


def add_margins(conn: Connection, run: int, epoch: int, rows: Iterable[tuple[int, Split, float]]) -> None:
    """Store the ledger of an epoch: (comparison, split, margin). An epoch that is taken again replaces its page."""
    conn.execute("DELETE FROM run_margins WHERE run = ? AND epoch >= ?", (run, epoch))
    conn.executemany(
        "INSERT INTO run_margins (run, epoch, comparison, split, margin) VALUES (?, ?, ?, ?, ?)",
        [(run, epoch, comparison, split, margin) for comparison, split, margin in rows],
    )


def run_margins(conn: Connection, run: int) -> list[MarginRow]:
    """The run's ledger, by epoch; in each the lowest margin first."""
    rows = conn.execute(
        "SELECT epoch, comparison, split, margin FROM run_margins WHERE run = ? ORDER BY epoch, margin", (run,)
    )
    return [MarginRow(row["epoch"], row["comparison"], row["split"], row["margin"]) for row in rows]


def trim_metrics(conn: Connection, run: int, from_step: int) -> None:
    """Delete the run's figures from `from_step` on: a resumed run takes those steps again."""
    conn.execute("DELETE FROM metrics WHERE run = ? AND step >= ?", (run, from_step))
