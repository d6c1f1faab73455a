"""Ready comparisons scored under an adapter, so that those it is least sure of can be asked first.

That is the adapter in use; while the model is not loaded it is the one that answers on a server, which then scores too.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from adapters.errors import AdapterError
from adapters.manifest import Adapter
from db import comparisons as db_comparisons
from db import margin_scores as db_margin_scores
from db import verdicts as db_verdicts
from db.pair_rows import ComparisonRow
from db.prompt_rows import with_system
from engine.config import TrainConfig
from engine.errors import MemoryRanOut, ServerError
from engine.preference import AS_TEMPLATE, PreferencePair
from tui.compute.scheduler import Priority, WorkSteps
from tui.compute.seeds import seed_from
from tui.compute.services import Services
from tui.errors import WorkbenchError
from tui.events import WorkbenchNotice
from tui.generation.policies import ServedPolicy, model_row
from tui.generation.publishing import served_margins
from tui.snapshots import LoadState
from tui.workspace.consent import TextsStay

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""Pairs that are scored before the adapter in use is looked up again."""


class MarginScorer:
    """Scores open comparisons in spare turns of the compute thread, and never before a run.

    `served` gives the policy on a server that scores while no model is loaded, None where there is none.
    """

    def __init__(self, services: Services, *, seed: int, served: Callable[[], ServedPolicy | None]) -> None:
        self.model: int | None = None
        """The database's id of the adapter whose margins count now; None for the base, which has none."""
        self._services, self._served = services, served
        self._missing: ServedPolicy | None = None
        """A policy whose server gives no log-probabilities; the person has been notified."""
        self._workspace, self._scheduler = services.workspace, services.scheduler
        self._loaded_model, self._seed = services.loaded_model, seed
        self._cannot: set[tuple[int, int]] = set()

    def wake(self) -> None:
        """Score comparisons without a score in the background, unless a job already does."""
        if self._loaded_model.state is LoadState.READY:
            if not self._scheduler.busy_with("margins"):
                self._scheduler.submit("margins", self._work_steps(), lambda: Priority.IN_ADVANCE)
        elif (policy := self._served()) is not None and policy != self._missing:
            thread = self._services.network
            if not thread.busy_with("margins"):
                pending: list[Future[dict[int, float]]] = []
                thread.submit("margins", self._served_steps(policy, pending), partial(_served_priority, pending))

    def _served_steps(self, policy: ServedPolicy, pending: list[Future[dict[int, float]]]) -> WorkSteps:
        """Have the server score comparisons, a few at a time on a thread of their own, until all have a margin."""
        yield
        self.model = model = model_row(policy, self._services)
        with ThreadPoolExecutor(1, "palate-scores") as thread:
            while pairs := self._unscored(model):
                self._cannot |= {(each.id, model) for each in pairs}
                records = [_record(each) for each in pairs]
                scored = thread.submit(served_margins, policy, self._services, records)
                scored.add_done_callback(lambda _: self._services.wake())
                pending[:] = [scored]
                yield
                try:
                    margins = scored.result()
                except TextsStay as error:  # these pairs are scored once texts may go there again
                    self._cannot -= {(each.id, model) for each in pairs}
                    self._say_why(error)
                    return
                except (ServerError, AdapterError, WorkbenchError) as error:
                    self._missing = policy
                    self._say_why(error)
                    return
                self._workspace.write(db_margin_scores.keep_margins, model, margins).result()

    def _say_why(self, error: Exception) -> None:
        text = f"{error} Until then pairs are asked in order."
        self._services.publish(WorkbenchNotice("The order margin has no margins", text))

    def next_comparison(
        self, *, random_share: float, after: int | None, farthest: bool = False
    ) -> ComparisonRow | None:
        """The comparison to judge next: see `next_by_margin`. A share of them, 0 to 1, is chosen at random.

        The choice stays the same until another verdict is given.
        """
        connection = self._workspace.connection
        chance = seed_from(self._seed, "pick", db_verdicts.newest_verdict(connection))
        pick = seed_from(chance, "which") if chance / 2**48 < random_share else None
        assert self.model is not None  # without an adapter there are no margins to choose by
        return db_margin_scores.next_by_margin(connection, self.model, pick=pick, after=after, farthest=farthest)

    def _work_steps(self) -> WorkSteps:
        yield  # the job that loads the model goes first
        more = True
        while more:
            adapter = self._loaded_model.in_use  # another adapter may be in use by now
            self.model = self._loaded_model.model_row(adapter) if adapter else None
            pairs = self._unscored(self.model) if self.model is not None else []
            more = bool(pairs)
            if adapter is not None and self.model is not None:
                yield from self._score(adapter, self.model, pairs)

    def _unscored(self, model: int) -> list[ComparisonRow]:
        ids = db_margin_scores.unscored(self._workspace.connection, model, AT_ONCE + len(self._cannot))
        left = [each for each in ids if (each, model) not in self._cannot][:AT_ONCE]
        return db_comparisons.comparisons_by_id(self._workspace.connection, left)

    def _score(self, adapter: Adapter, model: int, pairs: list[ComparisonRow]) -> WorkSteps:
        from engine.training.margins import score_margins  # imports torch

        base = self._loaded_model.required()
        self._cannot |= {(each.id, model) for each in pairs}  # whatever gets no margin now will not get one later
        records = [_record(each) for each in pairs]
        try:
            with self._loaded_model.using(adapter) as name:
                for event in score_margins(base, records, adapter=name, config=TrainConfig()):
                    if math.isfinite(event.margin):
                        margins = {int(event.key): event.margin}
                        self._workspace.write(db_margin_scores.keep_margins, model, margins).result()
                    yield
        except MemoryRanOut as error:  # these pairs are asked without a margin
            logger.info("No margins for %s pairs: %s", len(records), error)


def _served_priority(pending: Sequence[Future[dict[int, float]]]) -> Priority:
    return Priority.IN_ADVANCE if all(each.done() for each in pending) else Priority.ASLEEP


def _record(pair: ComparisonRow) -> PreferencePair:
    """An open pair as the engine takes it, with a for the chosen answer."""
    sampling = pair.a.sampling or {}
    messages = with_system(pair.prompt.messages, sampling.get("system"))
    thinking = sampling.get("thinking", AS_TEMPLATE)
    return PreferencePair(str(pair.id), messages, pair.a.text, pair.b.text, pair.a.cut, pair.b.cut, thinking)
