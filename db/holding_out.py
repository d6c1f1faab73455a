"""The wall between labelling and prompts that are held out: what holding out means, and moves from side to side.

A question is known by its guard hash, so that it is the same question under another system prompt and in another set.
The wall is kept three times: pairs of held-out questions are never read for training, a run that has some cannot be
resumed, and the table of a run's pairs refuses them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection, Row

from db.errors import NotAllowed, NotFound
from db.prompt_rows import PromptSetRow, first_line

_HELD_OUT = "SELECT h.guard_hash FROM prompts h WHERE h.set_id IN (SELECT id FROM prompt_sets WHERE held_out = 1)"

WALL_SCHEMA: tuple[str, ...] = (
    f"""CREATE TRIGGER held_out_is_never_trained_on BEFORE INSERT ON run_pairs
    WHEN (SELECT p.guard_hash FROM comparisons c JOIN prompts p ON p.id = c.prompt WHERE c.id = NEW.comparison)
        IN ({_HELD_OUT})
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END""",
    f"""CREATE TRIGGER held_out_comes_in_no_other_way BEFORE UPDATE OF comparison ON run_pairs
    WHEN (SELECT p.guard_hash FROM comparisons c JOIN prompts p ON p.id = c.prompt WHERE c.id = NEW.comparison)
        IN ({_HELD_OUT})
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END""",
    """CREATE TRIGGER run_pairs_of_trials BEFORE INSERT ON run_pairs
    WHEN EXISTS (SELECT 1 FROM comparisons c WHERE c.id = NEW.comparison AND c.trial IS NOT NULL)
    BEGIN SELECT RAISE(ABORT, 'a verdict of a trial is never trained on'); END""",
    "CREATE INDEX run_pairs_by_comparison ON run_pairs (comparison)",
)

# The same refusal by an index. As it was, every pair of a run read the held-out prompts anew: 30,000 pairs and 5,000
# prompts took a minute.
_IS_HELD_OUT = """EXISTS (SELECT 1 FROM comparisons c JOIN prompts p ON p.id = c.prompt
        JOIN prompts h ON h.guard_hash = p.guard_hash JOIN prompt_sets s ON s.id = h.set_id
        WHERE c.id = NEW.comparison AND s.held_out = 1)
    BEGIN SELECT RAISE(ABORT, 'a prompt that is held out for trials is never trained on'); END"""
WALL_BY_INDEX: tuple[str, ...] = (
    "DROP TRIGGER held_out_is_never_trained_on",
    "DROP TRIGGER held_out_comes_in_no_other_way",
    f"CREATE TRIGGER held_out_is_never_trained_on BEFORE INSERT ON run_pairs WHEN {_IS_HELD_OUT}",
    f"CREATE TRIGGER held_out_comes_in_no_other_way BEFORE UPDATE OF comparison ON run_pairs WHEN {_IS_HELD_OUT}",
)

# The prompts asked about, and every other prompt that asks the same.
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


@dataclass(frozen=True)
class Crossing:
    """What it means to take prompts to the other side of the wall.

    `elsewhere` are prompts of other sets that ask the same. `verdicts` were given on them in labelling, `pairs` of them
    decide and are not taken out. `trained` prompts were in a run already, so that no trial asks them. `interrupted` are
    runs that could not be resumed.
    """

    prompts: int
    elsewhere: int
    verdicts: int
    pairs: int
    trained: int
    interrupted: tuple[int, ...]


def crossing(conn: Connection, prompts: Sequence[int]) -> Crossing:
    """What it would mean to hold these prompts out, or to hand them back."""
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
    """Hold a set out for trials, or hand it back to labelling; gives what that meant.

    Raises:
        NotFound: there is no such set.
        NotAllowed: a run that is alive trains on one of its prompts, a trial that is not over asks one, or the same
            question stays held out in another set.
    """
    row = _set(conn, set_id)
    prompts = prompts_of(conn, set_id)
    meant = crossing(conn, prompts)
    if bool(row["held_out"]) != held_out:
        _check_crossing(conn, prompts, held_out=held_out, within=set_id)
        conn.execute("UPDATE prompt_sets SET held_out = ? WHERE id = ?", (held_out, set_id))
    return meant


def move_prompts(conn: Connection, prompts: Sequence[int], set_id: int) -> Crossing:
    """Move prompts into a set; those that change sides by that cross the wall, as a whole set would.

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
    """How many pairs of a run have a question that is held out now."""
    query = f"""SELECT count(*) FROM run_pairs r JOIN comparisons c ON c.id = r.comparison
        JOIN prompts p ON p.id = c.prompt WHERE r.run = ? AND p.guard_hash IN ({_HELD_OUT})"""
    return int(conn.execute(query, (run,)).fetchone()[0])


