"""textual-hires-canvas's canvas, quick enough for curves of thousands of steps that are drawn again every second."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual_hires_canvas import Canvas, HiResMode
from textual_hires_canvas.canvas import FloatScalar
from textual_hires_canvas.hires import hires_sizes, pixels

_BLOCKS: Final = {
    mode: [pixels[mode][tuple(code >> bit & 1 for bit in range(size.area))] or " " for code in range(1 << size.area)]
    for mode, size in hires_sizes.items()
}
"""For each mode the character of every set of dots in a cell; dot (x, y) is the bit y·width + x."""


class FastCanvas(Canvas):
    """Draws many lines at once, and finds its ground colour once for all lines of a frame."""

    _ground: Style | None = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines in `crop`."""
        self._ground = None
        return super().render_lines(crop)

    @property
    def rich_style(self) -> Style:
        """The background of the canvas, found once for a frame instead of for each line."""
        if self._ground is None:
            self._ground = super().rich_style
        return self._ground

    def draw_hires_lines(
        self,
        coordinates: Iterable[tuple[FloatScalar, FloatScalar, FloatScalar, FloatScalar]],
        hires_mode: HiResMode | None = None,
        style: str = "white",
    ) -> None:
        """Lines (x0, y0, x1, y1) in cells, drawn in dots; what lies outside is left out.

        The canvas's own method, dot by dot in Python, takes six times as long: 12 ms for a noisy curve. A page has six.
        """
        lines = np.array(list(coordinates), dtype=np.float64).reshape(-1, 4)
        mode = hires_mode or self.default_hires_mode
        width, height = hires_sizes[mode]
        dots = _dots(np.floor(lines * [width, height, width, height]).astype(np.int64))
        columns, rows = self._canvas_size
        inside = (dots >= 0).all(axis=1) & (dots < [columns * width, rows * height]).all(axis=1)
        x, y = dots[inside].T
        codes = np.zeros(columns * rows, dtype=np.int64)
        np.bitwise_or.at(codes, y // height * columns + x // width, 1 << (y % height * width + x % width))
        for cell in np.flatnonzero(codes).tolist():
            self.set_pixel(cell % columns, cell // columns, _BLOCKS[mode][codes[cell]], style)


def _dots(lines: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """The dots (N, 2) on lines (M, 4) of whole numbers, both ends included: one for each step of the longer side."""
    start, span = lines[:, :2], lines[:, 2:] - lines[:, :2]
    steps = np.abs(span).max(axis=1)
    line = np.repeat(np.arange(len(steps)), steps + 1)
    along = np.arange(len(line)) - np.repeat(np.cumsum(steps + 1) - steps - 1, steps + 1)
    share = along / np.maximum(steps, 1)[line]
    dots: np.ndarray[tuple[int, int], np.dtype[np.int64]] = start[line] + np.rint(span[line] * share[:, None]).astype(
        np.int64
    )
    return dots
