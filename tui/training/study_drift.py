"""How far the answers of an adapter drift from those of the base, for the runs of a search."""

from __future__ import annotations

from collections.abc import Generator

from db import runs as db_runs
from db import verdicts as db_verdicts
from db.pair_rows import PairRow
from engine.cross_fit import Drift
from engine.events import Event
from engine.preference import Message
from tui.compute.scheduler import Priority, WorkSteps
from tui.compute.services import Services

Turns = tuple[tuple[str, str], ...]
"""The messages of a prompt as (role, content)."""
_PROMPTS = 8
"""Prompts that base and tuned model answer to measure drift."""


class StudyDrift:
    """Lets the base or an adapter answer prompts of the pairs that a run kept aside, and measures the answers."""

    def __init__(self, services: Services, seed: int) -> None:
        self._services, self._seed = services, seed

    def measure(self, run: int, adapter: str | None) -> Drift:
        """The drift of an adapter, by its id, or of the base. Blocks until the compute thread has measured it.

        Raises:
            AdapterError: the adapter is gone.
        """
        found: list[Drift] = []
        steps = self._steps(self._prompts(run), adapter, found)
        self._services.scheduler.submit("drift", steps, lambda: Priority.RUN).done.result()
        return found[0]

    def _prompts(self, run: int) -> list[Turns]:
        connection = self._services.workspace.connection
        rows = db_verdicts.run_preference_pairs(connection, run)
        aside = {each.comparison for each in db_runs.run_pairs(connection, run) if each.split == "eval"}
        return list(dict.fromkeys(turns_of(row) for row in rows if row.comparison in aside))[:_PROMPTS]

    def _steps(self, prompts: list[Turns], adapter: str | None, found: list[Drift]) -> WorkSteps:
        from engine.drift import DriftMeasure  # imports torch

        base = self._services.loaded_model.required()
        asked = [tuple(Message(role=role, content=text) for role, text in each) for each in prompts]
        measure = DriftMeasure(base, asked, self._seed)
        if adapter is None:
            found.append((yield from _boundaries(measure.steps(None))))
            return
        with self._services.loaded_model.using(self._services.workspace.registry.get(adapter)) as name:
            found.append((yield from _boundaries(measure.steps(name))))


def turns_of(row: PairRow) -> Turns:
    """The messages of a pair's prompt."""
    return tuple((turn["role"], turn["content"]) for turn in row.messages)


def _boundaries(events: Generator[Event, None, Drift]) -> Generator[None, None, Drift]:
    """Yield at every event, and return the value that the events return."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            found: Drift = end.value
            return found
        yield
