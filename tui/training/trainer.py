"""Runs: from the standing verdicts to an adapter on disk. What the engine reports is stored, then published."""

from __future__ import annotations

import logging
import platform
import shutil
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from adapters.manifest import Adapter
from adapters.names import name_key
from db import checkpoints as db_checkpoints
from db import held_out as db_held_out
from db import runs as db_runs
from db import verdicts as db_verdicts
from db.errors import DatabaseError
from db.pair_rows import PairRow, Split
from db.run_rows import CheckpointRow, RunRow
from engine.config import TrainConfig
from engine.events import AdapterSaved, CheckpointSaved, Event, PairDone, ReferenceScored, RunPlanned, StepDone
from engine.preference import pairs_fingerprint, split_by_prompt
from tui.compute.scheduler import ASLEEP, LOADING, RUN, Job, Turns
from tui.compute.services import Services
from tui.errors import WorkbenchError
from tui.events import RunChanged, RunEnded, WorkbenchFailed
from tui.snapshots import RunProgress, TrainPreview
from tui.text.format import count
from tui.training.outcome import ending_of
from tui.training.pair_sets import ALL_PAIRS, PairSet, pair_set_of, pairs_of, preference_pair
from tui.training.preview import RunPreviews
from tui.training.recorder import KnownReferences, RunRecorder
from tui.training.recovery import checkpoint_folder, drop_checkpoint, end_if_over, end_run, know_checkpoint
from tui.training.samples import Sampler
from tui.workspace.settings_store import stored_settings

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight


logger = logging.getLogger(__name__)

FEWEST_PAIRS = 4
"""Fewer pairs than one default batch teach nothing that could be told from chance."""
PACKAGES = ("palate", "torch", "transformers", "peft")


@dataclass(frozen=True)
class RunTask:
    """One run as it goes onto the lane: what it trains on, from what, and whether it goes on from a checkpoint.

    A run that goes on is at `step`, the checkpoint's; `total_steps` is 0 where it is not known yet.
    """

    run: int
    name: str
    config: TrainConfig
    rows: Sequence[PairRow]
    parent: Adapter | None
    resumed: bool = False
    step: int = 0
    total_steps: int = 0


def _shares(rows: Sequence[PairRow], config: TrainConfig) -> list[tuple[int, Split, int]]:
    """The pairs of a run as they are recorded before it has looked at them: it can begin again from these."""
    train, evaluation = split_by_prompt([preference_pair(row) for row in rows], config.eval_share, config.seed)
    verdicts = {str(row.comparison): row.verdict for row in rows}
    shares: list[tuple[int, Split, int]] = [(int(each.key), "train", verdicts[each.key]) for each in train]
    return shares + [(int(each.key), "eval", verdicts[each.key]) for each in evaluation]


class RunChoices(TypedDict, total=False):
    """What else is chosen for a run: its adapter's name, the adapter that it goes on from, and the pairs."""

    name: str | None
    from_adapter: str | None
    pairs: PairSet


