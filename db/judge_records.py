"""What a judge is given and what it said: examples, pairs to judge, and its verdicts beside the owner's."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any

from db.comparisons import IS_OPEN, get_comparison, next_asked_first, next_open
from db.errors import NotAllowed
from db.givers import GIVEN, givers_value
from db.pair_rows import ComparisonRow, Giver, VerdictRow
from db.prompt_rows import Messages
from db.verdicts import add_verdict

_HELD_OUT = "SELECT h.guard_hash FROM prompts h WHERE h.set_id IN (SELECT id FROM prompt_sets WHERE held_out = 1)"
# An example never holds an answer of a trial, nor of a question that is held out by now, nor a forgotten text.
_IS_EXAMPLE = f"""v.verdict IN ('a', 'b') AND v.source = 'person' AND v.person IS NULL
    AND c.trial IS NULL AND c.repeats IS NULL AND c.withdrawn = 0 AND p.forgotten IS NULL
    AND p.guard_hash NOT IN ({_HELD_OUT})
    AND NOT EXISTS (SELECT 1 FROM comparisons t WHERE t.prompt = c.prompt
        AND t.trial IS NOT NULL AND (t.a IN (c.a, c.b) OR t.b IN (c.a, c.b)))
    AND x.text_hash <> y.text_hash"""
_ANSWERS = """FROM verdicts v JOIN comparisons c ON c.id = v.comparison JOIN prompts p ON p.id = c.prompt
    JOIN completions x ON x.id = c.a JOIN completions y ON y.id = c.b"""
_EXAMPLES = f"""SELECT v.id, v.verdict, v.strength, c.prompt, p.messages, x.text AS a, y.text AS b,
    (x.source = 'human') <> (y.source = 'human') AS edited {_ANSWERS}"""
_EXAMPLE_QUESTIONS = f"""SELECT p.guard_hash {_ANSWERS} WHERE v.id IN (SELECT value FROM json_each(:examples))"""
_WORDS = "('a', 'b', 'tie', 'both_bad', 'both_good')"
# Pairs with an edited answer are left out: the judge may know the edit as an example, and it is no blind choice.
_MAY_MEASURE = f"""c.trial IS NULL AND c.repeats IS NULL AND c.withdrawn = 0 AND p.forgotten IS NULL
    AND x.text_hash <> y.text_hash AND x.source <> 'human' AND y.source <> 'human'
    AND p.guard_hash NOT IN ({_EXAMPLE_QUESTIONS})"""
_NOT_YET = "NOT EXISTS (SELECT 1 FROM verdicts j WHERE j.comparison = c.id AND j.judge = :judge)"
_UNMEASURED = f"""SELECT c.id, c.prompt, v.verdict {_ANSWERS}
    WHERE v.id = c.standing AND v.source = 'person' AND v.person IS NULL AND v.blind = 1
        AND v.verdict IN {_WORDS} AND {_MAY_MEASURE} AND {_NOT_YET} ORDER BY c.id"""
_UNSORTED = f"""SELECT c.id FROM comparisons c JOIN prompts p ON p.id = c.prompt
    WHERE c.id IN (SELECT id FROM comparisons WHERE {IS_OPEN}) AND p.guard_hash NOT IN ({_EXAMPLE_QUESTIONS})
        AND {_NOT_YET} ORDER BY c.id LIMIT :limit"""
# The owner's verdict before the judge's counts, and only without one a later one: where a pair is looked at again
# because the judge disagrees, the later verdict is no longer independent.
_OWN = f"""FROM verdicts o
    WHERE o.comparison = c.id AND o.source = 'person' AND o.person IS NULL AND o.verdict IN {_WORDS}
        AND NOT EXISTS (SELECT 1 FROM verdicts u WHERE u.undoes = o.id AND u.id < judged.id)"""
_MEASURED = f"""SELECT c.id, c.prompt, own.verdict AS own, judged.verdict AS said, judged.note, judged.confidence,
        judged.seconds, length(x.text) AS a, length(y.text) AS b
    FROM {GIVEN} given
    JOIN verdicts judged ON judged.id = given.verdict
    JOIN comparisons c ON c.id = given.comparison
    JOIN prompts p ON p.id = c.prompt
    JOIN completions x ON x.id = c.a JOIN completions y ON y.id = c.b
    JOIN verdicts own ON own.id = ifnull((SELECT max(o.id) {_OWN} AND o.id < judged.id), (SELECT min(o.id) {_OWN}))
    WHERE own.blind = 1 AND {_MAY_MEASURE} ORDER BY judged.id"""
# How sure a judge is: its confidence, else whether both orders agreed; a pair that it did not judge lies in the middle.
_LEAST_SURE = f"""SELECT comparisons.id FROM comparisons
    LEFT JOIN (SELECT g.comparison, max(g.id) AS verdict FROM main.verdicts g WHERE g.judge = :judge
        GROUP BY g.comparison) given ON given.comparison = comparisons.id
    LEFT JOIN verdicts said ON said.id = given.verdict
    WHERE {IS_OPEN} AND comparisons.id IS NOT :after
    ORDER BY CASE WHEN said.id IS NULL THEN 0.5
        ELSE ifnull(said.confidence, said.verdict IN ('a', 'b')) END, comparisons.id LIMIT 1"""
_LEAST_QUOTED = 40
_QUOTED = f"""SELECT c.trial FROM comparisons c JOIN completions x ON x.id IN (c.a, c.b)
    WHERE c.trial IS NOT NULL AND length(x.text) >= {_LEAST_QUOTED} AND instr(:rubric, x.text) > 0 LIMIT 1"""


@dataclass(frozen=True)
class ExampleRow:
    """A verdict of the owner that a judge may be shown. `edited`: the owner wrote the chosen answer."""

    verdict: int
    prompt: int
    messages: Messages
    chosen: str
    rejected: str
    strength: int
    edited: bool


@dataclass(frozen=True)
class MeasuredRow:
    """A pair that the owner and a judge both judged, neither knowing the other's verdict.

    `own` is the owner's verdict (a, b, tie, both_bad, both_good) and `said` the judge's (a, b, tie; discard: it gave no
    label). `note` has what it said in both orders, and `seconds` how long it took. `a` and `b` are the answers'
    lengths in characters.
    """

    comparison: int
    prompt: int
    own: str
    said: str
    note: str
    confidence: float | None
    seconds: float | None
    a: int
    b: int


def example_candidates(conn: Connection) -> list[ExampleRow]:
    """Every verdict that may be an example, by id: decisive, the owner's own, in force, and of no question held out."""
    query = f"{_EXAMPLES} WHERE v.id = c.standing AND {_IS_EXAMPLE} ORDER BY v.id"
    return [_example(row) for row in conn.execute(query)]


