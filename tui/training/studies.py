"""Runs a study on a thread of its own: starts run after run, measures each, and publishes the result.

With several devices each of them computes a run of its own, and has a thread that starts the next one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from adapters.errors import AdapterError
from db import runs as db_runs
from db.pair_rows import PairRow
from db.run_rows import RunRow
from engine.config import TrainConfig
from engine.cross_fit import Drift
from engine.devices import named_devices
from engine.distributed.sharding import check_search
from engine.preference import pairs_fingerprint
from engine.questions import count_questions
from tui.compute.services import Services
from tui.errors import KNOWN_ERRORS, WorkbenchError, title_of
from tui.events import StudyChanged, WorkbenchFailed, WorkbenchNotice
from tui.snapshots import StudyProgress
from tui.text.format import count
from tui.training.pair_sets import ALL_PAIRS, PairSet, learned_beside, pair_set_of, pairs_of, preference_pair
from tui.training.study import FEWEST_QUESTIONS, FOLDS, KEY, Cell, Kind, Study, latest_study
from tui.training.study_drift import StudyDrift, turns_of
from tui.training.study_results import StudyResults
from tui.training.trainer import Trainer

logger = logging.getLogger(__name__)
_CLOSE_S = 10.0
_GROWN = 1.5
"""A study goes on with its own pairs while verdicts come. With so many times its pairs another one begins."""
_OVER = ("finished", "stopped")
"""How the run on all pairs may end: a person may stop it and keep what it learned."""


class _Stopped(Exception):
    """The study ends early, for the reason that the error names."""


class _Asked(_Stopped):
    """The study ends because it was asked to."""


class Studies:
    """Starts, follows and stops the one study that may be in progress."""

    def __init__(
        self, services: Services, trainer: Trainer, remove_adapter: Callable[[str], object], *, seed: int
    ) -> None:
        """`remove_adapter` deletes the files of an adapter by its id, as a person does."""
        self.progress: StudyProgress | None = None
        self.over: Future[None] | None = None
        """Resolves when the newest study is over, however it ended."""
        self._services, self._workspace = services, services.workspace
        self._trainer, self._delete_adapter = trainer, remove_adapter
        self._drift = StudyDrift(services, seed)
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._changing = threading.RLock()
        self._measuring = threading.Lock()
        self._study: Study | None = None
        """The study in progress, as it is stored."""
        self._rows: Sequence[PairRow] = ()
        """Its pairs: all runs on parts have the same ones, however many verdicts come meanwhile."""
        self._thread: threading.Thread | None = None

    def latest(self, kind: Kind) -> Study | None:
        """The latest study of a kind, finished or not; None without one."""
        return latest_study(self._workspace, kind)

    def start(self, kind: Kind, config: TrainConfig, pairs: PairSet = ALL_PAIRS, *, name: str | None = None) -> Study:
        """Start a study, or continue the latest one if it is not over, and of the same settings, pairs and base.

        It keeps its pairs while a few more are judged. `name` is that of the run on all pairs with which a search ends.

        Raises:
            WorkbenchError: a study or a run is in progress, the model is not loaded, or there are too few pairs.
            SettingError: this machine lacks a device that the settings name, or the settings share the model.
            InputError: the pairs are of a prompt set that does not exist.
            AdapterError: `name` is not usable.
        """
        with self._starting:
            if self.progress is not None:
                raise WorkbenchError(f"{self.progress.name} is still in progress. Wait for its end, or stop it.")
            devices = named_devices(config.devices)
            check_search(config)
            if problem := self._trainer.problem(FEWEST_QUESTIONS, pairs):
                raise WorkbenchError(problem)
            rows = pairs_of(self._workspace, pairs, learned_beside(config))
            study = self._continued(kind, config, pairs, rows) or self._new(kind, config, pairs, rows)
            if name is not None and study.final is None:  # not after all the runs before it
                self._workspace.registry.check_name(name)
            self._rows = _own(study, rows)
            self._stopping.clear()
            self.over = Future()
            self._show(study)
            self._thread = threading.Thread(
                target=self._work, args=(study, devices, name), name="palate-study", daemon=True
            )
            self._thread.start()
            return study

    def stop(self) -> None:
        """End the study: the run in progress is left at a checkpoint, and the same study continues from there."""
        self._stopping.set()
        if self.progress is not None:
            self._trainer.leave()

    def close(self) -> None:
        """Wait for the study's thread, after the scheduler has ended every job."""
        if self._thread is not None:
            self._thread.join(_CLOSE_S)

    def _new(self, kind: Kind, config: TrainConfig, pairs: PairSet, rows: Sequence[PairRow]) -> Study:
        questions = count_questions(map(preference_pair, rows))
        if questions < FEWEST_QUESTIONS:
            raise WorkbenchError(
                f"{'A search' if kind == 'search' else 'An outlook'} needs at least {FEWEST_QUESTIONS} preference "
                f"pairs, there {'is' if questions == 1 else 'are'} {questions}. Judge more."
            )
        prompts = len({turns_of(row) for row in rows})
        if prompts < FOLDS:  # a prompt is on one side of the split
            raise WorkbenchError(
                f"The pairs are on {count(prompts, 'prompt')}, and their {FOLDS} parts need one each. Judge more."
            )
        latest = self.latest(kind)
        number = 1 if latest is None else latest.number + 1
        comparisons = [row.comparison for row in rows]
        return Study(kind, number, asdict(config), _fingerprint(rows), pairs.record(), comparisons=comparisons)

    def _continued(self, kind: Kind, config: TrainConfig, pairs: PairSet, rows: Sequence[PairRow]) -> Study | None:
        latest = self.latest(kind)
        if (
            latest is None
            or latest.ended
            or replace(latest.given, devices=config.devices, shard=config.shard) != config
        ):
            return None
        own = _own(latest, rows)
        if latest.pairs != _fingerprint(own) or pair_set_of(latest.pair_set) != pair_set_of(pairs.record()):
            return None
        if len(rows) > _GROWN * len(own) or self._is_of_another_base(latest):
            return None
        return replace(latest, config=asdict(config))

    def _is_of_another_base(self, study: Study) -> bool:
        here = self._services.loaded_model.model_row(None)
        rows = (db_runs.get_run(self._workspace.connection, run) for run in study.runs.values())
        return any(row.base_model != here for row in rows)

    # -- on the study's thread ---------------------------------------------------------------------------------

    def _work(self, study: Study, devices: Sequence[str], name: str | None) -> None:
        over = self.over
        assert over is not None
        try:
            self._run(study, devices, name)
        except CancelledError:
            logger.info("Study %s ends with the workbench", study.tag)
        except _Stopped as stopped:
            self._services.publish(WorkbenchNotice(f"{_title(study)} has stopped", f"{stopped} {_again(study)}"))
        except KNOWN_ERRORS as error:
            self._services.publish(WorkbenchFailed(f"{_title(study)}: {title_of(error)}", f"{error} {_again(study)}"))
        except Exception as error:
            logger.exception("A study failed")
            words = f"{type(error).__name__}: {error}"
            self._services.publish(WorkbenchFailed(f"{_title(study)} failed", words))
        finally:
            self.progress = None
            self._services.publish(StudyChanged(study.kind, study.number))
            self._workspace.readers.release()
            over.set_result(None)

    def _run(self, study: Study, devices: Sequence[str], name: str | None) -> None:
        self._study = study
        self._update(lambda study: study)
        if study.chosen is None:
            self._finish_cells(study.cells, devices)
            self._conclude()
        if study.kind == "search":
            self._train_chosen(name)
        self._update(lambda study: replace(study, ended="finished"))

    def _conclude(self) -> None:
        found = StudyResults(self._workspace).concluded(self._known)
        self._update(lambda _: found)
        self._services.publish(WorkbenchNotice(_title(found), found.words))

    def _finish_cells(self, cells: Sequence[Cell], devices: Sequence[str]) -> None:
        """Run all cells: one after the other, or as many at once as there are devices."""
        waiting: SimpleQueue[Cell] = SimpleQueue()
        for cell in cells:
            waiting.put(cell)
        if len(devices) < 2:
            self._finish_from(waiting, self._trainer, self._known.given.devices)
            return
        devices = devices[: len(cells)]
        trainers = tuple(self._trainer.another(len(devices)) for _ in devices)
        self._trainer.beside = trainers
        try:
            self._finish_at_once(waiting, trainers, devices)
        finally:
            self._trainer.beside = ()
            for each in trainers:
                each.close()

    def _finish_at_once(self, waiting: SimpleQueue[Cell], trainers: Sequence[Trainer], devices: Sequence[str]) -> None:
        """Run the cells on all devices. Where one fails, the others write a checkpoint and leave as well."""

        def work(trainer: Trainer, device: str) -> None:
            try:
                self._finish_from(waiting, trainer, device)
            except BaseException:
                self.stop()
                raise
            finally:
                self._workspace.readers.release()

        failed: list[BaseException] = []
        with ThreadPoolExecutor(len(devices), "palate-study") as pool:
            for each in [pool.submit(work, *pair) for pair in zip(trainers, devices, strict=True)]:
                if (error := each.exception()) is not None:
                    failed.append(error)
        if failed:
            raise min(failed, key=lambda error: isinstance(error, _Asked))

    def _finish_from(self, waiting: SimpleQueue[Cell], trainer: Trainer, devices: str | None) -> None:
        while True:
            try:
                cell = waiting.get_nowait()
            except Empty:
                return
            self._finish_cell(cell, trainer, devices)

    def _finish_cell(self, cell: Cell, trainer: Trainer, devices: str | None) -> None:
        """Run one cell, unless it is done; measure the drift of a setting's first run."""
        study = self._known
        run = study.runs.get(cell)
        row = None if run is None else db_runs.get_run(self._workspace.connection, run)
        measures = study.kind == "search" and cell.fold == 0 and str(cell.tried) not in study.drifts
        if row is None or row.status != "finished" or (measures and not self._has_adapter(row)):
            self._check_stopped()
            row = self._begin_cell(cell, row, trainer, devices)
            self._show()
            self._wait(trainer, row.id)
        if measures:
            self._check_stopped()
            self._measure_drift(cell, db_runs.get_run(self._workspace.connection, row.id))
        self._remove_adapter(row.id)

    def _has_adapter(self, row: RunRow) -> bool:
        return row.adapter in {each.manifest.id for each in self._workspace.registry.list()}

    def _begin_cell(self, cell: Cell, row: RunRow | None, trainer: Trainer, devices: str | None) -> RunRow:
        """Resume the run of a cell, or start one."""
        if row is not None and _resumed(trainer, row, devices):
            return row
        if row is not None:  # somebody stopped it and kept its adapter, which has the name of the next one
            self._remove_adapter(row.id)
        study = self._known
        chosen, config = pair_set_of(study.pair_set), replace(study.config_of(cell), devices=devices)
        run = trainer.start(config, name=study.name_of(cell), pairs=chosen, rows=self._rows, tags=(study.tag,))
        self._update(lambda study: replace(study, runs={**study.runs, cell: run}))
        return db_runs.get_run(self._workspace.connection, run)

    def _check_stopped(self) -> None:
        if self._stopping.is_set():
            raise _Asked("It was stopped.")

    def _wait(self, trainer: Trainer, run: int, over: Sequence[str] = ("finished",)) -> None:
        """Wait for the end of a run, which must be one of `over`."""
        if self._stopping.is_set():  # stop() came before the run existed, so pass it on now
            trainer.leave()
        job = trainer.job
        if job is not None:
            with suppress(CancelledError):
                job.done.exception()  # waits for the end; how the run ended is read below
        row = db_runs.get_run(self._workspace.connection, run)
        if row.status in over:  # even where Palate closed before its adapter was in use
            return
        if job is not None and job.done.cancelled():
            raise CancelledError
        if row.error is None:
            self._check_stopped()
        raise _Stopped(f"Run {run} is {row.status}." if row.error is None else row.error)

    def _measure_drift(self, cell: Cell, row: RunRow) -> None:
        """Measure the answers of the base, once, and of the run's adapter."""
        with self._measuring:
            for key, adapter in (("base", None), (str(cell.tried), row.adapter)):
                if key not in self._known.drifts:
                    found = self._drift.measure(row.id, adapter)
                    self._update(partial(_with_drift, key=key, found=found))

    def _remove_adapter(self, run: int) -> None:
        """Delete the run's adapter: it learned from a part of the pairs, and nobody should use it."""
        adapter = db_runs.get_run(self._workspace.connection, run).adapter
        try:
            if adapter is not None:
                self._delete_adapter(adapter)
        except (AdapterError, WorkbenchError) as error:  # it was removed before, or something still needs it
            logger.info("The adapter of run %s stays: %s", run, error)

    def _train_chosen(self, name: str | None) -> None:
        """Train on all pairs with the chosen settings: an ordinary run, whose adapter is put in use."""
        self._check_stopped()
        study = self._known
        row = None if study.final is None else db_runs.get_run(self._workspace.connection, study.final)
        if row is not None and row.status in _OVER:  # Palate was killed just after its end
            return
        if row is not None and _resumed(self._trainer, row, study.given.devices):
            run = row.id
        else:
            run = self._start_chosen(study, name)
        self._show()
        self._wait(self._trainer, run, _OVER)

    def _start_chosen(self, study: Study, name: str | None) -> int:
        assert study.chosen is not None
        run = self._trainer.start(study.tried[study.chosen], name=name, pairs=pair_set_of(study.pair_set))
        self._workspace.write(db_runs.add_log, run, "info", f"{_title(study)}: {study.words}").result()
        self._update(lambda study: replace(study, final=run))
        return run

    # -- on any thread of the study ----------------------------------------------------------------------------

    @property
    def _known(self) -> Study:
        assert self._study is not None
        return self._study

    def _update(self, change: Callable[[Study], Study]) -> Study:
        """Change the study in progress, and store it."""
        with self._changing:
            self._study = change(self._known)
            kept: dict[str, Any] = {**self._workspace.setting(KEY, {}), self._study.kind: self._study.record()}
            self._workspace.keep_setting(KEY, kept)
            return self._study

    def _show(self, study: Study | None = None) -> None:
        study = study or self._known
        done = sum(db_runs.get_run(self._workspace.connection, run).status == "finished" for run in study.runs.values())
        self.progress = StudyProgress(_title(study), done, len(study.cells), study.final is not None)
        self._services.publish(StudyChanged(study.kind, study.number))


def _resumed(trainer: Trainer, row: RunRow, devices: str | None) -> bool:
    """Resume a run that was interrupted from its checkpoint. False where there is nothing to resume."""
    if row.status != "interrupted" or not trainer.has_checkpoint(row):
        return False
    elsewhere = row.config.get("devices") != devices
    trainer.resume(row.id, {"devices": devices} if elsewhere else None)
    return True


def _with_drift(study: Study, key: str, found: Drift) -> Study:
    return replace(study, drifts={**study.drifts, key: (found.tokens, found.nats)})


def _own(study: Study, rows: Sequence[PairRow]) -> list[PairRow]:
    """Those of the pairs that the study began with; all of them where another version of Palate began it."""
    own = set(study.comparisons)
    return [row for row in rows if not own or row.comparison in own]


def _fingerprint(rows: Sequence[PairRow]) -> str:
    return pairs_fingerprint([preference_pair(row) for row in rows])


def _title(study: Study) -> str:
    return f"{study.kind.capitalize()} {study.number}"


def _again(study: Study) -> str:
    return f"`palate train --{study.kind}` with the same settings continues it."
