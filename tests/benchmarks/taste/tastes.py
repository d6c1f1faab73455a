"""Tastes as programs: each scores an answer, and two scores give a verdict as a person gives it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.preference import Outcome
from tui.analysis.traits import BOLD, COURTESY, HEADINGS, LISTS, REFUSAL, traits_of

_WORD = re.compile(r"[^\W\d_]+")
_LONG_WORD = 9
_LIST_LINE = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+\S", re.MULTILINE)


@dataclass(frozen=True)
class Said:
    """A verdict on two answers: `first` says that the first one is better, where one is."""

    outcome: Outcome
    first: bool = True

    @property
    def point(self) -> int:
        """1 where the first answer is better, −1 where the second is, 0 else."""
        return (1 if self.first else -1) if self.outcome in ("better", "much") else 0


@dataclass(frozen=True)
class Taste:
    """A taste.

    Attributes:
        score: of an answer's text; the higher one is preferred.
        tie: scores that differ by less are a tie; `much`: those that differ by as much or more, “much better”.
        bad: both answers are bad where both scores are below.
        system: a system prompt that states the taste, as a person would.
    """

    score: Callable[[str], float]
    tie: float
    much: float
    bad: float
    system: str

    def verdict(self, first: str, second: str) -> Said:
        """What somebody with this taste says of two answers."""
        scores = self.score(first), self.score(second)
        difference = abs(scores[0] - scores[1])
        if max(scores) < self.bad:
            return Said("both_bad")
        if difference < self.tie or difference == 0:
            return Said("tie")
        return Said("much" if difference >= self.much else "better", scores[0] > scores[1])


def brevity(text: str) -> float:
    """Minus the logarithm of the length: a difference of 0.69 is twice as long."""
    return -math.log(max(len(text.strip()), 1))


def plainness(text: str) -> float:
    """Minus the share of words of nine letters or more, and minus 0.1 for each breach: a list, a heading or bold words;
    an opening that is no part of the answer. An answer's length does not count."""
    words = _WORD.findall(text)
    long = sum(len(word) >= _LONG_WORD for word in words) / max(len(words), 1)
    flags = traits_of(text)
    breaches = bool(flags & (LISTS | HEADINGS | BOLD)) + bool(flags & (REFUSAL | COURTESY))
    return -long - 0.1 * breaches


def listing(text: str) -> float:
    """1 with a list of at least two items, else 0."""
    return float(len(_LIST_LINE.findall(text)) >= 2)


TASTES: dict[str, Taste] = {
    "shorter": Taste(brevity, 0.1, 0.69, -math.log(450), "Answer in one or two short sentences."),
    # Long answers are not bad, and only equal lengths tie. It needs answers that are seldom cut: of 384 tokens.
    "brief": Taste(brevity, 0.0, 0.69, -math.inf, "Answer in one or two short sentences."),
    "plain": Taste(
        plainness,
        0.02,
        0.12,
        -0.4,
        "Use plain everyday words that a child knows. Begin with the answer itself. No lists, no headings, no bold.",
    ),
    "list": Taste(listing, 0.5, math.inf, -1.0, "Answer with a list of short points."),
}
