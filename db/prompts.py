"""Prompts and their sets. The held-out guard refuses a question that would be for labelling and held out at once."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from sqlite3 import Connection, Row

from db.errors import NotAllowed, NotFound
from db.hashing import canonical_json, content_hash, guard_hash
from db.inserting import insert
from db.prompt_rows import (
    AddedPrompts,
    AskedOf,
    Messages,
    NewPrompt,
    PromptRow,
    PromptSetRow,
    UnaskedPrompt,
    first_line,
)
from db.times import utc_now

_PROMPT = """SELECT p.id, p.set_id, s.name AS set_name, s.held_out, p.messages, p.field, p.forgotten
    FROM prompts p JOIN prompt_sets s ON s.id = p.set_id"""
_SET = """SELECT s.id, s.name, s.held_out, s.created, (SELECT count(*) FROM prompts p WHERE p.set_id = s.id) AS prompts
    FROM prompt_sets s"""
# A prompt of a labelling set that has no comparison; those of trials do not count.
_UNASKED = """s.held_out = 0 AND p.forgotten IS NULL
    AND NOT EXISTS (SELECT 1 FROM comparisons c WHERE c.prompt = p.id AND c.trial IS NULL)"""
# Of those, the prompts that were not passed over for this way of asking.
_ASKABLE = f"""prompts p JOIN prompt_sets s ON s.id = p.set_id
    WHERE {_UNASKED} AND NOT EXISTS (SELECT 1 FROM passed_over o WHERE o.prompt = p.id
        AND (o.model_a, o.sampling_a, o.model_b, o.sampling_b) = (?, ?, ?, ?))"""
# A held-out prompt whose question was never among the pairs of a run: only such ones prove anything.
UNTRAINED = """s.held_out = 1 AND p.forgotten IS NULL AND p.guard_hash NOT IN (SELECT t.guard_hash FROM prompts t
    WHERE t.id IN (SELECT c.prompt FROM run_pairs r JOIN comparisons c ON c.id = r.comparison))"""


def add_prompt_set(conn: Connection, name: str, *, held_out: bool) -> int:
    """Create a prompt set and return its id, or return the id of the existing set of that name and kind.

    Raises:
        NotAllowed: a set of that name exists and is of the other kind.
    """
    there = get_prompt_set(conn, name)
    if there is not None and there.held_out == held_out:
        return there.id
    if there is not None:
        kind = "held out for trials" if there.held_out else "for labelling"
        raise NotAllowed(f"The prompt set {name!r} exists and is {kind}. Choose another name with --set.")
    return insert(conn, "prompt_sets", {"name": name, "held_out": held_out, "created": utc_now()})


def get_prompt_set(conn: Connection, name: str) -> PromptSetRow | None:
    """The set of that name, or None."""
    row = conn.execute(f"{_SET} WHERE s.name = ?", (name,)).fetchone()
    return _set_row(row) if row else None


def labelling_sets(conn: Connection) -> dict[str, int]:
    """The ids by name of the sets that are not held out, the oldest first. This counts no prompts."""
    rows = conn.execute("SELECT name, id FROM prompt_sets WHERE held_out = 0 ORDER BY id")
    return {row["name"]: row["id"] for row in rows}


def list_prompt_sets(conn: Connection) -> list[PromptSetRow]:
    """Every prompt set with the number of its prompts, the oldest first."""
    return [_set_row(row) for row in conn.execute(f"{_SET} ORDER BY s.id")]


def add_prompts(conn: Connection, set_id: int, prompts: Iterable[NewPrompt]) -> AddedPrompts:
    """Add prompts to a set; count and leave out those stored already and those that the held-out guard refuses.

    Raises:
        NotFound: there is no such set.
    """
    row = conn.execute("SELECT held_out FROM prompt_sets WHERE id = ?", (set_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no prompt set {set_id}. `palate prompts` lists them.")
    added = duplicates = 0
    clashes: list[str] = []
    for prompt in prompts:
        if _is_in_kind(conn, prompt.messages, held_out=not row["held_out"]):
            clashes.append(first_line(prompt.messages))
        elif find_prompt(conn, prompt.messages) is not None:
            duplicates += 1
        else:
            insert_prompt(conn, set_id, prompt)
            added += 1
    return AddedPrompts(added, duplicates, len(clashes), tuple(clashes))


def insert_prompt(conn: Connection, set_id: int, prompt: NewPrompt) -> int:
    """Store a new prompt that the held-out guard permits, and return its id."""
    values = {
        "set_id": set_id,
        "messages": canonical_json(prompt.messages),
        "field": prompt.field or None,
        "content_hash": content_hash(prompt.messages),
        "guard_hash": guard_hash(prompt.messages),
        "created": utc_now(),
    }
    return insert(conn, "prompts", values)


def find_prompt(conn: Connection, messages: Messages) -> int | None:
    """The id of the prompt with these messages, or None."""
    row = conn.execute("SELECT id FROM prompts WHERE content_hash = ?", (content_hash(messages),)).fetchone()
    return int(row["id"]) if row else None


def get_prompt(conn: Connection, prompt_id: int) -> PromptRow:
    """One prompt.

    Raises:
        NotFound: there is none with that id.
    """
    row = conn.execute(f"{_PROMPT} WHERE p.id = ?", (prompt_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no prompt {prompt_id}. `palate prompts show SET` lists those of a set.")
    return prompt_row(row)


def prompt_position(conn: Connection, prompt_id: int) -> tuple[int, int]:
    """The prompt's position in its set, from 1, and the number of prompts in the set; (0, 0) for an unknown prompt."""
    query = """SELECT count(*) FILTER (WHERE p.id <= asked.id), count(*)
        FROM prompts asked JOIN prompts p ON p.set_id = asked.set_id WHERE asked.id = ?"""
    position, size = conn.execute(query, (prompt_id,)).fetchone()
    return int(position), int(size)


