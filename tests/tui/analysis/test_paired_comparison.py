"""The statistics of a blind trial: against scipy, by hand, and by simulation with fixed seeds."""

from math import comb, inf

import numpy as np
import pytest
from scipy.stats import binomtest

from tui.analysis.paired_comparison import (
    Conclusion,
    Interval,
    Tally,
    conclude,
    early_lead,
    final_lead,
    more_prompts,
    score_interval,
    share_interval,
    sign_test,
    tally_prompts,
)

# -- the interval ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wins", "total"), [(0, 1), (1, 1), (0, 20), (7, 20), (11, 16), (60, 100), (80, 80)])
def test_without_ties_it_is_wilsons_interval(wins: int, total: int) -> None:
    theirs = binomtest(wins, total).proportion_ci(method="wilson")
    for ours in (score_interval(wins, 0, total - wins), share_interval(wins, total)):
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_with_ties_both_ends_solve_tangos_equation() -> None:
    """T(δ) = (b − c − nδ) / √(n(2q + δ(1 − δ))) is ±1.96 there, with q found by maximising the likelihood."""
    wins, ties, losses = 40, 100, 20  # Tango's own kind of table: b = 40, c = 20, n = 160
    total = wins + ties + losses
    interval = score_interval(wins, ties, losses)
    for end, sign in ((interval.low, 1), (interval.high, -1)):
        delta = 2 * end - 1
        lost = np.linspace(max(0, -delta) + 1e-9, (1 - delta) / 2 - 1e-9, 400_001)
        likelihood = wins * np.log(lost + delta) + losses * np.log(lost) + ties * np.log(1 - 2 * lost - delta)
        best = lost[np.argmax(likelihood)]
        score = (wins - losses - total * delta) / np.sqrt(total * (2 * best + delta * (1 - delta)))
        assert score == pytest.approx(sign * 1.959964, abs=1e-4)


def test_ties_narrow_it_and_an_empty_trial_says_nothing() -> None:
    with_ties, without = score_interval(10, 20, 10), score_interval(20, 0, 20)
    assert with_ties.high - with_ties.low < without.high - without.low
    assert score_interval(0, 0, 0) == Interval(0.0, 1.0)
    all_tied = score_interval(0, 20, 0)
    assert all_tied.low == pytest.approx(1 - all_tied.high)
    assert 0.4 < all_tied.low < 0.5


@pytest.mark.parametrize(
    ("wins", "losses", "settled"), [(21, 9, True), (32, 18, True), (60, 40, True), (55, 45, False), (11, 5, False)]
)
def test_what_settles_it_and_what_does_not(wins: int, losses: int, settled: bool) -> None:
    assert conclude(Tally(wins, 0, losses), planned=wins + losses, may_end_early=False).settled is settled


@pytest.mark.parametrize(
    ("wins", "losses", "chance", "settled"),
    [
        (4, 0, 2 / 16, False),
        (5, 0, 2 / 32, False),
        (6, 0, 2 / 64, True),
        (7, 1, 2 * (1 + 8) / 256, False),
        (8, 1, 2 * (1 + 9) / 512, True),
        (12, 4, 2 * (1 + 16 + 120 + 560 + 1820) / 65536, False),
    ],
)
def test_few_decided_prompts_settle_it_only_where_the_sign_test_does(
    wins: int, losses: int, chance: float, settled: bool
) -> None:
    """The chance by hand: 5 to 0 is 2 · ½⁵ = 6.25 %, 8 to 1 is 2 · (1 + 9) · ½⁹ = 3.9 %. Ties change nothing in it."""
    assert sign_test(wins, losses) == sign_test(losses, wins) == pytest.approx(chance)
    for tally in (Tally(wins, 0, losses), Tally(losses, 0, wins), Tally(wins, 3, losses)):
        conclusion = conclude(tally, planned=tally.prompts, may_end_early=False)
        assert conclusion.settled is settled, tally


@pytest.mark.parametrize("chances", [(0.5, 0.0, 0.5), (0.4, 0.2, 0.4), (0.55, 0.2, 0.25), (0.2, 0.7, 0.1)])
@pytest.mark.parametrize("prompts", [20, 40, 80])
def test_it_covers_the_true_win_rate_in_about_95_of_100_trials(
    chances: tuple[float, float, float], prompts: int
) -> None:
    """Summed over the multinomial it is 94.3 to 96.2 % in these cases; 2,000 trials scatter by 1 % (two deviations)."""
    truth = chances[0] + chances[1] / 2
    trials = np.random.default_rng(7).multinomial(prompts, chances, size=2000)
    kinds, counts = np.unique(trials, axis=0, return_counts=True)
    covered = sum(
        count
        for kind, count in zip(kinds, counts, strict=True)
        if (interval := score_interval(*map(int, kind))).low <= truth <= interval.high
    )
    assert 0.925 <= covered / 2000 <= 0.975


# -- counting --------------------------------------------------------------------------------------------------


def test_the_unit_is_the_prompt() -> None:
    samples = [(1, "win"), (1, "win"), (1, "loss"), (2, "tie"), (2, "loss"), (3, "win"), (3, "loss"), (4, "tie")]
    tally = tally_prompts(samples)  # type: ignore[arg-type]
    assert tally == Tally(wins=1, ties=2, losses=1)
    assert (tally.prompts, tally.decided, tally.lead) == (4, 2, 0)


def test_a_tie_is_half_a_win() -> None:
    assert Tally(12, 3, 5).win_rate == pytest.approx(13.5 / 20)
    assert Tally().win_rate == 0.5


