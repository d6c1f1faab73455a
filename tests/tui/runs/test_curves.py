"""What is drawn of a run, worked by hand."""

import math

import numpy as np
import pytest

from tests.fake_workbench import run_row
from tui.runs.curves import (
    RunHistory,
    any_positive,
    limits,
    log_labels,
    log_ticks,
    pieces,
    positive_log,
    smooth,
    smoothing_weight,
    steps_in_view,
    thin,
    tick_labels,
    ticks,
    value_at,
)


def test_history_takes_rows_and_events_of_one_step_once() -> None:
    history = RunHistory()
    history.add(2, {"loss": 0.5, "rewards/margins": None})
    history.add(1, {"loss": 0.7})
    history.add(2, {"loss": 0.6})
    steps, values = history.series("loss")
    assert steps.tolist() == [1, 2]
    assert values.tolist() == [0.7, 0.6]
    assert np.isnan(history.series("rewards/margins")[1]).tolist() == [True]
    assert history.last("loss") == 0.6
    assert history.last("eval_loss") is None
    assert history.series("eval_loss")[0].size == 0


def test_smoothing_is_debiased() -> None:
    smoothed = smooth(np.array([1.0, 3.0]), 0.5)
    assert smoothed == pytest.approx([1.0, (0.25 + 1.5) / 0.75])
    assert smooth(np.full(50, 0.6931), 0.9) == pytest.approx(np.full(50, 0.6931))


def test_smoothing_leaves_a_gap_and_goes_on_as_if_it_had_not_been() -> None:
    smoothed = smooth(np.array([1.0, np.nan, np.inf, 3.0]), 0.5)
    assert np.isnan(smoothed[1:3]).all()
    assert smoothed[3] == pytest.approx((0.25 + 1.5) / 0.75)


def test_smoothing_weight_follows_the_planned_steps() -> None:
    assert smoothing_weight(20) == pytest.approx(0.75)
    assert smoothing_weight(2000) == pytest.approx(0.99)


def test_a_value_that_is_not_finite_splits_the_line() -> None:
    x = np.arange(6.0)
    y = np.array([np.nan, 1.0, 2.0, np.inf, 3.0, np.nan])
    assert [(part_x.tolist(), part_y.tolist()) for part_x, part_y in pieces(x, y)] == [
        ([1.0, 2.0], [1.0, 2.0]),
        ([4.0], [3.0]),
    ]
    assert list(pieces(x, np.full(6, np.nan))) == []
    assert list(pieces(np.array([]), np.array([]))) == []


def test_thinning_keeps_peaks_and_both_ends() -> None:
    x = np.arange(1.0, 10_001)
    y = np.zeros(10_000)
    y[4321] = 9.0
    y[7000] = -9.0
    thin_x, thin_y = thin(x, y, 1, 10_000, 120)
    assert thin_x.size <= 242
    assert thin_y.max() == 9.0
    assert thin_y.min() == -9.0
    assert (thin_x[0], thin_x[-1]) == (1.0, 10_000.0)
    assert (np.diff(thin_x) > 0).all()


def test_thinning_a_growing_curve_changes_only_its_last_column() -> None:
    rng = np.random.default_rng(0)
    x, y = np.arange(1000.0), rng.normal(size=1000)
    early, late = (thin(x[:size], y[:size], 0, 1000, 50)[0] for size in (700, 800))
    settled = early[early < 680]
    assert settled.tolist() == late[late < 680].tolist()


def test_few_points_are_left_alone() -> None:
    x = np.arange(4.0)
    assert thin(x, x, 0, 4, 2)[0].tolist() == x.tolist()


def test_limits_never_see_what_is_not_finite() -> None:
    assert limits([np.array([0.0, np.nan, 1.0, np.inf])]) == pytest.approx((-0.05, 1.05))
    assert limits([np.array([2.0, 2.0])]) == pytest.approx((1.9, 2.1))
    assert limits([np.array([np.nan])]) == (0.0, 1.0)
    assert limits([np.array([0.4])], floor=0, ceiling=1) == pytest.approx((-0.05, 1.05))


