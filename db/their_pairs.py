"""What another workspace knows of the pairs that were judged there, read for a join."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Any

from db.connection import read_only
from db.errors import NotAllowed
from db.hashing import canonical_json, text_hash
from db.pair_rows import ModelRow
from db.people import own_name
from db.prompt_rows import Messages

_PAGE = 200
# Judged pairs of labelling. Repeats measure a person against themselves, and forgotten pairs have no texts.
_PAIRS = """SELECT c.id, c.side_seed, c.ranking, p.messages, p.field, p.content_hash, p.guard_hash, s.name AS set_name,
        c.a, c.b
    FROM comparisons c JOIN prompts p ON p.id = c.prompt JOIN prompt_sets s ON s.id = p.set_id
    WHERE c.id > :after AND c.trial IS NULL AND c.repeats IS NULL AND p.forgotten IS NULL AND s.held_out = 0
        AND EXISTS (SELECT 1 FROM verdicts v WHERE v.comparison = c.id AND v.verdict NOT IN ('undo', 'skip'))
    ORDER BY c.id LIMIT :limit"""
_ANSWERS = """SELECT x.id, x.text, x.text_hash, x.source, x.seed, x.tokens, x.cut, m.kind, m.name,
        m.source AS model_source, m.fingerprint, b.kind AS base_kind, b.name AS base_name, b.source AS base_source,
        b.fingerprint AS base_fingerprint, g.settings
    FROM completions x LEFT JOIN models m ON m.id = x.model LEFT JOIN models b ON b.id = m.parent
    LEFT JOIN samplings g ON g.id = x.sampling
    WHERE x.id IN (SELECT value FROM json_each(?))"""
_VERDICTS = """SELECT v.*, w.name AS person_name, j.name AS judge_name,
        EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id) AS undone,
        (SELECT json_group_array(t.name) FROM verdict_tags x JOIN tags t ON t.id = x.tag
            WHERE x.verdict = v.id) AS tags
    FROM verdicts v LEFT JOIN people w ON w.id = v.person LEFT JOIN judges j ON j.id = v.judge
    WHERE v.comparison IN (SELECT value FROM json_each(?)) AND v.verdict NOT IN ('undo', 'skip')
    ORDER BY v.id"""


@dataclass(frozen=True)
class TheirAnswer:
    """An answer, with the model that wrote it and the model's base, both None where no model did. Ids are theirs."""

    id: int
    text: str
    text_hash: str
    source: str
    seed: int | None
    tokens: int | None
    cut: bool
    model: ModelRow | None
    base: ModelRow | None
    sampling: Mapping[str, Any] | None


@dataclass(frozen=True)
class TheirVerdict:
    """A verdict. `person` and `judge` are names; both None mean the owner of that workspace, or an unnamed import.

    `origin` identifies the verdict in every workspace that it was joined into. `letters` are those of their a and b.
    """

    origin: str
    verdict: str
    source: str
    person: str | None
    judge: str | None
    undone: bool
    tags: tuple[str, ...]
    values: Mapping[str, Any]


@dataclass(frozen=True)
class TheirPair:
    """A judged pair with all its verdicts that are no skips, the oldest first; undone ones are included."""

    id: int
    messages: Messages
    field: str | None
    set_name: str
    content_hash: str
    guard_hash: str
    a: TheirAnswer
    b: TheirAnswer
    side_seed: int
    ranking: int | None
    verdicts: tuple[TheirVerdict, ...]


