"""Comparisons: two completions of one prompt, the sides they are shown on, and the queue of those without a verdict."""

import hashlib
import json
from collections.abc import Sequence
from itertools import count
from sqlite3 import Connection, Row

from db.completions import add_completion, get_completion, get_completions
from db.errors import NotAllowed, NotFound
from db.hashing import text_hash
from db.inserting import insert
from db.models import ensure_sampling
from db.pair_rows import ComparisonRow, CompletionRow, NewCompletion, VerdictRow
from db.prompts import prompt_row
from db.times import utc_now

_COMPARISON = """SELECT c.id AS comparison_id, c.a, c.b, c.side_seed, c.flipped, c.trial, c.created, c.repeats,
    c.ranking, p.id AS prompt_id, p.set_id, t.name AS set_name, t.held_out, p.messages, p.field, p.forgotten,
    v.id, v.comparison, v.at, v.verdict, v.strength, v.side, v.layout, v.seconds, v.blind, v.note, v.source, v.undoes,
    v.person, v.judge, v.confidence, v.origin, v.act
    FROM comparisons c
    JOIN prompts p ON p.id = c.prompt
    JOIN prompt_sets t ON t.id = p.set_id
    LEFT JOIN verdicts v ON v.id = c.standing"""
STILL_LABELLING = """NOT EXISTS (SELECT 1 FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
    WHERE p.id = comparisons.prompt AND (s.held_out = 1 OR p.forgotten IS NOT NULL))"""
"""The condition for rows of `comparisons` whose prompt has not become held out and was not forgotten."""
C_STILL_LABELLING = STILL_LABELLING.replace("comparisons.", "c.")
"""The same where `c` stands for `comparisons`."""
# A pair with an answer that a person wrote is never asked: the person chose that answer by writing it.
IS_OPEN = f"""trial IS NULL AND standing IS NULL AND ranking IS NULL AND {STILL_LABELLING}
    AND NOT EXISTS (SELECT 1 FROM completions x WHERE x.id IN (comparisons.a, comparisons.b) AND x.source = 'human')"""
"""The condition for rows of `comparisons` that wait for a verdict in labelling. Every order of asking uses it."""
_OPEN = f"SELECT id FROM comparisons WHERE {IS_OPEN}"
# The pairs that a person asked for come first, the newest of them at the front.
_ASKED_FIRST = f"{_OPEN} AND asked_first = 1"
# A skipped repeat is never asked again, and neither is a pair that was skipped because its answers were ranked.
_SKIPPED = f"""SELECT id FROM comparisons WHERE trial IS NULL AND repeats IS NULL AND standing IS NOT NULL
    AND ranking IS NULL AND standing_verdict = 'skip' AND {STILL_LABELLING}
    AND NOT EXISTS (SELECT 1 FROM verdicts s WHERE s.id = comparisons.standing AND s.act IS NOT NULL)"""


def is_flipped(side_seed: int) -> bool:
    """Whether this seed shows b on the left: the lowest bit of sha256 of its decimal digits."""
    return bool(hashlib.sha256(str(side_seed).encode()).digest()[0] & 1)


def seed_showing(flipped: bool, start: int) -> int:
    """The first seed from `start` on that shows b on the left, or a where `flipped` is false."""
    return next(seed for seed in count(start) if is_flipped(seed) == flipped)


def add_comparison(
    conn: Connection,
    *,
    prompt: int,
    a: int,
    b: int,
    side_seed: int,
    trial: int | None = None,
    repeats: int | None = None,
    asked_first: int = 0,
    ranking: int | None = None,
) -> int:
    """Store one comparison and return its id.

    Outside a trial the older completion becomes a. A trial keeps the given order: its first model wrote a.
    `repeats` is the comparison that this one asks again; `asked_first` 1 puts it at the front of the queue. A pair of a
    `ranking` is asked with all its answers and never alone.

    Raises:
        NotFound: a completion does not exist.
        NotAllowed: a completion belongs to another prompt, or, outside a trial, the two texts are the same, were
            compared before, or were written under different system prompts.
    """
    first, second = get_completion(conn, a), get_completion(conn, b)
    _check_prompts(prompt, first, second)
    if trial is None:
        a, b = sorted((a, b))
        if repeats is None:
            _check_for_labelling(conn, first, second)
    values = {"prompt": prompt, "a": a, "b": b, "side_seed": side_seed, "flipped": is_flipped(side_seed)}
    place = {"trial": trial, "repeats": repeats, "asked_first": asked_first, "ranking": ranking}
    return insert(conn, "comparisons", {**values, **place, "created": utc_now()})


