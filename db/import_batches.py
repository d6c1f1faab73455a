"""An import of any length, stored in small transactions and shown in one step.

`begin` reserves a range of ids in each table with a placeholder row at its end, so that all other new rows get larger
ids. `ImportBatch.store` fills the range, a slice at a time. Readers leave the range out (see `hide_batch`) until
`reveal` deletes the placeholders and the mark. `take_back` deletes the stored rows, a slice at a time; the next start
does that for an import that was killed.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from sqlite3 import Connection
from typing import Any

from db.comparisons import find_by_texts, is_flipped, seed_showing
from db.errors import NotAllowed
from db.givers import MAY_STAND
from db.hashing import canonical_json, content_hash, guard_hash, text_hash
from db.inserting import insert
from db.interchange.records import LeftOut, PairRecord
from db.judges import named_judge
from db.people import ensure_person, own_name
from db.prompts import add_prompt_set
from db.rankings import MOST
from db.tags import set_tags
from db.times import utc_now

_RANGE = "{id} NOT BETWEEN ifnull((SELECT first_{kind} FROM main.import_batch), 0)\
 AND ifnull((SELECT last_{kind} FROM main.import_batch), -1)"

SEEN = _RANGE.format(id="c.id", kind="comparison")
"""For a query that must name the table itself, as `main.comparisons c`, because it names an index."""

_VIEWS = (
    f"CREATE TEMP VIEW prompts AS SELECT * FROM main.prompts WHERE {_RANGE.format(id='id', kind='prompt')}",
    f"CREATE TEMP VIEW comparisons AS SELECT * FROM main.comparisons WHERE {_RANGE.format(id='id', kind='comparison')}",
    """CREATE TEMP VIEW prompt_sets AS SELECT * FROM main.prompt_sets
    WHERE id IS NOT (SELECT set_id FROM main.import_batch WHERE new_set = 1)""",
)


HELD_OUT = "the question is held out for trials"
KNOWN = "known already"
OTHERWISE = "judged otherwise here, and that verdict stays"

_RANGES = {"prompt": "prompts", "completion": "completions", "comparison": "comparisons"}
_SAID = f"""SELECT DISTINCT v.verdict FROM verdicts v
    WHERE v.comparison = ? AND v.verdict NOT IN ('undo', 'skip') AND {MAY_STAND}
        AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id)"""
# What refers to a completion or a prompt `x`, once the comparisons of the import are gone.
_COMPARED = "SELECT 1 FROM comparisons c WHERE c.prompt = x.prompt AND x.id IN (c.a, c.b)"
_ANSWERED = "SELECT 1 FROM completions c WHERE c.prompt = x.id"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record with everything that needs no database. The reading thread prepares it, to spare the writer's thread."""

    record: PairRecord
    messages: str
    content: str
    guard: str
    hashes: tuple[str, str]


def prepared(record: PairRecord) -> Prepared:
    """The record with its prompt as JSON and all hashes."""
    messages = record.messages
    hashes = (text_hash(record.a), text_hash(record.b))
    return Prepared(record, canonical_json(messages), content_hash(messages), guard_hash(messages), hashes)


