"""A curve in a few characters. No Textual here."""

import math
from collections.abc import Sequence

EIGHTHS = "▁▂▃▄▅▆▇█"
HALVES = "_▄█"
"""For terminals whose font has no other blocks."""


def sampled_steps(last: int, most: int) -> list[int]:
    """At most `most` steps from 1 to `last`, evenly spread and with both ends.

    >>> sampled_steps(9, 3)
    [1, 5, 9]
    """
    if last <= most:
        return list(range(1, last + 1))
    return [1 + round(at * (last - 1) / (most - 1)) for at in range(most)]


def in_cells(steps: Sequence[int], values: Sequence[float | None], last: int, cells: int) -> list[float | None]:
    """The mean of the finite values in each of `cells` equal parts of 1 to `last`; None for a part without any.

    >>> in_cells([1, 2, 3, 4], [1.0, 3.0, None, 5.0], 4, 2)
    [2.0, 5.0]
    """
    sums, counts = [0.0] * cells, [0] * cells
    for step, value in zip(steps, values, strict=True):
        if value is not None and math.isfinite(value):
            at = min((step - 1) * cells // max(last, 1), cells - 1)
            sums[at], counts[at] = sums[at] + value, counts[at] + 1
    return [total / number if number else None for total, number in zip(sums, counts, strict=True)]


def spark(values: Sequence[float | None], signs: str = EIGHTHS) -> str:
    """One character for each value, between the lowest and the highest of them; a gap is a space.

    >>> spark([0.0, None, 1.0, 0.5])
    '▁ █▅'
    """
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    low, span = min(known), max(known) - min(known)
    levels = len(signs) - 1
    share = [None if value is None else (value - low) / span if span else 0.5 for value in values]
    return "".join(" " if each is None else signs[math.floor(each * levels + 0.5)] for each in share)


def bars(values: Sequence[float | None], most: float | None = None, signs: str = EIGHTHS) -> str:
    """One character for each value, between 0 and `most` (None: the largest of them); a gap is a space.

    >>> bars([0.0, None, 100.0, 50.0], 100.0)
    '▁ █▅'
    """
    top = most or max((value for value in values if value is not None), default=0.0) or 1.0
    levels = len(signs) - 1
    share = [None if value is None else min(max(value / top, 0.0), 1.0) for value in values]
    return "".join(" " if each is None else signs[math.floor(each * levels + 0.5)] for each in share)
