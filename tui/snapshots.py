"""Frozen states of the workbench that screens draw. No Textual here."""

from dataclasses import dataclass, field

WAITING = ("pausing", "paused")
"""The phases of a run that a person told to wait."""


@dataclass(frozen=True)
class ImportProgress:
    """How far an import is. `phase` is reading, storing or taking back; `total` is None where it is not known."""

    phase: str
    done: int
    total: int | None


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
