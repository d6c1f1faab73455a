"""The results of a trial: figures from its rows, signs of bias, and a sentence to act on. No Textual here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.pair_rows import ComparisonRow
from db.run_rows import TrialRow
from tui.analysis.agreement import Agreement, agreement
from tui.analysis.paired_comparison import (
    Conclusion,
    Interval,
    Outcome,
    Tally,
    between,
    conclude,
    share_interval,
    tally_prompts,
)
from tui.judges.figures import place_tally
from tui.judges.format import place_words
from tui.text.format import count, percent
from tui.text.sanitize import visible_line
from tui.workspace.settings import is_served

if TYPE_CHECKING:
    from tui.analysis.bradley_terry import Board, Game


_OUTCOMES: dict[str, Outcome] = {"a": "loss", "b": "win", "tie": "tie", "both_bad": "tie", "both_good": "tie"}


def outcome_of(pair: ComparisonRow) -> Outcome | None:
    """The outcome of a comparison for the policy on trial (b); None without a verdict that counts.

    Equal answers are a tie. A verdict that was given after names were shown does not count.
    """
    if pair.same:
        return "tie"
    if pair.standing is None or not pair.standing.blind:
        return None
    return _OUTCOMES.get(pair.standing.verdict)


def left_out(pair: ComparisonRow) -> bool:
    """Does the comparison never count, because it was discarded or judged after names were shown?"""
    verdict = pair.standing
    return not pair.same and verdict is not None and (verdict.verdict == "discard" or not verdict.blind)


@dataclass(frozen=True)
class Share:
    """A share of the verdicts, such as those for the left answer, with Wilson's interval."""

    count: int
    total: int

    @property
    def interval(self) -> Interval:
        """Its 95 % interval."""
        return share_interval(self.count, self.total)

    @property
    def is_lopsided(self) -> bool:
        """Is it not one half, as far as so few verdicts can say?"""
        return Tally(self.count, 0, self.total - self.count).beyond_chance


@dataclass(frozen=True)
class TrialResult:
    """A trial's figures. `left` and `longer` are over decisive verdicts, `cut_a` and `cut_b` over all answers.

    `same` counts pairs with equal answers, `not_blind` and `discarded` what is left out, `open` what is still to be
    judged, `both_bad` the ties in which both answers were bad. `agreement` is over the pairs that were repeated, and
    `split_prompts` counts prompts whose samples did not all go the same way, of those with several. `place` tallies
    the looks of a judge: see `JudgeFigures.first`.
    """

    trial: TrialRow
    tally: Tally
    planned: int
    conclusion: Conclusion
    left: Share
    longer: Share
    cut_a: Share
    cut_b: Share
    same: int
    not_blind: int
    discarded: int
    both_bad: int
    open: int
    agreement: Agreement
    split_prompts: int
    unmet: int
    place: Tally

    @property
    def sentence(self) -> str:
        """The conclusion, in a sentence to act on."""
        return sentence(self)


def result_of(trial: TrialRow, comparisons: Sequence[ComparisonRow], *, unmet: int = 0) -> TrialResult:
    """Every figure of a trial from its comparisons; `unmet` is how many further held-out prompts there are."""
    pairs = [each for each in comparisons if each.repeats is None]
    by_prompt: dict[int, list[ComparisonRow]] = defaultdict(list)
    for each in pairs:
        by_prompt[each.prompt.id].append(each)
    complete = [rows for rows in by_prompt.values() if _is_complete(rows, trial.samples)]
    tally = tally_prompts(
        (each.prompt.id, outcome) for rows in complete for each in rows if (outcome := outcome_of(each))
    )
    planned = trial.num_questions - sum(all(left_out(each) for each in rows) for rows in complete)
    decisive = [each for each in pairs if not each.same and outcome_of(each) in ("win", "loss")]
    judged = [each for each in pairs if each.standing is not None and not each.same]
    return TrialResult(
        trial=trial,
        tally=tally,
        planned=planned,
        conclusion=conclude(tally, planned=planned, may_end_early=trial.may_end_early),
        left=_left(decisive),
        longer=_longer(decisive),
        cut_a=Share(sum(each.a.cut for each in pairs), len(pairs)),
        cut_b=Share(sum(each.b.cut for each in pairs), len(pairs)),
        same=sum(each.same for each in pairs),
        not_blind=sum(each.standing is not None and not each.standing.blind for each in judged),
        discarded=sum(each.standing is not None and each.standing.verdict == "discard" for each in judged),
        both_bad=sum(each.standing is not None and each.standing.verdict == "both_bad" for each in judged),
        open=trial.total - sum(outcome_of(each) is not None or left_out(each) for each in pairs),
        agreement=_agreement(comparisons),
        split_prompts=sum(len({outcome_of(each) for each in rows}) > 1 for rows in complete),
        unmet=unmet,
        place=_place(pairs),
    )


