"""Reference log-probabilities of the standing pairs, computed while nothing else is to do: a run then need not wait."""

from __future__ import annotations

import time

from db import reference_logps as db_reference_logps
from db import runs as db_runs
from db import verdicts as db_verdicts
from engine.config import TrainConfig
from tui.compute.scheduler import Priority, WorkSteps
from tui.compute.services import Services
from tui.snapshots import LoadState
from tui.training.pair_sets import preference_pair
from tui.training.recorder import KnownReferences

TOGETHER = 8
"""So many pairs are scored together: choosing the way of scoring costs three passes, and every pair is encoded."""
REST_S = 2.0
"""Nothing is scored for this long after a verdict: the next pair is painted then, and perhaps judged at a glance."""


class ReferenceScorer:
    """Scores standing pairs in the lane's idle turns, one in each, so that whoever comes is served at once."""

    def __init__(self, services: Services) -> None:
        self._workspace, self._scheduler = services.workspace, services.scheduler
        self._loaded_model = services.loaded_model
        self._news = False
        self._begun: tuple[str, int] | None = None
        """The base model, and the newest verdict, when scoring was last asked for."""
        self._rests_until = 0.0

    def wake(self) -> None:
        """There may be pairs without a reference. A few of them are not worth beginning for: a run scores those."""
        self._rests_until = time.monotonic() + REST_S
        self._scheduler.wake_after(REST_S)
        base = self._loaded_model.base
        here = (base.fingerprint if base else "", db_verdicts.newest_verdict(self._workspace.connection))
        if self._begun is not None and self._begun[0] == here[0] and here[1] - self._begun[1] < TOGETHER:
            return
        self._begun = here
        self._news = True
        if not self._scheduler.busy_with("references"):
            self._scheduler.submit("references", self._work_steps(), self._priority)

    def _priority(self) -> Priority:
        return Priority.ASLEEP if time.monotonic() < self._rests_until else Priority.IDLE

    def _work_steps(self) -> WorkSteps:
        from engine.training.reference import score_references  # imports torch

        yield  # the model's own job goes first
        while self._news and self._loaded_model.state is LoadState.READY:
            self._news = False
            rows = db_verdicts.preference_pairs(self._workspace.connection)
            pairs = [preference_pair(row) for row in rows]
            known = KnownReferences(self._workspace)
            for event in score_references(self._loaded_model.required(), pairs, self._settings(), known):
                kept = {event.cache_keys[key]: logps for key, logps in event.logps.items()}
                self._workspace.write(db_reference_logps.keep_references, kept).result()
                yield

    def _settings(self) -> TrainConfig:
        """The settings of the latest run: the next one is likely to have them."""
        runs = db_runs.list_runs(self._workspace.connection)
        return TrainConfig(**runs[0].config) if runs else TrainConfig()
