"""Curves in dots: the same as textual-hires-canvas draws them, all lines at once."""

from collections.abc import Callable

import numpy as np
import pytest
from textual_hires_canvas import Canvas, HiResMode

from tui.widgets.charts.fast_canvas import FastCanvas

Line = tuple[float, float, float, float]


def drawn(kind: Callable[[int, int], Canvas], lines: list[Line], mode: HiResMode) -> list[str]:
    """The rows of a canvas of 40×12 cells with these lines on it."""
    canvas = kind(40, 12)
    canvas.draw_hires_lines(lines, mode, "red")
    return ["".join(row) for row in canvas._buffer]


def test_one_line_by_hand() -> None:
    # In braille the dots (0, 0) and (1, 1) of the first cell of 2×4, then (0, 2) and (1, 3) of the second.
    assert drawn(FastCanvas, [(0, 0, 1.5, 0.75)], HiResMode.BRAILLE)[0].rstrip() == "⠑⢄"
    assert drawn(FastCanvas, [(0, 0, 1.5, 0.75)], HiResMode.HALFBLOCK)[0].rstrip() == "▀▄"


@pytest.mark.parametrize("mode", list(HiResMode))
def test_upright_level_and_diagonal_lines_are_those_of_the_library(mode: HiResMode) -> None:
    lines: list[Line] = [(3, 2, 3, 9), (1, 5, 30, 5), (8, 1, 8, 1), (36, 2, 31, 2), (20, 9, 20, 6)]
    assert drawn(FastCanvas, lines, mode) == drawn(Canvas, lines, mode)


@pytest.mark.parametrize("mode", list(HiResMode))
def test_a_curve_of_many_points_is_that_of_the_library(mode: HiResMode) -> None:
    x = np.linspace(1, 38, 200)
    y = 6 - 4 * np.tanh((x - 20) / 9) + np.sin(x)
    lines = list(zip(x[:-1], y[:-1], x[1:], y[1:], strict=True))
    assert drawn(FastCanvas, lines, mode) == drawn(Canvas, lines, mode)


def test_what_lies_outside_is_left_out() -> None:
    rows = drawn(FastCanvas, [(-5, 3, 60, 3), (10, -20, 10, 40)], HiResMode.QUADRANT)
    assert all(len(row) == 40 for row in rows)
    assert rows[3].count(" ") == 0
    assert all(row[10] != " " for row in rows)


def test_no_line_draws_nothing() -> None:
    assert "".join(drawn(FastCanvas, [], HiResMode.BRAILLE)).strip() == ""
