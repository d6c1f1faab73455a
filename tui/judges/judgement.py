"""What a judge says: a label in each order of the two answers, and what follows from both. No Textual here.

A judge sees every pair twice, once with answer a first and once with b first, because programs and models may prefer
the first answer, or the second, for its place alone.

- Where only labels are known, two orders that disagree are a tie.
- Where the shares of the labels are known (their probabilities, of which the others are left out), the shares of both
  orders are averaged, and the label with the largest one wins. A preference for a place takes the same from one order
  as it gives in the other (P. Wang et al., "Large Language Models are not Fair Evaluators", arXiv 2305.17926).
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from engine.thoughts import without_thoughts

Choice = Literal["first", "second", "tie"]
Word = Literal["a", "b", "tie"]

NO_PERSON: Final = "A judge is no person. Its verdicts stay beside yours, and train only where you choose them."
LABELS: Final[Mapping[str, Choice]] = {"1": "first", "2": "second", "0": "tie"}
"""What a model writes, and what it means."""
_LEAST_MASS: Final = 0.5
"""The labels' part of the first token's probability below which their shares say nothing."""
_BLANKS: Final = " \t\r\n▁Ġ"
_NOTE: Final = re.compile(r"with a first: (first|second|tie|none); with b first: (first|second|tie|none)")


@dataclass(frozen=True)
class Look:
    """What a judge chose in one order: `choice` is None where it gave no label; `shares` sum to 1, where known."""

    choice: Choice | None
    shares: Mapping[Choice, float] | None = None


@dataclass(frozen=True)
class Judgement:
    """A verdict in canonical terms, and what was chosen with answer a first and with answer b first.

    `verdict` is None where an order got no label. `confidence` is the share of the verdict's label minus that of the
    next one, 0 to 1; None where shares are not known.
    """

    verdict: Word | None
    a_first: Choice | None
    b_first: Choice | None
    confidence: float | None = None

    @property
    def agrees(self) -> bool:
        """Was the same chosen in both orders?"""
        return (self.a_first, self.b_first) in (("first", "second"), ("second", "first"), ("tie", "tie"))

    @property
    def note(self) -> str:
        """Both choices in words, as the verdict's note keeps them."""
        return f"with a first: {self.a_first or 'none'}; with b first: {self.b_first or 'none'}"


def choices_in(note: str) -> tuple[str, str] | None:
    """The two choices that a note keeps, each first, second, tie or none; None where it keeps none."""
    found = _NOTE.match(note)
    return None if found is None else (found[1], found[2])


def read_label(text: str) -> Choice | None:
    """The choice of a model that wrote exactly one label, behind any thoughts; None for every other text.

    >>> read_label(" 2"), read_label("Answer 1 is better."), read_label("<think>1 or 2?</think>0")
    ('second', None, 'tie')
    """
    return LABELS.get(without_thoughts(text).strip())


def label_shares(alternatives: Mapping[str, float]) -> dict[Choice, float] | None:
    """The labels' shares from log-probabilities (nats) of the first token, by its text.

    None where the labels together have less than half of the probability.

    >>> label_shares({"1": -0.5, "2": -1.5, "The": -3.0})["first"]
    0.73...
    """
    mass: dict[Choice, float] = dict.fromkeys(LABELS.values(), 0.0)
    for token, logprob in alternatives.items():
        choice = LABELS.get(token.strip(_BLANKS))
        if choice is not None and not math.isnan(logprob):
            mass[choice] += math.exp(min(logprob, 0.0))
    total = sum(mass.values())
    if total < _LEAST_MASS:
        return None
    return {choice: part / total for choice, part in mass.items()}


def combine(a_first: Look, b_first: Look) -> Judgement:
    """The judgement that follows from both orders."""
    choices = (a_first.choice, b_first.choice)
    if None in choices:
        return Judgement(None, *choices)
    if a_first.shares is None or b_first.shares is None:
        words: dict[tuple[Choice | None, ...], Word] = {("first", "second"): "a", ("second", "first"): "b"}
        return Judgement(words.get(choices, "tie"), *choices)
    both: dict[Word, float] = {
        "a": (a_first.shares["first"] + b_first.shares["second"]) / 2,
        "b": (a_first.shares["second"] + b_first.shares["first"]) / 2,
        "tie": (a_first.shares["tie"] + b_first.shares["tie"]) / 2,
    }
    best, after = sorted(both, key=lambda word: both[word], reverse=True)[:2]
    lead = both[best] - both[after]
    return Judgement(best if lead > 0 else "tie", *choices, confidence=min(max(lead, 0.0), 1.0))
