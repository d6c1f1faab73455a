"""A person's pace of judging: verdicts and median seconds of each day. No Textual here."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median


@dataclass(frozen=True)
class Day:
    """One day: its number of verdicts, and the median of their seconds (None where no time was measured)."""

    day: str
    verdicts: int
    seconds: float | None


def by_day(timed: Sequence[tuple[str, float | None]]) -> list[Day]:
    """The days in order, from (day, seconds) of every verdict, sorted by day.

    >>> by_day([("2026-03-02", 8.0), ("2026-03-02", None), ("2026-03-02", 20.0)])
    [Day(day='2026-03-02', verdicts=3, seconds=14.0)]
    """
    days = []
    for day, group in groupby(timed, key=lambda each: each[0]):
        seconds = [each for _, each in group]
        taken = [each for each in seconds if each is not None]
        days.append(Day(day, len(seconds), median(taken) if taken else None))
    return days
