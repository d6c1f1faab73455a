"""A trial's figures and sentences, worked out by hand from a few comparisons."""

from dataclasses import replace
from typing import Any

import pytest

from db.pair_rows import ComparisonRow, VerdictRow
from db.run_rows import TrialRow
from tests.fake_workbench import START, comparison, completion, prompt
from tui.analysis.paired_comparison import Tally
from tui.analysis.preferences import Preference
from tui.judges.format import place_words
from tui.trials.results import (
    board_of,
    by_reason,
    doubts,
    outcome_of,
    rate_words,
    reason_tally_words,
    result_of,
    sentence,
    tally_words,
)

AT = START.isoformat()


def trial(number: int = 1, **changes: Any) -> TrialRow:
    names = {"model_a": 1, "model_a_name": "smollm2", "model_b": 2, "model_b_name": "taste-3"}
    counts = {"num_questions": 20, "created": AT, "ended": AT, "done": 20, "judged": 20}
    row = TrialRow(id=number, kind="blind", name=None, status="finished", sampling={}, **names, **counts)
    return replace(row, **({"opened": AT, "opened_after": 20} | changes))


def judged(
    number: int, verdict: str | None, *, a: str = "short", b: str = "much longer", **changes: Any
) -> ComparisonRow:
    """Comparison `number` of prompt `number`; a is the base's answer."""
    blind, asked = changes.pop("blind", True), changes.pop("asked", number)
    said = {"strength": 1, "side": "left", "layout": "side", "seconds": 3.0, "note": "", "source": "person"}
    standing = verdict and VerdictRow(number, number, AT, verdict=verdict, blind=blind, undoes=None, **said)
    row = comparison(number, trial=1, prompt=prompt(asked), standing=standing or None)
    texts = {"a": completion(2 * number, asked, a), "b": completion(2 * number + 1, asked, b, tuned=True)}
    return replace(row, **(texts | changes))


def twenty(wins: int, ties: int, losses: int) -> list[ComparisonRow]:
    words = ["b"] * wins + ["tie"] * ties + ["a"] * losses
    return [judged(number, word) for number, word in enumerate(words, 1)]


def test_a_prompt_that_wins_or_loses_is_named() -> None:
    prompted = {"sampling": {"system": "Be brief."}, "sampling_b": {"system": None}, "model_a_name": "prompted smollm2"}
    lost, won = (result_of(trial(**prompted), twenty(wins, 2, 18 - wins)) for wins in (1, 17))
    assert sentence(lost) == (
        "taste-3 is worse than prompted smollm2. The system prompt alone serves you better, without training."
    )
    assert sentence(won) == "taste-3 is better than prompted smollm2. A system prompt alone does not give that."
    same = {"sampling": {"system": "Be brief."}, "sampling_b": None}
    assert sentence(result_of(trial(**same), twenty(17, 2, 1))) == "taste-3 is better than smollm2."


def test_what_a_comparison_says() -> None:
    said = {
        "b": "win",
        "a": "loss",
        "tie": "tie",
        "both_bad": "tie",
        "both_good": "tie",
        "skip": None,
        "discard": None,
        None: None,
    }
    assert {verdict: outcome_of(judged(1, verdict)) for verdict in said} == said
    assert outcome_of(judged(1, None, a="equal", b="equal")) == "tie"
    assert outcome_of(judged(1, "b", blind=False)) is None


def test_the_figures_of_a_trial_by_hand() -> None:
    pairs = [
        judged(1, "b", flipped=True),  # the longer one, on the left
        judged(2, "b", flipped=False),  # the longer one, on the right
        judged(3, "a", flipped=False, a="the longer one this time"),  # the longer one, on the left
        judged(4, "tie"),
        judged(5, "both_bad"),
        judged(6, None, a="equal", b="equal"),
        judged(7, "b", blind=False),
        judged(8, "discard"),
        judged(9, None),
    ]
    pairs[0] = replace(pairs[0], b=replace(pairs[0].b, cut=True))
    again = [judged(10, "b", asked=1, repeats=1), judged(11, "a", asked=2, repeats=2)]
    result = result_of(trial(num_questions=9, done=9), [*pairs, *again])
    assert result.tally == Tally(wins=2, ties=3, losses=1)
    assert (result.planned, result.open) == (7, 1), "two prompts are left out, one is still to be judged"
    assert (result.left.count, result.left.total) == (2, 3)
    assert (result.longer.count, result.longer.total) == (3, 3)
    assert (result.cut_a.count, result.cut_b.count, result.cut_b.total) == (0, 1, 9)
    assert (result.same, result.not_blind, result.discarded, result.both_bad) == (1, 1, 1, 1)
    assert (result.agreement.same, result.agreement.pairs, result.agreement.kappa) == (1, 2, 0.0)
    words = {name: (told, stands_out) for name, told, stands_out in doubts(result)}
    assert words["answers cut off"] == ("taste-3 1 of 9 · smollm2 0 of 9", True)
    assert words["answers the same"][0] == "1 of 9 pairs, counted as ties"
    assert words["asked again"] == ("1 of 2 the same, κ 0.00", True)
    assert words["left out"][0] == "1 judged after names were shown · 1 discarded"


