"""Blind trials: the choice of prompts, the next comparison to judge, the seal, notes, and moved prompts."""

import hashlib
from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any

from db.comparisons import add_comparison, comparisons_by_id, find_comparison, get_comparison, seed_showing
from db.errors import NotAllowed, NotFound
from db.inserting import insert
from db.judges import command_judge
from db.names_shown import note_names_shown
from db.pair_rows import ComparisonRow, VerdictRow
from db.prompt_rows import MovedPrompt, PromptRow
from db.prompts import UNTRAINED, add_prompt_set, get_prompt
from db.times import utc_now
from db.trials import get_trial, set_trial_status
from db.verdicts import add_verdict, undo_last

_DIFFER = """SELECT c.id FROM comparisons c JOIN completions x ON x.id = c.a JOIN completions y ON y.id = c.b
    WHERE c.trial = ? AND x.text_hash <> y.text_hash"""
_OPEN = f"{_DIFFER} AND c.standing IS NULL AND c.id IS NOT ? ORDER BY c.id LIMIT 1"
_SKIPPED = f"{_DIFFER} AND c.standing_verdict = 'skip' AND c.id IS NOT ? ORDER BY c.standing LIMIT 1"


def add_blind_trial(
    conn: Connection,
    *,
    model_a: int,
    model_b: int,
    sampling: int,
    prompts: Sequence[int],
    prompt_set: int | None = None,
    samples: int = 1,
    repeats: int = 0,
    may_end_early: bool = False,
    judge: str | None = None,
    judged_by: int | None = None,
    sampling_b: int | None = None,
    server_a: int | None = None,
    server_b: int | None = None,
) -> int:
    """Begin a sealed trial of `model_b` against `model_a` on these prompts, in this order, and return its id.

    `judge` is the command or the name of the judge that judges in a person's place, and `judged_by` that judge's id
    where it is in the list of judges; a command needs none. `sampling_b` is that of b where it differs from `sampling`;
    the servers are ids, None for this machine.
    """
    policies = {"kind": "blind", "model_a": model_a, "model_b": model_b, "sampling": sampling, "status": "running"}
    sides = {"sampling_b": sampling_b, "server_a": server_a, "server_b": server_b}
    asked = {"num_questions": len(prompts), "prompt_set": prompt_set, "samples": samples, "repeats": repeats}
    if judged_by is None and judge is not None:
        judged_by = command_judge(conn, judge)
    judged = {"judge": judge, "judged_by": judged_by}
    how = {"may_end_early": may_end_early, "created": utc_now()}
    trial = insert(conn, "trials", policies | sides | asked | judged | how)
    rows = [(trial, place, prompt) for place, prompt in enumerate(prompts, 1)]
    conn.executemany("INSERT INTO trial_prompts (trial, place, prompt) VALUES (?, ?, ?)", rows)
    return trial


def choose_prompts(
    conn: Connection, number: int, *, model_a: int, model_b: int, prompt_set: int | None, seed: int
) -> list[int]:
    """Choose up to `number` held-out prompts for a trial of two models and return their ids.

    Prompts that these two models were tried on least come first; `seed` orders the others. A prompt that a run trained
    on before it was held out is never chosen.
    """
    query = f"""SELECT p.id, (SELECT count(*) FROM trial_prompts u JOIN trials t ON t.id = u.trial
            WHERE u.prompt = p.id AND min(t.model_a, t.model_b) = min(:a, :b)
                AND max(t.model_a, t.model_b) = max(:a, :b)) AS times
        FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
        WHERE {UNTRAINED} AND (:set IS NULL OR p.set_id = :set)"""
    rows = conn.execute(query, {"a": model_a, "b": model_b, "set": prompt_set}).fetchall()
    order = sorted(rows, key=lambda row: (row["times"], hashlib.sha256(f"{seed}:{row['id']}".encode()).digest()))
    return [row["id"] for row in order[:number]]


