"""The figures of the machine: their names, words and formats, and how a run keeps them. No Textual here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, Final

from tui.snapshots import MachineReading
from tui.text.format import size_words

PREFIX: Final = "machine/"
"""Before the names of the metrics that a run keeps of the machine."""
Summary = Callable[[Iterable[float]], float]


@dataclass(frozen=True)
class Figure:
    """One figure of a `MachineReading`.

    `name` is its field. `metric` is the run's metric that keeps it. `most` is the top of its scale, None for the
    largest value that is shown. `summary` makes one number of many, and `summary_words` names that number. `short` is
    for columns of a few cells.
    """

    name: str
    words: str
    write: Callable[[float], str]
    most: float | None = None
    summary: Summary = fmean
    summary_words: str = "mean"
    abbreviation: str = ""

    @property
    def short(self) -> str:
        """Its words, in at most eight characters."""
        return self.abbreviation or self.words

    @property
    def metric(self) -> str:
        """The name under which a run keeps it; the engine reports the tokens itself."""
        return self.name if self.name == TOKENS else PREFIX + self.name


TOKENS: Final = "tokens_per_second"
FIGURES: Final = (
    Figure("gpu_use", "GPU", "{:.0f} %".format, 100.0),
    Figure("cpu_use", "CPU", "{:.0f} %".format, 100.0),
    Figure("memory", "memory", size_words, summary=max, summary_words="most"),
    Figure("memory_left", "free memory", size_words, summary=min, summary_words="least", abbreviation="free mem"),
    Figure(TOKENS, "tokens", "{:,.0f}/s".format),
    Figure("temperature", "heat", "{:.0f} °C".format, 100.0),
    Figure("power", "power", "{:,.0f} W".format),
)
"""In the order in which they are shown."""
MACHINE_METRICS: Final = tuple(each.metric for each in FIGURES)
"""The metrics of a run that hold them."""
KEPT: Final = tuple(each for each in FIGURES if each.name != TOKENS)
"""The figures that are kept beside the metrics of the engine."""


def known(readings: Sequence[MachineReading]) -> list[Figure]:
    """The figures that the newest reading has."""
    return [each for each in FIGURES if readings and getattr(readings[-1], each.name) is not None]


def scale_of(figure: Figure, newest: MachineReading) -> float | None:
    """The top of a figure's scale: of both parts of the memory it is the whole. None: the largest value shown."""
    if figure.name not in ("memory", "memory_left"):
        return figure.most
    return float((newest.memory or 0) + (newest.memory_left or 0)) or None


def values_of(figure: Figure, readings: Iterable[MachineReading]) -> list[float | None]:
    """The values of a figure, None where a reading lacks it."""
    return [getattr(each, figure.name) for each in readings]


def summaries(readings: Sequence[MachineReading]) -> dict[str, float]:
    """What a run keeps of these readings: metric → one number each, without the figures that none of them has."""
    found = {each: [value for value in values_of(each, readings) if value is not None] for each in KEPT}
    return {each.metric: float(each.summary(values)) for each, values in found.items() if values}


def reading_record(reading: MachineReading) -> dict[str, Any]:
    """A reading as a record for `--json`, without the figures that it lacks."""
    return {name: value for name, value in asdict(reading).items() if value is not None}