@dataclass
class ImportBatch:
    """An import in progress: the set for its new prompts, and the next free id in each range."""

    set_id: int
    prompt: int
    completion: int
    comparison: int
    last_comparison: int
    first_comparison: int = field(init=False)
    rankings: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.first_comparison = self.comparison

    def store(self, conn: Connection, slice_: Sequence[Prepared]) -> list[PairRecord | LeftOut]:
        """Store some records, still hidden, and return the outcome of each. Run it in one transaction."""
        held_out = _held_out(conn, [each.guard for each in slice_])
        now = utc_now()
        return [
            LeftOut(each.record.at, HELD_OUT) if each.guard in held_out else self._store_one(conn, each, now)
            for each in slice_
        ]

    def _store_one(self, conn: Connection, one: Prepared, now: str) -> PairRecord | LeftOut:
        record = one.record
        found = conn.execute("SELECT id FROM prompts WHERE content_hash = ?", (one.content,)).fetchone()
        prompt = found[0] if found else self._add_prompt(conn, one, now)
        texts = zip((record.a, record.b), one.hashes, (record.score_a, record.score_b), record.cut, strict=True)
        before = self.completion
        a, b = (self._completion(conn, prompt, *each, now, new=found is None) for each in texts)
        there = [] if a >= before or b >= before else find_by_texts(conn, prompt, *one.hashes)
        pair, in_order = there[0] if there else (self._add_comparison(conn, prompt, a, b, record, now), a < b)
        if there and (reason := self._refusal(conn, pair, in_order, record)) is not None:
            return LeftOut(record.at, reason)
        hidden = self.first_comparison <= pair <= self.last_comparison
        if hidden:
            _insert_others(conn, pair, _others(record, in_order), now)
        if record.verdict is not None:
            said, more = _verdict_values(record, in_order), _more(record, in_order)
            if hidden:
                _insert_verdict(conn, pair, said, more, now)
            else:
                late = {"comparison": pair, **said, "line": record.at, "more": canonical_json(more)}
                insert(conn, "import_late", late)
        return record

    def _add_prompt(self, conn: Connection, one: Prepared, now: str) -> int:
        self.prompt += 1
        values = (self.prompt - 1, self.set_id, one.messages, one.record.field, one.content, one.guard, now)
        conn.execute(
            """INSERT INTO prompts (id, set_id, messages, field, content_hash, guard_hash, created)
            VALUES (?, ?, ?, ?, ?, ?, ?)""",
            values,
        )
        return self.prompt - 1

    def _completion(
        self, conn: Connection, prompt: int, text: str, key: str, score: float | None, cut: bool, now: str, *, new: bool
    ) -> int:
        """The completion of the prompt with this text; `new` says that the prompt has none yet."""
        query = "SELECT id FROM completions WHERE prompt = ? AND text_hash = ? ORDER BY id LIMIT 1"
        found = None if new else conn.execute(query, (prompt, key)).fetchone()
        if found is None:
            self.completion += 1
            conn.execute(
                """INSERT INTO completions (id, prompt, text, text_hash, cut, source, created)
                VALUES (?, ?, ?, ?, ?, 'import', ?)""",
                (self.completion - 1, prompt, text, key, cut, now),
            )
        completion = found[0] if found else self.completion - 1
        if score is not None:
            conn.execute("INSERT OR IGNORE INTO answer_scores VALUES (?, ?)", (completion, score))
        return int(completion)

    def _add_comparison(self, conn: Connection, prompt: int, a: int, b: int, record: PairRecord, now: str) -> int:
        self.comparison += 1
        seed = _seed(a, b, record)
        ranking = None if record.ranking is None else self._ranking(conn, prompt, (a, b), record, now)
        conn.execute(
            """INSERT INTO comparisons (id, prompt, a, b, side_seed, flipped, created, ranking)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (self.comparison - 1, prompt, min(a, b), max(a, b), seed, is_flipped(seed), now, ranking),
        )
        return self.comparison - 1

    def _ranking(self, conn: Connection, prompt: int, pair: tuple[int, int], record: PairRecord, now: str) -> int:
        """The ranking to which the record belongs. It gets these answers too, if it has room for all of its own."""
        assert record.ranking is not None
        ranking = self.rankings.get((record.ranking, prompt))
        if ranking is None:
            ranking = insert(conn, "rankings", {"prompt": prompt, "created": now})
            self.rankings[record.ranking, prompt] = ranking
        for answer in pair if record.answers <= MOST else ():
            conn.execute(
                """INSERT OR IGNORE INTO ranking_answers (ranking, place, completion)
                SELECT :ranking, 1 + count(*), :answer FROM ranking_answers WHERE ranking = :ranking""",
                {"ranking": ranking, "answer": answer},
            )
        return ranking

    def _refusal(self, conn: Connection, pair: int, in_order: bool, record: PairRecord) -> str | None:
        """The reason why a known pair accepts no verdict from this record, or None when it waits for one."""
        if record.verdict is None:
            return KNOWN
        said = {row[0] for row in conn.execute(_SAID, (pair,))}
        said |= {row[0] for row in conn.execute("SELECT verdict FROM import_late WHERE comparison = ?", (pair,))}
        if not said and record.verdict != "skip":
            return None
        return KNOWN if record.verdict == "skip" or _letter(record.verdict, in_order) in said else OTHERWISE


def begin(conn: Connection, *, source: str, set_name: str, pairs: int) -> ImportBatch:
    """Begin an import of up to `pairs` pairs into a set for labelling, which is created if it is missing.

    Raises:
        NotAllowed: the set is held out for trials, or another import is running.
    """
    if going_on(conn):
        raise NotAllowed("Another import is running. Wait for its end, or stop it.")
    new_set = conn.execute("SELECT 1 FROM prompt_sets WHERE name = ?", (set_name,)).fetchone() is None
    set_id = add_prompt_set(conn, set_name, held_out=False)
    firsts = {
        kind: 1 + (conn.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0) for kind, table in _RANGES.items()
    }
    lasts = {kind: first + (2 * pairs + 1 if kind == "completion" else pairs) for kind, first in firsts.items()}
    values = {f"{end}_{kind}": ids[kind] for end, ids in (("first", firsts), ("last", lasts)) for kind in _RANGES}
    mark = {"id": 1, "source": source, "at": utc_now(), "set_id": set_id, "new_set": new_set}
    insert(conn, "import_batch", mark | values)
    _add_placeholders(conn, set_id, lasts)
    return ImportBatch(set_id, firsts["prompt"], firsts["completion"], firsts["comparison"], lasts["comparison"])


def going_on(conn: Connection) -> bool:
    """Whether an import is running, or was killed and waits to be taken back."""
    return conn.execute("SELECT 1 FROM import_batch").fetchone() is not None


def is_hidden(conn: Connection, content: str) -> bool:
    """Whether the prompt with that content hash belongs to an import that has not ended."""
    query = """SELECT 1 FROM import_batch i JOIN main.prompts p ON p.id BETWEEN i.first_prompt AND i.last_prompt
        WHERE p.content_hash = ?"""
    return conn.execute(query, (content,)).fetchone() is not None


def reveal(conn: Connection) -> list[tuple[str, LeftOut]]:
    """Show everything that the import stored, in this transaction.

    Returns the verdicts, with their lines, on pairs that a person judged during the import: those count as left out.
    """
    mark = conn.execute("SELECT * FROM import_batch").fetchone()
    now = utc_now()
    left_out = []
    for row in conn.execute("SELECT * FROM import_late ORDER BY line").fetchall():
        said = {each[0] for each in conn.execute(_SAID, (row["comparison"],))}
        if said:
            reason = KNOWN if row["verdict"] in said else OTHERWISE
            left_out.append((row["verdict"], LeftOut(row["line"], reason)))
        else:
            said_now = {name: row[name] for name in ("verdict", "strength", "side", "seconds", "note")}
            more = json.loads(row["more"])
            _insert_others(conn, row["comparison"], more.get("others", ()), now)
            _insert_verdict(conn, row["comparison"], said_now, more, now)
    conn.execute("DELETE FROM import_late")
    conn.execute("DELETE FROM comparisons WHERE id = ?", (mark["last_comparison"],))
    conn.execute("DELETE FROM completions WHERE id IN (?, ?)", (mark["last_completion"], mark["last_completion"] - 1))
    conn.execute("DELETE FROM prompts WHERE id = ?", (mark["last_prompt"],))
    conn.execute("DELETE FROM import_batch")
    return left_out


def take_back(conn: Connection, rows: int) -> bool:
    """Delete up to `rows` rows of an import that did not end; False once nothing is left of it.

    What others refer to stays, with its prompt and set: an earlier Palate let a question be asked that an import held.
    """
    mark = conn.execute("SELECT * FROM import_batch").fetchone()
    if mark is None:
        return False
    conn.execute("DELETE FROM import_late")
    if ids := _some(conn, "comparisons", mark["first_comparison"], mark["last_comparison"], rows):
        conn.execute("UPDATE comparisons SET standing = NULL, standing_verdict = NULL WHERE id BETWEEN ? AND ?", ids)
        tagged = "SELECT id FROM verdicts WHERE comparison BETWEEN ? AND ?"
        conn.execute(f"DELETE FROM verdict_tags WHERE verdict IN ({tagged})", ids)
        conn.execute("DELETE FROM verdicts WHERE comparison BETWEEN ? AND ?", ids)
        rankings = "SELECT DISTINCT ranking FROM comparisons WHERE id BETWEEN ? AND ? AND ranking IS NOT NULL"
        ranked = conn.execute(rankings, ids).fetchall()
        conn.execute("DELETE FROM comparisons WHERE id BETWEEN ? AND ?", ids)
        _take_back_rankings(conn, [row["ranking"] for row in ranked])
    elif ids := _some(conn, "completions", mark["first_completion"], mark["last_completion"], rows, _COMPARED):
        conn.execute("DELETE FROM answer_scores WHERE completion BETWEEN ? AND ?", ids)
        conn.execute(f"DELETE FROM completions AS x WHERE id BETWEEN ? AND ? AND NOT EXISTS ({_COMPARED})", ids)
    elif ids := _some(conn, "prompts", mark["first_prompt"], mark["last_prompt"], rows, _ANSWERED):
        conn.execute(f"DELETE FROM prompts AS x WHERE id BETWEEN ? AND ? AND NOT EXISTS ({_ANSWERED})", ids)
    else:
        conn.execute("DELETE FROM import_batch")
        unused = "NOT EXISTS (SELECT 1 FROM prompts p WHERE p.set_id = prompt_sets.id)"
        if mark["new_set"]:
            conn.execute(f"DELETE FROM prompt_sets WHERE id = ? AND {unused}", (mark["set_id"],))
    return True


def _take_back_rankings(conn: Connection, rankings: Sequence[int]) -> None:
    """Delete the rankings of which no pair is left."""
    for each in rankings:
        if conn.execute("SELECT 1 FROM comparisons WHERE ranking = ? LIMIT 1", (each,)).fetchone() is None:
            conn.execute("DELETE FROM ranking_answers WHERE ranking = ?", (each,))
            conn.execute("DELETE FROM rankings WHERE id = ?", (each,))


def _some(
    conn: Connection, table: str, first: int, last: int, rows: int, kept: str = "SELECT 1 WHERE 0"
) -> tuple[int, int] | None:
    """The first and the last id of the next rows of a range, without those that `kept` finds; None when it is empty."""
    some = f"SELECT id FROM {table} x WHERE id BETWEEN ? AND ? AND NOT EXISTS ({kept}) ORDER BY id LIMIT ?"
    low, high = conn.execute(f"SELECT min(id), max(id) FROM ({some})", (first, last, rows)).fetchone()
    return None if low is None else (low, high)


def _add_placeholders(conn: Connection, set_id: int, lasts: dict[str, int]) -> None:
    """Add a row at the end of each range, because SQLite gives the next row an id above the largest."""
    now, prompt, completion = utc_now(), lasts["prompt"], lasts["completion"]
    keys = {"content_hash": secrets.token_hex(32), "guard_hash": secrets.token_hex(32), "created": now}
    messages = canonical_json([{"role": "user", "content": "(the end of an import)"}])
    insert(conn, "prompts", {"id": prompt, "set_id": set_id, "messages": messages, **keys})
    for at in (completion - 1, completion):
        text = {"text": "", "text_hash": text_hash(""), "cut": False, "source": "import", "created": now}
        insert(conn, "completions", {"id": at, "prompt": prompt, **text})
    pair = {"id": lasts["comparison"], "prompt": prompt, "a": completion - 1, "b": completion, "created": now}
    insert(conn, "comparisons", pair | {"side_seed": 0, "flipped": is_flipped(0)})


def _held_out(conn: Connection, guards: Sequence[str]) -> set[str]:
    query = """SELECT DISTINCT p.guard_hash FROM json_each(?) g JOIN prompts p ON p.guard_hash = g.value
        JOIN prompt_sets s ON s.id = p.set_id WHERE s.held_out = 1"""
    return {row[0] for row in conn.execute(query, (json.dumps(guards),))}


def _letter(verdict: str, in_order: bool) -> str:
    """The verdict in canonical terms: a and b are swapped when b is the older answer."""
    return verdict if in_order else {"a": "b", "b": "a"}.get(verdict, verdict)


def _seed(a: int, b: int, record: PairRecord) -> int:
    """A side seed that shows the answers on their original sides, if those are known."""
    return a if record.left is None else seed_showing(_letter(record.left, a < b) == "b", a)


def _verdict_values(record: PairRecord, in_order: bool) -> dict[str, Any]:
    assert record.verdict is not None
    return {
        "verdict": _letter(record.verdict, in_order),
        "strength": record.strength,
        "side": record.side,
        "seconds": record.seconds,
        "note": record.note,
    }


def _more(record: PairRecord, in_order: bool) -> dict[str, Any]:
    """What only Palate's own format says of a verdict, as `import_late` keeps it."""
    found = {"tags": list(record.tags), "person": record.person, "others": _others(record, in_order)}
    return {name: value for name, value in found.items() if value}


def _others(record: PairRecord, in_order: bool) -> list[dict[str, Any]]:
    return [asdict(each) | {"verdict": _letter(each.verdict, in_order)} for each in record.others]


def _insert_verdict(conn: Connection, comparison: int, said: dict[str, Any], more: dict[str, Any], now: str) -> None:
    layout = "none" if said["side"] is None else "side"
    person = _other_person(conn, more["person"]) if "person" in more else None
    cursor = conn.execute(
        """INSERT INTO verdicts (comparison, at, verdict, strength, side, seconds, note, layout, person, blind, source)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'import')""",
        (comparison, now, *said.values(), layout, person),
    )
    if "tags" in more and cursor.lastrowid is not None:
        set_tags(conn, cursor.lastrowid, more["tags"])


def _other_person(conn: Connection, name: str) -> int | None:
    """The id of a person; None for the owner's own name."""
    own = own_name(conn)
    return None if own is not None and own.strip().casefold() == name.strip().casefold() else ensure_person(conn, name)


def _insert_others(conn: Connection, comparison: int, others: Sequence[Mapping[str, Any]], now: str) -> None:
    """Store the verdicts of judges and other people. They are kept beside the owner's verdicts."""
    for each in others:
        judge = named_judge(conn, each["judge"]) if each["judge"] is not None else None
        person = _other_person(conn, each["person"]) if each["person"] is not None else None
        if judge is None and person is None:
            continue  # the owner's own verdict, which came back
        by = {"source": "person" if judge is None else "model", "person": person, "judge": judge}
        said = {name: each[name] for name in ("verdict", "strength", "confidence", "note")}
        how = {"comparison": comparison, "at": now, "layout": "none", "blind": False}
        set_tags(conn, insert(conn, "verdicts", how | said | by), each["tags"], offered=False)


def hide_batch(conn: Connection) -> None:
    """Hide an unfinished import from this reading connection."""
    for view in _VIEWS:
        conn.execute(view)
