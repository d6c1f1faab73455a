"""The events that the engine reports while it works: frozen dataclasses of plain values. No torch here.

The engine's jobs are generators of these events. A job yields an event only where another job may safely take a turn:
no graph is alive, no torch or PEFT context is open, and the model's modes are as they were before.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Event:
    """Root of all events."""


@dataclass(frozen=True)
class Progress(Event):
    """A part of a preparation is done, such as of a download or a conversion.

    `done` and `total` are in `unit`; `total` is None as long as it is unknown.
    """

    stage: str
    done: int
    total: int | None
    unit: str = "bytes"


@dataclass(frozen=True)
class SourceReady(Event):
    """A model source can now be loaded: `location` is a folder on disk."""

    source: str
    location: str


class NoticeLevel(StrEnum):
    """How much a notice matters; a run's log in the database holds these texts."""

    INFO = "info"
    WARNING = "warning"


@dataclass(frozen=True)
class Notice(Event):
    """Something that a person should know."""

    level: NoticeLevel
    text: str


# -- generation ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TokensDrawn(Event):
    """Some tokens were sampled; a boundary where another job may take its turn.

    `texts` maps the key of each answer still being written to its text so far. `room` is how many more answers could
    be written beside them from here on; it is 0 while others wait.
    """

    tokens: int
    texts: Mapping[str, str]
    room: int = 0


@dataclass(frozen=True)
class CompletionDone(Event):
    """One answer is complete.

    `tokens` counts its sampled tokens (the end of turn included), `cut` says that `max_new_tokens` ended it.
    `alternatives` are the likeliest first tokens of the answer with their log-probabilities in nats, where a server was
    asked for them and gives them.
    """

    key: str
    text: str
    tokens: int
    cut: bool
    elapsed_s: float
    alternatives: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class AnswerMissing(Event):
    """A server gave no answer to a request; `reason` is a sentence or two.

    `too_long` says that the server's own code refuses the prompt as too long, even with an answer of one token.
    """

    key: str
    reason: str
    too_long: bool = False


@dataclass(frozen=True)
class MarginScored(Event):
    """How much more an adapter prefers a pair's chosen answer over its rejected one than its base does."""

    key: str
    margin: float


@dataclass(frozen=True)
class ModelMerged(Event):
    """A model with a merged adapter was written and read back, and it answers as base and adapter did before.

    `dtype` is the written number format, such as "float32" or "q8_0". `merged_by` is the largest difference between the
    logits of the merged and the unmerged model on `tokens` tokens of a prompt, both in float32. `written_by` is the
    same between the model that was read back and the unmerged one, so it includes the rounding to `dtype`. `largest` is
    the largest logit.
    """

    dtype: str
    tokens: int
    merged_by: float
    written_by: float
    largest: float


# -- training --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunPlanned(Event):
    """What a run will do; its first event. `left_out` maps a pair's key to the reason in words.

    `step` is how many steps were done before: 0, or those of the checkpoint that a run resumes from.
    """

    total_steps: int
    train_keys: tuple[str, ...]
    eval_keys: tuple[str, ...]
    left_out: Mapping[str, str]
    trainable_parameters: int
    dtype: str
    device: str
    step: int = 0


@dataclass(frozen=True)
class ReferenceScored(Event):
    """Reference log-probabilities are known for `done` of `total` pairs.

    `logps` holds the new ones: pair key → (chosen, rejected), summed over the completion's tokens, in nats.
    `cache_keys` maps the same pair keys to the keys under which a later run finds these numbers.
    """

    done: int
    total: int
    logps: Mapping[str, tuple[float, float]]
    cache_keys: Mapping[str, str] = dataclasses.field(default_factory=dict)


class PairStage(StrEnum):
    """The purpose for which pairs go through the model: an optimizer step, an evaluation, or the general text."""

    STEP = "step"
    EVAL = "eval"
    GENERAL_TEXT = "general text"


@dataclass(frozen=True)
class PairDone(Event):
    """One pair, or a group of short ones, went through the model; a boundary where another job may take its turn.

    `done` of `total` pairs have gone through it for this `stage`.
    """

    stage: PairStage
    done: int
    total: int


@dataclass(frozen=True)
class StepDone(Event):
    """One optimizer step is done. `metrics` carries TRL's names, such as `loss` and `rewards/margins`."""

    step: int
    total_steps: int
    epoch: float
    metrics: Mapping[str, float]
    seconds_left: float


@dataclass(frozen=True)
class EvalDone(Event):
    """The evaluation pairs were scored. `metrics` carries TRL's names with `eval_` before them."""

    step: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class MarginsKnown(Event):
    """The margins of an epoch (counted from 1): pair key → chosen reward − rejected reward.

    A training pair's is from its one pass in the epoch, an evaluation pair's from the latest evaluation. Pairs whose
    margin stays below 0 may be slips.
    """

    epoch: int
    train: Mapping[str, float]
    evaluation: Mapping[str, float]


@dataclass(frozen=True)
class GeneralTextScored(Event):
    """How well the policy predicts the general text after `step` steps, in nats a token; see `engine.general_text`."""

    step: int
    nats_per_token: float


@dataclass(frozen=True)
class CheckpointSaved(Event):
    """A checkpoint was written to `folder`. It holds `step` optimizer steps and `pairs` pairs of the next one."""

    folder: str
    step: int
    pairs: int


@dataclass(frozen=True)
class SavingAdapter(Event):
    """The steps are over. The adapter is saved next, read back and compared, which takes a while."""


@dataclass(frozen=True)
class AdapterSaved(Event):
    """The adapter of `step` was written to `folder` in PEFT's format, read back and compared.

    `changed_parameters` counts the trained values that differ from those the run started with.
    """

    folder: str
    step: int
    changed_parameters: int


@dataclass(frozen=True)
class RunFinished(Event):
    """The run has ended after `steps` optimizer steps; `stopped` says that a person stopped it before its last."""

    steps: int
    stopped: bool
    elapsed_s: float
