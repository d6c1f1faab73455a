"""The figures of an evaluation and their intervals, which are wide for few pairs."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from scipy.stats import norm, t

from engine.dpo import PairScore, pair_metrics
from engine.preference import DECISIVE
from engine.questions import by_question

_CONFIDENCE = 0.95


def eval_metrics(scores: Sequence[PairScore], beta: float) -> Mapping[str, float]:
    """`pair_metrics` of evaluation pairs with `eval_` before each name, and 95 % intervals of three of them.

    `eval_rewards/accuracies_low` and `_high` are Wilson's interval; `eval_loss_low` … and `eval_rewards/margins_low` …
    are Student's, and are left out where there is one pair alone. A ranking counts as one pair, with the mean of its
    own. The intervals take pairs to be independent, so pairs that share a prompt make the true interval wider.
    Accuracies and margins are of the pairs whose verdict prefers an answer.
    """
    decisive = by_question(score for score in scores if score.outcome in DECISIVE)
    right = sum(fmean(score.margin(beta) > 0 for score in asked) for asked in decisive)
    intervals = {
        "rewards/accuracies": wilson_interval(right, len(decisive)) if decisive else None,
        "loss": mean_interval([fmean(score.loss for score in asked) for asked in by_question(scores)]),
        "rewards/margins": mean_interval([fmean(score.margin(beta) for score in asked) for asked in decisive]),
    }
    metrics = {f"eval_{name}": value for name, value in pair_metrics(scores, beta).items()}
    for name, interval in intervals.items():
        if interval is not None:
            metrics[f"eval_{name}_low"], metrics[f"eval_{name}_high"] = interval
    return metrics


def wilson_interval(successes: float, of: int) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953), 95 %, without correction.

    Unlike the textbook interval it never leaves 0 to 1 and is not empty when every pair is right. 8 of 10 give 0.490 to
    0.943. A success may be a fraction, such as of a ranking of which some pairs are right.
    """
    z, share = float(norm.ppf((1 + _CONFIDENCE) / 2)), successes / of
    centre = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z / (1 + z**2 / of) * math.sqrt(share * (1 - share) / of + (z / (2 * of)) ** 2)
    return max(0.0, centre - half), min(1.0, centre + half)


def mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Student's t interval of a mean (Student 1908, doi:10.1093/biomet/6.1.1), 95 %.

    None for fewer than two values, and where one of them is NaN or infinite. 1, 2 and 3 give
    2 ± 4.303 · 1/√3 = 2 ± 2.484.
    """
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return None
    half = float(t.ppf((1 + _CONFIDENCE) / 2, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    return fmean(values) - half, fmean(values) + half
