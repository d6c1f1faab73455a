"""A person's preferences: for each trait of an answer, the share in which it was chosen. No Textual here.

**The unit is the question**, as in trials: several pairs of one prompt are not independent evidence. The pairs of a
question that differ in a trait are added up, +1 where the answer with the trait was chosen and −1 where the other one
was. A question counts as one choice for the side with more, and as half where they are equal. The 95 % interval of the
share is Tango's score interval, which is Wilson's where there are no halves (see tui/analysis/paired_comparison.py).
Where each question has one pair, both are plain counts.

**Lists are longer.** A preference for lists may be a preference for length. So every trait is counted a second time,
only among pairs of about equal length, in which the shorter answer has at least four fifths of the characters of the
longer one. That removes most of the effect of length, and nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

from db.preference_counts import Choice
from tui.analysis.paired_comparison import Interval, Tally
from tui.analysis.traits import TRAITS, traits_of

ABOUT_EQUAL: Final = 0.8
"""Two answers are about equally long when the shorter has at least this share of the other's characters."""

Says = Literal["more often", "less often", "can't tell yet"]


@dataclass(frozen=True)
class Preference:
    """The choices between an answer with a trait and one without it.

    `pairs` counts the decided pairs that differ in the trait, `neither` those that ended as a tie, both bad or both
    good. `questions` tallies the prompts of the decided pairs, each once.
    """

    name: str
    words: str
    pairs: int
    neither: int
    questions: Tally

    @property
    def share(self) -> float | None:
        """The share of questions in which the trait was chosen, halves included; None without a question."""
        return self.questions.win_rate if self.questions.prompts else None

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of `share`."""
        return self.questions.interval if self.questions.prompts else None

    @property
    def says(self) -> Says:
        """The conclusion, which is "can't tell yet" as long as as many prompts would not settle a trial."""
        if not self.questions.beyond_chance:
            return "can't tell yet"
        return "more often" if self.questions.lead > 0 else "less often"


@dataclass(frozen=True)
class PreferenceSummary:
    """The preferences in all choices. `equal_length` has the traits that occur among pairs of about equal length.

    `chosen_words` is about how many words the chosen answers have, their median; None without one.
    """

    decided: int
    neither: int
    questions: int
    preferences: tuple[Preference, ...]
    equal_length: tuple[Preference, ...]
    chosen_words: float | None = None


@dataclass
class _Count:
    """The running counts of one trait."""

    pairs: int = 0
    neither: int = 0
    tallied: dict[int, int] = field(default_factory=lambda: {-1: 0, 0: 0, 1: 0})

    def close(self, point: int) -> None:
        """Count a complete question whose pairs add up to `point`."""
        self.tallied[(point > 0) - (point < 0)] += 1

    def preference(self, name: str, words: str) -> Preference:
        """The preference with these counts."""
        won = self.tallied
        return Preference(name, words, self.pairs, self.neither, Tally(won[1], won[0], won[-1]))


_LEFT, _LONGER = "left", "longer"
_NAMES: Final = {_LEFT: "shown left (or first)", _LONGER: "longer", **{each.name: each.words for each in TRAITS}}


class _Counter:
    """Counts choices, which come in the order of their prompts."""

    def __init__(self) -> None:
        self.everywhere = {name: _Count() for name in _NAMES}
        self.equal = {each.name: _Count() for each in TRAITS}
        self.decided = self.neither = self.questions = 0
        self.words: list[int] = []
        self._prompt: int | None = None
        self._points: dict[tuple[bool, str], int] = {}

    def take(self, choice: Choice) -> None:
        """Count one pair."""
        if choice.prompt != self._prompt:
            self.close()
            self._prompt = choice.prompt
            self.questions += 1
        decided = choice.verdict in ("a", "b")
        self.decided += decided
        self.neither += not decided
        if choice.side is not None and decided:
            self._add(False, _LEFT, choice.side == "left", decided)
        long_a, long_b = len(choice.a), len(choice.b)
        chose_a = choice.verdict == "a"
        if decided:
            self.words.append((choice.a if chose_a else choice.b).count(" ") + 1)
        if long_a != long_b:
            self._add(False, _LONGER, chose_a == (long_a > long_b), decided)
        has_a, has_b = traits_of(choice.a, cut=bool(choice.a_cut)), traits_of(choice.b, cut=bool(choice.b_cut))
        if has_a != has_b:
            equal = min(long_a, long_b) >= ABOUT_EQUAL * max(long_a, long_b)
            self._add_traits(has_a, has_b, chose_a, decided, equal)

    def _add_traits(self, has_a: int, has_b: int, chose_a: bool, decided: bool, equal: bool) -> None:
        for each in TRAITS:
            if (has_a ^ has_b) & each.flag:
                chosen = chose_a == bool(has_a & each.flag)
                self._add(False, each.name, chosen, decided)
                if equal:
                    self._add(True, each.name, chosen, decided)

    def _add(self, equal: bool, name: str, chosen: bool, decided: bool) -> None:
        counted = (self.equal if equal else self.everywhere)[name]
        if not decided:
            counted.neither += 1
            return
        counted.pairs += 1
        key = (equal, name)
        self._points[key] = self._points.get(key, 0) + (1 if chosen else -1)

    def close(self) -> None:
        """Count the present question; its pairs are complete."""
        for (equal, name), point in self._points.items():
            (self.equal if equal else self.everywhere)[name].close(point)
        self._points.clear()


def count_preferences(choices: Iterable[Choice]) -> PreferenceSummary:
    """Count the preferences in `choices`; the choices of one prompt must follow one another."""
    counter = _Counter()
    for each in choices:
        counter.take(each)
    counter.close()
    equal = [counter.equal[each.name].preference(each.name, each.words) for each in TRAITS]
    return PreferenceSummary(
        counter.decided,
        counter.neither,
        counter.questions,
        tuple(counter.everywhere[name].preference(name, words) for name, words in _NAMES.items()),
        tuple(each for each in equal if each.pairs),
        median(counter.words) if counter.words else None,
    )
