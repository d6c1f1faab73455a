"""Runs: from the standing verdicts to an adapter on disk. What the engine reports is stored, then published."""

from __future__ import annotations

import logging
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

from adapters.errors import AdapterError
from adapters.registry import Adapter
from db import runs as db_runs
from db import verdicts as db_verdicts
from db.errors import DatabaseError
from db.rows import PairRow
from engine.config import TrainConfig
from engine.errors import EngineError
from engine.events import (
    AdapterSaved,
    EvalDone,
    Event,
    Notice,
    ReferenceScored,
    RunFinished,
    RunPlanned,
    StepDone,
)
from engine.plan import planned_steps
from engine.preference import PreferencePair, pairs_fingerprint, split_by_prompt
from tui.errors import WorkbenchError, title_of
from tui.lane import LOADING, RUN, Job, Lane, Turns
from tui.policies import Policies
from tui.published import Published, RunChanged, RunProgress, TrainPreview, WorkbenchFailed
from tui.workspace import Workspace

logger = logging.getLogger(__name__)

FEWEST_PAIRS = 4
"""Fewer pairs than one default batch teach nothing that could be told from chance."""
PACKAGES = ("palate", "torch", "transformers", "peft")
RUN_ENDINGS = (EngineError, AdapterError, DatabaseError)


def preference_pair(row: PairRow) -> PreferencePair:
    """The engine's record of a stored pair; its key is the comparison's id."""
    return PreferencePair(
        key=str(row.comparison),
        prompt=row.messages,
        chosen=row.chosen,
        rejected=row.rejected,
        chosen_cut=row.chosen_cut,
        rejected_cut=row.rejected_cut,
    )


