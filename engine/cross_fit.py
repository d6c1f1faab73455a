"""What runs on parts of the pairs say of settings and of more pairs: figures out of fold, and their errors. No torch.

Every pair is judged by a run that did not learn from it. Accuracies compare across beta and losses as they are; the
log-loss does not, because beta scales margins, so each margin is first divided by a temperature that the other folds
give. The unit is the question: a ranking counts once, with the mean of its pairs.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

_STEPS = 60
_LEAST_NATS = 0.01  # a smaller difference of log-losses is nothing to choose by, however sure it is
_DRAWS = 2000
_LOW, _HIGH = 0.025, 0.975


@dataclass(frozen=True)
class OutOfFold:
    """The margins of one setting: of each fold in turn, question → the margins of its pairs."""

    folds: tuple[Mapping[str, Sequence[float]], ...]

    @property
    def accuracies(self) -> dict[str, float]:
        """Question → the share of its pairs that are ranked as they were judged; a margin of 0 is not."""
        return {name: fmean(margin > 0 for margin in margins) for fold in self.folds for name, margins in fold.items()}

    @property
    def log_losses(self) -> dict[str, float]:
        """Question → −ln of the probability of its verdicts, with the scale of margins that the other folds give."""
        found: dict[str, float] = {}
        for place, fold in enumerate(self.folds):
            others = [margin for each in (*self.folds[:place], *self.folds[place + 1 :])
                      for margins in each.values() for margin in margins]  # fmt: skip
            scale = margin_scale(others)
            found |= {name: fmean(_log_loss(scale * margin) for margin in margins) for name, margins in fold.items()}
        return found


def margin_scale(margins: Sequence[float]) -> float:
    """The factor a ≥ 0 with the lowest mean of −ln s(a · margin), which is one over a temperature.

    Margins whose mean is 0 or less give 0: they say nothing. Where every margin is right, a has no upper end; then it
    is 10 over their median. Margins of 2 and −1 give 0.470: there 2 s(−2a) equals s(a).
    """
    if not margins or fmean(margins) <= 0:
        return 0.0
    low, high = 0.0, 10 / sorted(map(abs, margins))[len(margins) // 2] if any(margins) else 0.0
    for _ in range(_STEPS):  # the mean loss is convex in a
        middle = (low + high) / 2
        slope = sum(-margin * _chance(-middle * margin) for margin in margins)
        low, high = (middle, high) if slope < 0 else (low, middle)
    return (low + high) / 2


def _chance(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def _log_loss(margin: float) -> float:
    """−ln s(margin), stable for any size."""
    return max(0.0, -margin) + math.log1p(math.exp(-abs(margin)))


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences over questions, and its standard error; None for a single question."""

    mean: float
    error: float | None

    @classmethod
    def of(cls, ours: Mapping[str, float], others: Mapping[str, float]) -> "Difference":
        """Ours minus others over the questions that both have. 1, 1, 0 and 0, 1, 0 give 1/3 ± 1/3."""
        values = [ours[name] - others[name] for name in ours if name in others]
        if not values:
            return cls(0.0, None)
        return cls(fmean(values), stdev(values) / len(values) ** 0.5 if len(values) > 1 else None)

    @property
    def is_clear(self) -> bool:
        """Whether the mean is above 0 by more than one standard error."""
        return self.error is not None and self.mean > self.error


@dataclass(frozen=True)
class Drift:
    """What a policy's answers became: their mean length in tokens, and nats a token that the base gives them."""

    tokens: float
    nats: float


MOST_NATS = 0.3
"""More nats a token than the base's own answers have under the base. Runs at the default rate moved by 0.11 to 0.19 and
wrote well; one that wrote sentences of 31 tokens, and won every trial, moved by 0.63 (docs/BENCHMARKS.md)."""
LENGTHS = (0.4, 2.5)
"""Answers that become shorter or longer than these shares of the base's are not only better answers."""


def drift_problem(base: Drift, tuned: Drift) -> str | None:
    """Why a setting's answers are too far from the base's; None where they are not."""
    if tuned.nats - base.nats > MOST_NATS:
        return f"its answers are {tuned.nats - base.nats:.2f} nats a token odder to the base, more than {MOST_NATS:g}"
    share = tuned.tokens / base.tokens
    if not LENGTHS[0] <= share <= LENGTHS[1]:
        return f"its answers are {share:.2f} times as long as the base's"
    return None


@dataclass(frozen=True)
class Choice:
    """The setting that a search chose, by its place among those tried, and why as a sentence.

    `order` ranks all of them, the best first; `left_out` gives the reason for each that a guard left out.
    """

    chosen: int
    order: tuple[int, ...]
    left_out: Mapping[int, str]
    sentence: str


