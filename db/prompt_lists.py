"""Prompt sets with their counts, and the prompts of a set page by page."""

import json
from collections.abc import Sequence
from sqlite3 import Connection, Row

from db.prompt_rows import FORGOTTEN, PromptListRow, PromptSetRow, SetCounts, StoredQuestion, first_line

_SET_COUNTS = """SELECT s.id, s.name, s.held_out, s.created, count(p.id) AS prompts,
    count(p.id) FILTER (WHERE EXISTS (SELECT 1 FROM comparisons c WHERE c.prompt = p.id AND c.trial IS NULL
        AND c.standing_verdict <> 'skip')) AS judged,
    count(p.id) FILTER (WHERE p.forgotten IS NULL AND NOT EXISTS
        (SELECT 1 FROM comparisons c WHERE c.prompt = p.id AND c.trial IS NULL)) AS open,
    count(p.id) FILTER (WHERE EXISTS (SELECT 1 FROM trial_prompts u WHERE u.prompt = p.id)) AS in_trials
    FROM prompt_sets s LEFT JOIN prompts p ON p.set_id = s.id GROUP BY s.id ORDER BY s.id"""

_PROMPT_ROWS = """SELECT p.id, p.messages, p.field, p.forgotten,
    (SELECT count(*) FROM comparisons c WHERE c.prompt = p.id AND c.trial IS NULL AND c.repeats IS NULL) AS asked,
    (SELECT count(*) FROM comparisons c WHERE c.prompt = p.id AND c.trial IS NULL AND c.repeats IS NULL
        AND c.standing_verdict <> 'skip') AS judged,
    (SELECT count(*) FROM trial_prompts u WHERE u.prompt = p.id) AS trials
    FROM prompts p"""
_PROMPT_LIST = f"{_PROMPT_ROWS} WHERE p.set_id = :set_id AND p.id > :after"

_HAS_WORD = r"""AND (p.field LIKE :{0} ESCAPE '\' OR EXISTS (SELECT 1 FROM json_each(p.messages) m
        WHERE m.value ->> '$.content' LIKE :{0} ESCAPE '\'))"""


def stored_questions(conn: Connection) -> list[StoredQuestion]:
    """Every prompt that was not forgotten, of every set, by rising id."""
    query = """SELECT p.id, s.name, s.held_out, p.messages, p.content_hash, p.guard_hash, p.field FROM prompts p
        JOIN prompt_sets s ON s.id = p.set_id WHERE p.forgotten IS NULL ORDER BY p.id"""
    return [
        StoredQuestion(
            row["id"],
            row["name"],
            bool(row["held_out"]),
            tuple(json.loads(row["messages"])),
            row["content_hash"],
            row["guard_hash"],
            row["field"],
        )
        for row in conn.execute(query)
    ]


def prompts_listed(conn: Connection, ids: Sequence[int]) -> list[PromptListRow]:
    """The prompts with these ids as list rows, in the order of `ids`; ids without a row are left out."""
    query = f"{_PROMPT_ROWS} WHERE p.id IN (SELECT value FROM json_each(?))"
    found = {row["id"]: _list_row(row) for row in conn.execute(query, (json.dumps(list(ids)),))}
    return [found[each] for each in ids if each in found]


def set_counts(conn: Connection) -> list[SetCounts]:
    """Every prompt set with the counts of its prompts, the oldest set first."""
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
    """The prompts of a set behind the id `after` that hold every one of `words`, also as part of a word, in order."""
    values: dict[str, int | str] = {"set_id": set_id, "after": after, "limit": limit}
    conditions = []
    for number, word in enumerate(words):
        for special in "\\%_":
            word = word.replace(special, "\\" + special)
        values[f"w{number}"] = f"%{word}%"
        conditions.append(_HAS_WORD.format(f"w{number}"))
    query = " ".join([_PROMPT_LIST, *conditions, "ORDER BY p.id LIMIT :limit"])
    return [_list_row(row) for row in conn.execute(query, values)]


def _list_row(row: Row) -> PromptListRow:
    return PromptListRow(
        id=row["id"],
        line=first_line(tuple(json.loads(row["messages"]))) if row["forgotten"] is None else FORGOTTEN,
        field=row["field"],
        asked=row["asked"],
        judged=row["judged"],
        trials=row["trials"],
    )