# -- looking early ---------------------------------------------------------------------------------------------


def walk(rng: np.random.Generator, prompts: int, chance: float, ties: float) -> tuple[Conclusion, int]:
    """One trial that is looked at after every prompt and ends as soon as it is settled."""
    wins = tied = losses = 0
    for _ in range(prompts):
        if rng.random() < ties:
            tied += 1
        elif rng.random() < chance:
            wins += 1
        else:
            losses += 1
        conclusion = conclude(Tally(wins, tied, losses), planned=prompts, may_end_early=True)
        if conclusion.settled:
            break
    return conclusion, wins + tied + losses


@pytest.mark.parametrize(("prompts", "ties"), [(20, 0.0), (40, 0.2), (80, 0.0), (80, 0.2)])
def test_at_no_difference_2000_trials_say_better_or_worse_in_at_most_5_of_100(prompts: int, ties: float) -> None:
    rng = np.random.default_rng(2026)
    said = sum(walk(rng, prompts, 0.5, ties)[0].settled for _ in range(2000))
    assert said / 2000 <= 0.05


def test_at_a_true_70_of_100_it_says_better_and_spares_a_quarter_of_the_prompts() -> None:
    rng = np.random.default_rng(2026)
    trials = [walk(rng, 80, 0.7, 0.1) for _ in range(2000)]
    played = [after for _, after in trials]
    assert sum(each.word == "better" for each, _ in trials) / 2000 > 0.9
    assert sum(each.word == "worse" for each, _ in trials) == 0
    assert 55 <= np.mean(played) <= 62
    assert 55 <= np.median(played) <= 66


@pytest.mark.parametrize("decided", [6, 20, 33, 80])
def test_the_chance_of_a_false_finding_is_at_most_5_of_100_counted_path_by_path(decided: int) -> None:
    """Another way to the same number: count the paths that stay inside both limits, in whole numbers."""
    inside = {0: 1}
    for played in range(1, decided + 1):
        reached: dict[int, int] = {}
        for lead, paths in inside.items():
            for to in (lead - 1, lead + 1):
                reached[to] = reached.get(to, 0) + paths
        limit = final_lead(decided) if played == decided else early_lead(played)
        inside = {lead: paths for lead, paths in reached.items() if abs(lead) < limit}
    assert 1 - sum(inside.values()) / 2**decided <= 0.05


def test_the_early_limit_by_hand() -> None:
    """n wins in a row: 2ⁿ · B(5 + n, 5) / B(5, 5), with B of whole numbers from factorials; past 1/0.03 first at 13."""

    def ratio(wins: int) -> float:
        beta = lambda a, b: 1 / ((a + b - 1) * comb(a + b - 2, a - 1))  # noqa: E731
        return 2**wins * beta(5 + wins, 5) / beta(5, 5)

    first = next(wins for wins in range(1, 40) if ratio(wins) >= 1 / 0.03)
    assert (first, early_lead(first)) == (13, 13)
    assert early_lead(first - 1) == inf


def test_two_decided_prompts_settle_nothing() -> None:
    assert final_lead(0) == final_lead(2) == final_lead(5) == inf
    assert not conclude(Tally(5, 0, 0), planned=5, may_end_early=True).settled


# -- how many more ---------------------------------------------------------------------------------------------


def test_how_many_more_is_the_first_number_that_settles_it() -> None:
    tally = Tally(12, 2, 6)
    more = more_prompts(tally)
    assert more is not None

    def low(total: int) -> float:
        return score_interval(*(count * total / 20 for count in (12, 2, 6))).low

    assert low(20 + more) > 0.5 >= low(20 + more - 1)


def test_as_many_more_are_told_as_the_sign_test_asks_for() -> None:
    """4 to 0 needs two more won (6 to 0), 5 to 0 one; 7 to 1 one (8 to 1)."""
    assert [more_prompts(Tally(wins, 0, losses)) for wins, losses in ((4, 0), (0, 4), (5, 0), (7, 1))] == [2, 2, 1, 1]


@pytest.mark.parametrize(
    ("tally", "planned", "may_end_early"),
    [
        (Tally(9, 0, 1), 20, True),
        (Tally(9, 0, 1), 20, False),
        (Tally(16, 0, 4), 40, False),
        (Tally(14, 0, 6), 20, True),
        (Tally(12, 5, 7), 24, True),
    ],
)
def test_as_many_more_are_told_as_the_rule_for_looking_asks_for(
    tally: Tally, planned: int, may_end_early: bool
) -> None:
    """As many more at this rate are settled by the rule that left these open, and a prompt fewer is not."""
    more = conclude(tally, planned=planned, may_end_early=may_end_early).more
    assert more is not None

    def lacks(total: int) -> float:
        decided = round(tally.decided * total / tally.prompts)
        limit = (final_lead if total >= planned else early_lead)(decided)
        return limit - abs(tally.lead) * total / tally.prompts

    assert lacks(tally.prompts) > 0
    assert lacks(tally.prompts + more - 1) > 0 >= lacks(tally.prompts + more)


def test_the_lead_before_the_end_is_never_smaller_than_the_one_at_the_end() -> None:
    assert all(early_lead(decided) >= final_lead(decided) for decided in range(200))


def test_nobody_is_told_a_number_where_nothing_points_either_way() -> None:
    assert more_prompts(Tally(7, 3, 7)) is None
    assert more_prompts(Tally(501, 0, 499)) is None
    assert more_prompts(Tally()) is None
