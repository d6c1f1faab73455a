"""The held-out guard: no run trains on prompts that are held out for trials.

The guard hash identifies a question, so the question is the same under another system prompt and in another set.
Three checks make up the guard. Reading pairs for training leaves out those of held-out questions. A run that has such
pairs cannot be resumed. The table of a run's pairs refuses them. This module also moves prompts between labelling and
trials, and counts the effects of such a move.
"""

import json
from collections.abc import Sequence
from sqlite3 import Connection, Row

from db.errors import NotAllowed, NotFound
from db.prompt_rows import Crossing

_HELD_OUT = "SELECT h.guard_hash FROM prompts h WHERE h.set_id IN (SELECT id FROM prompt_sets WHERE held_out = 1)"

# The given prompts, and every other prompt with the same question.
_SAME = """(SELECT q.id FROM prompts p JOIN prompts q ON q.guard_hash = p.guard_hash
    WHERE p.id IN (SELECT value FROM json_each(:prompts)))"""
_COUNTS = f"""SELECT
    (SELECT count(*) FROM {_SAME} s WHERE s.id NOT IN (SELECT value FROM json_each(:prompts))) AS elsewhere,
    (SELECT count(*) FROM comparisons WHERE prompt IN {_SAME} AND trial IS NULL AND repeats IS NULL
        AND standing_verdict <> 'skip') AS verdicts,
    (SELECT count(*) FROM comparisons WHERE prompt IN {_SAME} AND trial IS NULL AND repeats IS NULL AND withdrawn = 0
        AND standing_verdict IN ('a', 'b')) AS pairs,
    (SELECT count(DISTINCT c.prompt) FROM comparisons c JOIN run_pairs r ON r.comparison = c.id
        WHERE c.prompt IN {_SAME}) AS trained"""
_RUNS = f"""SELECT DISTINCT r.id, r.name FROM runs r JOIN run_pairs x ON x.run = r.id
    JOIN comparisons c ON c.id = x.comparison WHERE c.prompt IN {_SAME} AND r.status = :status ORDER BY r.id"""
_ASKING = f"""SELECT DISTINCT t.id FROM trials t LEFT JOIN trial_prompts u ON u.trial = t.id
    LEFT JOIN comparisons c ON c.trial = t.id
    WHERE t.status = 'running' AND (u.prompt IN {_SAME} OR c.prompt IN {_SAME}) ORDER BY t.id"""


def crossing(conn: Connection, prompts: Sequence[int]) -> Crossing:
    """Count the effects of holding these prompts out, or of returning them to labelling."""
    given = {"prompts": json.dumps(list(prompts))}
    row = conn.execute(_COUNTS, given).fetchone()
    runs = conn.execute(_RUNS, {**given, "status": "interrupted"}).fetchall()
    return Crossing(
        prompts=len(prompts),
        elsewhere=row["elsewhere"],
        verdicts=row["verdicts"],
        pairs=row["pairs"],
        trained=row["trained"],
        interrupted=tuple(each["id"] for each in runs),
    )


def set_held_out(conn: Connection, set_id: int, held_out: bool) -> Crossing:
    """Hold a set out for trials, or return it to labelling; gives the effects of that.

    Raises:
        NotFound: there is no such set.
        NotAllowed: a running run trains on one of its prompts, a running trial asks one, or the same question stays
            held out in another set.
    """
    row = _set(conn, set_id)
    prompts = prompts_of(conn, set_id)
    meant = crossing(conn, prompts)
    if bool(row["held_out"]) != held_out:
        _check_crossing(conn, prompts, held_out=held_out, within=set_id)
        conn.execute("UPDATE prompt_sets SET held_out = ? WHERE id = ?", (held_out, set_id))
    return meant


def move_prompts(conn: Connection, prompts: Sequence[int], set_id: int) -> Crossing:
    """Move prompts into a set. Prompts that thereby change between labelling and trials pass the checks of a set.

    Raises:
        NotFound: there is no such set or prompt.
        NotAllowed: see `set_held_out`.
    """
    held_out = bool(_set(conn, set_id)["held_out"])
    query = """SELECT p.id, s.held_out FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
        WHERE p.id IN (SELECT value FROM json_each(?))"""
    sides = {row["id"]: bool(row["held_out"]) for row in conn.execute(query, (json.dumps(list(prompts)),))}
    missing = [each for each in prompts if each not in sides]
    if missing:
        raise NotFound(f"There is no prompt {missing[0]}. `palate prompts show SET` lists those of a set.")
    across = [each for each, side in sides.items() if side != held_out]
    meant = crossing(conn, across)
    if across:
        _check_crossing(conn, across, held_out=held_out)
    conn.executemany("UPDATE prompts SET set_id = ? WHERE id = ?", [(set_id, each) for each in sides])
    return meant


def prompts_of(conn: Connection, set_id: int) -> list[int]:
    """The ids of the prompts of a set, in order."""
    return [row["id"] for row in conn.execute("SELECT id FROM prompts WHERE set_id = ? ORDER BY id", (set_id,))]


def held_out_in_run(conn: Connection, run: int) -> int:
    """Count the pairs of a run whose question is held out now."""
    query = f"""SELECT count(*) FROM run_pairs r JOIN comparisons c ON c.id = r.comparison
        JOIN prompts p ON p.id = c.prompt WHERE r.run = ? AND p.guard_hash IN ({_HELD_OUT})"""
    return int(conn.execute(query, (run,)).fetchone()[0])


def _set(conn: Connection, set_id: int) -> Row:
    row: Row | None = conn.execute("SELECT * FROM prompt_sets WHERE id = ?", (set_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no prompt set {set_id}. `palate prompts` lists them.")
    return row


def _check_crossing(conn: Connection, prompts: Sequence[int], *, held_out: bool, within: int | None = None) -> None:
    """Refuse a change that would break a run or a trial, or leave a question both held out and for labelling."""
    given = {"prompts": json.dumps(list(prompts))}
    if held_out:
        trains = conn.execute(_RUNS, {**given, "status": "running"}).fetchone()
        if trains is not None:  # also on ties, on pairs of other givers, and on pairs that were taken out meanwhile
            raise NotAllowed(f"Run {trains['id']} is alive and trains on them. Stop it, or wait for its end.")
        # A run that is about to start has recorded no pairs yet, but has already read them.
        alive = conn.execute("SELECT id, name FROM runs WHERE status = 'running'").fetchone()
        if alive is not None and crossing(conn, prompts).pairs:
            raise NotAllowed(f"Run {alive['id']} is alive and may train on them. Stop it, or wait for its end.")
        return
    asking = conn.execute(_ASKING, given).fetchone()
    if asking is not None:
        raise NotAllowed(f"Trial {asking['id']} asks one of these prompts and is not over. End it first.")
    stays = f"""SELECT s.name FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
        WHERE s.held_out = 1 AND s.id IS NOT :within AND p.id IN {_SAME}
            AND p.id NOT IN (SELECT value FROM json_each(:prompts)) LIMIT 1"""
    other = conn.execute(stays, {**given, "within": within}).fetchone()
    if other is not None:
        raise NotAllowed(
            f"The same question stays held out in the set {other['name']!r}. Return that set to labelling first."
        )
