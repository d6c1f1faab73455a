"""Rows of answers, comparisons and verdicts, and of the pairs that come of them. Times are UTC ISO text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from db.prompt_rows import Messages, PromptRow

Split = Literal["train", "eval"]
VERDICTS = ("a", "b", "tie", "both_bad", "skip", "discard")
"""What a person can say of a pair; `undo` is a row too, which `undo_last` alone writes."""


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


@dataclass(frozen=True)
class NewCompletion:
    """An answer to be stored: `model` (an id) wrote it, with these settings and this seed.

    `sampling` holds the system prompt under `system`. `source` is model or server. `tokens` is None where a server does
    not count them. `cut` says that the token limit ended it.
    """

    model: int
    sampling: Mapping[str, Any]
    seed: int
    text: str
    tokens: int | None
    cut: bool
    source: str


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
