"""Rows of answers, comparisons and verdicts, and of the preference pairs made from them. Times are UTC ISO text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from db.prompt_rows import Messages, PromptRow

Split = Literal["train", "eval"]
VERDICTS = ("a", "b", "tie", "both_bad", "both_good", "skip", "discard")
"""The verdicts that can be given. An `undo` is a row too, but only `undo_last` writes it."""


@dataclass(frozen=True)
class ModelRow:
    """The model that wrote a completion. `kind` is base, adapter or server; `parent` is the id of an adapter's base."""

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
    model wrote it. `cut` says that the token limit ended it. `server` is the id of the server that a model wrote it on,
    None for this machine.
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
    text_hash: str | None = None
    server: int | None = None


@dataclass(frozen=True)
class NewCompletion:
    """An answer to be stored: `model` (an id) wrote it, with these settings and this seed, on `server` (an id).

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
    server: int | None = None


@dataclass(frozen=True)
class VerdictRow:
    """One verdict. `seconds` is None where no time was measured; `undoes` is set on undo rows only.

    `source` is person, import or model. `person` is the id of the person, None for the owner. `judge` is the id of
    the judge, only with source model, and `confidence` (0 to 1) how sure it was. `act` is the first of several verdicts
    that were given at once and are undone together; it is None on that first one. `origin` identifies the verdict in
    the workspace that it comes from.
    """

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
    person: int | None = None
    judge: int | None = None
    confidence: float | None = None
    origin: str | None = None
    act: int | None = None


@dataclass(frozen=True)
class ComparisonRow:
    """Two completions of one prompt in canonical order, with the sides they are shown on.

    `flipped` says that b is shown left (or first). `standing` is the standing verdict, None while the pair is open.
    `repeats` is the comparison that this one asks again, sides swapped. `ranking` is the id of the ranking that the
    pair belongs to.
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
    ranking: int | None = None

    @property
    def undecided(self) -> bool:
        """Whether it has no verdict, or was only skipped."""
        return self.standing is None or self.standing.verdict == "skip"

    @property
    def same(self) -> bool:
        """Whether both answers are the same, so that there is nothing to ask. Forgotten answers keep their hashes."""
        if self.prompt.forgotten:
            return self.a.text_hash == self.b.text_hash
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
        """The canonical letter of the answer shown first: the verdict of a person who chooses the left one."""
        return "b" if self.flipped else "a"

    @property
    def second_letter(self) -> Literal["a", "b"]:
        """The canonical letter of the answer shown second."""
        return "a" if self.flipped else "b"


@dataclass(frozen=True)
class VerdictListRow:
    """One standing verdict, as short as a list needs it.

    `out` says that the pair was taken out of training, `held_out` that its prompt is held out for trials. `by` is who
    gave a verdict that is not the owner's (a label of `GiverRow`), None for the owner's own.
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
    by: str | None = None


@dataclass(frozen=True)
class VerdictCounts:
    """The number of standing verdicts of labelling by kind, trials left out. A ranking is one.

    `total` and `today` leave skips out; `today` counts a person's verdicts, not imports. `mean_seconds` is the mean of
    the newest 200 with a time, None when there is none.
    """

    today: int
    total: int
    decisive: int
    ties: int
    both_bad: int
    skipped: int
    discarded: int
    mean_seconds: float | None
    both_good: int = 0


@dataclass(frozen=True)
class AskedRow:
    """A stored question: the ids of its prompt and of the pair of its answers, None where both answers are equal."""

    prompt: int
    comparison: int | None


@dataclass(frozen=True)
class PairRow:
    """The training record of a decisive verdict.

    `messages` is what the policy saw, system prompt included. `verdict` is the id of the verdict. `ranking` is the
    ranking that the pair belongs to, None where it was asked alone. `thinking` is how the chat template's switch for
    thoughts was set: template, on or off. `said` is tie, both_bad or both_good where the verdict prefers no answer, and
    chosen is the first one then; else it is "better". `edited` says that a person wrote the chosen answer, and
    `chosen_foreign` and `rejected_foreign` that an answer was imported or written on a server.
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
    ranking: int | None = None
    thinking: str = "template"
    said: str = "better"
    edited: bool = False
    chosen_foreign: bool = False
    rejected_foreign: bool = False


@dataclass(frozen=True)
class Giver:
    """Someone whose verdicts are read: the owner, another person, or a judge, the last two by id."""

    kind: Literal["owner", "person", "judge"]
    id: int | None = None


OWNER = Giver("owner")
"""The owner of the workspace. Imported verdicts count as the owner's where no verdict of the owner's is newer."""


SETTLED = "settled"
"""The reason of a verdict that two people gave together, after they had judged the pair otherwise."""


@dataclass(frozen=True)
class Disagreement:
    """A pair on which others said otherwise than the owner: `others` holds (label of `GiverRow`, verdict)."""

    comparison: int
    own: str
    others: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class GiverRow:
    """A giver with a name. `label` is "me", or the name after "person:" or "judge:", which no other giver has."""

    giver: Giver
    name: str
    label: str


@dataclass(frozen=True)
class PairFilter:
    """A choice of preference pairs; the default is all.

    `since` (UTC text) keeps later verdicts. `set_id` is the set of the prompts. `strong` keeps "much better" alone.
    `givers` chooses whose verdicts are read in place of the current ones; of several, the first one who judged a pair
    decides it. `also` adds pairs whose verdict prefers no answer: of tie, both_bad and both_good.
    """

    since: str | None = None
    set_id: int | None = None
    strong: bool = False
    givers: tuple[Giver, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether these are the pairs of standing verdicts."""
        return self.givers in ((), (OWNER,))


EVERY_PAIR = PairFilter()
