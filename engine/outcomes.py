"""What verdicts say beside which answer is better: their counts, the thresholds of the ordinal loss, and both in words.

No torch here.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.preference import UNPAIRED, Outcome
from engine.questions import by_question, weights_of

_NAMES: dict[Outcome, str] = {
    "better": "better",
    "much": "much better",
    "tie": "tie",
    "both_bad": "both bad",
    "both_good": "both good",
}
_LEAST, _MOST, _MOST_TOGETHER = 0.02, 0.8, 0.95


@dataclass(frozen=True)
class Thresholds:
    """The margins between the levels: `tie` is a1, 0 without ties; `much` is a2, None without "much better"."""

    tie: float = 0.0
    much: float | None = None

    @property
    def are_none(self) -> bool:
        """Whether only "better" occurs, so that the loss is the sigmoid loss."""
        return not self.tie and self.much is None

    @property
    def best_margin(self) -> float | None:
        """The margin at which "better" has its lowest loss, (a1 + a2) / 2; None where it falls without end."""
        return None if self.much is None else (self.tie + self.much) / 2

    def at_equality(self, outcome: Outcome) -> float:
        """The loss of an outcome where policy and reference are equal: −ln of its share by these thresholds."""
        tie, much = math.tanh(self.tie / 2), 0.0 if self.much is None else 1 / (1 + math.exp(self.much))
        return -math.log({"tie": tie, "much": much}.get(outcome, (1 - tie) / 2 - much))


NO_THRESHOLDS = Thresholds()


def thresholds_of(pairs: Sequence[EncodedPair]) -> Thresholds:
    """The thresholds at which a policy that knows no preference gives the labeller's own shares.

    Args:
        pairs: all pairs of a run; both bad and both good do not count, and a ranking counts once. A share that is not 0
            is held within 0.02 and 0.8, and both together below 0.95, or the thresholds would change their order.

    Returns:
        a1 = ln((1 + t) / (1 − t)) and a2 = ln((2 − m) / m) for the shares t of ties and m of "much". With 0.3 and 0.1
        these are 0.619 and 2.944.
    """
    paired = [each for each in pairs if each.outcome not in UNPAIRED]
    weight: defaultdict[Outcome, float] = defaultdict(float)
    for each, share in zip(paired, weights_of(paired), strict=True):
        weight[each.outcome] += share
    ties, much = (_clipped(weight[kind] / max(sum(weight.values()), 1)) for kind in ("tie", "much"))
    if ties + much > _MOST_TOGETHER:
        ties, much = (share * _MOST_TOGETHER / (ties + much) for share in (ties, much))
    return Thresholds(math.log((1 + ties) / (1 - ties)), math.log((2 - much) / much) if much else None)


def _clipped(share: float) -> float:
    return min(max(share, _LEAST), _MOST) if share else 0.0


def outcomes_words(pairs: Sequence[EncodedPair]) -> str:
    """How many pairs of each outcome there are, such as `61 × better, 20 × tie`."""
    counts = Counter(each.outcome for each in pairs)
    return ", ".join(f"{counts[outcome]} × {name}" for outcome, name in _NAMES.items() if counts[outcome])


def rankings_words(pairs: Sequence[EncodedPair]) -> str | None:
    """How much the pairs of rankings weigh; None without a ranking."""
    ranked = [each for each in pairs if each.question is not None]
    if not ranked:
        return None
    rankings = len(by_question(ranked))
    which = "1 ranking weighs" if rankings == 1 else f"{rankings} rankings weigh"
    of = "1 pair" if len(ranked) == 1 else f"{len(ranked)} pairs"
    if rankings == 1:
        return f"{which} as one pair, with {of} in all; it counts once in every figure."
    return f"{which} as one pair each, with {of} in all; each of them counts once in every figure."


def foreign_words(pairs: Sequence[EncodedPair]) -> str | None:
    """Which pairs WPO weighs, and why evaluations do not; None without such a pair."""
    foreign = sum(pair.is_foreign for pair in pairs)
    if not foreign:
        return None
    have = "1 pair has an answer" if foreign == 1 else f"{foreign} pairs have answers"
    return (
        f"{have} that the policy did not write, imported or from a server: training weights such answers "
        "by how likely the policy is to write them (WPO), and evaluations count them in full."
    )


def objective_words(pairs: Sequence[EncodedPair], config: TrainConfig, thresholds: Thresholds) -> str | None:
    """What a run learns from and where its figures start; None where every pair has a better answer and no strength."""
    if all(each.outcome == "better" and not each.edited for each in pairs):
        return None
    words = f"Learned from {outcomes_words(pairs)}; accuracies and margins are of the pairs with a better answer."
    if edits := sum(each.edited for each in pairs):
        words += f" The run keeps {'1 edited answer' if edits == 1 else f'{edits} edited answers'} likely."
    if config.loss == "ordinal" and not thresholds.are_none:
        known = {each.outcome for each in pairs} - set(UNPAIRED)
        losses = ", ".join(
            f"{thresholds.at_equality(key):.3f} for {name}" for key, name in _NAMES.items() if key in known
        )
        words += f" Where policy and reference are equal, the loss is {losses}, not 0.693."
    if config.loss == "ordinal" and thresholds.best_margin is not None:
        words += f" The loss of “better” is lowest at a margin of {thresholds.best_margin:.2f}."
    return words
