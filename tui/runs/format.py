"""Runs and their settings in words, for screens. No Textual here."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from db.run_rows import RunRow
from engine.config import TrainConfig, settings_of
from tui.runs.fields import seconds_of
from tui.text.format import duration


def took(run: RunRow, now: datetime | None = None) -> str:
    """The time that a run took, or has taken so far, in words."""
    return duration(seconds_of(run, now))


def steps_words(run: RunRow) -> str:
    """The steps done, with the planned number while they are not equal."""
    if run.total_steps is None or run.step == run.total_steps:
        return f"{run.step:,}"
    return f"{run.step:,}/{run.total_steps:,}"


def figure(value: float | None, form: str) -> str:
    """A metric of a run in the given format, or a dash while there is none."""
    return "–" if value is None else format(value, form)


def settings_in_order(run: RunRow) -> list[tuple[str, Any, Any, bool]]:
    """(name, value, default, differs) of every setting of a run, those that differ from the default first.

    A setting that this version of Palate does not know has no default and counts as different. A setting that the run
    lacks is left out.
    """
    defaults = {each.name: each.default for each in settings_of(TrainConfig)}
    known = [(name, run.config[name], default) for name, default in defaults.items() if name in run.config]
    unknown = [(name, value, None) for name, value in run.config.items() if name not in defaults]
    rows = [(name, value, default, value != default) for name, value, default in known]
    rows += [(name, value, default, True) for name, value, default in unknown]
    return sorted(rows, key=lambda row: not row[3])


SLOT_SIGNS: Final = "abcdefgh"
"""The letter of each slot, which distinguishes overlaid runs without colour."""


def slots_of(runs: Iterable[int]) -> dict[int, int]:
    """A slot (a colour and a letter) for each run, as far as possible the same for any other runs beside it.

    A run's slot follows from its id; where an older run has that slot, the run gets the next free one.

    >>> slots_of([9, 2, 1])
    {1: 0, 2: 1, 9: 2}
    """
    taken: dict[int, int] = {}
    for run in sorted(set(runs))[: len(SLOT_SIGNS)]:
        wanted = (run - 1) % len(SLOT_SIGNS)
        order = (*range(wanted, len(SLOT_SIGNS)), *range(wanted))
        taken[run] = next(slot for slot in order if slot not in taken.values())
    return taken
