"""What a judge is worth: its agreement with a person beyond chance, and its biases, each with an interval.

No Textual here. **The unit is the question**: of several pairs of one prompt the first that the judge saw counts. Both
"both bad" and "both good" count as ties, since a judge is asked for the better answer alone. A pair without a label
counts as a disagreement, or a judge that answers only where it is easy would look better than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.analysis.kappa import Kappa, cohens_kappa
from tui.analysis.paired_comparison import Tally
from tui.judges.judgement import choices_in

if TYPE_CHECKING:
    from db.judge_records import MeasuredRow

LEAST_KAPPA: Final = 0.4
"""Below this kappa a judge decides no trial."""
LEAST_PAIRS: Final = 20
"""With fewer measured pairs a kappa says too little, and a judge decides no trial either."""
SURE: Final = 0.5
"""A verdict is sure from this confidence on: its label then has at least three quarters against one other label."""
_LOOKS: Final = {("first", "first"): 1, ("second", "second"): -1}


@dataclass(frozen=True)
class JudgeFigures:
    """The figures of a judge over the pairs that it and the owner judged.

    `kappa` is None while it is undefined. `first` tallies pairs: won where both orders chose the answer shown first,
    lost where both chose the second, tied otherwise; its win rate is one half for a judge without a preference for a
    place. `longer` and `own_longer` count the decisive choices of the longer answer, by the judge and by the owner.
    `no_label` counts pairs without a label, `disagreed` those whose orders disagreed. `seconds` is the mean time of a
    pair; None where none was measured.
    """

    pairs: int
    same: int
    kappa: Kappa | None
    first: Tally
    longer: tuple[int, int]
    own_longer: tuple[int, int]
    no_label: int
    disagreed: int
    seconds: float | None

    @property
    def problem(self) -> str | None:
        """Why this judge decides no trial, as a sentence; None where it may."""
        if self.pairs < LEAST_PAIRS:
            return f"It was measured on {self.pairs} of your pairs, and {LEAST_PAIRS} are needed."
        if self.kappa is None:
            return "It and you gave one verdict alone, so its agreement beyond chance is not known."
        if self.kappa.value < LEAST_KAPPA:
            return f"Its κ is {self.kappa.value:.2f}, and {LEAST_KAPPA} is needed: it does not judge as you do."
        return None


def figures_of(rows: Iterable[MeasuredRow]) -> JudgeFigures:
    """The figures over these pairs, which come in the order in which the judge saw them."""
    first_of: dict[int, MeasuredRow] = {}
    for row in rows:
        first_of.setdefault(row.prompt, row)
    pairs = list(first_of.values())
    verdicts = [(own_word(each.own), _judge_word(each.said)) for each in pairs]
    choices = [found for each in pairs if (found := choices_in(each.note)) is not None]
    times = [each.seconds for each in pairs if each.seconds is not None]
    return JudgeFigures(
        pairs=len(pairs),
        same=sum(own == said for own, said in verdicts),
        kappa=cohens_kappa(verdicts),
        first=place_tally(each.note for each in pairs),
        longer=_longer((each.said, each) for each in pairs),
        own_longer=_longer((each.own, each) for each in pairs),
        no_label=sum(each.said == "discard" for each in pairs),
        disagreed=sum(_disagree(each) for each in choices),
        seconds=sum(times) / len(times) if times else None,
    )


def place_tally(notes: Iterable[str]) -> Tally:
    """Pairs in which both orders got the answer shown first (won), the second (lost), or neither, from their notes."""
    choices = [found for each in notes if (found := choices_in(each)) is not None and "none" not in found]
    places = [_LOOKS.get(each, 0) for each in choices]
    return Tally(places.count(1), places.count(0), places.count(-1))


def own_word(verdict: str) -> str:
    """The owner's verdict in the words of a judge: a, b or tie."""
    return verdict if verdict in ("a", "b") else "tie"


def slips(rows: Sequence[MeasuredRow]) -> list[MeasuredRow]:
    """The pairs on which a judge surely chose the other answer than the owner, the surest first.

    Without shares a judge is sure where both orders agreed.
    """
    opposite = [each for each in rows if {each.own, each.said} == {"a", "b"}]
    sure = [each for each in opposite if sureness(each) >= SURE]
    return sorted(sure, key=lambda each: (-sureness(each), each.comparison))


def sureness(row: MeasuredRow) -> float:
    """How sure the judge was, 0 to 1."""
    if row.confidence is not None:
        return row.confidence
    return 1.0 if row.said in ("a", "b") else 0.0


def _judge_word(verdict: str) -> str:
    return "none" if verdict == "discard" else verdict


def _disagree(choices: tuple[str, str]) -> bool:
    return choices not in (("first", "second"), ("second", "first"), ("tie", "tie"))


def _longer(verdicts: Iterable[tuple[str, MeasuredRow]]) -> tuple[int, int]:
    """Choices of the longer answer, of all decisive ones between unequal lengths."""
    decisive = [(said, each) for said, each in verdicts if said in ("a", "b") and each.a != each.b]
    return sum((said == "a") == (each.a > each.b) for said, each in decisive), len(decisive)
