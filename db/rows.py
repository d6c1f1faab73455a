"""What the database gives back: frozen dataclasses, one for each kind of row. Times are UTC ISO text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

Split = Literal["train", "eval"]


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


# -- prompts ---------------------------------------------------------------------------------------------------


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
class AddedPrompts:
    """What became of prompts that were to be added.

    `duplicates` were stored already in a set of the same kind, or came twice. `in_other_set` were left out because
    the same question stands on the other side of the held-out wall; `clashes` are their first lines.
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


# -- models and answers ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelRow:
    """What wrote a completion: `kind` is base, adapter or server; `parent` is the id of an adapter's base model."""

    id: int
    kind: str
    name: str
    source: str
    fingerprint: str
    parent: int | None


@dataclass(frozen=True)
class CompletionRow:
    """One answer to a prompt, without the prompt.

    `source` is model, server, human or import. `tokens`, `seed`, `sampling` and the model's columns are None where no
    model wrote it. `cut` says that the token limit ended it.
    """

    id: int
    prompt_id: int
    text: str
    tokens: int | None
    cut: bool
    seed: int | None
    source: str
    model_id: int | None
    model_kind: str | None
    model_name: str | None
    sampling: Mapping[str, Any] | None


# -- comparisons and verdicts ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class VerdictRow:
    """One verdict as it was given. `seconds` is None where no time was taken; `undoes` is set on undo rows only."""

    id: int
    comparison: int
    at: str
    verdict: str
    strength: int
    side: str | None
    layout: str
    seconds: float | None
    blind: bool
    note: str
    source: str
    undoes: int | None


@dataclass(frozen=True)
class ComparisonRow:
    """Two completions of one prompt in canonical order, with the sides they are shown on.

    `flipped` says that b is shown left (or first). `standing` is the verdict that stands, None while it is open.
    `repeats` is the comparison that this one asks again, sides swapped.
    """

    id: int
    prompt: PromptRow
    a: CompletionRow
    b: CompletionRow
    side_seed: int
    flipped: bool
    trial: int | None
    created: str
    standing: VerdictRow | None
    repeats: int | None = None

    @property
    def same(self) -> bool:
        """Are both answers the same? Then there is nothing to ask."""
        return self.a.text == self.b.text

    @property
    def first(self) -> CompletionRow:
        """The completion that is shown left, or first when stacked."""
        return self.b if self.flipped else self.a

    @property
    def second(self) -> CompletionRow:
        """The completion that is shown right, or second when stacked."""
        return self.a if self.flipped else self.b

    @property
    def first_letter(self) -> Literal["a", "b"]:
        """The canonical letter of what is shown first: the verdict of a person who chooses the left one."""
        return "b" if self.flipped else "a"

    @property
    def second_letter(self) -> Literal["a", "b"]:
        """The canonical letter of what is shown second."""
        return "a" if self.flipped else "b"


@dataclass(frozen=True)
class VerdictListRow:
    """One standing verdict, as short as a list needs it.

    `out` says that the pair was taken out of training, `held_out` that its prompt is held out for trials.
    """

    id: int
    comparison: int
    at: str
    verdict: str
    strength: int
    seconds: float | None
    prompt_line: str
    set_name: str
    field: str | None
    note: str
    trial: int | None
    out: bool = False
    held_out: bool = False


@dataclass(frozen=True)
class VerdictCounts:
    """Standing verdicts of labelling, counted; trials are not among them.

    `total` and `today` leave skips out; `today` counts what a person judged, not imports. `mean_seconds` is over the
    newest 200 that carry a time, None when there is none.
    """

    today: int
    total: int
    decisive: int
    ties: int
    both_bad: int
    skipped: int
    discarded: int
    mean_seconds: float | None


@dataclass(frozen=True)
class PairRow:
    """The training record that a decisive verdict gives.

    `messages` is what the policy saw, system prompt included. `verdict` is the id of the verdict that stands.
    """

    comparison: int
    verdict: int
    strength: int
    prompt_id: int
    messages: Messages
    chosen: str
    rejected: str
    chosen_cut: bool
    rejected_cut: bool


@dataclass(frozen=True)
class PairFilter:
    """Which preference pairs are meant; the default means all.

    `since` is UTC text: verdicts from then on. `set_id` is the prompts' set. `strong` means "much better" alone.
    """

    since: str | None = None
    set_id: int | None = None
    strong: bool = False


