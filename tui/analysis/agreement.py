"""Agreement of two verdicts on the same pair: a person's with themselves, and two people's. No Textual here."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui.analysis.paired_comparison import Interval, share_interval


@dataclass(frozen=True)
class Agreement:
    """The agreement on pairs with two verdicts. `share`, `kappa` and their ends are None where they are undefined.

    `low` and `high` are the ends of Wilson's 95 % interval of the share, `kappa_low` and `kappa_high` those of kappa.
    """

    pairs: int
    same: int
    share: float | None
    low: float | None
    high: float | None
    kappa: float | None
    kappa_low: float | None = None
    kappa_high: float | None = None


@dataclass(frozen=True)
class AgreementOfTwo:
    """The agreement of two people or judges, by name, on the pairs that both judged."""

    first: str
    second: str
    agreement: Agreement


def agreement(verdicts: Sequence[tuple[str, str]]) -> Agreement:
    """Agreement of first and second verdicts, given as (first, second), each a, b, tie, both_bad or both_good.

    Kappa is Cohen's (J. Cohen, "A coefficient of agreement for nominal scales", 1960): κ = (p − e) ÷ (1 − e). Here p is
    the share of equal verdicts, and e is the share that two people with these habits would reach by chance. Kappa is
    None when all verdicts are the same word, because chance alone then gives full agreement. See `_kappa_interval` for
    its interval.

    >>> agreement([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]).kappa
    0.5
    """
    pairs = len(verdicts)
    if pairs == 0:
        return Agreement(0, 0, None, None, None, None)
    same = sum(first == second for first, second in verdicts)
    share = same / pairs
    first, second = (Counter(each[place] for each in verdicts) for place in (0, 1))
    chance = sum(first[word] * second[word] for word in first) / pairs**2
    kappa = (share - chance) / (1 - chance) if chance < 1 else None
    interval = share_interval(same, pairs)
    found = Agreement(pairs, same, share, interval.low, interval.high, kappa)
    if kappa is None:
        return found
    low, high = _kappa_interval(verdicts, kappa, chance, interval)
    return replace(found, kappa_low=low, kappa_high=high)


_Z = 1.959964


def _kappa_interval(
    verdicts: Sequence[tuple[str, str]], kappa: float, chance: float, share: Interval
) -> tuple[float, float]:
    """The 95 % interval of Cohen's kappa, by its large-sample variance, within −1 to 1.

    The variance is that of J. L. Fleiss, J. Cohen and B. S. Everitt, "Large sample standard errors of kappa and
    weighted kappa" (1969). It is 0 where all verdicts agree or all differ, and says nothing then: the ends of the
    share's interval take the share's place in the formula of kappa.
    """
    number = len(verdicts)
    cells = {cell: times / number for cell, times in Counter(verdicts).items()}
    rows: dict[str, float] = defaultdict(float)
    columns: dict[str, float] = defaultdict(float)
    for (first, second), part in cells.items():
        rows[first] += part
        columns[second] += part
    same = sum(part for (first, second), part in cells.items() if first == second)
    if same in (0, 1):
        low, high = ((each - chance) / (1 - chance) for each in (share.low, share.high))
        return max(low, -1.0), min(high, 1.0)
    total = 0.0
    for (first, second), part in cells.items():
        if first == second:
            total += part * (1 - chance - (rows[first] + columns[first]) * (1 - same)) ** 2
        else:
            total += part * (1 - same) ** 2 * (columns[first] + rows[second]) ** 2
    variance = (total - (same * chance - 2 * chance + same) ** 2) / (number * (1 - chance) ** 4)
    width = _Z * math.sqrt(max(variance, 0.0))
    return max(kappa - width, -1.0), min(kappa + width, 1.0)


def in_words(found: Agreement) -> str:
    """The agreement as a sentence."""
    if found.share is None or found.low is None or found.high is None:
        return "No pair was judged twice yet."
    return f"You agreed with yourself on {found.same} of {found.pairs} repeated pairs ({_figures(found)})."


def of_two_in_words(found: AgreementOfTwo) -> str:
    """The agreement of two people or judges as a sentence."""
    both, known = f"{found.first} and {found.second}", found.agreement
    if known.share is None:
        return f"{both} judged no pair that the other judged as well."
    return f"{both} agreed on {known.same} of {known.pairs} pairs ({_figures(known)})."


def _figures(found: Agreement) -> str:
    """Share and kappa, each with its interval."""
    words = f"{found.share:.0%}; 95 % interval {found.low:.0%} to {found.high:.0%}"
    if found.kappa is None or found.kappa_low is None or found.kappa_high is None:
        return words
    return f"{words}; Cohen's κ {found.kappa:.2f}, {found.kappa_low:.2f} to {found.kappa_high:.2f}"
