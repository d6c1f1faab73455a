"""Runs: from the current verdicts to an adapter on disk. The engine's events are stored, then published."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Mapping
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from adapters.manifest import Adapter
from adapters.names import name_key
from db import runs as db_runs
from db import verdicts as db_verdicts
from db.run_rows import RunRow
from engine.config import TrainConfig, flags_of
from engine.events import AdapterSaved, CheckpointSaved, Event, ReferenceScored
from engine.questions import count_questions
from tui.compute.scheduler import Job, Priority, WorkSteps
from tui.compute.services import Services
from tui.errors import WorkbenchError
from tui.events import RunChanged, RunEnded, WorkbenchFailed
from tui.machine.monitor import MachineMonitor
from tui.snapshots import WAITING, RunPhase, RunProgress
from tui.text.format import count
from tui.training.outcome import ending_of
from tui.training.pair_sets import ALL_PAIRS, PairSet, learned_beside, pair_set_of, pairs_of, preference_pair
from tui.training.preview import FEWEST_PAIRS, RunPreviews, start_problem
from tui.training.progress import in_phase, progress_after
from tui.training.recorder import KnownReferences, RunRecorder, publish_adapter
from tui.training.recovery import check_resumable, checkpoint_folder, checkpoint_of, drop_checkpoint, end_if_over
from tui.training.run_endings import RunEndings
from tui.training.run_engine import RunEngine, check_devices, run_cards
from tui.training.run_request import RunRequest, RunRequests
from tui.training.run_task import RunChoices, RunTask, record_run
from tui.training.samples import Sampler
from tui.training.study import is_of_study

logger = logging.getLogger(__name__)

_ASKED_FOR = (*WAITING, RunPhase.STOPPING)
_CANNOT_PAUSE = (RunPhase.PAUSED, RunPhase.STOPPING, RunPhase.SAVING)


class Trainer:
    """Starts, follows and stops the one run that may be in progress.

    A search on several devices has a trainer for each of them. Requests to the first one reach the runs of all.
    """

    def __init__(self, services: Services, *, at_once: int = 1) -> None:
        """`at_once` is how many runs share the processor: this trainer's, and those of others on other devices."""
        self.progress: RunProgress | None = None
        self.job: Job | None = None
        self.beside: tuple[Trainer, ...] = ()
        """The trainers of a search that computes several runs at once; empty without one."""
        self.endings = RunEndings(services.workspace, services.publish)
        self._at_once = at_once
        self._services = services
        self._workspace, self._scheduler = services.workspace, services.scheduler
        self._loaded_model, self._publish = services.loaded_model, services.publish
        self._requests = RunRequests()
        self._engine: RunEngine | None = None
        self.machine = MachineMonitor(partial(run_cards, services.loaded_model), services.publish)
        self._beside_samples: RunProgress | None = None
        """The progress at the last engine event; it is shown again when sampling ends."""
        self.previews = RunPreviews(services.workspace, services.loaded_model, self.problem)
        self._starting = threading.Lock()

    def close(self) -> None:
        """Stop counting for previews, and looking at the machine."""
        self.previews.close()
        self.machine.end()

    def another(self, at_once: int) -> Trainer:
        """A trainer for one of `at_once` runs on different devices, which records its runs as this one does."""
        made = Trainer(self._services, at_once=at_once)
        made.endings, made._starting = self.endings, self._starting
        return made

    @property
    def shown(self) -> Trainer:
        """The trainer whose run is shown: the first one with a run in progress, or else this one."""
        return next((each for each in (self, *self.beside) if each.progress is not None), self)

    def start(self, config: TrainConfig, **more: Unpack[RunChoices]) -> int:
        """Record a run and submit it to the scheduler; returns its id.

        Raises:
            WorkbenchError: a run is in progress, the model is not loaded, or there are too few pairs.
            SettingError: this machine lacks a device that the settings name.
            InputError: the pairs are of a prompt set that does not exist.
            AdapterError: there is no adapter `from_adapter`, or `name` is not usable.
        """
        with self._starting:
            self.endings.record_late()
            return self._start(config, more)

    def _start(self, config: TrainConfig, more: RunChoices) -> int:
        registry = self._workspace.registry
        name, from_adapter, pairs = more.get("name"), more.get("from_adapter"), more.get("pairs", ALL_PAIRS)
        parent = registry.get(from_adapter) if from_adapter else None
        name = registry.check_name(name) if name else self.previews.free_name()
        rows = more.get("rows") or pairs_of(self._workspace, pairs, learned_beside(config))
        if problem := self.problem(count_questions(map(preference_pair, rows)), pairs):
            raise WorkbenchError(problem)
        check_devices(self._loaded_model, config)
        made_on = self._loaded_model.model_row(None)
        run = record_run(self._workspace, name, config, rows, base_model=made_on, parent=parent, chosen=pairs)
        tags = more.get("tags", ())
        if tags:
            self._workspace.write(db_runs.tag_run, run, tags).result()
        self._begin(RunTask(run, name, config, rows, parent, for_study=is_of_study(tags)))
        return run

    def resume(self, run: int, changes: Mapping[str, Any] | None = None) -> None:
        """Submit an interrupted run again. It continues from its checkpoint with the pairs that it began with.

        A run without a checkpoint begins again at its first step. The reference log-probabilities that it scored are
        kept. `changes` are new values of settings that are `free_at_resume`.

        Raises:
            WorkbenchError: the run has ended, a run is in progress, one of its prompts is held out or forgotten now, or
                the model is not loaded or a different one.
            AdapterError: the adapter that the run started from is gone.
        """
        with self._starting:
            self.endings.record_late()
            self._resume(run, changes or {})

    def _resume(self, run: int, changes: Mapping[str, Any]) -> None:
        row = db_runs.get_run(self._workspace.connection, run)
        rows = db_verdicts.run_preference_pairs(self._workspace.connection, run)
        check_resumable(self._workspace, row, rows)
        if problem := self.problem(FEWEST_PAIRS, pair_set_of(row.pair_set)):  # it had enough when it began
            raise WorkbenchError(problem)
        if row.base_model != self._loaded_model.model_row(None):
            raise WorkbenchError(f"Run {run} was made on {row.base_name}. Start Palate with that --model to resume it.")
        parent = self._workspace.registry.get(row.parent_adapter) if row.parent_adapter else None
        if end_if_over(self._workspace, row):
            self._publish(RunChanged(run))
            raise WorkbenchError(f"Run {run} had saved its adapter before it was interrupted. It is over now.")
        checkpoint = checkpoint_of(self._workspace, row)
        config = replace(TrainConfig(**row.config), **changes)
        if checkpoint is None and config.train_share < 1:
            raise WorkbenchError(f"Run {run} had no checkpoint, and trains on a share of its pairs. Start it again.")
        check_devices(self._loaded_model, config)
        self._workspace.write(db_runs.resume_run, run, asdict(config) if changes else None).result()
        if changes:
            self._workspace.write(db_runs.add_log, run, "info", f"Resumed with {flags_of(changes)}.").result()
        if checkpoint is None:
            words = "The run begins again from its start: it had no checkpoint yet."
            self._workspace.write(db_runs.add_log, run, "info", words).result()
        name, step = self._free(row.name), checkpoint.step if checkpoint else 0
        for_study = is_of_study(row.tags)
        resumed = checkpoint is not None
        self._begin(RunTask(run, name, config, rows, parent, resumed, step, row.total_steps or 0, for_study))

    def has_checkpoint(self, row: RunRow) -> bool:
        """Whether the run can be resumed from a checkpoint."""
        return checkpoint_of(self._workspace, row) is not None

    def leave(self, timeout_s: float = 60.0) -> None:
        """Let the runs in progress write a checkpoint and end as interrupted. Wait at most `timeout_s` seconds."""
        alive = self._alive()
        for each in alive:
            each._requests.ask(RunRequest.LEAVE)
            if each._engine is not None and each._engine.is_starting and each.job is not None:
                self._scheduler.end(each.job)
        self._scheduler.wake()
        wait([each.job.done for each in alive if each.job is not None], timeout_s)

    def over(self) -> Future[None] | None:
        """A future that resolves when a run in progress is over and its adapter in use; None without a run."""
        jobs = [each.job.done for each in (self, *self.beside) if each.job is not None]
        return next((done for done in jobs if not done.done()), None)

    def _alive(self) -> list[Trainer]:
        return [each for each in (self, *self.beside) if each.progress is not None and each.job is not None]

    def _begin(self, task: RunTask) -> None:
        self._requests.clear()
        self._engine = RunEngine(self._services, task, self._requests, self._at_once)
        phase = RunPhase.RESUMING if task.resumed else RunPhase.REFERENCE
        self.progress = RunProgress(task.run, task.name, task.step, task.total_steps, None, None, phase)
        self.machine.begin(task.config.devices)
        self.job = self._scheduler.submit("run", self._work_steps(task), self._priority)
        self._publish(RunChanged(task.run))

    def _free(self, name: str) -> str:
        """The run's name for its adapter, or a similar one if another adapter has the name now."""
        taken = {name_key(each.manifest.name) for each in self._workspace.registry.list()}
        return self._workspace.registry.free_name(name) if name_key(name) in taken else name

    def stop(self, *, discard: bool = False) -> None:
        """Ask the run to end at once. It saves its policy as an adapter, unless `discard` is set."""
        for each in self._alive():
            each._requests.ask(RunRequest.DISCARD if discard else RunRequest.STOP)
            each._show(RunPhase.STOPPING)
        self._scheduler.wake()

    def pause(self) -> None:
        """Ask the run to write a checkpoint after its next pairs, and to wait."""
        for each in self._alive():
            if each.progress is not None and each.progress.phase not in _CANNOT_PAUSE:
                each._requests.ask(RunRequest.PAUSE)
                each._show(RunPhase.PAUSING)

    def save(self) -> None:
        """Ask the run to write a checkpoint after its next pairs, and to continue."""
        for each in self._alive():
            each._requests.ask(RunRequest.CHECKPOINT)

    def go_on(self) -> None:
        """Let a run that waits continue."""
        for each in self._alive():
            if each.progress is not None and each.progress.phase in WAITING:
                each._requests.withdraw(RunRequest.PAUSE)
                each.machine.drop_summaries()  # those of the pause
                each._show(RunPhase.TRAINING)
        self._scheduler.wake()

    def _show(self, phase: RunPhase) -> None:
        if self.progress is not None:
            self.progress = replace(self.progress, phase=phase, part_done=0, part_total=0)
            self._publish(RunChanged(self.progress.run))

    def _priority(self) -> Priority:
        """A run yields to a person whose queue is low. A run that must end or wait saves before any other job."""
        phase, asked = self.progress and self.progress.phase, self._requests.now is not RunRequest.NONE
        usual = Priority.FIRST if asked else Priority.ASLEEP if phase is RunPhase.PAUSED else Priority.RUN
        assert self._engine is not None
        return self._engine.priority(usual, sampling=phase is RunPhase.SAMPLING)

    def problem(self, pairs: int, chosen: PairSet) -> str | None:
        """Why no run can start on so many pairs of a set, and what to do; None where one can."""
        return start_problem(self.shown.progress, self._loaded_model, pairs, chosen)

    # -- on the compute thread ---------------------------------------------------------------------------------

    def _work_steps(self, task: RunTask) -> WorkSteps:
        try:
            yield from self._train(task)
        except Exception as error:
            if not self._broken_off(task, error):
                raise
        finally:
            if self.progress is not None:  # the run was left at a checkpoint, or the scheduler closed this generator
                self._end(task, "interrupted", None)

    def _broken_off(self, task: RunTask, error: Exception) -> bool:
        """Record and publish how an error ends a run.

        Returns False if the scheduler must report the error, also when the run is already over.
        """
        if self.progress is None:
            return False
        ending = ending_of(error, task, self._workspace.folder)
        if self._end(task, ending.status, ending.error) and ending.status == "failed":
            drop_checkpoint(self._workspace, task.run)
        if ending.expected:
            logger.info("Run %s is %s", task.run, ending.status, exc_info=error)
            self._publish(WorkbenchFailed(f"Run {task.run}: {ending.title}", ending.text))
        return ending.expected

    def _train(self, task: RunTask) -> WorkSteps:
        recorder = RunRecorder(self._workspace, task.run, task.rows, self.machine, resumed=task.resumed)
        staging = self._workspace.registry.staging()
        adapter: Adapter | None = None
        sampler = Sampler.of_run(
            self._services, task, staging.name, broken_off=lambda: self._requests.now.ends, sampled=self._sampled
        )
        engine, known = self._engine, KnownReferences(self._workspace)
        assert engine is not None
        for reason in engine.reasons:
            recorder.note(reason)
        try:
            with closing(engine.events(staging, known, samples=sampler.num_prompts > 0)) as events:
                for event in events:
                    if isinstance(event, AdapterSaved) and self._requests.now is not RunRequest.DISCARD:
                        adapter = self._keep(task, event, recorder)
                    self._move(event, sampler)
                    recorder.store(event)
                    self._publish(RunChanged(task.run, event))
                    if self._is_left_at(event):
                        return
                    yield
                    yield from sampler.after(event, self.progress.step if self.progress else 0)
                    if self._requests.now is RunRequest.DISCARD and adapter is None:
                        break
                    engine.consumed()
                    while engine.waits:
                        yield
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            if adapter is None:
                self._loaded_model.unload(staging.name)
        recorder.note_samples(sampler)
        discarded = self._requests.now is RunRequest.DISCARD
        if discarded and adapter is None:
            self._forget(recorder)
        recorded = self._end(task, "stopped" if self._requests.now.stops else "finished", None, adapter)
        if recorded and (adapter is not None or discarded):
            drop_checkpoint(self._workspace, task.run)
        if adapter is not None and not task.for_study:
            yield from self._loaded_model.use_steps(adapter)

    def _move(self, event: Event, sampler: Sampler) -> None:
        """Update the progress after `event`, and show sampling where it comes next."""
        assert self.progress is not None
        self.progress = self._beside_samples = progress_after(self.progress, event, self._requests.now)
        if sampler.is_due(event, self.progress.step):
            self._sampled(0, sampler.num_prompts)

    def _sampled(self, done: int, total: int) -> None:
        """Show how many answers are sampled; after the last one, show the phase from before."""
        assert self.progress is not None
        phase, before = RunPhase.SAMPLING, self._beside_samples
        if done == total and before is not None:
            phase = RunPhase.TRAINING if before.phase in _ASKED_FOR else before.phase
            done, total = before.part_done, before.part_total
        self.progress = in_phase(self.progress, phase, self._requests.now, done, total)

    def _is_left_at(self, event: Event) -> bool:
        """Meet the requests that wait for a checkpoint, if `event` is one. Returns whether the run must end there."""
        if isinstance(event, CheckpointSaved):
            self._requests.withdraw(RunRequest.CHECKPOINT)
        if not isinstance(event, CheckpointSaved | ReferenceScored):
            return False
        if self._requests.now is RunRequest.PAUSE:
            self._wait()
        return self._requests.now is RunRequest.LEAVE

    def _forget(self, recorder: RunRecorder) -> None:
        """Log that the trained policy was discarded."""
        assert self.progress is not None
        done = count(self.progress.step, "step")
        recorder.note(f"The run was stopped after {done}; what it had learned was discarded, as asked.")

    def _wait(self) -> None:
        """Sleep until a person lets the run continue. The checkpoint is on the disk."""
        self._requests.withdraw(RunRequest.PAUSE)
        if self.progress is not None:
            self.progress = replace(self.progress, seconds_left=None)
        self._show(RunPhase.PAUSED)

    def checkpoint_folder(self, run: int) -> Path:
        """The folder of a run's checkpoint."""
        return checkpoint_folder(self._workspace, run)

    def _keep(self, task: RunTask, event: AdapterSaved, recorder: RunRecorder) -> Adapter:
        """Publish the saved adapter under a free name, and record it."""
        name = self._free(task.name)
        if name != task.name:
            recorder.note(f"Another adapter took the name {task.name} during the run, so this one is called {name}.")
        trained = set(recorder.train_keys)
        return publish_adapter(self._workspace, self._loaded_model.required(), task, name, Path(event.folder), trained)

    def _end(self, task: RunTask, status: str, error: str | None, adapter: Adapter | None = None) -> bool:
        """Record and publish the end; the run is over in any case. Returns False if it can only be recorded later."""
        self.machine.end()
        self.progress = None  # if it seemed to continue, no other run could start
        recorded = self.endings.record(task.run, status, error, adapter)
        self._publish(RunEnded(task.run, name=task.name, status=status))
        return recorded
