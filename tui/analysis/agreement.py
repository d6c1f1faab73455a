"""Agreement of two verdicts on the same pair: a person's with themselves, and two people's. No Textual here."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui.analysis.kappa import cohens_kappa
from tui.analysis.paired_comparison import share_interval


@dataclass(frozen=True)
class Agreement:
    """The agreement on pairs with two verdicts. `share`, `kappa` and their intervals are None where they are undefined.

    `low` and `high` are the ends of Wilson's 95 % interval of the share, `kappa_low` and `kappa_high` those of kappa's.
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

    Kappa is Cohen's (see tui/analysis/kappa.py). It is None when all verdicts are the same word.

    >>> agreement([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]).kappa
    0.5
    """
    pairs = len(verdicts)
    if pairs == 0:
        return Agreement(0, 0, None, None, None, None)
    same = sum(first == second for first, second in verdicts)
    share = same / pairs
    interval, kappa = share_interval(same, pairs), cohens_kappa(verdicts)
    figures = (None, None, None) if kappa is None else (kappa.value, kappa.low, kappa.high)
    return Agreement(pairs, same, share, interval.low, interval.high, *figures)


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