EVERY_PAIR = PairFilter()


# -- runs and trials -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunRow:
    """One training job with its frozen settings and the newest of its figures.

    `status` is running, finished, stopped, failed or interrupted. `step` and the figures are of the last step that
    was stored; a figure is None before the first step and where it was not a finite number. `pair_set` is which of the
    pairs were asked for, None where all that stood were.
    """

    id: int
    name: str
    status: str
    config: Mapping[str, Any]
    versions: Mapping[str, Any]
    base_model: int
    base_name: str
    adapter: str | None
    parent_adapter: str | None
    started: str
    ended: str | None
    heartbeat: str
    total_steps: int | None
    error: str | None
    note: str
    train_pairs: int
    eval_pairs: int
    step: int
    loss: float | None
    margin: float | None
    accuracy: float | None
    pair_set: Mapping[str, Any] | None = None
    tags: tuple[str, ...] = ()
    archived: bool = False

    @property
    def pairs(self) -> int:
        """All preference pairs of the run, trained and evaluated on."""
        return self.train_pairs + self.eval_pairs


@dataclass(frozen=True)
class RunPairRow:
    """One preference pair of a run: the comparison, the verdict's id at that time, and its share."""

    comparison: int
    verdict: int
    split: str


@dataclass(frozen=True)
class MetricRow:
    """One figure of a run. `value` is None where it was not a number."""

    step: int
    name: str
    value: float | None


@dataclass(frozen=True)
class CheckpointRow:
    """Where a run can be taken up again: after `step` optimizer steps, from the file in the folder `path`."""

    run: int
    step: int
    path: str
    bytes: int
    created: str


@dataclass(frozen=True)
class MarginRow:
    """One line of a run's ledger: a pair's margin in one epoch. `margin` is None where it was not a number."""

    epoch: int
    comparison: int
    split: str
    margin: float | None


@dataclass(frozen=True)
class SampleRow:
    """What a run's policy answered to a prompt after a step; step 0 is the policy that it started from."""

    prompt: int
    messages: Messages
    step: int
    text: str
    tokens: int
    cut: bool

    @property
    def question(self) -> str:
        """The first line of what was asked."""
        return first_line(self.messages)


@dataclass(frozen=True)
class RunLogRow:
    """One line of a run's log: `level` is info, warning or error."""

    id: int
    at: str
    level: str
    text: str


@dataclass(frozen=True)
class TrialRow:
    """A series of comparisons between two policies on held-out prompts. The second one (b) is on trial.

    `kind` is side_by_side or blind; `status` is running, finished, stopped or failed. `done` counts the comparisons
    that stand, repeated ones left out, `judged` those of them with a verdict (a skip is none), `same` those with equal
    answers, which are never asked. `prompt_set` is None where every held-out prompt could be taken. `opened` is when
    the names were shown, `opened_after` how many pairs had a verdict then. `judge` is the command that judges.
    """

    id: int
    kind: str
    name: str | None
    status: str
    model_a: int
    model_a_name: str
    model_b: int
    model_b_name: str
    sampling: Mapping[str, Any]
    num_questions: int
    created: str
    ended: str | None
    done: int
    judged: int
    same: int = 0
    prompt_set: int | None = None
    prompt_set_name: str | None = None
    samples: int = 1
    repeats: int = 0
    may_end_early: bool = False
    judge: str | None = None
    opened: str | None = None
    opened_after: int | None = None
    note: str = ""
    model_a_kind: str = "base"

    @property
    def total(self) -> int:
        """How many comparisons it has when every answer is written, repeated ones left out."""
        return self.num_questions * self.samples

    @property
    def sealed(self) -> bool:
        """Must nothing tell yet which policy wrote what?"""
        return self.kind == "blind" and self.opened is None

    @property
    def broken(self) -> bool:
        """Were the names shown before everything was judged?"""
        return self.opened_after is not None and self.opened_after < self.total - self.same


@dataclass(frozen=True)
class MovedPrompt:
    """A held-out prompt that became one for labelling: the sets' names, why, and when."""

    prompt: int
    from_set: str
    to_set: str
    comparison: int
    at: str


# -- import and export -----------------------------------------------------------------------------------------


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
