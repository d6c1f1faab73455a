"""Stores the events of a run in the database, before they are published, and its adapter in the registry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.manifest import Adapter
from db import checkpoints as db_checkpoints
from db import completions as db_completions
from db import metrics as db_metrics
from db import reference_logps as db_reference_logps
from db import runs as db_runs
from db import samples as db_samples
from db.givers import run_givers
from db.pair_rows import PairRow
from engine.events import (
    AdapterSaved,
    CheckpointSaved,
    EvalDone,
    Event,
    GeneralTextScored,
    MarginsKnown,
    Notice,
    ReferenceScored,
    RunFinished,
    RunPlanned,
    StepDone,
)
from engine.preference import pairs_fingerprint
from tui.machine.monitor import MachineMonitor
from tui.text.format import count, duration
from tui.training.pair_sets import preference_pair
from tui.training.recovery import CHECKPOINT
from tui.training.run_task import RunTask
from tui.training.samples import Sampler
from tui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.model import BaseModel


def server_words(pairs: int) -> str:
    """The notice on training on answers that another model wrote."""
    return (
        f"{count(pairs, 'pair')} with answers from a server: they are learned as text, under the local model's own "
        "prompt template, since a server does not say which template it used."
    )


class RunRecorder:
    """Stores the events of one run, and what `machine` sees beside its steps.

    `rows` are its pairs; `resumed` is True if it continues from a checkpoint.
    """

    def __init__(
        self, workspace: Workspace, run: int, rows: Sequence[PairRow], machine: MachineMonitor, *, resumed: bool
    ) -> None:
        self._workspace = workspace
        self._machine = machine
        self._run = run
        self._verdicts = {str(row.comparison): row.verdict for row in rows}
        self._resumed = resumed
        self.train_keys: tuple[str, ...] = ()
        """The keys of the pairs that the run trains on; empty before `RunPlanned` is stored."""
        self._trimmed = False

    def store(self, event: Event) -> None:
        """Store the event. It is on the disk when this returns."""
        match event:
            case RunPlanned():
                self._store_plan(event)
            case ReferenceScored():
                kept = {event.cache_keys[key]: logps for key, logps in event.logps.items()}
                self._write(db_reference_logps.keep_references, kept)
                self._machine.drop_summaries()  # what a run keeps of the machine is of its steps
                self._write(db_runs.heartbeat, self._run)
            case StepDone() | EvalDone():
                self._store_figures(event)
            case MarginsKnown():
                self._store_margins(event)
            case GeneralTextScored():
                row = (event.step, db_metrics.GENERAL_TEXT, event.nats_per_token)
                self._write(db_runs.record_figures, self._run, [row])
            case AdapterSaved():
                self._write(db_runs.record_figures, self._run, [(event.step, db_metrics.KEPT, 1.0)])
            case CheckpointSaved():
                size = (Path(event.folder) / CHECKPOINT).stat().st_size
                self._write(db_checkpoints.set_checkpoint, self._run, step=event.step, path=event.folder, size=size)
            case Notice():
                self.note(event.text, event.level)
            case RunFinished():
                words = "stopped as asked" if event.stopped else "finished"
                self.note(f"The run {words} after {event.steps} steps.")

    def note(self, text: str, level: str = "info") -> None:
        """Add a line to the run's log."""
        self._write(db_runs.add_log, self._run, level, text)

    def note_samples(self, sampler: Sampler) -> None:
        """Log how long sampling took, if the run took samples."""
        if sampler.seconds:
            self.note(f"Samples took {duration(sampler.seconds)} beside the run.")

    def _store_plan(self, event: RunPlanned) -> None:
        self.train_keys = event.train_keys
        if self._resumed:
            return  # the pairs were recorded when the run began
        shares = [(key, "train") for key in event.train_keys] + [(key, "eval") for key in event.eval_keys]
        run_pairs = [(int(key), share, self._verdicts[key]) for key, share in shares]
        self._write(db_runs.set_run_pairs, self._run, run_pairs)
        self._write(db_runs.set_total_steps, self._run, event.total_steps)
        for key, reason in event.left_out.items():
            self.note(f"Pair {key} is left out: {reason}", "warning")
        keys = [int(key) for key, _ in shares]
        if from_servers := db_completions.count_from_servers(self._workspace.connection, keys):
            self.note(server_words(from_servers))

    def _store_figures(self, event: StepDone | EvalDone) -> None:
        if not self._trimmed and isinstance(event, StepDone):
            self._write(db_metrics.trim_metrics, self._run, event.step)
            self._write(db_samples.trim_samples, self._run, event.step)
            self._trimmed = True
        if isinstance(event, StepDone):
            self._machine.speed = event.metrics.get("tokens_per_second")
        metrics = {**event.metrics, **self._machine.take_summaries()}
        rows = [(event.step, name, value) for name, value in metrics.items()]
        self._write(db_runs.record_figures, self._run, rows)

    def _store_margins(self, event: MarginsKnown) -> None:
        shares = (("train", event.train), ("eval", event.evaluation))
        rows = [(int(key), share, margin) for share, margins in shares for key, margin in margins.items()]
        self._write(db_metrics.add_margins, self._run, event.epoch, rows)

    def _write(self, function: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        self._workspace.write(function, *args, **kwargs).result()


class KnownReferences(Mapping[str, tuple[float, float]]):
    """The reference log-probabilities in the workspace. Each lookup is one query."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __getitem__(self, key: str) -> tuple[float, float]:
        found = db_reference_logps.find_reference(self._workspace.connection, key)
        if found is None:
            raise KeyError(key)
        return found

    def __len__(self) -> int:
        return db_reference_logps.count_references(self._workspace.connection)

    def __iter__(self) -> Iterator[str]:
        return iter(db_reference_logps.reference_keys(self._workspace.connection))


def publish_adapter(
    workspace: Workspace, base: BaseModel, task: RunTask, name: str, folder: Path, trained: Collection[str]
) -> Adapter:
    """Publish the adapter in `folder` in the registry as `name`, and record it in the database.

    Args:
        trained: the keys of the pairs that the run trained on. The manifest covers these. It excludes those that were
            left out (which are among the rows of a run that was never interrupted) and those that the run was
            evaluated on.
    """
    pairs = task.config.as_learned([preference_pair(row) for row in task.rows if str(row.comparison) in trained])
    adapter = workspace.registry.publish(
        folder,
        name=name,
        base_source=base.source,
        base_fingerprint=base.fingerprint,
        parent=task.parent.manifest.id if task.parent else None,
        run=task.run,
        pairs=len(pairs),
        pairs_fingerprint=pairs_fingerprint(pairs),
        verdicts_of=_verdicts_of(workspace, task.run),
    )
    workspace.write(db_runs.set_run_adapter, task.run, adapter.manifest.id).result()
    return adapter


def _verdicts_of(workspace: Workspace, run: int) -> tuple[str, ...]:
    """Whose verdicts a run learned from; empty for the owner's alone."""
    labels = tuple(run_givers(workspace.connection, run))
    return () if labels == ("me",) else labels
