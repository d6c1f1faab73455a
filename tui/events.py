"""What the workbench publishes after it has stored it, and the snapshots that screens draw. No Textual here."""

from dataclasses import dataclass

from db.prompt_rows import PromptRow
from engine.events import Event, ModelMerged
from tui.snapshots import ImportProgress


@dataclass(frozen=True)
class WorkbenchEvent:
    """Root of everything that the workbench tells its listeners."""


@dataclass(frozen=True)
class ModelChanged(WorkbenchEvent):
    """The model or the adapter in use is now in another state; `WorkbenchStatus` tells which."""


@dataclass(frozen=True)
class QueueChanged(WorkbenchEvent):
    """The number of comparisons that are ready has changed."""

    ready: int


@dataclass(frozen=True)
class ComparisonStored(WorkbenchEvent):
    """A new comparison is on the disk, ready to be judged."""

    comparison: int


@dataclass(frozen=True)
class AnswersGrowing(WorkbenchEvent):
    """What is written so far of the next pair's two answers, as they will be shown: left (first) and right (second).

    Only told while no comparison is ready, and only of two answers of one policy from one batch; at most four times a
    second. `texts` None: the two were no pair after all, and are taken back.
    """

    prompt: PromptRow
    texts: tuple[str, str] | None


@dataclass(frozen=True)
class VerdictStored(WorkbenchEvent):
    """A verdict (or the undo of one) is on the disk."""

    comparison: int
    verdict: str


@dataclass(frozen=True)
class PairChanged(WorkbenchEvent):
    """A judged pair was noted, taken out of training or put back."""

    comparison: int


@dataclass(frozen=True)
class ImportMoved(WorkbenchEvent):
    """An import is so far; `progress` None: it is over."""

    progress: ImportProgress | None


@dataclass(frozen=True)
class RunChanged(WorkbenchEvent):
    """A run moved: what the engine reported is stored. `event` is None when only its status changed."""

    run: int
    event: Event | None = None


@dataclass(frozen=True)
class RunEnded(RunChanged):
    """A run is over: finished, stopped, failed or interrupted. `name` is the run's."""

    name: str = ""
    status: str = "finished"


@dataclass(frozen=True)
class SamplesStored(WorkbenchEvent):
    """A run's answers after `step` to the prompts that it is sampled on are on the disk."""

    run: int
    step: int


@dataclass(frozen=True)
class TrialChanged(WorkbenchEvent):
    """A side-by-side has one more question answered, or is over."""

    trial: int
    done: int
    total: int


@dataclass(frozen=True)
class CommandServed(WorkbenchEvent):
    """A visitor's command is done: what is on the screen may have changed and is to be read again."""


@dataclass(frozen=True)
class WorkbenchFailed(WorkbenchEvent):
    """Something went wrong that a person should read: a title and a sentence with the next act."""

    title: str
    text: str


@dataclass(frozen=True)
class DatabaseReplaced(WorkbenchFailed):
    """Another program replaced the database: nothing more is stored, and the words must stay in sight."""


@dataclass(frozen=True)
class WorkbenchNotice(WorkbenchEvent):
    """Something that a person should know and need not act on: a title and a sentence."""

    title: str
    text: str


@dataclass(frozen=True)
class AdapterMerged(WorkbenchNotice):
    """A merged model stands at `path`; `merged` tells how far it answers as the unmerged one."""

    path: str
    merged: ModelMerged


# -- snapshots -------------------------------------------------------------------------------------------------
