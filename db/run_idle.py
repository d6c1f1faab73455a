"""Time in which an interrupted run lay idle: it is no part of how long the run took."""

from datetime import datetime
from sqlite3 import Connection

from db.errors import NotFound
from db.runs import set_status
from db.times import utc_now

RUN_IDLE: tuple[str, ...] = ("ALTER TABLE runs ADD COLUMN idle_s REAL NOT NULL DEFAULT 0 CHECK (idle_s >= 0)",)


def resume_run(conn: Connection, run: int) -> None:
    """Let an interrupted run go on, status running; the seconds since it was interrupted are added to its `idle_s`.

    Raises:
        NotFound: there is no such run, or it is not interrupted.
    """
    row = conn.execute("SELECT ended FROM runs WHERE id = ? AND status = 'interrupted'", (run,)).fetchone()
    if row is None:
        raise NotFound(f"There is no interrupted run {run}. `palate runs` lists them.")
    idle = datetime.fromisoformat(utc_now()) - datetime.fromisoformat(row["ended"])
    conn.execute("UPDATE runs SET idle_s = idle_s + ? WHERE id = ?", (max(0.0, idle.total_seconds()), run))
    set_status(conn, run, "running")
