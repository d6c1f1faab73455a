"""The words of the page about a person's preferences, for the screen and the command. No Textual here."""

from collections.abc import Sequence
from typing import Final

from tui.analysis.agreement import in_words, of_two_in_words
from tui.analysis.label_noise import LEAST, PUBLISHED, LabelNoise
from tui.analysis.pace import Day
from tui.analysis.paired_comparison import Interval, between
from tui.analysis.preferences import Preference
from tui.analysis.report import Group, Missed, PreferenceReport, ReasonLikes
from tui.text.format import count, duration, percent

HOW: Final = "Each question counts once; 95 % intervals, of which one in twenty misses."
EQUAL: Final = "Among answers of about equal length (the shorter has four fifths of the longer's characters)"
LONGER_ELSEWHERE: Final = "Elsewhere people chose the longer of two answers in 64 % (AlpacaFarm, arXiv 2305.14387)."


def group_words(group: Group) -> str:
    """The group of pairs that are counted, in words."""
    if group.set_name is not None:
        return f"prompt set {group.set_name}"
    return "everything" if group.field is None else f"field {group.field}"


def counted_words(page: PreferenceReport) -> str:
    """The number of verdicts and questions behind the statistics."""
    summary = page.summary
    whose = "imported" if page.source == "import" else "of yours"
    if page.givers:
        whose = f"of {givers_words(page.givers)}"
    if not summary.decided + summary.neither:
        return "No imported pair here." if whose == "imported" else f"No verdict {whose} here yet."
    neither = f", {summary.neither:,} that chose neither" if summary.neither else ""
    return f"{count(summary.decided, 'verdict')} {whose}{neither}, on {count(summary.questions, 'question')}."


def cells(preference: Preference) -> tuple[str, str, str, str, str, str]:
    """A trait's line: words, share chosen, interval, conclusion, pairs that differ in it, pairs with neither chosen."""
    share, interval = preference.share, preference.interval
    neither = f"{preference.neither:,}" if preference.neither else ""
    if share is None or interval is None:
        return preference.words, "–", "", "", "0", neither
    return preference.words, percent(share), between(interval), preference.says, f"{preference.pairs:,}", neither


def givers_words(labels: Sequence[str]) -> str:
    """Whose verdicts are read, in words: "you, then judge ./judge"."""
    return ", then ".join("you" if each == "me" else each.replace(":", " ", 1) for each in labels)


def agreement_words(page: PreferenceReport) -> list[str]:
    """The person's agreement with themselves, beside published rates of agreement between people."""
    people = ", ".join(f"{figure} ({name})" for name, figure, _ in PUBLISHED)
    return [in_words(page.agreement), f"Two people agreed with each other in {people}."]


def others_words(page: PreferenceReport) -> list[str]:
    """The person's agreement with other people and with judges."""
    return [of_two_in_words(each) for each in page.with_others]


def reason_words(reason: ReasonLikes) -> str:
    """What the verdicts with a reason prefer: every trait that settles, else what was chosen more often by length."""
    summary = reason.summary
    decided = f"{summary.decided:,} {'decides' if summary.decided == 1 else 'decide'}"
    settled = [each for each in summary.preferences if each.says in ("more often", "less often")]
    longer = [each for each in summary.preferences if each.name == "longer" and each.pairs]
    parts = [_share_words(each) for each in settled or longer]
    total = summary.decided + summary.neither
    return " · ".join([f"Of the {total:,} for {reason.reason}: {decided}", *parts])


def _share_words(each: Preference) -> str:
    share, interval = each.share, each.interval
    assert share is not None
    assert interval is not None
    return f"{each.words} {percent(share)} ({between(interval)})"


def flip_words(found: LabelNoise) -> str:
    """The rate of slips from the pairs decided twice, with the formula."""
    if found.pairs < LEAST:
        return f"{count(found.pairs, 'pair')} decided twice; from {LEAST} on, this line shows the rate of slips."
    share = f"{found.different} of {found.pairs} pairs decided twice got different decisions"
    if found.rate is None or found.low is None or found.high is None:
        return f"{share}: no better than a coin, so there is no rate of slips."
    ends = between(Interval(found.low, found.high))
    return (
        f"{share}. Two verdicts that each slip with the chance e differ with the chance d = 2e(1 − e), so "
        f"e = (1 − √(1 − 2d)) ÷ 2 = {percent(found.rate)} ({ends})."
    )


def missed_words(missed: Missed | None) -> str:
    """The number of pairs that the adapter in use still ranks the wrong way, in words."""
    if missed is None:
        return "No adapter that a run made is in use."
    if not missed.known:
        return f"Run {missed.run}, which made {missed.adapter}, kept no margins."
    if not missed.pairs:
        return f"{missed.adapter} ranked all {count(missed.known, 'pair')} as you did, in the last epoch of its run."
    return (
        f"{missed.adapter} ranked {len(missed.pairs):,} of {count(missed.known, 'pair')} the other way, in the last "
        f"epoch of run {missed.run}. Some of them may be slips of yours."
    )


def day_words(day: Day) -> str:
    """A day's verdicts and their median time."""
    time = "" if day.seconds is None else f"{duration(day.seconds):>7} each"
    return f"{day.day}  {count(day.verdicts, 'verdict'):>14}{time}"
