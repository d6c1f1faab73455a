"""Join another workspace: its pairs come along, and its verdicts are kept beside the owner's, by who gave them.

Nothing that the owner said changes. A pair that both workspaces have is one pair, and a verdict comes in once, however
often the join is repeated. The texts decide: the prompt and both answers have to be the same to the letter.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from sqlite3 import Connection

from db.comparisons import add_comparison, find_by_texts, is_flipped, seed_showing
from db.completions import add_completion
from db.errors import NotAllowed
from db.import_batches import going_on
from db.inserting import insert
from db.judges import named_judge
from db.models import ensure_model, ensure_sampling
from db.pair_rows import ModelRow
from db.people import ensure_person, own_name
from db.prompt_rows import NewPrompt
from db.prompts import get_prompt_set, insert_prompt
from db.rankings import MOST
from db.tags import set_tags
from db.their_pairs import TheirAnswer, TheirPair, TheirVerdict, origin_of
from db.times import utc_now

HELD_OUT_HERE = "the question is held out for trials here"
FORGOTTEN_HERE = "the texts were forgotten here"
UNNAMED = "an import there that does not say who judged"
MINE = "a verdict of yours that they have from you"
TAKEN_BACK = "taken back there"
ALIKE = "the two answers cannot be compared here"

_LETTERS = {"a": "b", "b": "a"}


@dataclass
class JoinCounts:
    """What a join did. `pairs` are theirs that were read, `common` of them this workspace had, `new` came along.

    `verdicts` came in, `known` were here already, `undone` were taken back there since the last join. `left_out` counts
    pairs and verdicts by the reason.
    """

    pairs: int = 0
    common: int = 0
    new: int = 0
    verdicts: int = 0
    known: int = 0
    undone: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass
class Join:
    """A join in progress: the name of the other workspace's owner, the counts, and the rankings that came along."""

    person: str
    counts: JoinCounts = field(default_factory=JoinCounts)
    rankings: dict[int, int] = field(default_factory=dict)

    def store(self, conn: Connection, pairs: Sequence[TheirPair]) -> None:
        """Store some pairs and their verdicts, in one transaction.

        Raises:
            NotAllowed: an import has not ended.
        """
        if going_on(conn):
            raise NotAllowed("An import is running, and may hold the same pairs. Wait for its end, then join again.")
        for pair in pairs:
            self.counts.pairs += 1
            if (reason := _refusal(conn, pair)) is not None:
                self.counts.left_out[reason] += 1
            else:
                self._store_one(conn, pair)

    def _store_one(self, conn: Connection, pair: TheirPair) -> None:
        found = find_pairs(conn, pair)
        reasons = _reasons_against(conn, pair, found)
        if not found and None not in reasons:
            self.counts.left_out.update(reason for reason in reasons if reason is not None)
            return
        try:
            comparison, in_order = found[0] if found else self._add_pair(conn, pair)
        except NotAllowed:
            self.counts.left_out[ALIKE] += 1
            return
        self.counts.common += bool(found)
        self.counts.new += not found
        for said, reason in zip(pair.verdicts, reasons, strict=True):
            self._store_verdict(conn, comparison, in_order, said, reason)

    # -- verdicts ------------------------------------------------------------------------------------------------

    def _store_verdict(
        self, conn: Connection, comparison: int, in_order: bool, said: TheirVerdict, reason: str | None
    ) -> None:
        query = """SELECT id, person, judge, source, EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = v.id) AS undone
            FROM verdicts v WHERE origin = ?"""
        here = conn.execute(query, (said.origin,)).fetchone()
        if here is not None and said.undone and not here["undone"]:
            by = {name: here[name] for name in ("person", "judge", "source")}
            undo = {"comparison": comparison, "at": utc_now(), "verdict": "undo", "layout": "none", "blind": True}
            insert(conn, "verdicts", undo | by | {"undoes": here["id"]})
            self.counts.undone += 1
        elif here is not None:
            self.counts.known += 1
        elif reason is not None:
            self.counts.left_out[reason] += reason != TAKEN_BACK
        else:
            self._insert(conn, comparison, in_order, said)
            self.counts.verdicts += 1

    def _insert(self, conn: Connection, comparison: int, in_order: bool, said: TheirVerdict) -> None:
        judge = named_judge(conn, said.judge) if said.judge is not None else None
        person = ensure_person(conn, said.person or self.person) if judge is None else None
        values = {"comparison": comparison, "origin": said.origin, "person": person, "judge": judge}
        values["verdict"] = said.verdict if in_order else _LETTERS.get(said.verdict, said.verdict)
        values["source"] = "person" if judge is None else "model"
        added = insert(conn, "verdicts", dict(said.values) | values)
        if said.tags:
            set_tags(conn, added, said.tags, offered=False)

    # -- pairs ---------------------------------------------------------------------------------------------------

    def _add_pair(self, conn: Connection, pair: TheirPair) -> tuple[int, bool]:
        """Add a pair that is not here; the order is that of its answers, as in `find_pairs`."""
        row = conn.execute("SELECT id FROM prompts WHERE content_hash = ?", (pair.content_hash,)).fetchone()
        prompt = int(row["id"]) if row else insert_prompt(conn, self._set(conn, pair), _prompt(pair))
        a, b = (_answer(conn, prompt, each) for each in (pair.a, pair.b))
        # The answer with the smaller id becomes a. Where that swaps theirs, the seed must flip the sides the other way,
        # so that each answer is on the side where they saw it.
        in_order = a < b
        seed = seed_showing(is_flipped(pair.side_seed) == in_order, pair.side_seed)
        ranking = None if pair.ranking is None else self._ranking(conn, prompt, pair.ranking, (a, b))
        return add_comparison(conn, prompt=prompt, a=a, b=b, side_seed=seed, ranking=ranking), in_order

    def _set(self, conn: Connection, pair: TheirPair) -> int:
        """The set for a new prompt: that of the same name, unless it is held out here."""
        for name in (pair.set_name, f"{pair.set_name}, from {self.person}"):
            there = get_prompt_set(conn, name)
            if there is None:
                return insert(conn, "prompt_sets", {"name": name, "held_out": False, "created": utc_now()})
            if not there.held_out:
                return there.id
        raise NotAllowed(f"The prompt set {pair.set_name!r} is held out here. Rename it, then join again.")

    def _ranking(self, conn: Connection, prompt: int, theirs: int, pair: tuple[int, int]) -> int:
        if theirs not in self.rankings:
            self.rankings[theirs] = insert(conn, "rankings", {"prompt": prompt, "created": utc_now()})
        for answer in pair:
            conn.execute(
                """INSERT OR IGNORE INTO ranking_answers (ranking, place, completion)
                SELECT :ranking, 1 + count(*), :answer FROM ranking_answers WHERE ranking = :ranking
                HAVING count(*) < :most""",
                {"ranking": self.rankings[theirs], "answer": answer, "most": MOST},
            )
        return self.rankings[theirs]


