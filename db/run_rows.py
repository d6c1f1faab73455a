"""Rows of runs, of the data that a run leaves, and of trials. Times are UTC ISO text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db.prompt_rows import Messages, first_line


@dataclass(frozen=True)
class RunAdapter:
    """The adapter that a run made: its id, and the fingerprint of its base model."""

    id: str
    base_fingerprint: str


@dataclass(frozen=True)
class RunRow:
    """One training job with its frozen settings and its newest metrics.

    `status` is running, finished, stopped, failed or interrupted. `step` and the metrics belong to the last stored
    step; a metric is None before the first step and where it was not a finite number. `pair_set` is the requested
    choice of pairs, None for all standing pairs. `train_pairs` and `eval_pairs` count the pairs of a ranking once.
    `idle_s` is the number of seconds for which the run was interrupted before it was resumed.
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
    idle_s: float = 0.0

    @property
    def pairs(self) -> int:
        """The number of preference pairs of the run, for training and evaluation together."""
        return self.train_pairs + self.eval_pairs


@dataclass(frozen=True)
class RunPairRow:
    """One preference pair of a run: the comparison, the verdict's id at that time, and the split."""

    comparison: int
    verdict: int
    split: str


@dataclass(frozen=True)
class MetricRow:
    """One value of a metric of a run. `value` is None where it was not a number."""

    step: int
    name: str
    value: float | None


@dataclass(frozen=True)
class CheckpointRow:
    """The point from which a run can be resumed: after `step` optimizer steps, from the folder `path`."""

    run: int
    step: int
    path: str
    bytes: int
    created: str


@dataclass(frozen=True)
class MarginRow:
    """A pair's margin in one epoch of a run. `margin` is None where it was not a number."""

    epoch: int
    comparison: int
    split: str
    margin: float | None


@dataclass(frozen=True)
class SampleRow:
    """The answer of a run's policy to a prompt after a step; step 0 is the policy that the run started from."""

    prompt: int
    messages: Messages
    step: int
    text: str
    tokens: int
    cut: bool

    @property
    def question(self) -> str:
        """The first line of the prompt."""
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

    `kind` is side_by_side or blind; `status` is running, finished, stopped or failed. `done` counts the written
    comparisons without repeats, `judged` those of them with a verdict (a skip is none), and `same` those with equal
    answers, which are never asked. `prompt_set` is None where every held-out prompt could be chosen. `opened` is the
    time at which the names were shown, and `opened_after` the number of judged pairs then. `judge` is the command
    or the name of the judge that decides it, and `judged_by` its id. `sampling` is that of both policies, or of a alone
    where b has a `sampling_b` of its own. The servers are ids, None for this machine. A name begins with "prompted"
    where that policy alone has a system prompt, or another one than b.
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
    sampling_b: Mapping[str, Any] | None = None
    server_a: int | None = None
    server_b: int | None = None
    judged_by: int | None = None

    @property
    def samplings(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The settings with which a answers and those with which b does."""
        return self.sampling, self.sampling if self.sampling_b is None else self.sampling_b

    @property
    def against_system(self) -> str | None:
        """The system prompt that a has and b has not: the prompt as rival. None without one."""
        a, b = (each.get("system") for each in self.samplings)
        return a if a and a != b else None

    @property
    def served(self) -> bool:
        """Whether servers answer as both policies."""
        return self.server_a is not None and self.server_b is not None

    @property
    def first_name(self) -> str:
        """The name of the policy that b is compared with: "base" for the base model here."""
        if self.model_a_kind != "base" or self.server_a is not None:
            return self.model_a_name
        return "base" if self.against_system is None else "prompted base"

    @property
    def total(self) -> int:
        """The number of comparisons once every answer is written, repeats left out."""
        return self.num_questions * self.samples

    @property
    def sealed(self) -> bool:
        """Whether the policies' names must stay hidden. A failed trial has no answers to seal."""
        return self.kind == "blind" and self.opened is None and self.status != "failed"

    @property
    def broken(self) -> bool:
        """Whether the names were shown before every pair was judged."""
        return self.opened_after is not None and self.opened_after < self.total - self.same
