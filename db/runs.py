"""Runs: training jobs with their frozen settings, exact pairs, metrics and log."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Any

from db.errors import NotFound
from db.hashing import canonical_json
from db.inserting import insert
from db.pair_rows import Split
from db.run_rows import MetricRow, RunAdapter, RunLogRow, RunPairRow, RunRow
from db.settings import use_adapter
from db.times import utc_now

# (comparison, split, id of the standing verdict)
RunPair = tuple[int, Split, int]


def _newest(metric: str) -> str:
    return f"(SELECT value FROM metrics WHERE run = r.id AND name = '{metric}' ORDER BY step DESC LIMIT 1)"


def _share(split: str) -> str:
    """The pairs of a run, the pairs of one ranking counted once. Without a ranking no pair is looked up."""
    pairs = f"FROM run_pairs p WHERE p.run = r.id AND p.split = '{split}'"
    ranked = f"""SELECT count(*) - count(DISTINCT c.ranking)
        FROM run_pairs p JOIN comparisons c ON c.id = p.comparison
        WHERE p.run = r.id AND p.split = '{split}' AND c.ranking IS NOT NULL"""
    return f"((SELECT count(*) {pairs}) - CASE WHEN EXISTS (SELECT 1 FROM rankings) THEN ({ranked}) ELSE 0 END)"


_RUN = f"""SELECT r.*, m.name AS base_name, {_share("train")} AS train_pairs, {_share("eval")} AS eval_pairs,
        ifnull((SELECT max(step) FROM metrics WHERE run = r.id AND name = 'loss'), 0) AS step,
        {_newest("loss")} AS loss, {_newest("rewards/margins")} AS margin, {_newest("rewards/accuracies")} AS accuracy
    FROM runs r JOIN models m ON m.id = r.base_model"""


def create_run(
    conn: Connection,
    *,
    name: str,
    config: Mapping[str, Any],
    versions: Mapping[str, Any],
    base_model: int,
    parent_adapter: str | None = None,
    pairs: Sequence[RunPair] = (),
    pair_set: Mapping[str, Any] | None = None,
) -> int:
    """Begin a run with status running and return its id. `base_model` is an id of `ensure_model`.

    `pair_set` is the requested choice of pairs, None for all of them.
    """
    now = utc_now()
    frozen = {"config": canonical_json(dict(config)), "versions": canonical_json(dict(versions))}
    values = {"name": name, "base_model": base_model, "parent_adapter": parent_adapter, "status": "running"}
    asked = None if pair_set is None else canonical_json(dict(pair_set))
    run = insert(conn, "runs", {**values, **frozen, "pair_set": asked, "started": now, "heartbeat": now})
    set_run_pairs(conn, run, pairs)
    return run


def set_run_pairs(conn: Connection, run: int, pairs: Sequence[RunPair]) -> None:
    """Record the exact pairs that the run trains and evaluates on, in place of the earlier record."""
    conn.execute("DELETE FROM run_pairs WHERE run = ?", (run,))
    rows = [(run, comparison, verdict, split) for comparison, split, verdict in pairs]
    conn.executemany("INSERT INTO run_pairs (run, comparison, verdict, split) VALUES (?, ?, ?, ?)", rows)


def run_pairs(conn: Connection, run: int) -> list[RunPairRow]:
    """The pairs that the run trains and evaluates on, in the order of their comparisons."""
    rows = conn.execute("SELECT comparison, verdict, split FROM run_pairs WHERE run = ? ORDER BY comparison", (run,))
    return [RunPairRow(row["comparison"], row["verdict"], row["split"]) for row in rows]


def set_total_steps(conn: Connection, run: int, total_steps: int) -> None:
    """Record the planned number of optimizer steps."""
    _change(conn, run, {"total_steps": total_steps})


def set_status(conn: Connection, run: int, status: str, error: str | None = None) -> None:
    """Set running, finished, stopped, failed or interrupted; a run that is no longer running has an end."""
    _change(conn, run, {"status": status, "error": error, "ended": None if status == "running" else utc_now()})


def heartbeat(conn: Connection, run: int) -> None:
    """Record that the run is alive now."""
    _change(conn, run, {"heartbeat": utc_now()})


def end_run(
    conn: Connection,
    run: int,
    status: str,
    error: str | None = None,
    adapter: RunAdapter | None = None,
    *,
    note: str | None = None,
) -> None:
    """Record a run's end. A run that made an adapter names it, and that adapter is in use from now on.

    `note` is a line for the run's log.
    """
    set_status(conn, run, status, error=error)
    if adapter is not None:
        set_run_adapter(conn, run, adapter.id)
        use_adapter(conn, adapter.base_fingerprint, adapter.id)
    if note is not None:
        add_log(conn, run, "info", note)


def set_run_adapter(conn: Connection, run: int, adapter_id: str) -> None:
    """Record the adapter that the run made."""
    _change(conn, run, {"adapter": adapter_id})


def add_metrics(conn: Connection, run: int, rows: Iterable[tuple[int, str, float | None]]) -> None:
    """Store metrics as (step, name, value). A step that is repeated after a resume replaces its values.

    SQLite stores NaN as NULL, so NaN is read back as None.
    """
    upsert = """INSERT INTO metrics (run, name, step, value) VALUES (?, ?, ?, ?)
        ON CONFLICT (run, name, step) DO UPDATE SET value = excluded.value"""
    conn.executemany(upsert, [(run, name, step, value) for step, name, value in rows])


def record_figures(conn: Connection, run: int, rows: Iterable[tuple[int, str, float | None]]) -> None:
    """Store metrics as `add_metrics` does, and record that the run is alive: a killed run ended at its last sign."""
    add_metrics(conn, run, rows)
    heartbeat(conn, run)


def run_metrics(conn: Connection, run: int, *, from_step: int = 0) -> list[MetricRow]:
    """The metrics of the run from a step on, by step and then by name."""
    rows = conn.execute(
        "SELECT step, name, value FROM metrics WHERE run = ? AND step >= ? ORDER BY step, name", (run, from_step)
    )
    return [MetricRow(row["step"], row["name"], row["value"]) for row in rows]


def add_log(conn: Connection, run: int, level: str, text: str) -> None:
    """Add a line to the run's log. `level` is info, warning or error."""
    insert(conn, "run_log", {"run": run, "at": utc_now(), "level": level, "text": text})