class Trainer:
    """Starts, watches and stops the one run that may be alive."""

    def __init__(
        self, workspace: Workspace, lane: Lane, policies: Policies, publish: Callable[[Published], None]
    ) -> None:
        self.progress: RunProgress | None = None
        self.job: Job | None = None
        self._workspace, self._lane, self._policies, self._publish = workspace, lane, policies, publish
        self._stop = False

    def preview(self, config: TrainConfig) -> TrainPreview:
        """What a run with these settings would do now, and why it cannot start if it cannot."""
        pairs = [preference_pair(row) for row in db_verdicts.preference_pairs(self._workspace.connection)]
        train, evaluation = split_by_prompt(pairs, config.eval_share, config.seed)
        steps = planned_steps(len(train), config) if train else 0
        return TrainPreview(
            pairs=len(pairs),
            train_pairs=len(train),
            eval_pairs=len(evaluation),
            steps=steps,
            epochs=config.epochs,
            problem=self._problem(len(pairs)),
        )

    def start(self, config: TrainConfig, *, name: str | None, from_adapter: str | None) -> int:
        """Record a run and put it on the lane; returns its id.

        Raises:
            WorkbenchError: a run is alive, the model is not there, or there are too few pairs.
            AdapterError: there is no adapter `from_adapter`, or `name` is not usable.
        """
        registry = self._workspace.registry
        parent = registry.get(from_adapter) if from_adapter else None
        name = registry.check_name(name) if name else registry.free_name("taste")
        rows = db_verdicts.preference_pairs(self._workspace.connection)
        if problem := self._problem(len(rows)):
            raise WorkbenchError(problem)
        run = self._workspace.write(
            db_runs.create_run,
            name=name,
            config=asdict(config),
            versions={**{each: version(each) for each in PACKAGES}, "python": platform.python_version()},
            base_model=self._policies.model_row(None),
            parent_adapter=parent and parent.manifest.id,
            pairs=[],
        ).result()
        self._stop = False
        self.progress = RunProgress(run, name, 0, 0, None, None, "reference")
        self.job = self._lane.submit("run", self._turns(run, config, rows, parent), self._urgency)
        self._publish(RunChanged(run))
        return run

    def stop(self) -> None:
        """Ask the run to save what it has learned and end; it does so at its next step."""
        if self.progress is not None:
            self._stop = True
            self.progress = replace(self.progress, phase="stopping")
            self._publish(RunChanged(self.progress.run))

    def _urgency(self) -> int:
        """A run gives way to a labeller whose queue is low; one that was asked to stop saves before anything else."""
        return LOADING if self._stop else RUN

    def _problem(self, pairs: int) -> str | None:
        if self.progress is not None:
            return f"Run {self.progress.run} is still training. Wait for its end, or stop it."
        if self._policies.state == "failed":
            return self._policies.error and self._policies.error[1]
        if self._policies.state != "ready":
            return f"The model {self._policies.choice.name} is still loading. Try again in a moment."
        if pairs < FEWEST_PAIRS:
            missing = FEWEST_PAIRS - pairs
            return f"A run needs at least {FEWEST_PAIRS} preference pairs, there are {pairs}. Judge {missing} more."
        return None

    # -- on the lane -------------------------------------------------------------------------------------------

    def _turns(self, run: int, config: TrainConfig, rows: Sequence[PairRow], parent: Adapter | None) -> Turns:
        try:
            yield from self._train(run, config, rows, parent)
        except RUN_ENDINGS as error:
            self._end(run, "failed", f"{title_of(error)}. {error}")
            self._publish(WorkbenchFailed(f"Run {run}: {title_of(error)}", str(error)))
        finally:
            if self.progress is not None:  # the generator was closed, or something unforeseen came through
                self._end(run, "interrupted", "Palate was closed before the run ended.")

    def _train(self, run: int, config: TrainConfig, rows: Sequence[PairRow], parent: Adapter | None) -> Turns:
        from engine.train import train_dpo  # imports torch

        base = self._policies.required()
        pairs = [preference_pair(row) for row in rows]
        start = self._policies.attach(parent) if parent else None
        staging = self._workspace.registry.staging()
        adapter: Adapter | None = None
        for reason in base.reasons:
            self._store_log(run, "info", reason)
        try:
            for event in train_dpo(
                base, pairs, config, adapter=staging.name, folder=staging, start=start, stop=lambda: self._stop
            ):
                if isinstance(event, AdapterSaved):
                    adapter = self._keep(run, event, pairs, parent)
                self._store(run, event, rows)
                self._publish(RunChanged(run, event))
                yield
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        self._end(run, "stopped" if self._stop else "finished", None)
        if adapter is not None:
            yield from self._policies.use_turns(adapter)

    def _keep(self, run: int, event: AdapterSaved, pairs: Sequence[PreferencePair], parent: Adapter | None) -> Adapter:
        """Move what the engine saved into the registry and tell the database."""
        base = self._policies.required()
        assert self.progress is not None
        adapter = self._workspace.registry.publish(
            Path(event.folder),
            name=self.progress.name,
            base_source=base.source,
            base_fingerprint=base.fingerprint,
            parent=parent and parent.manifest.id,
            run=run,
            pairs=len(pairs),
            pairs_fingerprint=pairs_fingerprint(pairs),
        )
        self._workspace.write(db_runs.set_run_adapter, run, adapter.manifest.id).result()
        return adapter

    def _store(self, run: int, event: Event, rows: Sequence[PairRow]) -> None:
        assert self.progress is not None
        match event:
            case RunPlanned():
                self.progress = replace(self.progress, total_steps=event.total_steps, phase="reference")
                self._store_plan(run, event, rows)
            case ReferenceScored():
                self._workspace.write(db_runs.heartbeat, run).result()
            case StepDone():
                self.progress = replace(
                    self.progress,
                    step=event.step,
                    margin=event.metrics.get("rewards/margins"),
                    seconds_left=event.seconds_left,
                    phase="stopping" if self._stop else "training",
                )
                self._store_metrics(run, event)
            case EvalDone():
                self._store_metrics(run, event)
            case Notice():
                self._store_log(run, event.level, event.text)
            case RunFinished():
                words = "stopped as asked" if event.stopped else "finished"
                self._store_log(run, "info", f"The run {words} after {event.steps} steps.")

    def _store_plan(self, run: int, event: RunPlanned, rows: Sequence[PairRow]) -> None:
        verdicts = {str(row.comparison): row.verdict for row in rows}
        shares = [(key, "train") for key in event.train_keys] + [(key, "eval") for key in event.eval_keys]
        run_pairs = [(int(key), share, verdicts[key]) for key, share in shares]
        self._workspace.write(db_runs.set_run_pairs, run, run_pairs).result()
        self._workspace.write(db_runs.set_total_steps, run, event.total_steps).result()
        for key, reason in event.left_out.items():
            self._store_log(run, "warning", f"Pair {key} is left out: {reason}")

    def _store_metrics(self, run: int, event: StepDone | EvalDone) -> None:
        rows = [(event.step, name, value) for name, value in event.metrics.items()]
        self._workspace.write(db_runs.add_metrics, run, rows).result()

    def _store_log(self, run: int, level: str, text: str) -> None:
        self._workspace.write(db_runs.add_log, run, level, text).result()

    def _end(self, run: int, status: str, error: str | None) -> None:
        self._workspace.write(db_runs.set_status, run, status, error=error).result()
        self.progress = None
        self._publish(RunChanged(run))