@pytest.mark.parametrize(("verdicts", "stands_out"), [(4, False), (5, False), (6, True)])
def test_a_side_stands_out_only_where_as_many_prompts_would_settle_a_trial(verdicts: int, stands_out: bool) -> None:
    """4 of 4 leave one half out of Wilson's interval, and happen by chance one time in eight."""
    pairs = [judged(number, "b", flipped=True) for number in range(1, verdicts + 1)]
    result = result_of(trial(num_questions=verdicts, done=verdicts), pairs)
    assert (result.left.count, result.left.total) == (verdicts, verdicts)
    assert result.left.interval.low > 0.5
    assert result.conclusion.settled == stands_out
    marks = {name: mark for name, _, mark in doubts(result)}
    assert marks["left side chosen"] == marks["longer answer chosen"] == stands_out
    assert ("cancel" in place_words(Tally(verdicts, 0, 0))) == stands_out
    assert (Preference("", "", verdicts, 0, Tally(0, 0, verdicts)).says == "less often") == stands_out


def test_a_prompt_counts_once_and_only_when_all_its_samples_are_judged() -> None:
    pairs = [judged(1, "b", asked=1), judged(2, "b", asked=1), judged(3, "b", asked=2), judged(4, None, asked=2)]
    result = result_of(trial(num_questions=2, samples=2, done=4), pairs)
    assert result.tally == Tally(wins=1)
    assert result.split_prompts == 0
    split = result_of(trial(num_questions=1, samples=2, done=2), [pairs[0], judged(2, "a", asked=1)])
    assert (split.tally, split.split_prompts) == (Tally(ties=1), 1)


def test_the_sentences() -> None:
    def said(wins: int, ties: int, losses: int, **changes: Any) -> str:
        unmet = changes.pop("unmet", 60)
        return sentence(result_of(trial(**changes), twenty(wins, ties, losses), unmet=unmet))

    assert said(16, 1, 3) == "taste-3 is better than smollm2."
    assert said(3, 1, 16) == "taste-3 is worse than smollm2."
    open_one = said(12, 2, 6)
    assert open_one.startswith("Not settled: about 19 more prompts ")
    assert "would settle it at this rate. Start another trial of the two" in open_one
    assert "There are 3 held-out prompts that they have not met: add some with" in said(12, 2, 6, unmet=3)
    assert "There is 1 held-out prompt that they have not met" in said(12, 2, 6, unmet=1)
    assert said(9, 2, 9) == "Not settled: taste-3 and smollm2 are too close for more prompts to settle it at this rate."
    assert sentence(result_of(trial(), [])) == "Nothing was judged blind, so nothing can be said."


def test_a_trial_that_was_left_early_asks_for_more_than_its_interval() -> None:
    """11 of 13 decided: the interval alone (58 to 96 %) would say better, a look half way must not."""
    result = result_of(trial(status="stopped", opened_after=13), twenty(11, 0, 2))
    assert result.tally.interval.low > 0.5
    assert result.conclusion.word == "not settled"


def test_figures_in_words() -> None:
    tally = Tally(14, 2, 4)
    assert tally_words(tally) == "14 won · 2 tied · 4 lost"
    assert rate_words(tally) == "win rate 75 %, 95 % interval 54 to 88 % (Tango's score interval)"


def test_the_board_pools_trials_and_leaves_sealed_ones_and_programs_out() -> None:
    other = {"model_b": 3, "model_b_name": "taste-4"}
    first, second = (trial(1), twenty(14, 2, 4)), (trial(2), [judged(30, "b"), judged(1, "a")])
    third = (trial(3, **other), twenty(10, 0, 10))
    sealed = (trial(4, opened=None, opened_after=None, **other), twenty(20, 0, 0))
    program = (trial(5, judge="./judge", **other), twenty(20, 0, 0))
    board = board_of([first, second, third, sealed, program], ["smollm2", "taste-3", "taste-4", "taste-5"])
    assert [(each.first, each.second, each.trials) for each in board.meetings] == [
        ("smollm2", "taste-3", 2),
        ("smollm2", "taste-4", 1),
    ]
    # Prompt 1 was won once and lost once: a tie. 13 others were won, prompt 30 too.
    assert board.meetings[0].tally == Tally(wins=4, ties=3, losses=14)
    assert board.meetings[1].tally == Tally(wins=10, losses=10)
    assert board.by_programs == 1
    assert board.board is not None
    assert board.board.strengths[0].policy == "taste-3"
    assert board.next_match == ("taste-5", "taste-3")
    assert board_of([first, third], ["smollm2"]).next_match is None, "the adapters are gone"
    served = (trial(6, model_b=None, model_b_name="base@box"), [judged(1, "a"), judged(2, "b")])
    assert set(board_of([first, third, served], ["smollm2"]).next_match or ()) == {"smollm2", "base@box"}
    two = board_of([first], ["smollm2", "taste-3"])
    assert two.board is None, "two policies need no strengths"


def test_outcomes_are_counted_by_reason() -> None:
    pairs = twenty(2, 1, 2)  # the verdicts 1 and 2 won, 3 tied, 4 and 5 lost
    reasons = {1: ("clear", "tone"), 3: ("clear",), 4: ("clear",)}
    again = replace(pairs[0], repeats=1)
    assert by_reason([*pairs, again], reasons) == [("clear", {"win": 1, "tie": 1, "loss": 1}), ("tone", {"win": 1})]
    assert reason_tally_words("clear", {"win": 2, "loss": 1}) == "of the 3 for clear: 2 won · 0 tied · 1 lost"
