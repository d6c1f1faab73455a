"""A person's agreement with themselves: verdicts on the same pair, given twice with sides swapped. No Textual here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tui.analysis.paired_comparison import share_interval


@dataclass(frozen=True)
class Agreement:
    """The agreement on repeated pairs. `share`, its interval and `kappa` are None where they are undefined.

    `low` and `high` are the ends of Wilson's 95 % interval of the share.
    """

    pairs: int
    same: int
    share: float | None
    low: float | None
    high: float | None
    kappa: float | None


def agreement(verdicts: Sequence[tuple[str, str]]) -> Agreement:
    """Agreement of first and second verdicts, given as (first, second), each a, b, tie, both_bad or both_good.

    Kappa is Cohen's (J. Cohen, "A coefficient of agreement for nominal scales", 1960): κ = (p − e) ÷ (1 − e). Here p is
    the share of equal verdicts, and e is the share that two people with these habits would reach by chance. Kappa is
    None when all verdicts are the same word, because chance alone then gives full agreement.

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
    return Agreement(pairs, same, share, interval.low, interval.high, kappa)


def in_words(found: Agreement) -> str:
    """The agreement as a sentence."""
    if found.share is None or found.low is None or found.high is None:
        return "No pair was judged twice yet."
    kappa = "" if found.kappa is None else f", Cohen's κ {found.kappa:.2f}"
    return (
        f"You agreed with yourself on {found.same} of {found.pairs} repeated pairs ({found.share:.0%}; 95 % "
        f"interval {found.low:.0%} to {found.high:.0%}{kappa})."
    )
