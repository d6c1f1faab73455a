"""Forget prompts: their texts leave the tables and the index of words; counts, verdicts and hashes stay.

What was forgotten can be added again as a new prompt. The text of a forgotten prompt is empty, and nothing asks it,
answers it, trains on it or exports it.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from db.errors import NotAllowed, NotFound
from db.file_identity import connected, wal_of
from db.hashing import canonical_json, guard_hash, text_hash
from db.import_batches import going_on
from db.inserting import insert
from db.times import utc_now

_CHOSEN = "(SELECT value FROM json_each(:prompts))"
_PAIRS = f"(SELECT id FROM comparisons WHERE prompt IN {_CHOSEN})"
_EMPTY = canonical_json([{"role": "user", "content": ""}])
_COUNTS = f"""SELECT (SELECT count(*) FROM completions WHERE prompt IN {_CHOSEN}) AS completions,
        (SELECT count(*) FROM comparisons WHERE prompt IN {_CHOSEN} AND standing IS NOT NULL) AS verdicts,
        (SELECT min(created) FROM prompts WHERE id IN {_CHOSEN}) AS since"""
_RUNS = f"SELECT DISTINCT run FROM run_pairs WHERE comparison IN {_PAIRS}"
# The adapters of those runs, and of the runs that continued them.
_LEARNED = f"""WITH RECURSIVE learned (id) AS (SELECT adapter FROM runs WHERE id IN ({_RUNS}) AND adapter IS NOT NULL
    UNION SELECT r.adapter FROM runs r JOIN learned l ON r.parent_adapter = l.id WHERE r.adapter IS NOT NULL)
    SELECT id FROM learned"""
_SAME_QUESTION = f"""SELECT q.id FROM prompts p JOIN prompts q ON q.guard_hash = p.guard_hash
    WHERE p.id IN {_CHOSEN} AND q.id NOT IN {_CHOSEN} AND q.forgotten IS NULL ORDER BY q.id"""
_ASKING = f"""SELECT DISTINCT t.id FROM trials t LEFT JOIN trial_prompts u ON u.trial = t.id
    LEFT JOIN comparisons c ON c.trial = t.id
    WHERE t.status = 'running' AND (u.prompt IN {_CHOSEN} OR c.prompt IN {_CHOSEN}) ORDER BY t.id"""
_TEXTS = f"""SELECT m.value ->> '$.content' AS text FROM prompts p, json_each(p.messages) m WHERE p.id IN {_CHOSEN}
    UNION SELECT text FROM completions WHERE prompt IN {_CHOSEN}
    UNION SELECT text FROM run_samples WHERE prompt IN {_CHOSEN}
    UNION SELECT note FROM verdicts WHERE comparison IN {_PAIRS}
    UNION SELECT note FROM comparison_notes WHERE comparison IN {_PAIRS}"""

_DELETE = "'delete', "
_WORDS = "rowid, prompt, a, b, said, facts, note"
_INDEXED = f"""SELECT {{0}}t.id, t.prompt, t.a, t.b, t.said, t.facts, ifnull(n.note, '')
    FROM verdict_texts t LEFT JOIN comparison_notes n ON n.comparison = t.comparison
    WHERE t.comparison IN {_PAIRS} ORDER BY t.id"""
_TAKEN_OUT = f"""SELECT id AS comparison, :at, 1 FROM comparisons
    WHERE prompt IN {_CHOSEN} AND trial IS NULL AND repeats IS NULL AND withdrawn = 0"""
# The index of words has no texts of its own, so a row is deleted by repeating them: before the texts are gone.
_INDEX_OFF = (
    f"UPDATE comparison_notes SET note = '' WHERE comparison IN {_PAIRS} AND note <> ''",
    f"INSERT INTO verdict_words (verdict_words, {_WORDS}) {_INDEXED.format(_DELETE)}",
)
_PROMPT = """UPDATE prompts SET messages = :empty, field = NULL, forgotten_hash = content_hash, content_hash = :key,
    forgotten = :forgetting WHERE id = :prompt"""
_REST = (
    f"UPDATE completions SET text = '' WHERE prompt IN {_CHOSEN}",
    f"UPDATE verdicts SET note = '' WHERE comparison IN {_PAIRS} AND note <> ''",
    f"UPDATE run_samples SET text = '' WHERE prompt IN {_CHOSEN}",
    f"DELETE FROM passed_over WHERE prompt IN {_CHOSEN}",
    f"INSERT INTO withdrawals (comparison, at, withdrawn) {_TAKEN_OUT}",
    f"INSERT INTO verdict_words ({_WORDS}) {_INDEXED.format('')}",
    # Until then the words lie in segments beside a mark that deletes them.
    "INSERT INTO verdict_words (verdict_words) VALUES ('optimize')",
)


@dataclass(frozen=True)
class Forgettable:
    """What forgetting some prompts takes away, and what is left of them elsewhere.

    `verdicts` counts the pairs with a standing verdict. `runs` trained on them or evaluated with them, `adapters` are
    the ids of all adapters that learned from those runs. `same_question` are other prompts that ask the same,
    `later_turns` those of a conversation that begins with one of them: they hold its question and an answer.
    `interrupted` are runs that cannot be resumed afterwards. `since` is the time of the oldest prompt.
    """

    prompts: tuple[int, ...]
    completions: int
    verdicts: int
    runs: tuple[int, ...]
    interrupted: tuple[int, ...]
    adapters: tuple[str, ...]
    same_question: tuple[int, ...]
    later_turns: tuple[int, ...]
    since: str


def forgettable(conn: Connection, prompts: Sequence[int]) -> Forgettable:
    """What forgetting these prompts would take away. Those that were forgotten already do not count.

    Raises:
        NotFound: there is no such prompt.
        NotAllowed: nothing is left of them to forget.
    """
    given = {"prompts": json.dumps(list(prompts))}
    there = conn.execute(f"SELECT id, forgotten FROM prompts WHERE id IN {_CHOSEN} ORDER BY id", given).fetchall()
    missing = sorted(set(prompts) - {row["id"] for row in there})
    if missing:
        raise NotFound(f"There is no prompt {missing[0]}. `palate prompts show SET` lists those of a set.")
    left = tuple(row["id"] for row in there if row["forgotten"] is None)
    if not left:
        raise NotAllowed("There is nothing to forget: no prompt, or each was forgotten before.")
    given = {"prompts": json.dumps(left)}
    counted = conn.execute(_COUNTS, given).fetchone()
    runs = [row["run"] for row in conn.execute(_RUNS, given)]
    halted = conn.execute(f"SELECT id FROM runs WHERE status = 'interrupted' AND id IN ({_RUNS})", given)
    return Forgettable(
        prompts=left,
        completions=counted["completions"],
        verdicts=counted["verdicts"],
        runs=tuple(sorted(runs)),
        interrupted=tuple(sorted(row["id"] for row in halted)),
        adapters=tuple(row["id"] for row in conn.execute(_LEARNED, given)),
        same_question=tuple(row["id"] for row in conn.execute(_SAME_QUESTION, given)),
        later_turns=_later_turns(conn, left),
        since=counted["since"],
    )


def _later_turns(conn: Connection, prompts: Sequence[int]) -> tuple[int, ...]:
    """Other prompts whose first turns ask one of these."""
    given = {"prompts": json.dumps(list(prompts))}
    asked = {row["guard_hash"] for row in conn.execute(f"SELECT guard_hash FROM prompts WHERE id IN {_CHOSEN}", given)}
    query = f"""SELECT id, messages FROM prompts WHERE forgotten IS NULL AND id NOT IN {_CHOSEN}
        AND json_array_length(messages) > 2 ORDER BY id"""
    return tuple(
        row["id"]
        for row in conn.execute(query, given)
        for messages in [json.loads(row["messages"])]
        if any(guard_hash(messages[:turns]) in asked for turns in range(1, len(messages) - 1))
    )


def texts_of(conn: Connection, prompts: Sequence[int]) -> list[str]:
    """Every text of these prompts that is not empty: messages, answers, samples of runs, and notes."""
    given = {"prompts": json.dumps(list(prompts))}
    return [row["text"] for row in conn.execute(_TEXTS, given) if row["text"]]


def forget_prompts(conn: Connection, prompts: Sequence[int], *, prompt_set: int | None = None) -> Forgettable:
    """Take the texts of these prompts, of their answers and of all notes on them out of the database.

    The bytes that they occupied are overwritten with zeros. `prompt_set` is the set that was named, None where single
    prompts were. The write-ahead log holds the texts until `Writer.compact`.

    Raises:
        NotFound, NotAllowed: see `forgettable`; an import is running, a running run may train on them, or a running
            trial asks one of them.
    """
    found = forgettable(conn, prompts)
    given = {"prompts": json.dumps(found.prompts)}
    _check_at_rest(conn, given)
    conn.execute("PRAGMA secure_delete = ON")
    counted = {"prompts": len(found.prompts), "completions": found.completions, "verdicts": found.verdicts}
    at = utc_now()
    forgetting = insert(conn, "forgettings", {"at": at, "prompt_set": prompt_set, **counted})
    for statement in _INDEX_OFF:
        conn.execute(statement, given)
    keys = {each: text_hash(f"forgotten prompt {each}") for each in found.prompts}
    rows = [{"prompt": each, "key": key, "empty": _EMPTY, "forgetting": forgetting} for each, key in keys.items()]
    conn.executemany(_PROMPT, rows)
    for statement in _REST:
        conn.execute(statement, given | {"at": at})
    return found


def forgotten_in_run(conn: Connection, run: int) -> int:
    """Count the pairs of a run whose prompt was forgotten."""
    query = """SELECT count(*) FROM run_pairs r JOIN comparisons c ON c.id = r.comparison
        JOIN prompts p ON p.id = c.prompt WHERE r.run = ? AND p.forgotten IS NOT NULL"""
    return int(conn.execute(query, (run,)).fetchone()[0])


def still_holds(database: Path, hashes: Sequence[str]) -> bool:
    """Whether a copy of the database still has a prompt with one of these content hashes.

    A copy that cannot be read counts as one that has, and so does one with a log beside it, which is not read here.
    """
    if (log := wal_of(database)).exists() and log.stat().st_size > 0:
        return True
    query = "SELECT 1 FROM prompts WHERE content_hash IN (SELECT value FROM json_each(?)) LIMIT 1"
    try:
        with closing(connected(database, "mode=ro&immutable=1")) as conn:
            return conn.execute(query, (json.dumps(list(hashes)),)).fetchone() is not None
    except sqlite3.Error:
        return True


def content_hashes(conn: Connection, prompts: Sequence[int]) -> list[str]:
    """The content hashes that these prompts have, or had before they were forgotten."""
    query = f"SELECT ifnull(forgotten_hash, content_hash) AS key FROM prompts WHERE id IN {_CHOSEN}"
    return [row["key"] for row in conn.execute(query, {"prompts": json.dumps(list(prompts))})]


def _check_at_rest(conn: Connection, given: dict[str, str]) -> None:
    if going_on(conn):
        raise NotAllowed("A running import may hold the same prompts. Wait for its end, or stop it.")
    alive = conn.execute("SELECT id FROM runs WHERE status = 'running'").fetchone()
    if alive is not None:
        raise NotAllowed(f"Run {alive['id']} is alive and may train on them. Stop it, or wait for its end.")
    asking = conn.execute(_ASKING, given).fetchone()
    if asking is not None:
        raise NotAllowed(f"Trial {asking['id']} asks one of these prompts and is not over. End it first.")
