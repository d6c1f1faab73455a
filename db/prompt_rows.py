"""Rows of prompts and their sets, and the outcome of reading a file of them. Times are UTC ISO text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict


class Message(TypedDict):
    """One chat message: `role` is system, user or assistant."""

    role: str
    content: str


Messages = tuple[Message, ...]


FORGOTTEN = "(forgotten)"
"""What lists show in place of the first line of a prompt that was forgotten."""


def first_line(messages: Messages) -> str:
    """The first line with text of the last user message, as lists show a prompt."""
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
    """A named list of prompts, for labelling or held out for trials. `prompts` is their number."""

    id: int
    name: str
    held_out: bool
    created: str
    prompts: int


@dataclass(frozen=True)
class PromptRow:
    """One prompt with the set that it belongs to. A `forgotten` one has no text any more."""

    id: int
    set_id: int
    set_name: str
    held_out: bool
    messages: Messages
    field: str | None
    forgotten: bool = False

    @property
    def first_line(self) -> str:
        """The first line of the question."""
        return FORGOTTEN if self.forgotten else first_line(self.messages)


@dataclass(frozen=True)
class StoredQuestion:
    """A stored prompt as it is compared with others."""

    id: int
    set_name: str
    held_out: bool
    messages: Messages
    content_hash: str
    guard_hash: str
    field: str | None = None


@dataclass(frozen=True)
class SimilarPrompt:
    """A new prompt that is nearly the same as another: the first lines of both, and their likeness up to 1.

    `set_name` is the set of the other one, empty where it comes from the same file; `held_out` is that set's kind.
    """

    line: str
    like: str
    set_name: str
    held_out: bool
    likeness: float


@dataclass(frozen=True, slots=True)
class UnaskedPrompt:
    """A labelling prompt that may be asked next, as little of it as its order needs."""

    id: int
    set_id: int
    field: str | None


@dataclass(frozen=True)
class ConversationRow:
    """A conversation: its last turn as a prompt, which holds the turns before it, and when that was asked last."""

    prompt: PromptRow
    at: str

    @property
    def turns(self) -> int:
        """How many questions it has."""
        return sum(each["role"] == "user" for each in self.prompt.messages)

    @property
    def title(self) -> str:
        """The first line of its first question."""
        users = [each for each in self.prompt.messages if each["role"] == "user"]
        return first_line(tuple(users[:1]))


@dataclass(frozen=True)
class SetCounts:
    """A prompt set with the counts of its prompts: all, judged, open (never asked), and asked by trials."""

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
    """The effects of holding prompts out for trials, or of returning them to labelling.

    `elsewhere` counts prompts of other sets with the same question. `verdicts` counts labelling verdicts on them, and
    `pairs` those that decide and are not taken out of training. `trained` counts prompts of earlier runs, which no
    trial asks. `interrupted` are runs that could no longer be resumed.
    """

    prompts: int
    elsewhere: int
    verdicts: int
    pairs: int
    trained: int
    interrupted: tuple[int, ...]


@dataclass(frozen=True)
class AddedPrompts:
    """The outcome of adding prompts.

    `duplicates` were stored already in a set of the same kind, or occur twice. `in_other_set` were left out because
    the same question is held out and the set is for labelling, or the other way round; `clashes` are their first lines.
    """

    added: int
    duplicates: int
    in_other_set: int
    clashes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AskedOf:
    """The ids of the model and the sampling of each of the two answers."""

    model_a: int
    sampling_a: int
    model_b: int
    sampling_b: int


@dataclass(frozen=True)
class MovedPrompt:
    """A held-out prompt that moved to labelling: the sets' names, the comparison that caused it, and the time."""

    prompt: int
    from_set: str
    to_set: str
    comparison: int
    at: str


@dataclass(frozen=True)
class SkippedLine:
    """A line of a file that was left out: its number, from 1, and the reason."""

    line: int
    reason: str


@dataclass(frozen=True)
class ReadPrompts:
    """The prompts of a file in order, the lines left out, repeated prompts, and remarks on how lines were read."""

    prompts: tuple[NewPrompt, ...]
    skipped: tuple[SkippedLine, ...]
    duplicates: tuple[SkippedLine, ...]
    remarks: tuple[SkippedLine, ...] = ()
    similar: tuple[SimilarPrompt, ...] = ()
    """Those that are nearly the same as another prompt, once that was looked for."""
    lines: tuple[int, ...] = ()
    """The line of each prompt."""


@dataclass(frozen=True)
class LeftOutLines:
    """The lines of a file that were left out for one reason, or have one remark: how many, and the first of them."""

    reason: str
    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class TakenPrompts:
    """The outcome of importing a file of prompts; the counts add up to its lines.

    `duplicates` occur twice or were stored already, and those `in_other_set` are held out where the set is for
    labelling, or the other way round. `skipped` lines are empty or cannot be used; `left_out` has them by reason.
    `similar` prompts are nearly the same as others; they are among the added or the skipped ones, as was asked for.
    """

    set_name: str
    added: int
    duplicates: int
    skipped: int
    in_other_set: int
    left_out: tuple[LeftOutLines, ...] = ()
    remarks: tuple[LeftOutLines, ...] = ()
    similar: tuple[SimilarPrompt, ...] = ()


@dataclass(frozen=True)
class Imported:
    """The outcome of importing a file of pairs: stored verdicts by kind, pairs without one, and lines left out.

    `pairs` are decisive; `not_judged` wait in the queue now. The pairs of each of the `ranked` rows belong to one
    question. `remarks` say how lines were read that are stored, where they were not taken word for word. `rejects` is
    the file with the rows that its reader left out, if one was wanted and there are any. `unit` is what the numbers of
    lines count: line, entry or row.
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
    ranked: int = 0
    left_out: tuple[LeftOutLines, ...] = ()
    remarks: tuple[LeftOutLines, ...] = ()
    rejects: str | None = None
    both_good: int = 0
    unit: str = "line"

    @property
    def taken(self) -> int:
        """The number of stored rows."""
        undecided = self.ties + self.both_bad + self.both_good
        return self.pairs + undecided + self.skipped + self.discarded + self.not_judged


def with_system(messages: Messages, system: str | None) -> Messages:
    """The messages that the policy sees: `system` comes first, unless the prompt has its own system prompt."""
    if not system or messages[0]["role"] == "system":
        return messages
    return (Message(role="system", content=system), *messages)


def by_reason(lines: Iterable[SkippedLine], shown: int = 3) -> tuple[LeftOutLines, ...]:
    """The lines by their reason, the most frequent first, each with the first `shown` of its lines."""
    found: dict[str, list[int]] = {}
    for each in lines:
        found.setdefault(each.reason, []).append(each.line)
    counted = sorted(found.items(), key=lambda each: -len(each[1]))
    return tuple(LeftOutLines(reason, len(at), tuple(at[:shown])) for reason, at in counted)