def count_unmet(conn: Connection, *, model_a: int, model_b: int, prompt_set: int | None = None) -> int:
    """Count the held-out prompts that these two models were never tried on."""
    query = f"""SELECT count(*) FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
        WHERE {UNTRAINED} AND (:set IS NULL OR p.set_id = :set) AND NOT EXISTS (
            SELECT 1 FROM trial_prompts u JOIN trials t ON t.id = u.trial
            WHERE u.prompt = p.id AND min(t.model_a, t.model_b) = min(:a, :b)
                AND max(t.model_a, t.model_b) = max(:a, :b))"""
    return int(conn.execute(query, {"a": model_a, "b": model_b, "set": prompt_set}).fetchone()[0])


# -- answers ---------------------------------------------------------------------------------------------------


def missing_answers(conn: Connection, trial: int, limit: int) -> list[tuple[PromptRow, int]]:
    """The first prompts of a trial that still lack a pair of answers, each with the number of pairs it has already."""
    query = """SELECT u.prompt, count(c.id) AS pairs FROM trial_prompts u JOIN trials t ON t.id = u.trial
        LEFT JOIN comparisons c ON c.trial = u.trial AND c.prompt = u.prompt AND c.repeats IS NULL
        WHERE u.trial = ? GROUP BY u.place HAVING count(c.id) < t.samples ORDER BY pairs, u.place LIMIT ?"""
    return [(get_prompt(conn, row["prompt"]), row["pairs"]) for row in conn.execute(query, (trial, limit)).fetchall()]


def add_repeats(conn: Connection, trial: int) -> int:
    """Repeat the first pairs of a fully answered trial at its end, with sides swapped, and return their number."""
    row = get_trial(conn, trial)
    there = conn.execute("SELECT count(*) FROM comparisons WHERE trial = ? AND repeats IS NOT NULL", (trial,))
    if there.fetchone()[0]:
        return 0
    first = conn.execute(f"{_DIFFER} AND c.repeats IS NULL ORDER BY c.id LIMIT ?", (trial, row.repeats)).fetchall()
    for each in comparisons_by_id(conn, [each["id"] for each in first]):
        pair = {"prompt": each.prompt.id, "a": each.a.id, "b": each.b.id}
        swapped = seed_showing(not each.flipped, each.side_seed)
        add_comparison(conn, **pair, side_seed=swapped, trial=trial, repeats=each.id)
    return len(first)


def unfinished(conn: Connection) -> list[int]:
    """The ids of the blind trials that are still running, oldest first."""
    rows = conn.execute("SELECT id FROM trials WHERE kind = 'blind' AND status = 'running' ORDER BY id")
    return [row["id"] for row in rows]


# -- judging ---------------------------------------------------------------------------------------------------


def next_in_trial(conn: Connection, trial: int, *, after: int | None = None) -> ComparisonRow | None:
    """The next pair to judge in a trial: pairs without a verdict first, then skipped ones. Equal answers never appear.

    The pair `after` is left out unless it is the only one, so that a skip shows another pair.
    """
    for query in (_OPEN, _SKIPPED):
        row = conn.execute(query, (trial, after)).fetchone()
        if row:
            return get_comparison(conn, row["id"])
    return next_in_trial(conn, trial) if after is not None else None


def count_ready(conn: Connection, trial: int) -> int:
    """Count the pairs of a trial that have both answers and wait for their first verdict."""
    query = f"SELECT count(*) FROM ({_DIFFER} AND c.standing IS NULL)"
    return int(conn.execute(query, (trial,)).fetchone()[0])


def count_asked(conn: Connection, trial: int) -> tuple[int, int]:
    """Count the pairs of a trial that have a verdict, and all its written pairs.

    Both counts include repeats and leave out pairs of equal answers.
    """
    query = f"""SELECT count(*) FILTER (WHERE standing_verdict <> 'skip'), count(*) FROM comparisons
        WHERE id IN ({_DIFFER})"""
    judged, asked = conn.execute(query, (trial,)).fetchone()
    return int(judged), int(asked)