class Trainer:
    """Starts, watches and stops the one run that may be alive."""

    def __init__(self, services: Services) -> None:
        self.progress: RunProgress | None = None
        self.job: Job | None = None
        self.unrecorded: dict[int, tuple[str, str | None, Adapter | None]] = {}
        """The ends that the database had no room for: status, error and adapter by run. See `_record_ends`."""
        self._services = services
        self._workspace, self._scheduler = services.workspace, services.scheduler
        self._loaded_model, self._publish = services.loaded_model, services.publish
        self._stop = self._discard = self._leaving = self._pausing = self._saving = False
        self._previews = RunPreviews(services.workspace, services.loaded_model)
        self._starting = threading.Lock()

    def preview(self, config: TrainConfig, pairs: PairSet = ALL_PAIRS) -> TrainPreview:
        """What a run with these settings on these pairs would do now, and why it cannot start if it cannot."""
        found = self._previews.preview(config, pairs)
        return replace(found, problem=found.problem or self._problem(found.pairs, pairs))

    def preflight(self, config: TrainConfig, pairs: PairSet = ALL_PAIRS) -> Preflight:
        """A close look at such a run. See `RunPreviews.preflight` for its errors."""
        return self._previews.preflight(config, pairs)

    def start(self, config: TrainConfig, **more: Unpack[RunChoices]) -> int:
        """Record a run and put it on the lane; returns its id.

        Raises:
            WorkbenchError: a run is alive, the model is not there, or there are too few pairs.
            InputError: the pairs are of a prompt set that is not there.
            AdapterError: there is no adapter `from_adapter`, or `name` is not usable.
        """
        with self._starting:
            self._record_ends()
            return self._start(config, more)

    def _start(self, config: TrainConfig, more: RunChoices) -> int:
        registry = self._workspace.registry
        name, from_adapter, pairs = more.get("name"), more.get("from_adapter"), more.get("pairs", ALL_PAIRS)
        parent = registry.get(from_adapter) if from_adapter else None
        name = registry.check_name(name) if name else self._previews.free_name()
        rows = pairs_of(self._workspace, pairs)
        if problem := self._problem(len(rows), pairs):
            raise WorkbenchError(problem)
        run = self._workspace.write(
            db_runs.create_run,
            name=name,
            config=asdict(config),
            versions={**{each: version(each) for each in PACKAGES}, "python": platform.python_version()},
            base_model=self._loaded_model.model_row(None),
            parent_adapter=parent and parent.manifest.id,
            pairs=_shares(rows, config),
            pair_set=pairs.record(),
        ).result()
        self._begin(RunTask(run, name, config, rows, parent))
        return run

    def resume(self, run: int) -> None:
        """Put an interrupted run back on the lane: it goes on from its checkpoint with the pairs it began with.

        A run that has no checkpoint yet begins again from its own start, to the same adapter; the reference
        log-probabilities that it scored are kept.

        Raises:
            WorkbenchError: the run has an end, a run is alive, one of its prompts is held out now, or the model is not
                there or another one.
            AdapterError: the adapter that the run started from is gone.
        """
        with self._starting:
            self._record_ends()
            self._resume(run)

    def _resume(self, run: int) -> None:
        row = db_runs.get_run(self._workspace.connection, run)
        if row.status != "interrupted":
            raise WorkbenchError(f"Run {run} is {row.status}; only an interrupted run can be resumed.")
        rows = db_verdicts.run_preference_pairs(self._workspace.connection, run)
        if not rows:
            raise WorkbenchError(f"Run {run} ended before its pairs were recorded. Start a new run; nothing is lost.")
        if problem := self._problem(FEWEST_PAIRS, pair_set_of(row.pair_set)):  # it had enough when it began
            raise WorkbenchError(problem)
        if held_out := db_held_out.held_out_in_run(self._workspace.connection, run):
            raise WorkbenchError(
                f"{count(held_out, 'pair')} of run {run} ask what is held out for trials now. Start a new run, or hand "
                "those prompts back to labelling."
            )
        if row.base_model != self._loaded_model.model_row(None):
            raise WorkbenchError(f"Run {run} was made on {row.base_name}. Start Palate with that --model to resume it.")
        parent = self._workspace.registry.get(row.parent_adapter) if row.parent_adapter else None
        if end_if_over(self._workspace, row):
            self._publish(RunChanged(run))
            raise WorkbenchError(f"Run {run} had saved its adapter before it was interrupted. It is over now.")
        checkpoint = self._checkpoint_of(row)
        self._workspace.write(db_runs.resume_run, run).result()
        if checkpoint is None:
            words = "The run begins again from its start: it had no checkpoint yet."
            self._workspace.write(db_runs.add_log, run, "info", words).result()
        name, config, step = self._free(row.name), TrainConfig(**row.config), checkpoint.step if checkpoint else 0
        self._begin(RunTask(run, name, config, rows, parent, checkpoint is not None, step, row.total_steps or 0))

    def _checkpoint_of(self, row: RunRow) -> CheckpointRow | None:
        """Where the run can be taken up again; a file is known even when there was no room to record it."""
        if db_checkpoints.get_checkpoint(self._workspace.connection, row.id) is None:
            know_checkpoint(self._workspace, row)
        return db_checkpoints.get_checkpoint(self._workspace.connection, row.id)

    def leave(self, timeout_s: float = 60.0) -> None:
        """Let a run that is alive write a checkpoint and end as interrupted, to be resumed; waits for that."""
        if self.progress is None or self.job is None:
            return
        self._leaving = True
        self._scheduler.wake()
        wait([self.job.done], timeout_s)

    def over(self) -> Future[None] | None:
        """Resolved when the run that is alive is over and its adapter answers; None when no run is alive."""
        return None if self.job is None or self.job.done.done() else self.job.done

    def _begin(self, task: RunTask) -> None:
        self._stop = self._discard = self._leaving = self._pausing = self._saving = False
        phase = "resuming" if task.resumed else "reference"
        self.progress = RunProgress(task.run, task.name, task.step, task.total_steps, None, None, phase)
        self.job = self._scheduler.submit("run", self._turns(task), self._priority)
        self._publish(RunChanged(task.run))

    def _free(self, name: str) -> str:
        """The run's name for its adapter, or one like it if another adapter took it meanwhile."""
        taken = {name_key(each.manifest.name) for each in self._workspace.registry.list()}
        return self._workspace.registry.free_name(name) if name_key(name) in taken else name

    def stop(self, *, discard: bool = False) -> None:
        """Ask the run to end at once, and to save what it has learned as an adapter unless it is to `discard` that."""
        if self.progress is not None:
            self._stop, self._discard = True, self._discard or discard
            self.progress = replace(self.progress, phase="stopping")
            self._publish(RunChanged(self.progress.run))
            self._scheduler.wake()

    def pause(self) -> None:
        """Ask the run to write a checkpoint and wait; it does so as soon as its next pairs are through."""
        if self.progress is not None and self.progress.phase not in ("paused", "stopping"):
            self._pausing = True
            self.progress = replace(self.progress, phase="pausing")
            self._publish(RunChanged(self.progress.run))

    def save(self) -> None:
        """Ask the run to write a checkpoint as soon as its next pairs are through, and to go on."""
        self._saving = self.progress is not None

    def go_on(self) -> None:
        """Let a run that waits go on where it stands."""
        if self.progress is not None and self.progress.phase in ("pausing", "paused"):
            self._pausing = False
            self.progress = replace(self.progress, phase="training")
            self._publish(RunChanged(self.progress.run))
            self._scheduler.wake()

    def _priority(self) -> int:
        """A run gives way to a labeller whose queue is low; one that is to end or wait saves before anything else."""
        if self._stop or self._leaving or self._pausing or self._saving:
            return LOADING
        return ASLEEP if self.progress is not None and self.progress.phase == "paused" else RUN

    def _problem(self, pairs: int, chosen: PairSet) -> str | None:
        if self.progress is not None:
            return f"Run {self.progress.run} is still training. Wait for its end, or stop it."
        if self._loaded_model.state == "failed":
            return self._loaded_model.error and self._loaded_model.error[1]
        if self._loaded_model.state != "ready":
            return f"The model {self._loaded_model.choice.name} is still loading. Try again in a moment."
        if pairs < FEWEST_PAIRS:
            missing = FEWEST_PAIRS - pairs
            if chosen != ALL_PAIRS:
                asked = f"there {'is' if pairs == 1 else 'are'} {pairs} in “{chosen.words()}”"
                return f"A run needs at least {FEWEST_PAIRS} preference pairs, {asked}. Choose more pairs."
            return f"A run needs at least {FEWEST_PAIRS} preference pairs, there are {pairs}. Judge {missing} more."
        return None

    # -- on the lane -------------------------------------------------------------------------------------------

    def _turns(self, task: RunTask) -> Turns:
        try:
            yield from self._train(task)
        except Exception as error:
            if not self._broken_off(task, error):
                raise
        finally:
            if self.progress is not None:  # left at a checkpoint, or closed
                self._end(task, "interrupted", None)

    def _broken_off(self, task: RunTask, error: Exception) -> bool:
        """Record and tell what an error makes of a run; False leaves it to the lane, as for a run that has its end."""
        if self.progress is None:
            return False
        ending = ending_of(error, task.run, self._workspace.folder)
        if self._end(task, ending.status, ending.error) and ending.status == "failed":
            drop_checkpoint(self._workspace, task.run)
        if ending.expected:
            logger.info("Run %s is %s", task.run, ending.status, exc_info=error)
            self._publish(WorkbenchFailed(f"Run {task.run}: {ending.title}", ending.text))
        return ending.expected

    def _train(self, task: RunTask) -> Turns:
        book = RunRecorder(self._workspace, task.run, task.rows, resumed=task.resumed)
        staging = self._workspace.registry.staging()
        adapter: Adapter | None = None
        sampler = self._sampler(task, staging.name)
        try:
            with closing(self._events(task, staging, book)) as events:
                for event in events:
                    if isinstance(event, AdapterSaved) and not self._discard:
                        adapter = self._keep(task, event, book)
                    self._progress_to(event)
                    book.store(event)
                    self._publish(RunChanged(task.run, event))
                    if isinstance(event, CheckpointSaved):
                        self._saving = False
                    kept = isinstance(event, CheckpointSaved | ReferenceScored)
                    if self._leaving and kept:
                        return
                    if self._pausing and kept:
                        self._wait(task.run)
                    yield
                    yield from sampler.after(event, self.progress.step if self.progress else 0)
                    if self._discard and adapter is None:
                        break
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            if adapter is None:
                self._unload(staging.name)
        book.note_samples(sampler)
        if self._discard and adapter is None:
            self._forget(book)
        recorded = self._end(task, "stopped" if self._stop else "finished", None, adapter)
        if recorded and (adapter is not None or self._discard):
            drop_checkpoint(self._workspace, task.run)
        if adapter is not None:
            yield from self._loaded_model.use_turns(adapter)

    def _sampler(self, task: RunTask, adapter: str) -> Sampler:
        settings = stored_settings(self._workspace)

        def ends() -> bool:
            return self._stop or self._leaving

        return Sampler(self._services, task.run, adapter, settings, resumed=task.resumed, broken_off=ends)

    def _unload(self, adapter: str) -> None:
        """Take an adapter out of memory that the engine had saved and that was not published."""
        base = self._loaded_model.base
        if base is not None and adapter in base.loaded_adapters():
            base.unload_adapter(adapter)

    def _forget(self, book: RunRecorder) -> None:
        """Say in the log that what was learned is gone."""
        assert self.progress is not None
        done = count(self.progress.step, "step")
        book.note(f"The run was stopped after {done}; what it had learned was discarded, as asked.")

    def _wait(self, run: int) -> None:
        """What was learned is on the disk: sleep until somebody says go on."""
        assert self.progress is not None
        self._pausing = False
        self.progress = replace(self.progress, phase="paused", seconds_left=None)
        self._publish(RunChanged(run))

    def _events(self, task: RunTask, staging: Path, book: RunRecorder) -> Generator[Event, None, None]:
        """What the engine reports of this run."""
        from engine.train import train_dpo  # imports torch

        base = self._loaded_model.required()
        for reason in base.reasons:
            book.note(reason)
        return train_dpo(
            base,
            [preference_pair(row) for row in task.rows],
            task.config,
            adapter=staging.name,
            folder=staging,
            start=self._loaded_model.attach(task.parent) if task.parent else None,
            stop=lambda: self._stop and not self._discard,
            known_reference=KnownReferences(self._workspace),
            checkpoint_folder=self.checkpoint_folder(task.run),
            checkpoint_now=lambda: self._leaving or self._pausing or self._saving,
            resume=task.resumed,
        )

    def checkpoint_folder(self, run: int) -> Path:
        """Where the checkpoint of a run stands."""
        return checkpoint_folder(self._workspace, run)

    def _keep(self, task: RunTask, event: AdapterSaved, book: RunRecorder) -> Adapter:
        """Move what the engine saved into the registry and tell the database.

        The manifest tells of the pairs that were trained on. What was left out, and is in the rows of a run that was
        never interrupted, and what was measured on are none of them.
        """
        base = self._loaded_model.required()
        trained = set(book.train_keys)
        pairs = [preference_pair(row) for row in task.rows if str(row.comparison) in trained]
        name = self._free(task.name)
        if name != task.name:
            book.note(f"Another adapter was called {task.name} meanwhile, so this one is {name}.")
        adapter = self._workspace.registry.publish(
            Path(event.folder),
            name=name,
            base_source=base.source,
            base_fingerprint=base.fingerprint,
            parent=task.parent and task.parent.manifest.id,
            run=task.run,
            pairs=len(pairs),
            pairs_fingerprint=pairs_fingerprint(pairs),
        )
        self._workspace.write(db_runs.set_run_adapter, task.run, adapter.manifest.id).result()
        return adapter

    def _progress_to(self, event: Event) -> None:
        """Move the one line that tells where the run stands."""
        assert self.progress is not None
        phase = "stopping" if self._stop else "pausing" if self._pausing else "training"
        match event:
            case RunPlanned():
                self.progress = replace(self.progress, step=event.step, total_steps=event.total_steps)
            case PairDone() if self.progress.phase in ("reference", "resuming"):
                self.progress = replace(self.progress, phase=phase)
            case StepDone():
                margin = event.metrics.get("rewards/margins")
                left = None if self._stop else event.seconds_left
                self.progress = replace(self.progress, step=event.step, margin=margin, seconds_left=left, phase=phase)

    def _end(self, task: RunTask, status: str, error: str | None, adapter: Adapter | None = None) -> bool:
        """Record the run's end; False when the database has no room for it, so that it is recorded later.

        The run is over either way: one that seemed to go on would let no other start.
        """
        try:
            end_run(self._workspace, task.run, status, error, adapter)
        except DatabaseError as refused:
            self.unrecorded[task.run] = (status, error, adapter)
            self._publish(WorkbenchFailed(f"The end of run {task.run} is not recorded", str(refused)))
        finally:
            self.progress = None
        self._publish(RunEnded(task.run, name=task.name, status=status))
        return task.run not in self.unrecorded

    def _record_ends(self) -> None:
        """Record the ends that the database had no room for, before another run is recorded in it.

        Raises:
            DatabaseError: there still is none.
        """
        for run, end in list(self.unrecorded.items()):
            end_run(self._workspace, run, *end)
            del self.unrecorded[run]
