"""Questions: a pair that was asked alone, or all pairs of one ranking, which weigh as one together. No torch here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar


class Asked(Protocol):
    """A pair or its figures. `question` names the ranking that the pair belongs to, None where it was asked alone."""

    @property
    def key(self) -> str: ...
    @property
    def question(self) -> str | None: ...


AskedT = TypeVar("AskedT", bound=Asked)


def question_of(asked: Asked) -> str:
    """The question's name: that of the ranking, or the key of a pair that was asked alone."""
    return asked.key if asked.question is None else asked.question


def by_question(asked: Iterable[AskedT]) -> list[list[AskedT]]:
    """The pairs of each question together, in the order in which the questions first occur."""
    found: dict[str, list[AskedT]] = {}
    for each in asked:
        found.setdefault(question_of(each), []).append(each)
    return list(found.values())


def count_questions(asked: Iterable[Asked]) -> int:
    """How many questions these pairs are: 2 for a pair and the six pairs of a ranking of four."""
    return len({question_of(each) for each in asked})


def weights_of(asked: Sequence[Asked]) -> list[float]:
    """The weight of each pair beside the others, 1 / n for each of the n pairs of its question: the sum is the number
    of questions. A pair and the six pairs of a ranking weigh 1, 1/6, 1/6 …"""
    pairs = Counter(map(question_of, asked))
    return [1 / pairs[question_of(each)] for each in asked]


def weight_in(one: Asked, asked: Iterable[Asked]) -> float:
    """The weight of one pair among those in `asked`, as `weights_of` gives it."""
    return 1.0 if one.question is None else 1 / sum(each.question == one.question for each in asked)


def mean_by_question(values: Mapping[str, float], asked: Iterable[Asked]) -> dict[str, float]:
    """The mean of each question's values; `values` has one for the key of each pair in `asked`."""
    return {question_of(pairs[0]): sum(values[each.key] for each in pairs) / len(pairs) for pairs in by_question(asked)}