def judge_by_command(conn: Connection, command: str, **verdict: Any) -> VerdictRow:
    """Add the verdict of a program; it counts only in a trial that a judge decides. `verdict` goes to `add_verdict`.

    Raises:
        NotAllowed, NotFound: see `add_verdict`.
    """
    return add_verdict(conn, judge=command_judge(conn, command), source="model", **verdict)


def open_trial(conn: Connection, trial: int) -> None:
    """End a trial and unseal its names. The first call records the time and the number of verdicts.

    Raises:
        NotFound: there is no such trial.
    """
    row = get_trial(conn, trial)
    if row.opened is None:
        conn.execute("UPDATE trials SET opened = ?, opened_after = ? WHERE id = ?", (utc_now(), row.judged, trial))
    if row.status == "running":
        complete = row.done == row.total and row.judged + row.same == row.total
        set_trial_status(conn, trial, "finished" if complete else "stopped")


def undo_in_trial(conn: Connection, trial: int) -> int | None:
    """Undo the newest verdict of a sealed trial and return the id of its comparison; None when there is none.

    Raises:
        NotFound: there is no such trial.
        NotAllowed: its names were shown.
    """
    if not get_trial(conn, trial).sealed:
        raise NotAllowed("The names were shown, so the blind verdicts of this trial can no longer change.")
    return undo_last(conn, trial=trial)


# -- afterwards ------------------------------------------------------------------------------------------------


def note_trial(conn: Connection, trial: int, note: str) -> None:
    """Store a note on a trial in place of an older one.

    Raises:
        NotFound: there is no such trial.
    """
    if conn.execute("UPDATE trials SET note = ? WHERE id = ?", (note, trial)).rowcount == 0:
        raise NotFound(f"There is no trial {trial}. The screen Compare lists them.")


def note_comparison(conn: Connection, comparison: int, note: str) -> None:
    """Store a note on a comparison in place of an older one."""
    upsert = """INSERT INTO comparison_notes (comparison, note, at) VALUES (?, ?, ?)
        ON CONFLICT (comparison) DO UPDATE SET note = excluded.note, at = excluded.at"""
    conn.execute(upsert, (get_comparison(conn, comparison).id, note, utc_now()))


def comparison_note(conn: Connection, comparison: int) -> str | None:
    """The note on one comparison, empty where it was taken off; None where only its verdict may have one."""
    row = conn.execute("SELECT note FROM comparison_notes WHERE comparison = ?", (comparison,)).fetchone()
    return None if row is None else str(row["note"])


def comparison_notes(conn: Connection, trial: int) -> dict[int, str]:
    """The notes on a trial's comparisons, by comparison; empty ones are left out."""
    query = """SELECT n.comparison, n.note FROM comparison_notes n JOIN comparisons c ON c.id = n.comparison
        WHERE c.trial = ? AND n.note <> ''"""
    return {row["comparison"]: row["note"] for row in conn.execute(query, (trial,))}


def move_to_labelling(conn: Connection, comparison: int, *, set_name: str) -> VerdictRow | None:
    """Move the prompt of a trial's comparison out of its held-out set, and copy its verdict into labelling.

    Every held-out prompt with the same question moves too; otherwise the held-out guard would keep the pair out of
    training. Returns the standing verdict in labelling, or None where the trial's verdict decided nothing. A verdict of
    a program is kept beside the pair, which waits for one of the owner's own: the result is None then, too.

    Raises:
        NotFound: there is no such comparison.
        NotAllowed: it belongs to no trial, its trial is still sealed, another running trial asks the same prompt,
            the prompt is no longer held out or was forgotten, the two answers had different system prompts, or the set
            `set_name` is held out itself.
    """
    pair = get_comparison(conn, comparison)
    _check_movable(conn, pair)
    to_set = add_prompt_set(conn, set_name, held_out=False)
    rows = conn.execute(_SAME_QUESTION, (pair.prompt.id,)).fetchall()
    for row in rows:
        conn.execute("UPDATE prompts SET set_id = ? WHERE id = ?", (to_set, row["id"]))
        moved = {"prompt": row["id"], "from_set": row["set_id"], "to_set": to_set, "comparison": comparison}
        insert(conn, "prompt_moves", {**moved, "at": utc_now()})
    return _as_labelling(conn, pair)