def by_reason(
    comparisons: Sequence[ComparisonRow], reasons: Mapping[int, Sequence[str]]
) -> list[tuple[str, dict[Outcome, int]]]:
    """How the comparisons with each reason ended for the policy on trial, the most frequent reason first.

    `reasons` maps a verdict to its reasons. These are counts of comparisons, not of prompts, and repeats are left out.
    """
    counts: dict[str, Counter[Outcome]] = defaultdict(Counter)
    for each in comparisons:
        outcome = outcome_of(each)
        if each.repeats is None and each.standing is not None and outcome is not None:
            for name in reasons.get(each.standing.id, ()):
                counts[name][outcome] += 1
    return sorted(((name, dict(found)) for name, found in counts.items()), key=lambda each: -sum(each[1].values()))


def reason_tally_words(name: str, outcomes: Mapping[Outcome, int]) -> str:
    """The outcomes for one reason in words."""
    won, tied, lost = (outcomes.get(each, 0) for each in ("win", "tie", "loss"))
    return f"of the {won + tied + lost:,} for {visible_line(name, 24)}: {won:,} won · {tied:,} tied · {lost:,} lost"


def _is_complete(rows: Sequence[ComparisonRow], samples: int) -> bool:
    return len(rows) == samples and all(outcome_of(each) is not None or left_out(each) for each in rows)


def _left(decisive: Sequence[ComparisonRow]) -> Share:
    chosen = [each.standing.verdict == each.first_letter for each in decisive if each.standing is not None]
    return Share(sum(chosen), len(chosen))


def _longer(decisive: Sequence[ComparisonRow]) -> Share:
    """Verdicts for the longer answer, in characters; pairs of equal length do not count."""
    unequal = [each for each in decisive if len(each.a.text) != len(each.b.text)]
    chosen = [(outcome_of(each) == "win") == (len(each.b.text) > len(each.a.text)) for each in unequal]
    return Share(sum(chosen), len(chosen))


def _place(pairs: Sequence[ComparisonRow]) -> Tally:
    """Whether a judge chose the answer that it saw first, over the pairs that it judged; empty for a person."""
    verdicts = [each.standing for each in pairs if each.standing is not None and each.standing.judge is not None]
    return place_tally(each.note for each in verdicts)


def _agreement(comparisons: Sequence[ComparisonRow]) -> Agreement:
    first = {each.id: outcome_of(each) for each in comparisons}
    twice = [(first.get(each.repeats), outcome_of(each)) for each in comparisons if each.repeats is not None]
    return agreement([(one, two) for one, two in twice if one is not None and two is not None])


# -- words -----------------------------------------------------------------------------------------------------


def sentence(result: TrialResult) -> str:
    """The plain sentence: better, worse, or not settled and what would settle it."""
    policy, against = result.trial.model_b_name, result.trial.model_a_name
    if result.tally.prompts == 0:
        return "Nothing was judged blind, so nothing can be said."
    if result.conclusion.settled:
        return f"{policy} is {result.conclusion.word} than {against}.{_of_prompt(result)}"
    more = result.conclusion.more
    if more is None:
        return f"Not settled: {policy} and {against} are too close for more prompts to settle it at this rate."
    return f"Not settled: about {count(more, 'more prompt')} would settle it at this rate.{_where_from(more, result)}"


def _of_prompt(result: TrialResult) -> str:
    """What the result says of training, where the rival was a system prompt."""
    if result.trial.against_system is None:
        return ""
    if result.conclusion.word == "worse":
        return " The system prompt alone serves you better, without training."
    return " A system prompt alone does not give that." if result.conclusion.word == "better" else ""


def _where_from(more: int, result: TrialResult) -> str:
    if result.trial.status == "running":
        return ""
    if more <= result.unmet:
        return " Start another trial of the two: it takes prompts that they have not met."
    have = f"{count(result.unmet, 'held-out prompt')} that they have not met"
    there = f"There are {have}" if result.unmet != 1 else f"There is {have}"
    return f" {there}: add some with `palate prompts add FILE --set NAME --held-out`, then start another trial."


def tally_words(tally: Tally) -> str:
    """`14 won · 2 tied · 4 lost`."""
    return f"{tally.wins} won · {tally.ties} tied · {tally.losses} lost"


def rate_words(tally: Tally) -> str:
    """`win rate 75 %, 95 % interval 55 to 88 % (Tango's score interval)`."""
    return f"win rate {percent(tally.win_rate)}, 95 % interval {between(tally.interval)} (Tango's score interval)"


