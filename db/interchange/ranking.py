"""Rankings of several answers to one question: every pair that they imply."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from db.interchange.asked import Asked
from db.interchange.checks import Row
from db.interchange.reading import judged
from db.interchange.records import LeftOut, PairRecord, Read

MOST_ANSWERS = 64
NO_ORDER = "nothing says which of its answers is better"


@dataclass(frozen=True)
class Ranked:
    """One answer with its place: a larger `worth` is better, None where nobody said."""

    text: str
    worth: float | None
    score: float | None = None
    model: str | None = None


def ranked_pairs(row: Row, found: Asked, answers: Sequence[Ranked], *, ties: bool = True) -> list[Read]:
    """A record for every two answers that the ranking orders, or finds equal where `ties`.

    Raises:
        RowRefused: there are fewer than two answers or far too many, or nothing orders them.
    """
    if not 2 <= len(answers) <= MOST_ANSWERS:
        raise row.wrong(f"a ranking needs 2 to {MOST_ANSWERS} answers, and it has {len(answers)}")
    pairs = [_pair(row, found, *two) for two in combinations(answers, 2)]
    kept = [each for each in pairs if each is not None and (ties or _verdict(each) != "tie")]
    if not kept:
        raise row.wrong(NO_ORDER)
    ranking = row.at if len(answers) > 2 else None
    return [
        each if isinstance(each, LeftOut) else replace(each, answers=len(answers), ranking=ranking)
        for each in _plain(kept)
    ]


def _pair(row: Row, found: Asked, one: Ranked, two: Ranked) -> Read | None:
    if one.worth is None or two.worth is None:
        return None
    verdict = "tie" if one.worth == two.worth else "a" if one.worth > two.worth else "b"
    record = PairRecord(
        row.at,
        found.messages,
        one.text,
        two.text,
        verdict,
        score_a=one.score,
        score_b=two.score,
        model_a=one.model,
        model_b=two.model,
        remarks=found.remarks,
    )
    return judged(row, record)


def _verdict(read: Read) -> str | None:
    return read.verdict if isinstance(read, PairRecord) else None


def _plain(reads: list[Read]) -> list[Read]:
    """The records, with a remark where the ranking has answers that give none; without any, the first reason."""
    records = [each for each in reads if isinstance(each, PairRecord)]
    reasons = [each for each in reads if isinstance(each, LeftOut)]
    if not records or not reasons:
        return list(records or reasons[:1])
    remark = f"a pair of its ranking was left out, because {reasons[0].reason}"
    return [replace(each, remarks=(*each.remarks, remark)) for each in records]