def add_pair(
    conn: Connection,
    prompt: int,
    answers: tuple[NewCompletion, NewCompletion],
    *,
    side_seed: int,
    trial: int | None = None,
    asked_first: bool = False,
) -> int:
    """Store two new answers to a prompt with their comparison, and return the comparison's id.

    `asked_first` puts it at the front of the queue. See `add_comparison` for the order of the two and for errors.
    """
    a, b = (add_answer(conn, prompt, each) for each in answers)
    return add_comparison(conn, prompt=prompt, a=a, b=b, side_seed=side_seed, trial=trial, asked_first=asked_first)


def find_comparison(conn: Connection, a: int, b: int) -> int | None:
    """The labelling comparison of two completions, in either order, or None."""
    query = "SELECT id FROM comparisons WHERE a = ? AND b = ? AND trial IS NULL AND repeats IS NULL"
    row = conn.execute(query, (min(a, b), max(a, b))).fetchone()
    return int(row["id"]) if row else None


def find_by_texts(conn: Connection, prompt: int, a_hash: str, b_hash: str) -> list[tuple[int, bool]]:
    """The labelling comparisons of two texts, and whether their a has the first one. Those with a verdict come first.

    There are several where answers were ranked, or where a text was written twice.
    """
    query = """SELECT c.id, a.text_hash = :a AS in_order FROM comparisons c
        JOIN completions a ON a.id = c.a JOIN completions b ON b.id = c.b
        WHERE c.prompt = :prompt AND c.trial IS NULL AND c.repeats IS NULL
            AND (a.text_hash = :a AND b.text_hash = :b OR a.text_hash = :b AND b.text_hash = :a)
        ORDER BY ifnull(c.standing_verdict, 'skip') = 'skip', c.id"""
    rows = conn.execute(query, {"prompt": prompt, "a": a_hash, "b": b_hash})
    return [(int(row["id"]), bool(row["in_order"])) for row in rows]


def get_comparison(conn: Connection, comparison: int) -> ComparisonRow:
    """One comparison with its prompt, both completions and the standing verdict.

    Raises:
        NotFound: there is none with that id.
    """
    rows = comparisons_by_id(conn, [comparison])
    if not rows:
        raise NotFound(f"There is no comparison {comparison}. `palate queue` lists those that wait for a verdict.")
    return rows[0]


def comparisons_by_id(conn: Connection, ids: Sequence[int]) -> list[ComparisonRow]:
    """The comparisons with these ids, in the order of `ids`; ids without a row are left out."""
    wanted = json.dumps(list(ids))
    rows = conn.execute(f"{_COMPARISON} WHERE c.id IN (SELECT value FROM json_each(?))", (wanted,)).fetchall()
    texts = get_completions(conn, [row[side] for row in rows for side in ("a", "b")])
    found = {row["comparison_id"]: _comparison_row(row, texts) for row in rows}
    return [found[each] for each in ids if each in found]


def next_open(conn: Connection, *, after: int | None = None) -> ComparisonRow | None:
    """The next comparison to judge: first those a person asked for, then open ones by id, then skipped ones.

    An open comparison was never judged, or its verdict was undone. The oldest skip comes first. The comparison `after`
    is left out unless it is the only one, so that a skip shows another pair.
    """
    asked = next_asked_first(conn, after=after)
    if asked is not None:
        return asked
    queries = (f"{_OPEN} AND id IS NOT ? ORDER BY id LIMIT 1", f"{_SKIPPED} AND id IS NOT ? ORDER BY standing LIMIT 1")
    for query in queries:
        row = conn.execute(query, (after,)).fetchone()
        if row:
            return get_comparison(conn, row["id"])
    return next_open(conn) if after is not None else None


def next_asked_first(conn: Connection, *, after: int | None = None) -> ComparisonRow | None:
    """The newest open comparison that a person asked for, `after` left out."""
    row = conn.execute(f"{_ASKED_FIRST} AND id IS NOT ? ORDER BY id DESC LIMIT 1", (after,)).fetchone()
    return get_comparison(conn, row["id"]) if row else None