@pytest.mark.parametrize(
    ("low", "high", "most", "wanted", "labels"),
    [
        (0, 1, 3, [0.0, 0.5, 1.0], ["0.0", "0.5", "1.0"]),
        (-0.3, 0.31, 4, [-0.2, 0.0, 0.2], ["-0.2", "0.0", "0.2"]),
        (1, 96, 5, [20, 40, 60, 80], ["20", "40", "60", "80"]),
        (0.691, 0.694, 2, [0.692, 0.694], ["0.692", "0.694"]),
    ],
)
def test_ticks_are_round_and_few(low: float, high: float, most: int, wanted: list[float], labels: list[str]) -> None:
    found = ticks(low, high, most)
    assert found == pytest.approx(wanted)
    assert tick_labels(found) == labels


def test_a_range_that_is_none_has_no_ticks() -> None:
    assert ticks(1, 1, 4) == []
    assert ticks(0, float("nan"), 4) == []
    assert tick_labels([]) == []


def test_logarithms_are_of_what_is_positive() -> None:
    values = np.array([100.0, 0.1, 0.0, -1.0, np.nan, np.inf])
    assert positive_log(values).tolist()[:2] == [2.0, -1.0]
    assert np.isnan(positive_log(values)[2:]).all()
    assert any_positive([np.array([-1.0, 0.0]), np.array([np.nan, 1e-9])])
    assert not any_positive([np.array([-1.0, 0.0, np.nan, np.inf])])
    assert not any_positive([])


@pytest.mark.parametrize(
    ("low", "high", "most", "values"),
    [
        (-1.0, 0.0, 4, [0.1, 0.2, 0.5, 1.0]),
        (-3.0, 1.0, 5, [0.001, 0.01, 0.1, 1.0, 10.0]),
        (-6.0, 0.0, 4, [1e-6, 1e-4, 1e-2, 1.0]),
        (-0.31, -0.29, 3, [0.49, 0.5, 0.51]),
    ],
)
def test_ticks_of_a_logarithmic_axis(low: float, high: float, most: int, values: list[float]) -> None:
    found = log_ticks(low, high, most)
    assert [round(10**tick, 9) for tick in found] == values
    assert len(found) <= most


def test_labels_of_a_logarithmic_axis_have_the_digits_they_need() -> None:
    assert log_labels([-1.0, math.log10(0.2), 0.0, math.log10(0.49), 6.0]) == ["0.1", "0.2", "1", "0.49", "1e+06"]


def test_the_value_at_a_step_is_the_one_that_stood_then() -> None:
    steps, values = np.array([2.0, 4.0, 6.0]), np.array([0.5, np.nan, 0.25])
    found = [value_at(steps, values, step) for step in (1, 2, 3, 5, 6, 99)]
    assert found == [None, 0.5, 0.5, None, 0.25, 0.25]
    assert value_at(np.array([]), np.array([]), 3) is None


def test_a_whole_metric_is_taken_in_with_its_gaps() -> None:
    history = RunHistory()
    history.take("loss", [1, 2], [0.7, None])
    history.add(3, {"loss": 0.5})
    steps, values = history.series("loss")
    assert steps.tolist() == [1, 2, 3]
    assert values[0] == 0.7
    assert np.isnan(values[1])
    assert history.names() == ["loss"]


@pytest.mark.parametrize(
    ("status", "steps"), [("running", 60_000), ("interrupted", 156), ("stopped", 156), ("finished", 156)]
)
def test_the_axis_shows_the_plan_while_a_run_is_alive_and_then_what_was_done(status: str, steps: int) -> None:
    assert steps_in_view(run_row(1, "taste-1", status, step=156, total_steps=60_000)) == steps
