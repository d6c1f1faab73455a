"""Bradley–Terry strengths: by hand, against Hunter's algorithm, and their intervals by simulation."""

import numpy as np
import pytest

from tui.analysis.bradley_terry import Game, rank, suggest


def games(first: str, second: str, wins: int, ties: int, losses: int, start: int = 0) -> list[Game]:
    points = [1.0] * wins + [0.5] * ties + [0.0] * losses
    return [Game(first, second, each, start + at) for at, each in enumerate(points)]


def test_of_two_the_difference_is_the_logit_of_the_win_rate() -> None:
    board = rank(games("tuned", "base", 12, 4, 4))
    (best, worst) = board.strengths
    assert (best.policy, worst.policy, best.games) == ("tuned", "base", 20)
    assert best.value - worst.value == pytest.approx(np.log(14 / 6), abs=0.01)
    assert best.value == pytest.approx(-worst.value)


def test_of_four_it_is_what_hunters_algorithm_finds() -> None:
    """D. Hunter, "MM algorithms for generalized Bradley-Terry models", 2004: γᵢ = Wᵢ / Σⱼ nᵢⱼ / (γᵢ + γⱼ)."""
    met = {("a", "b"): (14, 2, 4), ("a", "c"): (9, 1, 10), ("b", "c"): (5, 5, 10), ("c", "d"): (11, 0, 9)}
    played = [each for pair, counts in met.items() for each in games(*pair, *counts)]
    gamma = dict.fromkeys("abcd", 1.0)
    for _ in range(1500):
        won, rate = dict.fromkeys(gamma, 0.0), dict.fromkeys(gamma, 0.0)
        for game in played:
            for one, points in ((game.first, game.points), (game.second, 1 - game.points)):
                won[one] += points
                rate[one] += 1 / (gamma[game.first] + gamma[game.second])
        gamma = {one: won[one] / rate[one] for one in gamma}
    logs = {one: np.log(value) for one, value in gamma.items()}
    middle = np.mean(list(logs.values()))
    ours = {each.policy: each.value for each in rank(played).strengths}
    assert ours == pytest.approx({one: value - middle for one, value in logs.items()}, abs=0.01)


def test_intervals_hold_the_truth_in_about_95_of_100_boards() -> None:
    truth = np.array([0.6, 0.0, -0.6])
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(150):
        played = []
        for one, two in ((0, 1), (0, 2), (1, 2)):
            chance = 1 / (1 + np.exp(truth[two] - truth[one]))
            played += [Game(one, two, float(rng.random() < chance), (one, two, at)) for at in range(40)]
        held += sum(each.low <= truth[each.policy] <= each.high for each in rank(played).strengths)
    assert 0.91 <= held / 450 <= 0.98


def test_verdicts_on_one_prompt_are_not_taken_for_more_evidence() -> None:
    once = games("a", "b", 12, 0, 8) + games("b", "c", 12, 0, 8, start=100)
    thrice = [each for each in once for _ in range(3)]
    (narrow, wide) = (rank(each).strengths[0] for each in (thrice, once))
    assert narrow.high - narrow.low == pytest.approx(wide.high - wide.low, rel=0.05)


def test_a_policy_that_won_everything_stays_finite() -> None:
    best = rank(games("a", "b", 10, 0, 0) + games("b", "c", 5, 0, 5, start=50)).strengths[0]
    assert best.policy == "a"
    assert np.isfinite([best.value, best.low, best.high]).all()
    assert best.low < best.value < best.high


def test_what_to_compare_next() -> None:
    played = games("a", "b", 30, 0, 5) + games("b", "c", 11, 0, 10, start=100)
    assert set(suggest("abc", played) or ()) == {"b", "c"}, "their order is the least sure"
    assert suggest("abcd", played) == ("d", "a"), "who met nobody meets the best"
    assert suggest("ab", []) == ("a", "b")
    assert suggest("a", []) is None
    assert suggest("ab", games("a", "b", 40, 0, 5)) is None, "it is settled"
    assert set(suggest("ab", played) or ()) != {"b", "c"}, "c can no longer be compared"