def moved_prompts(conn: Connection, trial: int) -> list[MovedPrompt]:
    """The prompts that left the held-out sets because of a trial's comparisons, oldest first."""
    query = """SELECT m.prompt, f.name AS from_set, t.name AS to_set, m.comparison, m.at FROM prompt_moves m
        JOIN comparisons c ON c.id = m.comparison
        JOIN prompt_sets f ON f.id = m.from_set
        JOIN prompt_sets t ON t.id = m.to_set
        WHERE c.trial = ? ORDER BY m.id"""
    return [MovedPrompt(**dict(row)) for row in conn.execute(query, (trial,))]


_SAME_QUESTION = """SELECT p.id, p.set_id FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
    WHERE s.held_out = 1 AND p.guard_hash = (SELECT guard_hash FROM prompts WHERE id = ?) ORDER BY p.id"""
_ASKED_ELSEWHERE = f"""SELECT t.id FROM trials t JOIN trial_prompts u ON u.trial = t.id
    WHERE t.status = 'running' AND u.prompt IN (SELECT id FROM ({_SAME_QUESTION})) LIMIT 1"""


def _check_movable(conn: Connection, pair: ComparisonRow) -> None:
    if pair.trial is None:
        raise NotAllowed(f"Comparison {pair.id} belongs to no trial: its prompt is for labelling already.")
    if get_trial(conn, pair.trial).sealed:
        raise NotAllowed(f"Trial {pair.trial} is still sealed. Judge it to its end, or break its seal, first.")
    if get_trial(conn, pair.trial).against_system is not None:
        raise NotAllowed("Its two answers had different system prompts, so they are no pair to train on.")
    if pair.prompt.forgotten:
        raise NotAllowed("The prompt was forgotten, so there is nothing to label.")
    if not pair.prompt.held_out:
        raise NotAllowed(f"The prompt is in the set {pair.prompt.set_name!r} already, which is for labelling.")
    asked = conn.execute(_ASKED_ELSEWHERE, (pair.prompt.id,)).fetchone()
    if asked is not None:
        raise NotAllowed(
            f"Trial {asked['id']} asks this prompt too and is not over. End it first, then move the prompt."
        )


def _as_labelling(conn: Connection, pair: ComparisonRow) -> VerdictRow | None:
    """Add the same two answers to labelling as a comparison, with the trial's verdict if that is decisive."""
    verdict = pair.standing
    if verdict is None or verdict.verdict not in ("a", "b"):
        return None
    labelling = find_comparison(conn, pair.a.id, pair.b.id)
    if labelling is None:
        ids = {"prompt": pair.prompt.id, "a": pair.a.id, "b": pair.b.id}
        labelling = add_comparison(conn, **ids, side_seed=pair.side_seed)
    swapped = pair.a.id > pair.b.id  # outside a trial the older answer is a
    letter = {"a": "b", "b": "a"}[verdict.verdict] if swapped else verdict.verdict
    judge = conn.execute("SELECT judged_by FROM trials WHERE id = ?", (pair.trial,)).fetchone()["judged_by"]
    added = add_verdict(
        conn,
        comparison=labelling,
        verdict=letter,
        strength=verdict.strength,
        layout=verdict.layout,
        blind=verdict.blind,
        note=f"from trial {pair.trial}" + (f": {verdict.note}" if verdict.note else ""),
        source="model" if judge is not None else verdict.source,
        judge=judge,
    )
    note_names_shown(conn, labelling)  # the result of the trial shows its pairs with names
    return added if judge is None else None