def run_log(conn: Connection, run: int) -> list[RunLogRow]:
    """The run's log, the oldest line first."""
    rows = conn.execute("SELECT id, at, level, text FROM run_log WHERE run = ? ORDER BY id", (run,))
    return [RunLogRow(row["id"], row["at"], row["level"], row["text"]) for row in rows]


def list_runs(conn: Connection) -> list[RunRow]:
    """Every run, the newest first."""
    return [_run_row(row) for row in conn.execute(f"{_RUN} ORDER BY r.id DESC")]


def adapters_of_runs(conn: Connection) -> list[tuple[int, str]]:
    """Each run that made an adapter, with the adapter's id. Adapters that a person removed are left out."""
    removed = "SELECT 1 FROM run_log l WHERE l.run = r.id AND l.text LIKE '%(' || r.adapter || ') was removed.'"
    query = f"SELECT id, adapter FROM runs r WHERE adapter IS NOT NULL AND NOT EXISTS ({removed}) ORDER BY id"
    return [(row["id"], row["adapter"]) for row in conn.execute(query)]


def get_run(conn: Connection, run: int) -> RunRow:
    """One run.

    Raises:
        NotFound: there is none with that id.
    """
    row = conn.execute(f"{_RUN} WHERE r.id = ?", (run,)).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run}. `palate runs` lists them.")
    return _run_row(row)


def run_names(conn: Connection) -> list[str]:
    """The names of all runs, archived ones included, the oldest first."""
    return [row["name"] for row in conn.execute("SELECT name FROM runs ORDER BY id")]


