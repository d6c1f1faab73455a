"""The events that the workbench publishes after it has stored what they report. No Textual here."""

from dataclasses import dataclass

from db.prompt_rows import PromptRow
from engine.events import Event, ModelMerged
from tui.snapshots import ImportProgress


@dataclass(frozen=True)
class WorkbenchEvent:
    """Root of every event of the workbench."""


@dataclass(frozen=True)
class ModelChanged(WorkbenchEvent):
    """The model or the adapter in use has changed its state, which `WorkbenchStatus` holds."""


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
    """The texts so far of the next pair's two answers, as they will be shown: left (first) and right (second).

    Published only while no comparison is ready, only for two answers of one policy from one batch, and at most four
    times a second. `texts` None: the two answers give no pair, and the screen drops them.
    """

    prompt: PromptRow
    texts: tuple[str, str] | None


@dataclass(frozen=True)
class AskedGrowing(WorkbenchEvent):
    """The texts so far of both answers to the question with this number, left (first) and right (second).

    Where the names of two policies are hidden, both texts are equally long as long as both grow.
    """

    number: int
    texts: tuple[str, str]


@dataclass(frozen=True)
class AskedEnded(WorkbenchEvent):
    """The question with this number has both answers, and they are stored, or there is a `problem`: a sentence.

    `comparison` is None where both answers are equal, which gives no pair; `prompt` is None with a problem.
    """

    number: int
    prompt: int | None = None
    comparison: int | None = None
    problem: str = ""


@dataclass(frozen=True)
class VerdictStored(WorkbenchEvent):
    """A verdict, or the undo of one, is on the disk."""

    comparison: int
    verdict: str


@dataclass(frozen=True)
class PairChanged(WorkbenchEvent):
    """A judged pair got a note, was taken out of training or was put back."""

    comparison: int


@dataclass(frozen=True)
class ImportMoved(WorkbenchEvent):
    """An import made progress; `progress` None: it has ended."""

    progress: ImportProgress | None


@dataclass(frozen=True)
class PromptsGrown(WorkbenchEvent):
    """A model wrote prompts like those of a set; none of them is stored. `left_out` were there already, or nearly."""

    set_name: str
    texts: tuple[str, ...]
    field: str | None
    left_out: int


@dataclass(frozen=True)
class RunChanged(WorkbenchEvent):
    """A run made progress: `event` of the engine is stored. It is None when only the run's status changed."""

    run: int
    event: Event | None = None


@dataclass(frozen=True)
class RunEnded(RunChanged):
    """A run has ended: `status` is finished, stopped, failed or interrupted, and `name` is the run's."""

    name: str = ""
    status: str = "finished"


@dataclass(frozen=True)
class StudyChanged(WorkbenchEvent):
    """A search or an outlook (`kind`) has moved on to its next run, or is over."""

    kind: str
    number: int


@dataclass(frozen=True)
class SamplesStored(WorkbenchEvent):
    """A run's samples after `step` are on the disk."""

    run: int
    step: int


@dataclass(frozen=True)
class MachineRead(WorkbenchEvent):
    """There is a new look at the machine, about once a second while a run is alive."""


@dataclass(frozen=True)
class TrialChanged(WorkbenchEvent):
    """A trial has `done` of `total` prompts answered by both policies, or has ended."""

    trial: int
    done: int
    total: int


@dataclass(frozen=True)
class JudgesChanged(WorkbenchEvent):
    """A judge judged a pair, began or ended its work, or the list of judges changed."""


@dataclass(frozen=True)
class CommandServed(WorkbenchEvent):
    """A client's command has ended. It may have changed anything, so screens read the database again."""


@dataclass(frozen=True)
class WorkbenchFailed(WorkbenchEvent):
    """Something failed, and a person should read it: a title and a sentence that says what to do."""

    title: str
    text: str


@dataclass(frozen=True)
class DatabaseReplaced(WorkbenchFailed):
    """Another program replaced the database: nothing more is stored, and the message must stay on the screen."""


@dataclass(frozen=True)
class WorkbenchNotice(WorkbenchEvent):
    """Something that a person should know and need not act on: a title and a sentence or more."""

    title: str
    text: str


@dataclass(frozen=True)
class AdapterMerged(WorkbenchNotice):
    """A merged model is at `path`; `merged` says how far its answers agree with those of base and adapter."""

    path: str
    merged: ModelMerged
