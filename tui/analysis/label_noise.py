"""The rate at which verdicts are slips, from pairs that were asked twice. Label smoothing models such slips.

Assume that every decisive verdict is flipped independently with probability e. Two verdicts on one pair then differ
when exactly one of them was flipped: d = 2e(1 − e). Solved for e: e = (1 − √(1 − 2d)) ÷ 2. A share d of one half or
more has no such e: the verdicts would be no better than a coin. Ties, "both bad" and "both good" are no
flips and are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from tui.analysis.paired_comparison import Interval, share_interval

LEAST: Final = 10
"""With fewer pairs decided twice Palate offers no smoothing."""
MOST: Final = 0.49
"""The largest label smoothing that a run accepts."""

PUBLISHED: Final = (
    ("InstructGPT", "72.6 ± 1.5 %", "arXiv 2203.02155"),
    ("summaries, Stiennon et al.", "77 ± 2 %", "arXiv 2009.01325"),
    ("HH-RLHF", "about 63 %", "arXiv 2204.05862"),
    ("AlpacaFarm", "65.7 %", "arXiv 2305.14387"),
)
"""Published rates of agreement between two people. One person asked twice should agree more often."""


@dataclass(frozen=True)
class LabelNoise:
    """The pairs decided twice, and those with `different` decisions; `rate` is e, None where it is undefined.

    `low` and `high` are e at the ends of Wilson's 95 % interval of the share of different decisions, at most 0.5.
    """

    pairs: int
    different: int
    rate: float | None
    low: float | None
    high: float | None

    @property
    def smoothing(self) -> float | None:
        """The label smoothing to offer, rounded to two digits; None with too few pairs or nothing to smooth."""
        if self.pairs < LEAST or self.rate is None:
            return None
        return min(round(self.rate, 2), MOST) or None


def label_noise_rate(different: float) -> float | None:
    """The probability e that one verdict is flipped, for a share `different` of pairs with different decisions.

    >>> label_noise_rate(0.18), label_noise_rate(0.5)
    (0.1, None)
    """
    return None if different >= 0.5 else round((1 - sqrt(1 - 2 * different)) / 2, 12)


def label_noise(verdicts: Sequence[tuple[str, str]]) -> LabelNoise:
    """The label noise in first and second verdicts on the same pairs, given as (first, second)."""
    decided = [(first, second) for first, second in verdicts if {first, second} <= {"a", "b"}]
    pairs, different = len(decided), sum(first != second for first, second in decided)
    if not pairs:
        return LabelNoise(0, 0, None, None, None)
    interval: Interval = share_interval(different, pairs)
    ends = [label_noise_rate(each) for each in (interval.low, interval.high)]
    low, high = (0.5 if each is None else each for each in ends)
    return LabelNoise(pairs, different, label_noise_rate(different / pairs), low, high)
