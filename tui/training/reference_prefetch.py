"""Computes reference log-probabilities while the compute thread is idle, so that a run need not wait for them."""

from __future__ import annotations

import logging
import time

from db import reference_logps as db_reference_logps
from db import runs as db_runs
from db import verdicts as db_verdicts
from engine.config import TrainConfig
from engine.errors import TrainingError
from tui.compute.scheduler import Priority, WorkSteps
from tui.compute.services import Services
from tui.snapshots import LoadState
from tui.training.pair_sets import preference_pair
from tui.training.recorder import KnownReferences

logger = logging.getLogger(__name__)

TOGETHER = 8
"""Scoring starts after this many new verdicts: it takes three passes to choose its method, and encodes every pair."""
REST_S = 2.0
"""Seconds without scoring after a verdict: the screen paints the next pair, and the person may judge it at once."""


class ReferencePrefetch:
    """Scores the current pairs in idle turns of the compute thread, one a turn, so that other jobs need not wait."""

    def __init__(self, services: Services) -> None:
        self._workspace, self._scheduler = services.workspace, services.scheduler
        self._loaded_model = services.loaded_model
        self._has_new_pairs = False
        self._begun: tuple[str, int] | None = None
        """The base model's fingerprint and the newest verdict's id when scoring last began."""
        self._rests_until = 0.0

    def wake(self) -> None:
        """Score pairs that have no reference yet, unless there are only a few: a run scores those itself."""
        self._rests_until = time.monotonic() + REST_S
        self._scheduler.wake_after(REST_S)
        base = self._loaded_model.base
        here = (base.fingerprint if base else "", db_verdicts.newest_verdict(self._workspace.connection))
        if self._begun is not None and self._begun[0] == here[0] and here[1] - self._begun[1] < TOGETHER:
            return
        self._begun = here
        self._has_new_pairs = True
        if not self._scheduler.busy_with("references"):
            self._scheduler.submit("references", self._work_steps(), self._priority)

    def _priority(self) -> Priority:
        return Priority.ASLEEP if time.monotonic() < self._rests_until else Priority.IDLE

    def _work_steps(self) -> WorkSteps:
        from engine.training.reference import score_references  # imports torch

        yield  # the job that loads the model goes first
        while self._has_new_pairs and self._loaded_model.state is LoadState.READY:
            self._has_new_pairs = False
            rows = db_verdicts.preference_pairs(self._workspace.connection)
            pairs = [preference_pair(row) for row in rows]
            known = KnownReferences(self._workspace)
            try:
                for event in score_references(self._loaded_model.required(), pairs, self._settings(), known):
                    kept = {event.cache_keys[key]: logps for key, logps in event.logps.items()}
                    self._workspace.write(db_reference_logps.keep_references, kept).result()
                    yield
            except TrainingError as error:  # a run scores them itself, and says so where it cannot
                logger.info("References are not scored in advance: %s", error)

    def _settings(self) -> TrainConfig:
        """The settings of the latest run: the next one is likely to have them."""
        runs = db_runs.list_runs(self._workspace.connection)
        return TrainConfig(**runs[0].config) if runs else TrainConfig()