class OtherWorkspace:
    """Another workspace's database, which is only read."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    @property
    def person(self) -> str | None:
        """The name of its owner; None where it does not say."""
        return own_name(self._conn)

    def pairs(self) -> Iterator[TheirPair]:
        """Every pair that was judged in labelling, a page at a time."""
        return read_their_pairs(self._conn)


@contextmanager
def open_other(database: Path) -> Iterator[OtherWorkspace]:
    """Open the database of another workspace for reading alone, also beside its owner.

    Raises:
        DatabaseError: see `read_only`.
    """
    with closing(read_only(database)) as conn:
        yield OtherWorkspace(conn)


def read_their_pairs(conn: Connection) -> Iterator[TheirPair]:
    """Every pair that was judged in labelling, a page at a time."""
    after = 0
    while rows := conn.execute(_PAIRS, {"after": after, "limit": _PAGE}).fetchall():
        answers = _answers(conn, [row[letter] for row in rows for letter in ("a", "b")])
        verdicts = _by_comparison(conn, [row["id"] for row in rows])
        for row in rows:
            yield _pair(row, answers[row["a"]], answers[row["b"]], verdicts.get(row["id"], []))
        after = rows[-1]["id"]


def origin_of(content: str, a_hash: str, b_hash: str, row: Row, giver: str) -> str:
    """What identifies a verdict in every workspace: the pair, what was said of it, when, and by whom.

    The letters a and b differ between workspaces, so the preferred text takes their place. An owner is always "owner",
    whatever their name, so that a verdict is known again after its owner took another name.
    """
    said = {"a": a_hash, "b": b_hash}.get(row["verdict"], row["verdict"])
    return text_hash(canonical_json([content, sorted((a_hash, b_hash)), row["at"], said, row["strength"], giver]))


def _pair(row: Row, a: TheirAnswer, b: TheirAnswer, verdicts: Sequence[Row]) -> TheirPair:
    return TheirPair(
        id=row["id"],
        messages=tuple(json.loads(row["messages"])),
        field=row["field"],
        set_name=row["set_name"],
        content_hash=row["content_hash"],
        guard_hash=row["guard_hash"],
        a=a,
        b=b,
        side_seed=row["side_seed"],
        ranking=row["ranking"],
        verdicts=tuple(_verdict(row["content_hash"], a, b, each) for each in verdicts),
    )


def _verdict(content: str, a: TheirAnswer, b: TheirAnswer, row: Row) -> TheirVerdict:
    person, judge = row["person_name"], row["judge_name"]
    giver = f"judge:{judge}" if judge is not None else f"person:{person}" if person is not None else "owner"
    kept = ("at", "strength", "side", "layout", "seconds", "blind", "note", "confidence")
    return TheirVerdict(
        origin=row["origin"] or origin_of(content, a.text_hash, b.text_hash, row, giver),
        verdict=row["verdict"],
        source=row["source"],
        person=person,
        judge=judge,
        undone=bool(row["undone"]),
        tags=tuple(json.loads(row["tags"])),
        values={name: row[name] for name in kept},
    )


def _by_comparison(conn: Connection, comparisons: Sequence[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in conn.execute(_VERDICTS, (json.dumps(list(comparisons)),)):
        found.setdefault(row["comparison"], []).append(row)
    return found


def _answers(conn: Connection, ids: Sequence[int]) -> dict[int, TheirAnswer]:
    return {row["id"]: _answer(row) for row in conn.execute(_ANSWERS, (json.dumps(list(ids)),))}


def _answer(row: Row) -> TheirAnswer:
    model = base = None
    if row["kind"] is not None:
        model = ModelRow(0, row["kind"], row["name"], row["model_source"], row["fingerprint"], None)
    if row["base_kind"] is not None:
        base = ModelRow(0, row["base_kind"], row["base_name"], row["base_source"], row["base_fingerprint"], None)
    if text_hash(row["text"]) != row["text_hash"]:
        raise NotAllowed(f"Answer {row['id']} there is not the text that was stored. Check it: palate doctor --check.")
    return TheirAnswer(
        id=row["id"],
        text=row["text"],
        text_hash=row["text_hash"],
        source=row["source"],
        seed=row["seed"],
        tokens=row["tokens"],
        cut=bool(row["cut"]),
        model=model,
        base=base,
        sampling=json.loads(row["settings"]) if row["settings"] is not None else None,
    )