def doubts(result: TrialResult) -> list[tuple[str, str, bool]]:
    """Signs of bias, each as (name, words, is it conspicuous)."""
    twice = result.agreement
    rows = [
        ("left side chosen", _share_words(result.left), result.left.is_lopsided),
        ("longer answer chosen", _share_words(result.longer), result.longer.is_lopsided),
        ("answers cut off", _cut_words(result), result.cut_a.count + result.cut_b.count > 0),
        ("answers the same", f"{result.same} of {count(result.trial.done, 'pair')}, counted as ties", False),
        ("asked again", _agreement_words(twice), twice.pairs > 0 and twice.same < twice.pairs),
    ]
    if result.trial.judge is not None:  # a judge sees both orders, and no pair is repeated
        rows = [("first shown chosen", place_words(result.place), result.place.beyond_chance), *rows[1:-1]]
    if result.trial.samples > 1:
        words = f"samples disagree on {result.split_prompts} of {count(result.tally.prompts, 'prompt')}"
        rows.append(("spread", words, result.split_prompts > 0))
    out = [(result.not_blind, "judged after names were shown"), (result.discarded, "discarded")]
    words = " · ".join(f"{number} {what}" for number, what in out if number)
    return [*rows, ("left out", words, True)] if words else rows


def _share_words(share: Share) -> str:
    if not share.total:
        return "no verdict decided"
    return f"{share.count} of {share.total} ({percent(share.count / share.total)}, {between(share.interval)})"


def _cut_words(result: TrialResult) -> str:
    policies = ((result.trial.model_b_name, result.cut_b), (result.trial.model_a_name, result.cut_a))
    return " · ".join(f"{visible_line(name, 24)} {share.count} of {share.total}" for name, share in policies)


def _agreement_words(twice: Agreement) -> str:
    if not twice.pairs:
        return "nothing yet"
    kappa = "" if twice.kappa is None else f", κ {twice.kappa:.2f}"
    return f"{twice.same} of {twice.pairs} the same{kappa}"


# -- all trials of a workspace ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Meeting:
    """The results of two policies against each other in all trials; `tally` is for `first`, and prompts count once."""

    first: str
    second: str
    tally: Tally
    trials: int


@dataclass(frozen=True)
class TrialBoard:
    """Every pair of policies that were compared, their strengths once there are three, and what to compare next.

    `by_programs` counts opened trials that a program judged: they say nothing of a person's taste and are left out.
    """

    meetings: tuple[Meeting, ...]
    board: Board | None
    next_match: tuple[str, str] | None
    by_programs: int


def board_of(trials: Iterable[tuple[TrialRow, Sequence[ComparisonRow]]], policies: Sequence[str]) -> TrialBoard:
    """The board over opened trials; `policies` are all that this machine can compare, the base among them.

    Those of servers may be compared again as well; an adapter that is gone keeps its place, and is not suggested.
    """
    from tui.analysis.bradley_terry import (  # imports numpy, which only the board needs
        LEAST_POLICIES,
        rank,
        suggest,
    )

    opened = [(trial, pairs) for trial, pairs in trials if trial.kind == "blind" and trial.opened]
    mine = [(trial, pairs) for trial, pairs in opened if trial.judge is None]
    met: dict[tuple[str, str], list[tuple[TrialRow, Sequence[ComparisonRow]]]] = defaultdict(list)
    games = []
    for trial, pairs in mine:
        met[_pair_of(trial)].append((trial, pairs))
        games += _games(trial, pairs)
    everyone = {str(each) for game in games for each in (game.first, game.second)}
    there = dict.fromkeys([*policies, *sorted(filter(is_served, everyone))])
    meetings = tuple(_meeting(names, rows) for names, rows in sorted(met.items()))
    following = suggest(list(there), games)
    return TrialBoard(
        meetings=meetings,
        board=rank(games) if len(everyone) >= LEAST_POLICIES else None,
        next_match=(str(following[0]), str(following[1])) if following else None,
        by_programs=len(opened) - len(mine),
    )


def _pair_of(trial: TrialRow) -> tuple[str, str]:
    first, second = sorted((trial.model_a_name, trial.model_b_name))
    return first, second


def _games(trial: TrialRow, pairs: Sequence[ComparisonRow]) -> list[Game]:
    from tui.analysis.bradley_terry import Game

    points = {"win": 1.0, "tie": 0.5, "loss": 0.0}
    return [
        Game(trial.model_b_name, trial.model_a_name, points[outcome], each.prompt.id)
        for each in pairs
        if each.repeats is None and (outcome := outcome_of(each)) is not None
    ]


def _meeting(names: tuple[str, str], rows: Sequence[tuple[TrialRow, Sequence[ComparisonRow]]]) -> Meeting:
    turned: dict[Outcome, Outcome] = {"win": "loss", "loss": "win", "tie": "tie"}
    outcomes = [
        (each.prompt.id, outcome if trial.model_b_name == names[0] else turned[outcome])
        for trial, pairs in rows
        for each in pairs
        if each.repeats is None and (outcome := outcome_of(each)) is not None
    ]
    return Meeting(*names, tally_prompts(outcomes), len(rows))
