"""Curves in a few characters: the steps that are read, the means of their cells, the signs."""

import math

import pytest

from tui.text.sparkline import HALVES, in_cells, sampled_steps, spark


def test_few_steps_are_read_whole_and_many_evenly() -> None:
    assert sampled_steps(3, 8) == [1, 2, 3]
    assert sampled_steps(2000, 5) == [1, 501, 1001, 1500, 2000]
    assert sampled_steps(0, 8) == []
    assert len(set(sampled_steps(40, 32))) == 32


def test_a_cell_is_the_mean_of_what_is_finite_in_it() -> None:
    assert in_cells([1, 2, 3, 4, 5], [2.0, 4.0, math.nan, None, 7.0], 6, 3) == [3.0, None, 7.0]
    assert in_cells([1, 2], [1.0, 2.0], 8, 4) == [1.5, None, None, None]
    assert in_cells([1], [math.inf], 1, 2) == [None, None]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1.0, 0.0], "█▁"),
        ([0.0, None, 0.5, 1.0], "▁ ▅█"),
        ([3.0, 3.0], "▅▅"),
        ([None, None], "  "),
        ([], ""),
    ],
)
def test_signs_stand_between_the_lowest_and_the_highest(values: list[float | None], shown: str) -> None:
    assert spark(values) == shown


def test_a_console_without_eighths_gets_halves() -> None:
    assert spark([0.0, 0.5, 1.0], HALVES) == "_▄█"