def choose(tried: Sequence[OutOfFold], names: Sequence[str], left_out: Mapping[int, str]) -> Choice:
    """Choose among settings, of which the first is the default.

    They rank by accuracy, then by log-loss. The best one that no guard leaves out replaces the default only where its
    accuracy is higher by more than one standard error of the paired differences, or its log-loss is lower by as much
    and its accuracy not lower.
    """
    accuracy = [fmean(each.accuracies.values()) for each in tried]
    loss = [fmean(each.log_losses.values()) for each in tried]
    order = tuple(sorted(range(len(tried)), key=lambda place: (-accuracy[place], loss[place])))
    rivals = [place for place in order if place != 0 and place not in left_out]
    questions = len(tried[0].accuracies)
    if not rivals:
        return Choice(0, order, left_out, "The settings as given stay: a guard left out every other setting.")
    best = rivals[0]
    by_accuracy = Difference.of(tried[best].accuracies, tried[0].accuracies)
    by_loss = Difference.of(tried[0].log_losses, tried[best].log_losses)
    wins = by_accuracy.is_clear or (by_loss.is_clear and by_loss.mean > _LEAST_NATS and by_accuracy.mean >= 0)
    error = "" if by_accuracy.error is None else f" ± {100 * by_accuracy.error:.0f}"
    figures = (
        f"{accuracy[best]:.0%} of {questions} pairs are ranked as judged out of fold, against {accuracy[0]:.0%} as "
        f"given ({100 * by_accuracy.mean:+.0f}{error} points), log-loss {loss[best]:.3f} against {loss[0]:.3f}"
    )
    if wins:
        by = "" if by_accuracy.is_clear else " by its log-loss"
        return Choice(best, order, left_out, f"{names[best]} wins{by}: {figures}.")
    return Choice(0, order, left_out, f"The settings as given stay; next best is {names[best]}: {figures}, which is "
                  "not clearly better.")  # fmt: skip


@dataclass(frozen=True)
class Outlook:
    """What more verdicts would bring: the accuracies at each number of pairs, and those expected with all `pairs`
    (`now`) and with `more`."""

    sizes: tuple[float, ...]
    accuracies: tuple[float, ...]
    pairs: int
    now: float
    more: int
    expected: float
    low: float
    high: float

    def words(self) -> str:
        """The outlook as a sentence."""
        known = ", ".join(
            f"{share:.0%} with {size:.0f}" for size, share in zip(self.sizes, self.accuracies, strict=True)
        )
        return (
            f"Pairs kept aside that are ranked as you judged them: {known}. With all {self.pairs} about "
            f"{self.now:.0%}, and with {self.more} more about {self.expected:.0%}, {self.low:.0%} to {self.high:.0%}. "
            "That is an accuracy on your pairs, not a trial."
        )


def outlook(sizes: Sequence[float], tried: Sequence[OutOfFold], pairs: int, more: int, *, seed: int = 0) -> Outlook:
    """A straight line through accuracy over the logarithm of the number of pairs, drawn on to `more` than all `pairs`.

    The 95 % interval is of 2,000 draws of the questions, which are the same at every size, so it holds the chance of
    the pairs and not that the line may bend.

    Args:
        sizes: pairs that the runs of each of `tried` learned from, at least two different ones, rising.
    """
    accuracies = [each.accuracies for each in tried]
    names = sorted(set.intersection(*(set(each) for each in accuracies)))
    chance = random.Random(seed)

    def line(drawn: Sequence[str], at: int) -> float:
        means = [fmean(each[name] for name in drawn) for each in accuracies]
        return min(1.0, max(0.0, _line([math.log(each) for each in sizes], means, math.log(at))))

    draws = sorted(line(chance.choices(names, k=len(names)), pairs + more) for _ in range(_DRAWS))
    means = tuple(fmean(each[name] for name in names) for each in accuracies)
    ends = (draws[int(share * _DRAWS)] for share in (_LOW, _HIGH))
    return Outlook(tuple(sizes), means, pairs, line(names, pairs), more, line(names, pairs + more), *ends)


def _line(x: Sequence[float], y: Sequence[float], at: float) -> float:
    """The value at `at` of the least-squares line."""
    centre, level = fmean(x), fmean(y)
    slope = sum((each - centre) * (value - level) for each, value in zip(x, y, strict=True)) / sum(
        (each - centre) ** 2 for each in x
    )
    return level + slope * (at - centre)
