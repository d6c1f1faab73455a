"""What a judge is worth in words, for the screen and the command. No Textual here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tui.analysis.agreement import Agreement
from tui.analysis.kappa import Kappa, kappa_words
from tui.analysis.paired_comparison import Tally, between, share_interval
from tui.judges.figures import LEAST_KAPPA, LEAST_PAIRS, JudgeFigures
from tui.text.format import count, duration, percent
from tui.text.sanitize import visible_line

if TYPE_CHECKING:
    from tui.judges.records import JudgeView
    from tui.judges.work import JudgeProgress

THOUSAND: Final = 1000
"""The number of prompts in the trial whose cost is shown."""


def list_record(view: JudgeView) -> dict[str, Any]:
    """A judge's line of the list, by column."""
    figures = view.figures
    return {
        "name": visible_line(view.name, 24),
        "where": visible_line(view.where, 18),
        "model": visible_line(view.model, 28),
        "pairs": figures.pairs,
        "κ": short_kappa(figures.kappa),
        "trials": "yes" if view.problem is None else "no",
    }


def short_kappa(kappa: Kappa | None) -> str:
    """Kappa with its interval, such as `0.56 (0.38 to 0.71)`; "–" where there is none yet."""
    return "–" if kappa is None else kappa_words(kappa).removeprefix("κ ")


def figure_lines(view: JudgeView, own: Agreement) -> list[tuple[str, str, bool]]:
    """Every figure of a judge, each as (name, words, is it highlighted)."""
    figures = view.figures
    if not figures.pairs:
        words = f"nothing yet: {LEAST_PAIRS} of your pairs are needed, and a κ of {LEAST_KAPPA}"
        return [("agrees with you", words, True), *_own(own)]
    return [
        ("agrees with you", _agreement(figures.same, figures.pairs, figures.kappa), view.problem is not None),
        *_own(own),
        ("first shown chosen", place_words(figures.first), figures.first.beyond_chance),
        ("longer answer chosen", _longer(figures), False),
        ("orders disagree", f"{figures.disagreed} of {count(figures.pairs, 'pair')}", False),
        ("no label", f"{figures.no_label} of {count(figures.pairs, 'pair')}", figures.no_label > 0),
        *_cost(figures),
    ]


def progress_words(progress: JudgeProgress) -> str:
    """What a judge does now, such as `mine: measuring, 12 of 100`."""
    number = f"{progress.done} of {progress.expected}" if progress.expected is not None else f"{progress.done} judged"
    return f"{visible_line(progress.judge, 24)}: {progress.what}, {number}"


def place_words(place: Tally) -> str:
    """How often a judge chose what it saw first."""
    if not place.prompts:
        return "not known"
    words = f"{percent(place.win_rate)} of its looks, {between(place.interval)}"
    return f"{words}; both orders cancel it out" if place.beyond_chance else words


def verdict_of(view: JudgeView) -> str:
    """Whether the judge may decide trials, as a sentence or two."""
    if view.problem is not None:
        return f"It decides no trial. {view.problem}"
    kappa = view.figures.kappa
    assert kappa is not None
    sentence = f"It may decide trials: its κ is at least {LEAST_KAPPA}."
    if kappa.low < LEAST_KAPPA:
        sentence += f" The interval reaches down to {kappa.low:.2f}, so measure it on more pairs."
    return sentence


def _agreement(same: int, pairs: int, kappa: Kappa | None) -> str:
    share = f"{same} of {pairs} ({percent(same / pairs)}, {between(share_interval(same, pairs))})"
    return share if kappa is None else f"{share}, {kappa_words(kappa)}"


def _own(own: Agreement) -> list[tuple[str, str, bool]]:
    if own.share is None:
        return [("you, asked twice", "no pair was judged twice yet", False)]
    if own.kappa is None or own.kappa_low is None or own.kappa_high is None:
        return [("you, asked twice", _agreement(own.same, own.pairs, None), False)]
    kappa = Kappa(own.pairs, own.kappa, own.kappa_low, own.kappa_high)
    return [("you, asked twice", _agreement(own.same, own.pairs, kappa), False)]


def _longer(figures: JudgeFigures) -> str:
    chosen, total = figures.longer
    if not total:
        return "no verdict decided"
    words = f"{chosen} of {total} ({percent(chosen / total)}, {between(share_interval(chosen, total))})"
    own, own_total = figures.own_longer
    return f"{words}; you {own} of {own_total} ({percent(own / own_total)})" if own_total else words


def _cost(figures: JudgeFigures) -> list[tuple[str, str, bool]]:
    if figures.seconds is None:
        return []
    each = duration(figures.seconds) if figures.seconds >= 1 else f"{figures.seconds:.2f} s"
    whole = duration(figures.seconds * THOUSAND)
    return [("cost", f"{each} a pair; {THOUSAND:,} prompts take {whole} and {2 * THOUSAND:,} questions", False)]
