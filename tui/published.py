"""What the workbench publishes after it has stored it, and the snapshots that screens draw. No Textual here."""

from dataclasses import dataclass, field

from db.prompt_rows import PromptRow
from engine.events import Event, ModelMerged


@dataclass(frozen=True)
class Published:
    """Root of everything that the workbench tells its listeners."""


@dataclass(frozen=True)
class ModelChanged(Published):
    """The model or the adapter in use is now in another state; `WorkbenchStatus` tells which."""


@dataclass(frozen=True)
class QueueChanged(Published):
    """The number of comparisons that are ready has changed."""

    ready: int


@dataclass(frozen=True)
class ComparisonStored(Published):
    """A new comparison is on the disk, ready to be judged."""

    comparison: int


@dataclass(frozen=True)
class AnswersGrowing(Published):
    """What is written so far of the next pair's two answers, as they will be shown: left (first) and right (second).

    Only told while no comparison is ready, and only of two answers of one policy from one batch; at most four times a
    second. `texts` None: the two were no pair after all, and are taken back.
    """

    prompt: PromptRow
    texts: tuple[str, str] | None


@dataclass(frozen=True)
class VerdictStored(Published):
    """A verdict (or the undo of one) is on the disk."""

    comparison: int
    verdict: str


@dataclass(frozen=True)
class PairChanged(Published):
    """A judged pair was noted, taken out of training or put back."""

    comparison: int


@dataclass(frozen=True)
class ImportProgress:
    """How far an import is. `phase` is reading, storing or taking back; `total` is None where it is not known."""

    phase: str
    done: int
    total: int | None


@dataclass(frozen=True)
class ImportMoved(Published):
    """An import is so far; `progress` None: it is over."""

    progress: ImportProgress | None


@dataclass(frozen=True)
class RunChanged(Published):
    """A run moved: what the engine reported is stored. `event` is None when only its status changed."""

    run: int
    event: Event | None = None


@dataclass(frozen=True)
class RunEnded(RunChanged):
    """A run is over: finished, stopped, failed or interrupted. `name` is the run's."""

    name: str = ""
    status: str = "finished"


@dataclass(frozen=True)
class SamplesStored(Published):
    """A run's answers after `step` to the prompts that it is sampled on are on the disk."""

    run: int
    step: int


@dataclass(frozen=True)
class TrialChanged(Published):
    """A side-by-side has one more question answered, or is over."""

    trial: int
    done: int
    total: int


@dataclass(frozen=True)
class Visited(Published):
    """A visitor's command is done: what is on the screen may have changed and is to be read again."""


@dataclass(frozen=True)
class WorkbenchFailed(Published):
    """Something went wrong that a person should read: a title and a sentence with the next act."""

    title: str
    text: str


@dataclass(frozen=True)
class WorkbenchNotice(Published):
    """Something that a person should know and need not act on: a title and a sentence."""

    title: str
    text: str


@dataclass(frozen=True)
class AdapterMerged(WorkbenchNotice):
    """A merged model stands at `path`; `merged` tells how far it answers as the unmerged one."""

    path: str
    merged: ModelMerged


# -- snapshots -------------------------------------------------------------------------------------------------


WAITING = ("pausing", "paused")
"""The phases of a run that a person told to wait."""


@dataclass(frozen=True)
class RunProgress:
    """Where the run in progress stands. `margin` is None before the first step; times in seconds."""

    run: int
    name: str
    step: int
    total_steps: int
    margin: float | None
    seconds_left: float | None
    phase: str
    """"reference", "resuming", "training", "pausing", "paused" or "stopping"."""


@dataclass(frozen=True)
class WorkbenchStatus:
    """Everything the status line tells. `model_state` is cold, preparing, loading, ready or failed."""

    model_name: str
    model_state: str
    model_detail: str = ""
    adapter_name: str | None = None
    ready: int = 0
    writing: bool = False
    """An answer is being generated at this moment."""
    verdicts_today: int = 0
    verdicts: int = 0
    pairs: int = 0
    prompts_left: int | None = None
    """Prompts that were not asked yet; None while a pair is ready, since counting walks all of them."""
    mean_seconds: float | None = None
    goal: int | None = None
    """How many verdicts the person wants to give in this sitting, if they said so."""
    verdicts_here: int = 0
    """Verdicts since the workspace was opened."""
    run: RunProgress | None = None
    offer: int = 0
    """Pairs that came since the latest run, where they are enough to offer a new one; else 0."""
    queue_problem: tuple[str, str] | None = None
    """Title and sentence of what keeps answers from being written, if anything does."""
    error: tuple[str, str] | None = None
    """Title and sentence of the last failure of the model, if any."""
    merging: str | None = None
    """How far the merging of an adapter is, in words, while one goes on."""
    watching: str = ""
    """Whom one watches, where this process only looks on."""


@dataclass(frozen=True)
class TakenPrompts:
    """What became of a file of prompts; the counts add up to its lines.

    `duplicates` came twice or were there already, `skipped` lines were empty, and those `in_other_set` stand on the
    other side of the held-out wall.
    """

    set_name: str
    added: int
    duplicates: int
    skipped: int
    in_other_set: int


@dataclass(frozen=True)
class TrainPreview:
    """What a run with the given settings would do."""

    pairs: int
    train_pairs: int
    eval_pairs: int
    steps: int
    epochs: int
    problem: str | None = None
    """Why it cannot start now, as a sentence with the next act; None when it can."""
    name: str = "taste-1"
    """What it would be called, unless it is given another name."""


@dataclass(frozen=True)
class AdapterView:
    """One adapter as lists show it."""

    id: str
    name: str
    parent: str | None
    parent_name: str | None
    run: int | None
    pairs: int
    created: str
    in_use: bool
    fits: bool
    """Was it made for the base model that is loaded (or still loading)?"""
    folder: str
    lineage: tuple[str, ...] = field(default=())
