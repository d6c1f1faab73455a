"""Intervals of evaluation figures, by hand."""

import math

import pytest

from engine.dpo import PairScore
from engine.training.evaluation import eval_metrics, mean_interval, wilson_interval


def test_wilson_by_hand() -> None:
    # centre (8 + z²/2) / (10 + z²) with z = 1.95996: 9.92072 / 13.84146; half width z √(8·2/10 + z²/4) / 13.84146
    centre, half = 9.92072 / 13.84146, 1.95996 * math.sqrt(1.6 + 0.96036) / 13.84146
    assert wilson_interval(8, 10) == pytest.approx((centre - half, centre + half), abs=1e-5)
    assert wilson_interval(8, 10) == pytest.approx((0.490, 0.943), abs=1e-3)
    assert wilson_interval(0, 3)[0] == 0.0
    assert wilson_interval(3, 3)[1] == 1.0
    assert wilson_interval(3, 3)[0] == pytest.approx(3 / (3 + 3.84146), abs=1e-5)


def test_student_by_hand() -> None:
    assert mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 4.30265 / 3**0.5, 2 + 4.30265 / 3**0.5), abs=1e-4)
    assert mean_interval([1.0]) is None
    assert mean_interval([1.0, math.nan]) is None
    assert mean_interval([1.0, math.inf]) is None


def _score(key: str, loss: float, margin: float) -> PairScore:
    return PairScore(key, loss, (margin, 0.0), (0.0, 0.0), (1, 1), (0.0, 0.0), (0.0, 0.0), (0, 0))


def test_evaluation_metrics_carry_their_intervals() -> None:
    told = eval_metrics([_score("1", 0.5, 1.0), _score("2", 0.7, -1.0)], beta=1.0)
    assert told["eval_loss"] == pytest.approx(0.6)
    assert told["eval_rewards/accuracies"] == 0.5
    half = 12.7062 * 0.1  # t of one degree of freedom; the standard error of 0.5 and 0.7 is 0.1
    assert (told["eval_loss_low"], told["eval_loss_high"]) == pytest.approx((0.6 - half, 0.6 + half), abs=1e-4)
    assert told["eval_rewards/margins_low"] == pytest.approx(-12.7062, abs=1e-3)
    assert (told["eval_rewards/accuracies_low"], told["eval_rewards/accuracies_high"]) == wilson_interval(1, 2)
    alone = eval_metrics([_score("1", 0.5, 1.0)], beta=1.0)
    assert "eval_loss_low" not in alone
    assert alone["eval_rewards/accuracies_high"] == 1.0
