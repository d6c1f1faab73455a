"""The curves of a run: its metrics as arrays, smoothed, and thinned to a terminal's resolution. No Textual here."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from db.run_rows import RunRow

Array = NDArray[np.float64]


class RunHistory:
    """The metrics of one run by name, filled from stored rows and from live events.

    A step has one value of a metric, so rows and events may overlap: a later value replaces an earlier one.
    """

    def __init__(self) -> None:
        self._values: dict[str, dict[int, float]] = {}
        self.newest_step = 0
        """The last step with a value; 0 without one."""

    def add(self, step: int, metrics: Mapping[str, float | None]) -> None:
        """Add the metrics of one step; None (SQLite's form of a NaN) becomes a gap."""
        self.newest_step = max(self.newest_step, step)
        for name, value in metrics.items():
            self._values.setdefault(name, {})[step] = math.nan if value is None else value

    def take(self, name: str, steps: Sequence[int], values: Sequence[float | None]) -> None:
        """Add one metric at many steps; None becomes a gap."""
        self.newest_step = max(self.newest_step, max(steps, default=0))
        numbers = (math.nan if value is None else value for value in values)
        self._values.setdefault(name, {}).update(zip(steps, numbers, strict=True))

    def names(self) -> list[str]:
        """The names of the metrics that have a value."""
        return [name for name, values in self._values.items() if values]

    def series(self, name: str) -> tuple[Array, Array]:
        """The steps (N,) in rising order and the values (N,) of the metric `name`; N is 0 where there is none."""
        values = self._values.get(name, {})
        steps = sorted(values)
        return np.array(steps, dtype=np.float64), np.array([values[step] for step in steps], dtype=np.float64)

    def last(self, name: str) -> float | None:
        """The newest value of the metric `name`, or None where there is none."""
        values = self._values.get(name)
        return values[max(values)] if values else None


def smooth(values: Array, weight: float) -> Array:
    """A debiased moving average of `values` (N,): s ← w·s + (1−w)·v, divided by 1−wⁿ.

    The division removes the pull of the first steps towards zero, so that the first value is unchanged.
    A value that is not finite stays a gap and does not enter the average. `weight` is 0 (no smoothing) to below 1.
    Smoothing (1, 3) with weight 0.5 gives (1, 2.333…): (0.5·0.5 + 0.5·3) / 0.75.
    """
    smoothed = []
    total, left = 0.0, 1.0
    for value in values.tolist():  # Python's floats take a quarter of the time of NumPy's
        if math.isfinite(value):
            total, left = weight * total + (1 - weight) * value, left * weight
            smoothed.append(total / (1 - left))
        else:
            smoothed.append(math.nan)
    return np.array(smoothed, dtype=np.float64)


def steps_in_view(run: RunRow) -> int:
    """Steps on the axis of a run's curves: all planned steps while the run is running, later the steps done."""
    planned = (run.total_steps or 0) if run.status == "running" else 0
    return max(run.step, planned)


def smoothing_weight(total_steps: int) -> float:
    """The weight that averages over about a twentieth of a run, and over at least four steps.

    It depends on the planned steps and not on those done, so that the drawn part of a live curve does not change.
    """
    return 1 - 1 / max(4.0, total_steps / 20)


def pieces(x: Array, y: Array) -> Iterator[tuple[Array, Array]]:
    """The parts of (x, y) in which every y is finite: a NaN or an infinity is a gap in the line."""
    finite = np.isfinite(y)
    edges = np.flatnonzero(np.diff(finite.astype(np.int8))) + 1
    for part_x, part_y in zip(np.split(x, edges), np.split(y, edges), strict=True):
        if part_y.size and np.isfinite(part_y[0]):
            yield part_x, part_y


def thin(x: Array, y: Array, low: float, high: float, columns: int) -> tuple[Array, Array]:
    """Keep only the lowest and the highest point of every column of dots, and the first and last point of all.

    The columns divide `low`..`high` and not the range of the points, so that every redraw thins a growing curve in the
    same way. A peak of one step in ten thousand stays visible. x (N,) must rise; the result has at most
    2·columns + 2 points. Cost: one sort, about 1 ms for 10,000 points.
    """
    if x.size <= 2 * columns:
        return x, y
    column = np.clip((x - low) / max(high - low, 1e-12) * columns, 0, columns - 1).astype(np.int64)
    by_column_then_height = np.lexsort((y, column))
    first_of_column = np.flatnonzero(np.diff(column[by_column_then_height], prepend=-1))
    last_of_column = np.append(first_of_column[1:], x.size) - 1
    lowest, highest = by_column_then_height[first_of_column], by_column_then_height[last_of_column]
    kept = np.unique(np.concatenate(([0], lowest, highest, [x.size - 1])))
    return x[kept], y[kept]


def positive_log(values: Array) -> Array:
    """log10 of `values` (N,); a value that is not above zero becomes a gap."""
    logs = np.full_like(values, np.nan)
    np.log10(values, out=logs, where=np.isfinite(values) & (values > 0))
    return logs


def any_positive(values: Iterable[Array]) -> bool:
    """Whether there is a finite value above zero; without one a logarithmic axis has nothing to show."""
    return any(bool((np.isfinite(part) & (part > 0)).any()) for part in values)


def value_at(steps: Array, values: Array, step: float) -> float | None:
    """The value at `step`, or the last one before it where that step was not measured.

    None before the first step (N may be 0) and where the value is not finite.
    """
    at = int(np.searchsorted(steps, step, side="right")) - 1
    return float(values[at]) if at >= 0 and math.isfinite(values[at]) else None


def limits(values: Iterable[Array], *, floor: float | None = None, ceiling: float | None = None) -> tuple[float, float]:
    """The lowest and the highest y to show: the range of all finite values, plus a twentieth of it at each end.

    `floor` and `ceiling`, such as the 0 and 1 of a share, always lie within the limits.
    """
    finite = [part[np.isfinite(part)] for part in values]
    known = np.concatenate([*finite, np.array([edge for edge in (floor, ceiling) if edge is not None])])
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    air = (high - low) / 20 or max(abs(high) / 20, 0.05)
    return low - air, high + air


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` round values (steps of 1, 2 or 5 times a power of ten) from `low` to `high`.

    >>> ticks(0, 1, 3)
    [0.0, 0.5, 1.0]
    """
    if not (math.isfinite(low) and math.isfinite(high) and high > low) or most < 1:
        return []
    power = math.floor(math.log10((high - low) / most))
    for interval in (step * 10.0**exponent for exponent in (power, power + 1) for step in (1, 2, 5)):
        # The small tolerance keeps 0.6000000000000001 inside the range 0 to 0.6.
        first, last = math.ceil(low / interval - 1e-9), math.floor(high / interval + 1e-9)
        if last - first + 1 <= most:
            return [round(index * interval, 12) + 0.0 for index in range(first, last + 1)]
    return []


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between 10^`low` and 10^`high` as their logarithms, at most `most`.

    These are 1, 2 and 5 in every decade where there is room, else every decade, or every second one, third one, ….

    >>> [round(10**tick, 6) for tick in log_ticks(-1, 0, 4)]
    [0.1, 0.2, 0.5, 1.0]
    """
    if not (math.isfinite(low) and math.isfinite(high) and high > low) or most < 1:
        return []
    decades = range(math.floor(low), math.ceil(high) + 1)
    fine = [exponent + math.log10(digit) for exponent in decades for digit in (1, 2, 5)]
    within = [tick for tick in fine if low - 1e-9 <= tick <= high + 1e-9]
    if len(within) <= most:
        # Less than a decade may hold one round value or none: the axis is nearly linear then.
        return within if len(within) > 1 else [math.log10(tick) for tick in ticks(10**low, 10**high, most) if tick > 0]
    whole = [float(exponent) for exponent in decades if low - 1e-9 <= exponent <= high + 1e-9]
    return whole[:: math.ceil(len(whole) / most)] if whole else within[:: math.ceil(len(within) / most)]


def log_labels(logs: list[float]) -> list[str]:
    """The labels for the values of these logarithms, each with the digits that it needs: 0.02, 1, 5e+06."""
    return [f"{float(f'{10**each:.3g}'):g}" for each in logs]


def tick_labels(values: list[float]) -> list[str]:
    """The labels of `values`, all with as many decimals as the distance between them needs."""
    if not values:
        return []
    distance = values[1] - values[0] if len(values) > 1 else abs(values[0]) or 1.0
    decimals = max(0, -math.floor(math.log10(distance) + 1e-9))
    return [f"{value:.{decimals}f}" for value in values]
