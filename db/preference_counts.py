"""A person's choices, read for statistics: the answers of every judged pair, the pace, and pairs an adapter misranks.

Everything here counts standing verdicts of labelling. Repeats, trials, skips and pairs taken out of training are left
out.
"""

from collections.abc import Iterator, Sequence
from sqlite3 import Connection
from typing import NamedTuple

from db.givers import GIVEN, givers_value
from db.import_batches import SEEN
from db.pair_rows import Giver

_NARROWED = """(:set_name IS NULL OR s.name = :set_name) AND (:field IS NULL OR p.field = :field)
        AND (:tag IS NULL OR v.id IN (SELECT x.verdict FROM verdict_tags x JOIN tags t ON t.id = x.tag
            WHERE t.name = :tag))"""
# The index gives the pairs of a prompt one after the other; a sort would copy every answer.
_JUDGED = f"""FROM main.comparisons c INDEXED BY comparisons_of_prompt
    JOIN verdicts v ON v.id = c.standing
    JOIN prompts p ON p.id = c.prompt
    JOIN prompt_sets s ON s.id = p.set_id
    WHERE {SEEN} AND c.trial IS NULL AND c.repeats IS NULL AND c.withdrawn = 0
        AND v.verdict IN ('a', 'b', 'tie', 'both_bad', 'both_good')"""
_CHOICES = f"""SELECT chosen.prompt, chosen.verdict, chosen.side, a.text, b.text, a.cut, b.cut
    FROM (SELECT c.prompt, c.a, c.b, v.verdict, v.side {_JUDGED} AND v.source = :source AND {_NARROWED}) chosen
    CROSS JOIN completions a ON a.id = chosen.a
    CROSS JOIN completions b ON b.id = chosen.b
    ORDER BY chosen.prompt"""
_CHOICES_OF_GIVER = f"""SELECT c.prompt, v.verdict, v.side, a.text, b.text, a.cut, b.cut
    FROM {GIVEN} given
    JOIN verdicts v ON v.id = given.verdict
    JOIN main.comparisons c ON c.id = given.comparison
    JOIN prompts p ON p.id = c.prompt
    JOIN prompt_sets s ON s.id = p.set_id
    JOIN completions a ON a.id = c.a
    JOIN completions b ON b.id = c.b
    WHERE {SEEN} AND c.trial IS NULL AND c.repeats IS NULL AND c.withdrawn = 0
        AND v.verdict IN ('a', 'b', 'tie', 'both_bad', 'both_good') AND {_NARROWED}
    ORDER BY c.prompt"""
_GROUPS = f"""SELECT s.name, p.field, v.source, count(DISTINCT ifnull(-c.ranking, c.id)) {_JUDGED}
    GROUP BY s.name, p.field, v.source"""
_DAYS = """SELECT date(v.at, 'localtime') AS day, v.seconds FROM verdicts v JOIN comparisons c ON c.standing = v.id
    WHERE v.source = 'person' AND v.verdict <> 'skip' AND c.trial IS NULL AND v.act IS NULL AND v.at >= :since
    ORDER BY day, v.seconds"""
_MISSED = """SELECT m.comparison, m.margin, m.split
    FROM run_margins m
    JOIN run_pairs r ON r.run = m.run AND r.comparison = m.comparison
    JOIN comparisons c ON c.id = m.comparison AND c.standing = r.verdict AND c.withdrawn = 0
    WHERE m.run = :run AND m.epoch = (SELECT max(epoch) FROM run_margins WHERE run = :run) AND m.margin < 0
    ORDER BY m.margin"""
_KNOWN = """SELECT count(*) FROM run_margins m
    WHERE m.run = :run AND m.epoch = (SELECT max(epoch) FROM run_margins WHERE run = :run) AND m.margin IS NOT NULL"""


class Choice(NamedTuple):
    """One judged pair: `verdict` is a, b, tie, both_bad or both_good; `side` is left, right, or None for no side."""

    prompt: int
    verdict: str
    side: str | None
    a: str
    b: str
    a_cut: int
    b_cut: int


class JudgedGroup(NamedTuple):
    """How many pairs of a prompt set and a field were judged, by a person or by an import (`source`).

    A ranking is one.
    """

    set_name: str
    field: str | None
    source: str
    pairs: int


class MissedPair(NamedTuple):
    """A pair whose rejected answer an adapter prefers: `margin` is below 0, `split` is train or eval."""

    comparison: int
    margin: float
    split: str


def choices(
    conn: Connection,
    *,
    source: str = "person",
    set_name: str | None = None,
    field: str | None = None,
    givers: Sequence[Giver] = (),
    tag: str | None = None,
) -> Iterator[Choice]:
    """Every judged pair, those of a prompt one after the other. Rows are read one by one, so memory stays small.

    `source` is person or import; `set_name`, `field` and `tag` leave only the pairs of that prompt set and field, and
    those whose verdict has that reason. With `givers` these are their verdicts in place of the current ones.
    """
    values = {"set_name": set_name, "field": field, "tag": tag}
    if not givers:
        cursor = conn.execute(_CHOICES, values | {"source": source})
    else:
        cursor = conn.execute(_CHOICES_OF_GIVER, values | {"givers": givers_value(givers)})
    cursor.row_factory = None
    return map(Choice._make, cursor)


def judged_groups(conn: Connection) -> list[JudgedGroup]:
    """Prompt sets and their fields with the number of judged pairs of each."""
    return [JudgedGroup(*row) for row in conn.execute(_GROUPS)]


def seconds_by_day(conn: Connection, since: str) -> list[tuple[str, float | None]]:
    """(day, seconds) of each verdict of a person since `since` (UTC ISO text), ordered by day, then by seconds.

    A ranking is one verdict. The day is this machine's, such as 2026-03-02. Seconds are None where no time was
    measured.
    """
    return [(row["day"], row["seconds"]) for row in conn.execute(_DAYS, {"since": since})]


def missed_pairs(conn: Connection, run: int) -> list[MissedPair]:
    """The pairs with a margin below 0 in the last epoch of a run, the lowest first.

    Pairs that got another verdict since then, or were taken out of training, are left out.
    """
    return [MissedPair(*row) for row in conn.execute(_MISSED, {"run": run})]


def count_margins(conn: Connection, run: int) -> int:
    """How many pairs have a margin in the last epoch of a run."""
    return int(conn.execute(_KNOWN, {"run": run}).fetchone()[0])
