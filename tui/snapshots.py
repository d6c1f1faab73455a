"""Frozen states of the workbench that screens draw. No Textual here."""

from dataclasses import dataclass, field
from enum import StrEnum


class RunPhase(StrEnum):
    """What the run in progress does. The values cross the socket."""

    REFERENCE = "reference"
    RESUMING = "resuming"
    TRAINING = "training"
    EVALUATING = "evaluating"
    SAMPLING = "sampling"
    SAVING = "saving"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"


_DOING = {RunPhase.SAMPLING: "sampling answers", RunPhase.SAVING: "saving the adapter"}
WAITING = (RunPhase.PAUSING, RunPhase.PAUSED)
"""The phases of a run that a person paused."""


class LoadState(StrEnum):
    """The state of the base model. The values cross the socket."""

    COLD = "cold"
    PREPARING = "preparing"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    UNUSED = "unused"
    """Servers answer, so it is loaded once something needs it."""


@dataclass(frozen=True)
class ImportProgress:
    """The progress of an import. `phase` is reading, storing or taking back; `total` is None where it is not known."""

    phase: str
    done: int
    total: int | None


@dataclass(frozen=True)
class RunProgress:
    """The progress of the run. `margin` is None before the first step; times in seconds."""

    run: int
    name: str
    step: int
    total_steps: int
    margin: float | None
    seconds_left: float | None
    phase: RunPhase
    part_done: int = 0
    part_total: int = 0
    """How many of the phase's pairs or answers are done, and how many there are; 0 where the phase has no count."""

    @property
    def doing(self) -> str:
        """The phase in words, with its count where it has one, such as "reference 12/96"."""
        words = _DOING.get(self.phase, self.phase.value)
        return f"{words} {self.part_done}/{self.part_total}" if self.part_total else words


@dataclass(frozen=True)
class StudyProgress:
    """The progress of a search or an outlook, such as "Search 2": `done` of `total` runs are finished.

    `on_all` says that the run on all pairs has begun, an ordinary one with which a search ends.
    """

    name: str
    done: int
    total: int
    on_all: bool = False


@dataclass(frozen=True)
class ModelState:
    """The base model and the adapter in use. Reading it costs no query."""

    name: str
    state: LoadState
    detail: str = ""
    adapter_name: str | None = None
    error: tuple[str, str] | None = None
    """Title and sentence of the last failure of the model, if any."""

    @property
    def is_ready(self) -> bool:
        """Whether the model can compute."""
        return self.state is LoadState.READY


@dataclass(frozen=True)
class WorkbenchStatus:
    """Everything that the status line shows."""

    model_name: str
    model_state: LoadState
    model_detail: str = ""
    adapter_name: str | None = None
    ready: int = 0
    writing: bool = False
    """An answer is being generated at this moment."""
    verdicts_today: int = 0
    verdicts: int = 0
    pairs: int = 0
    prompts_left: int | None = None
    """Prompts without a comparison; None while a pair is ready, since counting reads all of them."""
    mean_seconds: float | None = None
    goal: int | None = None
    """How many verdicts the person wants to give in this sitting, if the settings say so."""
    verdicts_here: int = 0
    """Verdicts since the workspace was opened."""
    run: RunProgress | None = None
    offer: int = 0
    """Preference pairs since the latest run, where they are enough to offer a new one; else 0."""
    untried: str = ""
    """The adapter of the first run, as long as a trial of it is offered; else empty."""
    queue_problem: tuple[str, str] | None = None
    """Title and sentence of the problem that stops the writing of answers, if any."""
    error: tuple[str, str] | None = None
    """Title and sentence of the last failure of the model, if any."""
    merging: str | None = None
    """The progress of the merge of an adapter, in words; None without a merge."""
    watching: str = ""
    """Which owner this process watches, in words; empty where this process is the owner."""


@dataclass(frozen=True)
class MachineReading:
    """One look at the machine. A figure that is not to be had there is None."""

    at: float
    """Seconds since 1970."""
    device: str
    """The device that computes: CPU, GPU, or such as 2 GPUs."""
    gpu_use: float | None = None
    """The share of time in which the GPU computed, in percent."""
    cpu_use: float | None = None
    """The use of all cores together, in percent."""
    memory: int | None = None
    """Bytes: taken on the GPU by all programs, or in main memory by the process that computes."""
    memory_left: int | None = None
    """Bytes that are free there."""
    temperature: float | None = None
    """Of the GPU or the processor, in °C."""
    power: float | None = None
    """Of the GPU, in watts."""
    tokens_per_second: float | None = None
    """Of the run's latest step."""


@dataclass(frozen=True)
class TrainPreview:
    """What a run with the given settings would do. A number that is not counted yet is None."""

    pairs: int
    train_pairs: int | None
    eval_pairs: int | None
    steps: int | None
    epochs: int
    problem: str | None = None
    """Why it cannot start now, as sentences that say what to do; None when it can."""
    name: str = "taste-1"
    """The name of the run and its adapter, unless the person gives another."""
    kept_back: int = 0
    """Pairs with a better answer that no run gets: taken out of training, or of a held-out question. The status line
    counts them too. Counted for all pairs alone."""
    decided: int | None = None
    """Pairs with a better answer, by which the preset "auto" goes; None where all `pairs` are such."""


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
    """Whether it was made for the base model that is loaded or still loading."""
    folder: str
    lineage: tuple[str, ...] = field(default=())