def find_pairs(conn: Connection, pair: TheirPair) -> list[tuple[int, bool]]:
    """The comparisons here of the same prompt and answers, and whether their a is the pair's a."""
    row = conn.execute("SELECT id FROM prompts WHERE content_hash = ?", (pair.content_hash,)).fetchone()
    return [] if row is None else find_by_texts(conn, row["id"], pair.a.text_hash, pair.b.text_hash)


def would_come(conn: Connection, pair: TheirPair) -> bool:
    """Whether a join would add this pair, which is not here."""
    return _refusal(conn, pair) is None and None in _reasons_against(conn, pair, [])


def own_origins(conn: Connection, pair: TheirPair, there: Sequence[tuple[int, bool]]) -> set[str]:
    """What identifies the owner's own verdicts on this pair, undone ones too; `there` is what `find_pairs` found."""
    query = """SELECT * FROM verdicts WHERE comparison = ? AND source = 'person' AND person IS NULL
        AND verdict <> 'undo'"""
    found = set()
    for comparison, in_order in there:
        a, b = (pair.a.text_hash, pair.b.text_hash) if in_order else (pair.b.text_hash, pair.a.text_hash)
        said = conn.execute(query, (comparison,))
        found |= {origin_of(pair.content_hash, a, b, row, "owner") for row in said}
    return found


def _reasons_against(conn: Connection, pair: TheirPair, there: Sequence[tuple[int, bool]]) -> list[str | None]:
    """Why each verdict on a pair does not come along; None where it does."""
    own, mine = own_name(conn), own_origins(conn, pair, there)
    return [_reason_against(each, own, mine) for each in pair.verdicts]


def _reason_against(said: TheirVerdict, own: str | None, mine: Collection[str]) -> str | None:
    if said.undone:
        return TAKEN_BACK
    if said.source == "import" and said.person is None:
        return UNNAMED
    named_mine = said.judge is None and said.person is not None and own is not None and _same(said.person, own)
    return MINE if named_mine or said.origin in mine else None


def _refusal(conn: Connection, pair: TheirPair) -> str | None:
    """Why a pair does not come along at all; None where it may."""
    held_out = """SELECT 1 FROM prompts p JOIN prompt_sets s ON s.id = p.set_id
        WHERE p.guard_hash = ? AND s.held_out = 1 LIMIT 1"""
    if conn.execute(held_out, (pair.guard_hash,)).fetchone() is not None:
        return HELD_OUT_HERE
    forgotten = "SELECT 1 FROM prompts WHERE forgotten IS NOT NULL AND forgotten_hash = ? LIMIT 1"
    return FORGOTTEN_HERE if conn.execute(forgotten, (pair.content_hash,)).fetchone() is not None else None


def _prompt(pair: TheirPair) -> NewPrompt:
    return NewPrompt(pair.messages, pair.field)


def _answer(conn: Connection, prompt: int, answer: TheirAnswer) -> int:
    """The completion here with this text; a new one keeps who wrote it and how."""
    query = "SELECT id FROM completions WHERE prompt = ? AND text_hash = ? ORDER BY id LIMIT 1"
    row = conn.execute(query, (prompt, answer.text_hash)).fetchone()
    if row is not None:
        return int(row["id"])
    base = _model(conn, answer.base, None)
    return add_completion(
        conn,
        prompt=prompt,
        text=answer.text,
        source=answer.source,
        model=_model(conn, answer.model, base),
        sampling=None if answer.sampling is None else ensure_sampling(conn, answer.sampling),
        seed=answer.seed,
        tokens=answer.tokens,
        cut=answer.cut,
    )


def _model(conn: Connection, model: ModelRow | None, parent: int | None) -> int | None:
    """The model here; one that is known keeps its name."""
    if model is None:
        return None
    query = "SELECT name FROM models WHERE kind = ? AND source = ? AND fingerprint = ? AND ifnull(parent, 0) = ?"
    row = conn.execute(query, (model.kind, model.source, model.fingerprint, parent or 0)).fetchone()
    name = model.name if row is None else row["name"]
    values = {"kind": model.kind, "name": name, "source": model.source, "fingerprint": model.fingerprint}
    return ensure_model(conn, **values, parent=parent)


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