def unasked_prompts(conn: Connection, asked_of: AskedOf) -> list[UnaskedPrompt]:
    """Labelling prompts that have no comparison yet and were not passed over for this way of asking, in id order."""
    rows = conn.execute(f"SELECT p.id, p.set_id, p.field FROM {_ASKABLE} ORDER BY p.id", astuple(asked_of))
    return [UnaskedPrompt(row["id"], row["set_id"], row["field"]) for row in rows]


def field_totals(conn: Connection, set_id: int | None) -> dict[str | None, int]:
    """The number of prompts by field, asked or not: of a set, or of all labelling sets."""
    query = """SELECT p.field, count(*) AS number FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
        WHERE p.forgotten IS NULL AND (s.id = :set OR (:set IS NULL AND s.held_out = 0)) GROUP BY p.field"""
    return {row["field"]: row["number"] for row in conn.execute(query, {"set": set_id})}


def last_asked_field(conn: Connection) -> str | None:
    """The field of the prompt of the newest comparison for labelling; None where it has none."""
    query = """SELECT p.field FROM comparisons c JOIN prompts p ON p.id = c.prompt
        WHERE c.trial IS NULL ORDER BY c.id DESC LIMIT 1"""
    row = conn.execute(query).fetchone()
    return row["field"] if row else None


def prompts_by_id(conn: Connection, ids: Sequence[int]) -> list[PromptRow]:
    """The prompts with these ids, in the order of `ids`; ids without a row are left out."""
    rows = conn.execute(f"{_PROMPT} WHERE p.id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),))
    found = {row["id"]: prompt_row(row) for row in rows}
    return [found[each] for each in ids if each in found]


def pass_over(conn: Connection, prompt: int, asked_of: AskedOf, reason: str) -> None:
    """Never ask this prompt in this way again; `reason` is a sentence."""
    values = (prompt, *astuple(asked_of), utc_now(), reason)
    conn.execute("INSERT OR REPLACE INTO passed_over VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def held_out_prompts(conn: Connection, limit: int) -> list[PromptRow]:
    """The first held-out prompts in id order, without those that a run trained on before they were held out."""
    return [prompt_row(row) for row in conn.execute(f"{_PROMPT} WHERE {UNTRAINED} ORDER BY p.id LIMIT ?", (limit,))]


def prompts_left(conn: Connection, asked_of: AskedOf | None = None) -> int:
    """Count the labelling prompts without a comparison; those passed over for this way of asking do not count."""
    if asked_of is not None:
        return int(conn.execute(f"SELECT count(*) FROM {_ASKABLE}", astuple(asked_of)).fetchone()[0])
    query = f"SELECT count(*) FROM prompts p JOIN prompt_sets s ON s.id = p.set_id WHERE {_UNASKED}"
    return int(conn.execute(query).fetchone()[0])


def prompts_left_stamp(conn: Connection) -> tuple[object, ...]:
    """A value that differs whenever `prompts_left` may have changed. For 100,000 prompts it takes 5 ms, a tenth of
    counting them.

    Comparisons and passed-over prompts are only ever added, and prompts may move between sets.
    """
    query = """SELECT (SELECT count(*) FROM main.prompts), (SELECT total(set_id * id) FROM main.prompts),
        (SELECT max(id) FROM main.comparisons), (SELECT count(*) FROM main.passed_over),
        (SELECT count(*) FROM main.prompts WHERE forgotten IS NOT NULL),
        (SELECT group_concat(id || ' ' || held_out) FROM main.prompt_sets),
        (SELECT last_prompt || ' ' || last_comparison FROM main.import_batch)"""
    return tuple(conn.execute(query).fetchone())


def prompt_row(row: Row, id_column: str = "id") -> PromptRow:
    """A prompt from a row that has its columns; `id_column` names the id's column in a join."""
    return PromptRow(
        id=row[id_column],
        set_id=row["set_id"],
        set_name=row["set_name"],
        held_out=bool(row["held_out"]),
        messages=tuple(json.loads(row["messages"])),
        field=row["field"],
        forgotten=row["forgotten"] is not None,
    )


def _is_in_kind(conn: Connection, messages: Messages, *, held_out: bool) -> bool:
    query = """SELECT 1 FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
        WHERE p.guard_hash = ? AND s.held_out = ? LIMIT 1"""
    return conn.execute(query, (guard_hash(messages), held_out)).fetchone() is not None


def _set_row(row: Row) -> PromptSetRow:
    return PromptSetRow(row["id"], row["name"], bool(row["held_out"]), row["created"], row["prompts"])