def latest_start(conn: Connection) -> str | None:
    """The start time of the latest run that did not fail; None when there is none."""
    row = conn.execute("SELECT started FROM runs WHERE status <> 'failed' ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else str(row["started"])


def untried_adapter(conn: Connection) -> str | None:
    """The name of the newest run with an adapter, as long as no blind trial was ever begun; else None.

    The adapters of a search and an outlook learned from a part of the pairs and are gone.
    """
    query = """SELECT name FROM runs WHERE status IN ('finished', 'stopped') AND adapter IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM trials WHERE kind = 'blind')
        AND NOT EXISTS (SELECT 1 FROM json_each(tags) WHERE value GLOB 'search-[0-9]*' OR value GLOB 'outlook-[0-9]*')
        ORDER BY id DESC LIMIT 1"""
    row = conn.execute(query).fetchone()
    return None if row is None else str(row["name"])


def mark_interrupted(conn: Connection) -> list[int]:
    """Mark runs whose status is still running as interrupted, and return their ids. The owner calls this at its start.

    Their end is their last sign of life.
    """
    runs = [row["id"] for row in conn.execute("SELECT id FROM runs WHERE status = 'running' ORDER BY id")]
    conn.execute("UPDATE runs SET status = 'interrupted', ended = heartbeat WHERE status = 'running'")
    return runs


def _change(conn: Connection, run: int, values: Mapping[str, Any]) -> None:
    assignments = ", ".join(f"{column} = ?" for column in values)
    if conn.execute(f"UPDATE runs SET {assignments} WHERE id = ?", (*values.values(), run)).rowcount == 0:
        raise NotFound(f"There is no run {run}. `palate runs` lists them.")


def _run_row(row: Row) -> RunRow:
    return RunRow(
        id=row["id"],
        name=row["name"],
        status=row["status"],
        config=json.loads(row["config"]),
        versions=json.loads(row["versions"]),
        base_model=row["base_model"],
        base_name=row["base_name"],
        adapter=row["adapter"],
        parent_adapter=row["parent_adapter"],
        started=row["started"],
        ended=row["ended"],
        heartbeat=row["heartbeat"],
        total_steps=row["total_steps"],
        error=row["error"],
        note=row["note"],
        train_pairs=row["train_pairs"],
        eval_pairs=row["eval_pairs"],
        step=row["step"],
        loss=row["loss"],
        margin=row["margin"],
        accuracy=row["accuracy"],
        pair_set=json.loads(row["pair_set"]) if row["pair_set"] else None,
        tags=tuple(json.loads(row["tags"])),
        archived=bool(row["archived"]),
        idle_s=row["idle_s"],
    )


def resume_run(conn: Connection, run: int, config: Mapping[str, Any] | None = None) -> None:
    """Set an interrupted run to running again, and add the seconds since its interruption to its `idle_s`.

    `config` replaces its settings; None keeps them.

    Raises:
        NotFound: there is no such run, or it is not interrupted.
    """
    row = conn.execute("SELECT ended FROM runs WHERE id = ? AND status = 'interrupted'", (run,)).fetchone()
    if row is None:
        raise NotFound(f"There is no interrupted run {run}. `palate runs` lists them.")
    idle = datetime.fromisoformat(utc_now()) - datetime.fromisoformat(row["ended"])
    conn.execute("UPDATE runs SET idle_s = idle_s + ? WHERE id = ?", (max(0.0, idle.total_seconds()), run))
    if config is not None:
        conn.execute("UPDATE runs SET config = ? WHERE id = ?", (canonical_json(dict(config)), run))
    set_status(conn, run, "running")


def rename_run(conn: Connection, run: int, name: str) -> None:
    """Rename the run.

    Raises:
        NotFound: there is no such run. The functions below raise it too.
    """
    _keep(conn, run, "name", name)


def note_run(conn: Connection, run: int, note: str) -> None:
    """Store a note on the run in place of an older one; an empty note deletes it."""
    _keep(conn, run, "note", note)


def tag_run(conn: Connection, run: int, tags: Sequence[str]) -> None:
    """Store these tags, in this order and each once, in place of the older ones."""
    _keep(conn, run, "tags", canonical_json(list(dict.fromkeys(tags))))


def archive_run(conn: Connection, run: int, archived: bool) -> None:
    """Archive the run, so that lists leave it out by default, or undo that. Nothing is deleted."""
    _keep(conn, run, "archived", int(archived))


def _keep(conn: Connection, run: int, column: str, value: Any) -> None:
    if conn.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, run)).rowcount == 0:
        raise NotFound(f"There is no run {run}. `palate runs --all` lists them.")