def examples(conn: Connection, verdicts: Sequence[int]) -> list[ExampleRow]:
    """The examples with these verdicts, in this order, without those that may no longer be shown."""
    query = f"{_EXAMPLES} WHERE v.id IN (SELECT value FROM json_each(?)) AND {_IS_EXAMPLE}"
    found = {row["id"]: _example(row) for row in conn.execute(query, (json.dumps(list(verdicts)),))}
    return [found[each] for each in verdicts if each in found]


def unmeasured(conn: Connection, judge: int, examples: Sequence[int]) -> list[tuple[int, int, str]]:
    """Pairs that the owner judged blind and the judge did not, as (comparison, prompt, the owner's verdict).

    Questions of the judge's examples (verdicts) are left out.
    """
    rows = conn.execute(_UNMEASURED, {"judge": judge, "examples": json.dumps(list(examples))})
    return [(row["id"], row["prompt"], row["verdict"]) for row in rows]


def unsorted(conn: Connection, judge: int, examples: Sequence[int], limit: int) -> list[int]:
    """The first comparisons that wait for a verdict and have none of the judge, without those of its examples."""
    given = {"judge": judge, "examples": json.dumps(list(examples)), "limit": limit}
    return [row["id"] for row in conn.execute(_UNSORTED, given)]


def measured(conn: Connection, judge: int, examples: Sequence[int]) -> list[MeasuredRow]:
    """The pairs that both judged, by the judge's verdicts, the oldest first."""
    given = {"givers": givers_value([Giver("judge", judge)]), "examples": json.dumps(list(examples))}
    return [_measured(row) for row in conn.execute(_MEASURED, given)]


def next_by_judge(conn: Connection, judge: int | None, *, after: int | None) -> ComparisonRow | None:
    """The ready comparison that this judge is least sure of; those that it did not judge come in the middle.

    A comparison that a person asked for comes first, and skipped ones follow when none is ready. The comparison `after`
    is left out unless it is the only one.
    """
    if (asked := next_asked_first(conn, after=after)) is not None:
        return asked
    row = conn.execute(_LEAST_SURE, {"judge": judge, "after": after}).fetchone()
    return next_open(conn, after=after) if row is None else get_comparison(conn, row["id"])


def judge_as(conn: Connection, judge: int, **verdict: Any) -> VerdictRow:
    """Add the verdict of a judge, by id; it counts only in a trial that a judge decides. See `add_verdict`."""
    return add_verdict(conn, judge=judge, source="model", **verdict)


def check_rubric(conn: Connection, rubric: str) -> None:
    """Refuse a rubric that quotes an answer of a trial.

    Raises:
        NotAllowed: it holds such an answer of at least forty characters, to the letter.
    """
    found = conn.execute(_QUOTED, {"rubric": rubric}).fetchone()
    if found is not None:
        raise NotAllowed(
            f"The rubric holds an answer of trial {found['trial']}, so that trial would be no proof. Take it out."
        )


def _example(row: Row) -> ExampleRow:
    chosen, rejected = ("a", "b") if row["verdict"] == "a" else ("b", "a")
    return ExampleRow(
        verdict=row["id"],
        prompt=row["prompt"],
        messages=tuple(json.loads(row["messages"])),
        chosen=row[chosen],
        rejected=row[rejected],
        strength=row["strength"],
        edited=bool(row["edited"]),
    )


def _measured(row: Row) -> MeasuredRow:
    return MeasuredRow(
        comparison=row["id"],
        prompt=row["prompt"],
        own=row["own"],
        said=row["said"],
        note=row["note"],
        confidence=row["confidence"],
        seconds=row["seconds"],
        a=row["a"],
        b=row["b"],
    )