def _set(conn: Connection, set_id: int) -> Row:
    row: Row | None = conn.execute("SELECT * FROM prompt_sets WHERE id = ?", (set_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no prompt set {set_id}. `palate prompts` lists them.")
    return row


def _check_crossing(conn: Connection, prompts: Sequence[int], *, held_out: bool, within: int | None = None) -> None:
    """Refuse what would break a run or a trial, or leave a question on both sides."""
    given = {"prompts": json.dumps(list(prompts))}
    if held_out:
        # A run that is about to start has no pairs yet, but has read them.
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
        raise NotAllowed(f"The same question stays held out in the set {other['name']!r}. Hand that back first.")


# -- sets and single prompts -----------------------------------------------------------------------------------


def rename_set(conn: Connection, set_id: int, name: str) -> None:
    """Give a set another name.

    Raises:
        NotFound: there is no such set.
        NotAllowed: the name is empty, or another set has it.
    """
    _set(conn, set_id)
    name = name.strip()
    if not name:
        raise NotAllowed("A prompt set needs a name.")
    taken = conn.execute("SELECT 1 FROM prompt_sets WHERE name = ? AND id <> ?", (name, set_id)).fetchone()
    if taken is not None:
        raise NotAllowed(f"There is a prompt set {name!r} already. Choose another name.")
    conn.execute("UPDATE prompt_sets SET name = ? WHERE id = ?", (name, set_id))


def remove_prompt(conn: Connection, prompt: int) -> None:
    """Take away a prompt that was never used.

    Raises:
        NotFound: there is none with that id.
        NotAllowed: it was answered, asked in a trial or moved out of a trial: what was made of it stays.
    """
    if conn.execute("SELECT 1 FROM prompts WHERE id = ?", (prompt,)).fetchone() is None:
        raise NotFound(f"There is no prompt {prompt}.")
    for table, words in (
        ("completions", "it was answered"),
        ("trial_prompts", "a trial asks it"),
        ("prompt_moves", "it was moved out of a trial"),
    ):
        if conn.execute(f"SELECT 1 FROM {table} WHERE prompt = ? LIMIT 1", (prompt,)).fetchone() is not None:
            raise NotAllowed(f"Prompt {prompt} stays, because {words}. Only one that was never used can go.")
    conn.execute("DELETE FROM passed_over WHERE prompt = ?", (prompt,))
    conn.execute("DELETE FROM prompts WHERE id = ?", (prompt,))


# -- looking through -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SetCounts:
    """A prompt set with its prompts counted: those judged, those open (never asked), and those that trials asked."""

    row: PromptSetRow
    judged: int
    open: int
    in_trials: int


@dataclass(frozen=True)
class PromptListRow:
    """One prompt, as short as a list needs it. `judged` counts its verdicts, `trials` the trials that asked it."""

    id: int
    line: str
    field: str | None
    asked: int
    judged: int
    trials: int


_SET_COUNTS = """SELECT s.id, s.name, s.held_out, s.created, count(p.id) AS prompts,
    count(p.id) FILTER (WHERE EXISTS (SELECT 1 FROM comparisons c WHERE c.prompt = p.id AND c.trial IS NULL
        AND c.standing_verdict <> 'skip')) AS judged,
    count(p.id) FILTER (WHERE NOT EXISTS
        (SELECT 1 FROM comparisons c WHERE c.prompt = p.id AND c.trial IS NULL)) AS open,
    count(p.id) FILTER (WHERE EXISTS (SELECT 1 FROM trial_prompts u WHERE u.prompt = p.id)) AS in_trials
    FROM prompt_sets s LEFT JOIN prompts p ON p.set_id = s.id GROUP BY s.id ORDER BY s.id"""
_PROMPT_LIST = """SELECT p.id, p.messages, p.field,
    (SELECT count(*) FROM comparisons c WHERE c.prompt = p.id AND c.trial IS NULL AND c.repeats IS NULL) AS asked,
    (SELECT count(*) FROM comparisons c WHERE c.prompt = p.id AND c.trial IS NULL AND c.repeats IS NULL
        AND c.standing_verdict <> 'skip') AS judged,
    (SELECT count(*) FROM trial_prompts u WHERE u.prompt = p.id) AS trials
    FROM prompts p WHERE p.set_id = :set_id AND p.id > :after"""
_HAS_WORD = r"""AND (p.field LIKE :{0} ESCAPE '\' OR EXISTS (SELECT 1 FROM json_each(p.messages) m
        WHERE m.value ->> '$.content' LIKE :{0} ESCAPE '\'))"""


def set_counts(conn: Connection) -> list[SetCounts]:
    """Every prompt set in the order they were made, with its prompts counted."""
    return [
        SetCounts(
            PromptSetRow(row["id"], row["name"], bool(row["held_out"]), row["created"], row["prompts"]),
            judged=row["judged"],
            open=row["open"],
            in_trials=row["in_trials"],
        )
        for row in conn.execute(_SET_COUNTS)
    ]


def list_prompts(
    conn: Connection, set_id: int, *, words: Sequence[str] = (), after: int = 0, limit: int = 200
) -> list[PromptListRow]:
    """The prompts of a set in order, from behind the id `after`, that hold every one of `words` or parts of them."""
    values: dict[str, int | str] = {"set_id": set_id, "after": after, "limit": limit}
    conditions = []
    for number, word in enumerate(words):
        for special in "\\%_":
            word = word.replace(special, "\\" + special)
        values[f"w{number}"] = f"%{word}%"
        conditions.append(_HAS_WORD.format(f"w{number}"))
    query = " ".join([_PROMPT_LIST, *conditions, "ORDER BY p.id LIMIT :limit"])
    return [
        PromptListRow(
            id=row["id"],
            line=first_line(tuple(json.loads(row["messages"]))),
            field=row["field"],
            asked=row["asked"],
            judged=row["judged"],
            trials=row["trials"],
        )
        for row in conn.execute(query, values)
    ]
