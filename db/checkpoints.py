"""The checkpoint of each run, from which an interrupted run resumes."""

from sqlite3 import Connection

from db.run_rows import CheckpointRow
from db.times import utc_now


def set_checkpoint(conn: Connection, run: int, *, step: int, path: str, size: int) -> None:
    """Record the checkpoint from which the run can be resumed. It replaces the run's earlier one."""
    conn.execute(
        "INSERT OR REPLACE INTO checkpoints (run, step, path, bytes, created) VALUES (?, ?, ?, ?, ?)",
        (run, step, path, size, utc_now()),
    )


def get_checkpoint(conn: Connection, run: int) -> CheckpointRow | None:
    """The run's checkpoint, None when it has none."""
    row = conn.execute("SELECT run, step, path, bytes, created FROM checkpoints WHERE run = ?", (run,)).fetchone()
    return None if row is None else CheckpointRow(row["run"], row["step"], row["path"], row["bytes"], row["created"])


def runs_with_checkpoint(conn: Connection) -> list[int]:
    """The ids of the runs that have a checkpoint."""
    return [row["run"] for row in conn.execute("SELECT run FROM checkpoints ORDER BY run")]


def drop_checkpoint(conn: Connection, run: int) -> None:
    """Delete the record of a checkpoint whose file is gone."""
    conn.execute("DELETE FROM checkpoints WHERE run = ?", (run,))


def checkpoints_of_ended(conn: Connection) -> list[int]:
    """The ids of the runs that have a checkpoint and ended in a way that makes it useless."""
    ended = "SELECT id FROM runs WHERE status IN ('finished', 'stopped', 'failed')"
    return [row["run"] for row in conn.execute(f"SELECT run FROM checkpoints WHERE run IN ({ended}) ORDER BY run")]
