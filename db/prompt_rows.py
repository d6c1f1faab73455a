"""Rows of prompts and their sets, and what reading a file of them gave. Times are UTC ISO text."""

from dataclasses import dataclass
from typing import TypedDict


class Message(TypedDict):
    """One chat message: `role` is system, user or assistant."""

    role: str
    content: str


Messages = tuple[Message, ...]


def first_line(messages: Messages) -> str:
    """The first line with text of the last user message, the way a list shows a prompt."""
    users = [message["content"] for message in messages if message["role"] == "user"]
    lines = [line.strip() for line in (users or [""])[-1].splitlines()]
    return next((line for line in lines if line), "")


@dataclass(frozen=True)
class NewPrompt:
    """A prompt that is not stored yet."""

    messages: Messages
    field: str | None = None


@dataclass(frozen=True)
class PromptSetRow:
    """A named list of prompts, for labelling or held out for trials. `prompts` counts them."""

    id: int
    name: str
    held_out: bool
    created: str
    prompts: int


@dataclass(frozen=True)
class PromptRow:
    """One prompt with the set that it belongs to."""

    id: int
    set_id: int
    set_name: str
    held_out: bool
    messages: Messages
    field: str | None

    @property
    def first_line(self) -> str:
        """The first line of the question."""
        return first_line(self.messages)


@dataclass(frozen=True)
class SetCounts:
    """A prompt set with its prompts counted: those judged, those open (never asked), and those that trials asked."""

    row: PromptSetRow
    judged: int
    open: int
    in_trials: int


@dataclass(frozen=True)
class PromptListRow:
    """One prompt, as short as a list needs it. `judged` counts its verdicts, `trials` the trials that asked it."""

    id: int
    line: str
    field: str | None
    asked: int
    judged: int
    trials: int


@dataclass(frozen=True)
class Crossing:
    """What it means to hold prompts out for trials, or to give them back to labelling.

    `elsewhere` are prompts of other sets that ask the same. `verdicts` were given on them in labelling, `pairs` of them
    decide and are not taken out. `trained` prompts were in a run already, so that no trial asks them. `interrupted` are
    runs that could not be resumed.
    """

    prompts: int
    elsewhere: int
    verdicts: int
    pairs: int
    trained: int
    interrupted: tuple[int, ...]


@dataclass(frozen=True)
class AddedPrompts:
    """What became of prompts that were to be added.

    `duplicates` were stored already in a set of the same kind, or came twice. `in_other_set` were left out because
    the same question is held out and the set is for labelling, or the other way round; `clashes` are their first lines.
    """

    added: int
    duplicates: int
    in_other_set: int
    clashes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AskedOf:
    """Who answers, and how: ids of the model and the sampling of each of the two answers."""

    model_a: int
    sampling_a: int
    model_b: int
    sampling_b: int


@dataclass(frozen=True)
class MovedPrompt:
    """A held-out prompt that became one for labelling: the sets' names, why, and when."""

    prompt: int
    from_set: str
    to_set: str
    comparison: int
    at: str


@dataclass(frozen=True)
class SkippedLine:
    """A line of a file that was left out: its number, from 1, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class ReadPrompts:
    """The prompts of a file in order, and what was left out: empty lines, and prompts that came before."""

    prompts: tuple[NewPrompt, ...]
    skipped: tuple[SkippedLine, ...]
    duplicates: tuple[SkippedLine, ...]


@dataclass(frozen=True)
class TakenPrompts:
    """What became of a file of prompts; the counts add up to its lines.

    `duplicates` came twice or were there already, `skipped` lines were empty, and those `in_other_set` are held out
    where the set is for labelling, or the other way round.
    """

    set_name: str
    added: int
    duplicates: int
    skipped: int
    in_other_set: int


@dataclass(frozen=True)
class LeftOutLines:
    """Lines of a file that were left out for one reason: how many, and the first of them."""

    reason: str
    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Imported:
    """What became of a file of pairs: the verdicts that were stored by kind, pairs without one, and what was left out.

    `pairs` are decisive; `not_judged` wait in the queue now.
    """

    source: str
    format: str
    set_name: str
    pairs: int
    ties: int
    both_bad: int
    skipped: int
    discarded: int
    not_judged: int
    left_out: tuple[LeftOutLines, ...] = ()

    @property
    def taken(self) -> int:
        """How many rows were stored."""
        return self.pairs + self.ties + self.both_bad + self.skipped + self.discarded + self.not_judged


def with_system(messages: Messages, system: str | None) -> Messages:
    """The messages that the policy sees: `system` stands first, unless the prompt brings a system prompt of its own."""
    if not system or messages[0]["role"] == "system":
        return messages
    return (Message(role="system", content=system), *messages)
