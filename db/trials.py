"""Trials: series of comparisons between two policies on held-out prompts."""

import json
from collections.abc import Sequence
from dataclasses import replace
from sqlite3 import Connection, Row

from db.comparisons import comparisons_by_id
from db.errors import NotFound
from db.inserting import insert
from db.pair_rows import ComparisonRow
from db.run_rows import TrialRow
from db.times import utc_now

_POLICY = """CASE WHEN {server}.name IS NULL THEN {model}.name
        WHEN {model}.kind = 'server' THEN 'base@' || {server}.name ELSE {model}.name || '@' || {server}.name END"""
_TRIAL = f"""SELECT t.id, t.kind, t.name, t.status, t.model_a,
        {_POLICY.format(model="a", server="x")} AS model_a_name, a.kind AS model_a_kind,
        t.model_b, {_POLICY.format(model="b", server="y")} AS model_b_name,
        s.settings, r.settings AS settings_b, t.server_a, t.server_b, t.judged_by,
        t.num_questions, t.created, t.ended, t.prompt_set, p.name AS prompt_set_name, t.samples, t.repeats,
        t.may_end_early, t.judge, t.opened, t.opened_after, t.note,
        (SELECT count(*) FROM comparisons c WHERE c.trial = t.id AND c.repeats IS NULL) AS done,
        (SELECT count(*) FROM comparisons c
            WHERE c.trial = t.id AND c.repeats IS NULL AND c.standing_verdict <> 'skip') AS judged,
        (SELECT count(*) FROM comparisons c JOIN completions v ON v.id = c.a JOIN completions w ON w.id = c.b
            WHERE c.trial = t.id AND c.repeats IS NULL AND v.text_hash = w.text_hash) AS same
    FROM trials t
    LEFT JOIN prompt_sets p ON p.id = t.prompt_set
    JOIN models a ON a.id = t.model_a
    JOIN models b ON b.id = t.model_b
    JOIN samplings s ON s.id = t.sampling
    LEFT JOIN samplings r ON r.id = t.sampling_b
    LEFT JOIN servers x ON x.id = t.server_a
    LEFT JOIN servers y ON y.id = t.server_b"""


def add_trial(
    conn: Connection,
    *,
    kind: str,
    model_a: int,
    model_b: int,
    sampling: int,
    num_questions: int,
    name: str | None = None,
    sampling_b: int | None = None,
    server_a: int | None = None,
    server_b: int | None = None,
) -> int:
    """Begin a trial and return its id. `kind` is side_by_side or blind; the models are ids of `ensure_model`.

    `sampling_b` is that of b where it differs from `sampling`; the servers are ids, None for this machine.
    """
    values = {"kind": kind, "name": name, "model_a": model_a, "model_b": model_b, "sampling": sampling}
    sides = {"sampling_b": sampling_b, "server_a": server_a, "server_b": server_b}
    begun = {"num_questions": num_questions, "status": "running", "created": utc_now()}
    return insert(conn, "trials", values | sides | begun)


def list_trials(conn: Connection) -> list[TrialRow]:
    """Every trial, the newest first."""
    return [_trial_row(row) for row in conn.execute(f"{_TRIAL} ORDER BY t.id DESC")]


def get_trial(conn: Connection, trial: int) -> TrialRow:
    """One trial.

    Raises:
        NotFound: there is none with that id.
    """
    row = conn.execute(f"{_TRIAL} WHERE t.id = ?", (trial,)).fetchone()
    if row is None:
        raise NotFound(f"There is no trial {trial}. The screen Compare lists them.")
    return _trial_row(row)


def trial_comparisons(conn: Connection, trial: int) -> list[ComparisonRow]:
    """The comparisons of a trial, the oldest first; a is the first model's answer."""
    rows = conn.execute("SELECT id FROM comparisons WHERE trial = ? ORDER BY id", (trial,))
    return comparisons_by_id(conn, [row["id"] for row in rows])


def set_trial_status(conn: Connection, trial: int, status: str) -> None:
    """Set running, finished, stopped or failed; a trial that is no longer running has an end.

    Raises:
        NotFound: there is no such trial.
    """
    ended = None if status == "running" else utc_now()
    changed = conn.execute("UPDATE trials SET status = ?, ended = ? WHERE id = ?", (status, ended, trial))
    if changed.rowcount == 0:
        raise NotFound(f"There is no trial {trial}. The screen Compare lists them.")


def stop_left_side_by_sides(conn: Connection) -> None:
    """Stop every side-by-side whose status is still running. The owner calls this at its start.

    No process writes the answers of such a trial. Its end is its last sign of life, the newest pair of answers. A blind
    trial stays running until it is judged.
    """
    conn.execute(
        """UPDATE trials SET status = 'stopped',
            ended = coalesce((SELECT max(c.created) FROM comparisons c WHERE c.trial = trials.id), created)
        WHERE kind = 'side_by_side' AND status = 'running'"""
    )


def leave_out(conn: Connection, trial: int, prompts: Sequence[int]) -> None:
    """Continue the trial without these prompts, none of which was answered. A trial without any other prompt fails.

    Raises:
        NotFound: there is no such trial.
    """
    left = get_trial(conn, trial).num_questions - len(prompts)
    conn.executemany("DELETE FROM trial_prompts WHERE trial = ? AND prompt = ?", [(trial, each) for each in prompts])
    if left < 1:
        set_trial_status(conn, trial, "failed")
    else:
        conn.execute("UPDATE trials SET num_questions = ? WHERE id = ?", (left, trial))


def _trial_row(row: Row) -> TrialRow:
    found = TrialRow(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        status=row["status"],
        model_a=row["model_a"],
        model_a_name=row["model_a_name"],
        model_b=row["model_b"],
        model_b_name=row["model_b_name"],
        sampling=json.loads(row["settings"]),
        num_questions=row["num_questions"],
        created=row["created"],
        ended=row["ended"],
        done=row["done"],
        judged=row["judged"],
        same=row["same"],
        prompt_set=row["prompt_set"],
        prompt_set_name=row["prompt_set_name"],
        samples=row["samples"],
        repeats=row["repeats"],
        may_end_early=bool(row["may_end_early"]),
        judge=row["judge"],
        opened=row["opened"],
        opened_after=row["opened_after"],
        note=row["note"],
        model_a_kind=row["model_a_kind"],
        sampling_b=None if row["settings_b"] is None else json.loads(row["settings_b"]),
        server_a=row["server_a"],
        server_b=row["server_b"],
        judged_by=row["judged_by"],
    )
    return found if found.against_system is None else replace(found, model_a_name=f"prompted {found.model_a_name}")