def open_comparisons(conn: Connection, limit: int) -> list[ComparisonRow]:
    """The first labelling comparisons without a verdict, in the order of `next_open`; skipped ones are left out."""
    queries = (f"{_ASKED_FIRST} ORDER BY id DESC LIMIT ?", f"{_OPEN} AND asked_first = 0 ORDER BY id LIMIT ?")
    ids = [row["id"] for query in queries for row in conn.execute(query, (limit,))]
    return comparisons_by_id(conn, ids[:limit])


def pairs_of_prompt(conn: Connection, prompt: int) -> list[ComparisonRow]:
    """The labelling comparisons of this prompt that were asked alone, the newest first."""
    query = """SELECT id FROM comparisons WHERE prompt = ? AND trial IS NULL AND repeats IS NULL AND ranking IS NULL
        ORDER BY id DESC"""
    return comparisons_by_id(conn, [row["id"] for row in conn.execute(query, (prompt,))])


def num_compared(conn: Connection, prompt: int) -> int:
    """Count the labelling comparisons of this prompt, repeats and edits included."""
    query = "SELECT count(*) FROM comparisons WHERE prompt = ? AND trial IS NULL"
    return int(conn.execute(query, (prompt,)).fetchone()[0])


def texts_compared(conn: Connection, prompt: int, texts: tuple[str, str]) -> bool:
    """Whether labelling already has a comparison of these two texts, in either order."""
    hashes = [text_hash(text) for text in texts]
    query = """SELECT 1 FROM comparisons c JOIN completions a ON a.id = c.a JOIN completions b ON b.id = c.b
        WHERE c.prompt = ? AND c.trial IS NULL AND (a.text_hash, b.text_hash) IN (VALUES (?, ?), (?, ?)) LIMIT 1"""
    return conn.execute(query, (prompt, *hashes, *reversed(hashes))).fetchone() is not None


def count_open(conn: Connection) -> int:
    """Count the labelling comparisons that were never judged or whose verdict was undone."""
    return int(conn.execute(f"SELECT count(*) FROM ({_OPEN})").fetchone()[0])


def verdict_row(row: Row) -> VerdictRow:
    """A verdict from a row that has its columns."""
    return VerdictRow(
        id=row["id"],
        comparison=row["comparison"],
        at=row["at"],
        verdict=row["verdict"],
        strength=row["strength"],
        side=row["side"],
        layout=row["layout"],
        seconds=row["seconds"],
        blind=bool(row["blind"]),
        note=row["note"],
        source=row["source"],
        undoes=row["undoes"],
        person=row["person"],
        judge=row["judge"],
        confidence=row["confidence"],
        origin=row["origin"],
        act=row["act"],
    )


def add_answer(conn: Connection, prompt: int, answer: NewCompletion) -> int:
    """Store a new answer without a comparison, and return its id."""
    return add_completion(
        conn,
        prompt=prompt,
        model=answer.model,
        sampling=ensure_sampling(conn, answer.sampling),
        seed=answer.seed,
        text=answer.text,
        tokens=answer.tokens,
        cut=answer.cut,
        source=answer.source,
        server=answer.server,
    )


def _check_prompts(prompt: int, first: CompletionRow, second: CompletionRow) -> None:
    for each in (first, second):
        if each.prompt_id != prompt:
            raise NotAllowed(f"Completion {each.id} answers prompt {each.prompt_id}, not {prompt}.")


def _check_for_labelling(conn: Connection, first: CompletionRow, second: CompletionRow) -> None:
    if first.text == second.text:
        raise NotAllowed(f"Completions {first.id} and {second.id} have the same text: there is nothing to choose.")
    if find_comparison(conn, first.id, second.id) is not None:
        raise NotAllowed(f"Completions {first.id} and {second.id} were compared before.")
    systems = {each.sampling.get("system") for each in (first, second) if each.sampling is not None}
    if len(systems) > 1:
        raise NotAllowed(f"Completions {first.id} and {second.id} were written under different system prompts.")


def _comparison_row(row: Row, texts: dict[int, CompletionRow]) -> ComparisonRow:
    return ComparisonRow(
        id=row["comparison_id"],
        prompt=prompt_row(row, "prompt_id"),
        a=texts[row["a"]],
        b=texts[row["b"]],
        side_seed=row["side_seed"],
        flipped=bool(row["flipped"]),
        trial=row["trial"],
        created=row["created"],
        standing=verdict_row(row) if row["id"] is not None else None,
        repeats=row["repeats"],
        ranking=row["ranking"],
    )
