"""Figures out of fold, the choice of settings and the outlook, worked by hand."""

import math

import pytest

from engine.cross_fit import Difference, Drift, OutOfFold, choose, drift_problem, margin_scale, outlook


def folds(*margins: list[float]) -> OutOfFold:
    return OutOfFold(
        tuple({f"{place}-{at}": [each] for at, each in enumerate(fold)} for place, fold in enumerate(margins))
    )


def test_the_scale_of_margins_by_hand() -> None:
    scale = margin_scale([2.0, -1.0])
    assert 2 / (1 + math.exp(2 * scale)) == pytest.approx(1 / (1 + math.exp(-scale)))  # the slope is 0
    assert margin_scale([0.02, -0.01]) == pytest.approx(100 * scale)  # beta does not count
    assert margin_scale([1.0, -1.0]) == margin_scale([-2.0]) == margin_scale([]) == 0.0
    assert margin_scale([1.0, 2.0, 4.0]) == pytest.approx(5.0)


def test_a_margin_is_scaled_by_the_other_folds_and_a_ranking_counts_once() -> None:
    found = OutOfFold(({"1": [1.0], "ranking": [3.0, -1.0]}, {"2": [2.0], "3": [-1.0]}))
    assert found.accuracies == {"1": 1.0, "ranking": 0.5, "2": 1.0, "3": 0.0}
    scale = margin_scale([2.0, -1.0])
    assert found.log_losses["1"] == pytest.approx(math.log1p(math.exp(-scale)))
    expected = (math.log1p(math.exp(-3 * scale)) + math.log1p(math.exp(scale))) / 2
    assert found.log_losses["ranking"] == pytest.approx(expected)
    lost = folds([1.0], [-5.0])  # the other fold of the first says nothing
    assert lost.log_losses["0-0"] == pytest.approx(math.log(2))


def test_paired_differences_by_hand() -> None:
    found = Difference.of({"a": 1.0, "b": 1.0, "c": 0.0}, {"a": 0.0, "b": 1.0, "c": 0.0, "d": 1.0})
    assert (found.mean, found.error) == pytest.approx((1 / 3, 1 / 3))
    assert not found.is_clear
    assert Difference.of({"a": 1.0}, {"a": 0.0}).error is None


def test_the_settings_as_given_stay_unless_another_is_better_by_one_standard_error() -> None:
    given = folds([1.0, -1.0, 1.0, -1.0], [1.0, -1.0, 1.0, 1.0])
    a_little = folds([1.0, 1.0, -1.0, -1.0], [1.0, 1.0, -1.0, 1.0])  # +1 −1 +1 −1 of eight: 0 ± 0.27
    found = choose([given, a_little], ["as given", "rate 1e-4"], {})
    assert (found.chosen, found.order) == (0, (0, 1))
    assert found.sentence.startswith("The settings as given stay; next best is rate 1e-4: 62% of 8 pairs")
    better = folds([1.0, 1.0, 1.0, -1.0], [1.0, 1.0, 1.0, 1.0])  # two more of eight: 0.25 ± 0.16
    found = choose([given, a_little, better], ["as given", "rate 1e-4", "rate 2e-4"], {})
    assert found.chosen == 2
    assert found.sentence.startswith("rate 2e-4 wins: 88% of 8 pairs are ranked as judged out of fold, against 62%")
    assert "(+25 ± 16 points)" in found.sentence
    left = choose([given, a_little, better], ["as given", "rate 1e-4", "rate 2e-4"], {2: "its answers are odd"})
    assert (left.chosen, left.order[0]) == (0, 2)
    assert choose([given, better], ["as given", "rate"], {1: "odd"}).sentence.endswith("left out every other setting.")


def test_a_lower_log_loss_wins_where_accuracies_are_equal() -> None:
    given = folds([1.0, -1.0, 0.1, 0.1], [1.0, -1.0, 0.1, 0.1])
    surer = folds([1.0, -0.1, 1.0, 1.0], [1.0, -0.1, 1.0, 1.0])
    found = choose([given, surer], ["as given", "beta 0.3"], {})
    assert found.chosen == 1
    assert found.sentence.startswith("beta 0.3 wins by its log-loss: ")
    assert "(+0 ± 0 points)" in found.sentence


def test_guards_on_drift_by_hand() -> None:
    base = Drift(100.0, 1.4)
    assert drift_problem(base, Drift(60.0, 1.6)) is None
    assert "0.63 nats a token odder" in (drift_problem(base, Drift(60.0, 2.03)) or "")
    assert "0.31 times as long" in (drift_problem(base, Drift(31.0, 1.4)) or "")
    assert "3.00 times" in (drift_problem(base, Drift(300.0, 1.4)) or "")


def test_the_outlook_draws_the_line_on() -> None:
    """Of 16 questions 8 and 10 are right with 10 and with 20 pairs; the same line has 12 with 40, and 14 with 80."""

    def tried(right: int) -> OutOfFold:
        return folds([1.0] * right + [-1.0] * (16 - right))

    found = outlook([10.0, 20.0], [tried(8), tried(10)], 40, 40)
    assert found.accuracies == (0.5, 0.625)
    assert (found.now, found.expected) == (pytest.approx(0.75), pytest.approx(0.875))
    assert 0.4 < found.low < 0.875 < found.high <= 1.0
    assert found.words().startswith(
        "Pairs kept aside that are ranked as you judged them: 50% with 10, 62% with 20. With all 40 about 75%, and "
        "with 40 more about 88%, "
    )
    sure = outlook([10.0, 20.0], [tried(16), tried(16)], 30, 1000)
    assert (sure.expected, sure.low, sure.high) == (1.0, 1.0, 1.0)
