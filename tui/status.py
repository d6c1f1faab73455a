"""The status line: its counts, kept until something is stored, beside the model and the run."""

import sqlite3
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from db import comparisons as db_comparisons
from db import prompts as db_prompts
from db import runs as db_runs
from db import verdicts as db_verdicts
from db.connection import data_version
from db.pair_rows import VerdictCounts
from db.times import utc_now, utc_text
from db.verdict_tally import VerdictTally, count_standing
from tui.generation.queue_filler import QueueFiller
from tui.snapshots import ModelState, RunProgress, WorkbenchStatus
from tui.workspace.settings_store import stored_settings
from tui.workspace.workspace import Workspace

Value = TypeVar("Value")


RUN_OFFER, TRIAL_OFFER = "run", "trial"
"""The two offers that a new workspace makes once each."""
FIRST_RUN_AFTER = 20
"""Verdicts after which the first run is offered."""
_SEEN = "offers_seen"


class KeptUntilStored(Generic[Value]):
    """Keeps the result of `read` until another connection stores something or the key changes.

    SQLite's data version is meaningful for one connection alone, so every thread keeps its own value.
    """

    def __init__(self, workspace: Workspace, read: Callable[[], Value]) -> None:
        self._workspace, self._read = workspace, read
        self._kept = threading.local()

    def get(self, key: Hashable = None) -> Value:
        """The value for this thread's connection; `key` holds everything else that it depends on."""
        connection = self._workspace.connection
        stamp = data_version(connection), key
        kept: tuple[sqlite3.Connection, object, Value] | None = getattr(self._kept, "value", None)
        if kept is None or kept[0] is not connection or kept[1] != stamp:
            kept = self._kept.value = connection, stamp, self._read()
        return kept[2]


@dataclass(frozen=True)
class StatusCounts:
    """The counts for the status line, under the names of `WorkbenchStatus`."""

    verdicts: VerdictCounts
    ready: int
    prompts_left: int | None
    """None while a pair is ready, since counting walks all prompts."""
    goal: int | None
    verdicts_here: int


class StatusCounter:
    """Counts for one sitting, which begins when the counter is created."""

    def __init__(self, workspace: Workspace, queue: QueueFiller) -> None:
        self._workspace, self._queue, self._began = workspace, queue, utc_now()
        self._before = threading.local()
        self._counts = KeptUntilStored(workspace, self._count)
        self._new_pairs = KeptUntilStored(workspace, self._count_new_pairs)
        self._untried = KeptUntilStored(workspace, self._read_untried)

    def counts(self) -> StatusCounts:
        """The counts now; a day begins at this machine's midnight."""
        return self._counts.get((self._queue.settings.queue.goal, self._queue.asked_of, _midnight()))

    def status(
        self, model: ModelState, run: RunProgress | None, *, writing: bool, merging: str | None
    ) -> WorkbenchStatus:
        """The counts beside the model, the run, and what else the machine does now."""
        counted = self.counts()
        return WorkbenchStatus(
            model_name=model.name,
            model_state=model.state,
            model_detail=model.detail,
            adapter_name=model.adapter_name,
            ready=counted.ready,
            writing=writing,
            verdicts_today=counted.verdicts.today,
            verdicts=counted.verdicts.total,
            pairs=counted.verdicts.decisive,
            prompts_left=counted.prompts_left,
            mean_seconds=counted.verdicts.mean_seconds,
            goal=counted.goal,
            verdicts_here=counted.verdicts_here,
            run=run,
            offer=0 if run else self.new_pairs(),
            untried="" if run else self.untried(),
            queue_problem=self._queue.problem,
            error=model.error,
            merging=merging,
        )

    def new_pairs(self) -> int:
        """How many pairs are new since the latest run that did not fail, if enough to offer a run; else 0.

        The first run is offered earlier, and once: until a person looks at it.
        """
        return self._new_pairs.get()

    def untried(self) -> str:
        """The adapter of the first run, for which a trial is offered once; empty where none is."""
        return self._untried.get()

    def note_seen(self, offer: str) -> None:
        """A person looks at what the offer `run` or `trial` leads to: if it is being made, it is not made again."""
        seen = self._workspace.setting(_SEEN, [])
        is_made = self.untried() if offer == TRIAL_OFFER else self.new_pairs() and self._is_first_run()
        if is_made and offer not in seen:
            self._workspace.keep_setting(_SEEN, [*seen, offer])

    def _count(self) -> StatusCounts:
        connection = self._workspace.connection
        goal, ready = self._queue.settings.queue.goal, db_comparisons.count_open(connection)
        return StatusCounts(
            verdicts=db_verdicts.counts(connection, _midnight(), self._tally()),
            ready=ready,
            prompts_left=None if ready else self._prompts_left(),
            goal=goal,
            verdicts_here=0 if goal is None else db_verdicts.count_since(connection, self._began),
        )

    def _tally(self) -> VerdictTally:
        """Continue from this thread's last tally, so that a new verdict does not cause a count of all."""
        before: VerdictTally | None = getattr(self._before, "tally", None)
        tally: VerdictTally = count_standing(self._workspace.connection, before)
        self._before.tally = tally
        return tally

    def _prompts_left(self) -> int:
        """Keep the number while no prompt changes: a run stores at every step, and counting walks all prompts."""
        connection = self._workspace.connection
        stamp = self._queue.asked_of, db_prompts.prompts_left_stamp(connection)
        before: tuple[object, int] | None = getattr(self._before, "prompts_left", None)
        if before is None or before[0] != stamp:
            before = self._before.prompts_left = stamp, db_prompts.prompts_left(connection, self._queue.asked_of)
        return before[1]

    def _count_new_pairs(self) -> int:
        every = stored_settings(self._workspace).runs.offer_run_every
        if not every:
            return 0
        connection = self._workspace.connection
        new = db_verdicts.count_pairs_since(connection, db_runs.latest_start(connection) or "")
        enough = new >= every or (self.counts().verdicts.total >= FIRST_RUN_AFTER and self._is_first_run())
        return new if enough else 0

    def _is_first_run(self) -> bool:
        """Was there no run yet, and has the person not looked at the offer of the first one?"""
        seen = RUN_OFFER in self._workspace.setting(_SEEN, [])
        return not seen and db_runs.latest_start(self._workspace.connection) is None

    def _read_untried(self) -> str:
        seen = TRIAL_OFFER in self._workspace.setting(_SEEN, [])
        return "" if seen else db_runs.untried_adapter(self._workspace.connection) or ""


def _midnight() -> str:
    """When this machine's day began, in UTC ISO text."""
    return utc_text(datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0))
