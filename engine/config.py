"""Frozen settings with their defaults, ranges and one sentence each. No torch here.

A setting is declared once, as a dataclass field made by `setting(...)`. The command line's flags, the Train screen's
rows and the page of settings come from `settings_of(...)`, so a default has one place.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_type_hints

from engine.devices import parse_devices
from engine.errors import SettingError
from engine.preference import DECISIVE, UNPAIRED, PreferencePair, Split

ConfigT = TypeVar("ConfigT", bound="TrainConfig | SamplingConfig")


def setting(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: Sequence[str] | None = None,
    free_at_resume: bool = False,
) -> Any:
    """Declare one setting: its default, its sentence, and the values it takes.

    The range includes `low` and `high` and excludes `above`; `choices` lists the allowed words. `free_at_resume` says
    that a run may be resumed with another value, because no bit of its adapter depends on it.
    """
    about = {
        "help": help,
        "low": low,
        "high": high,
        "above": above,
        "choices": tuple(choices or ()),
        "free_at_resume": free_at_resume,
    }
    return dataclasses.field(default=default, metadata=about)


@dataclass(frozen=True)
class Setting:
    """One setting as screens, flags and documents show it."""

    name: str
    kind: type
    optional: bool
    default: Any
    help: str
    low: float | None
    high: float | None
    above: float | None
    choices: tuple[str, ...]
    free_at_resume: bool = False

    @property
    def flag(self) -> str:
        """The command-line flag, such as `--learning-rate`."""
        return "--" + self.name.replace("_", "-")

    @property
    def range(self) -> str:
        """The allowed values in words, such as `0 to 1`, or an empty string when all are allowed."""
        if self.choices:
            return " or ".join(self.choices)
        start = f"above {self.above:g}" if self.above is not None else f"{self.low:g}" if self.low is not None else ""
        if self.high is None:
            return start if self.above is not None else f"{start} or more" if start else ""
        return f"{start or 'up'} to {self.high:g}"

    def parse(self, text: str) -> Any:
        """The value that a person typed, checked.

        Raises:
            SettingError: the text is not of this setting's kind, or its value is out of range.
        """
        text = text.strip()
        if self.optional and text.lower() in ("", "none"):
            return None
        try:
            value = self.kind(text)
        except ValueError:
            kind = {int: "a whole number", float: "a number"}.get(self.kind, "a value")
            raise SettingError(f"{self.flag} takes {kind}, not {text!r}.") from None
        self.check(value)
        return value

    def check(self, value: Any) -> None:
        """Raise `SettingError` unless `value` is allowed."""
        if value is None and self.optional:
            return
        if self.choices:
            fits = value in self.choices
        elif self.kind in (int, float):
            fits = isinstance(value, int | float) and not isinstance(value, bool) and self._in_range(value)
        else:
            fits = isinstance(value, self.kind)
        if not fits:
            wanted = self.range or f"a {self.kind.__name__}"
            raise SettingError(f"{self.flag} is {value!r}; allowed: {wanted}. Change it and try again.")

    def _in_range(self, value: float) -> bool:
        return (
            math.isfinite(value)
            and (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
        )


def settings_of(config: type) -> tuple[Setting, ...]:
    """Every setting of a config class, in the order of its declaration."""
    hints = get_type_hints(config)
    found = []
    for field in dataclasses.fields(config):
        kinds = [kind for kind in get_args(hints[field.name]) or (hints[field.name],) if kind is not type(None)]
        optional = type(None) in get_args(hints[field.name])
        found.append(Setting(field.name, kinds[0], optional, field.default, **field.metadata))
    return tuple(found)


def flags_of(values: Mapping[str, Any]) -> str:
    """Values of settings by name, as flags on a command line."""
    return " ".join(f"--{name.replace('_', '-')} {value}" for name, value in values.items())


def check_settings(config: Any) -> None:
    """Check every setting of `config` against its declaration.

    Raises:
        SettingError: a value is not allowed; the error names its flag and the allowed values.
    """
    for each in settings_of(type(config)):
        each.check(getattr(config, each.name))


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How answers are sampled, in the words of transformers' `GenerationConfig`."""

    temperature: float = setting(
        0.9, "How far sampling strays from the likeliest token; 0 always takes the likeliest.", low=0, high=5
    )
    top_p: float = setting(0.95, "Sample from the fewest tokens that together hold this probability.", above=0, high=1)
    top_k: int = setting(50, "Sample from this many of the likeliest tokens; 0 takes all.", low=0)
    min_p: float = setting(
        0.0, "Leave out tokens below this share of the likeliest one's probability; 0 leaves none out.", low=0, high=1
    )
    repetition_penalty: float = setting(
        1.0, "Above 1, make tokens of the prompt and the answer less likely; 1 changes nothing.", above=0, high=10
    )
    max_new_tokens: int = setting(384, "Cut an answer after this many tokens.", low=1)
    thinking: str = setting(
        "template",
        "Thoughts before an answer, where the chat template has a switch for them: as the template has it, on, or off.",
        choices=("template", "on", "off"),
    )
    thinking_tokens: int = setting(
        2048, "Cut an answer that may begin with thoughts after this many tokens, thoughts included.", low=1
    )

    def __post_init__(self) -> None:
        check_settings(self)

    def record(self) -> dict[str, Any]:
        """The settings as they are stored with answers. Those about thoughts are left out at their defaults: a prompt
        that was answered before they existed is not asked again."""
        kept = dataclasses.asdict(self)
        newer = {each.name: each.default for each in settings_of(type(self)) if each.name.startswith("thinking")}
        return {name: value for name, value in kept.items() if name not in newer or value != newer[name]}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """The settings of one run. The defaults come from the project that Palate began as."""

    beta: float = setting(0.1, "How strongly the policy is held to the reference.", above=0)
    loss: str = setting(
        "sigmoid",
        "How a pair's margin becomes its loss; ordinal learns from ties and from strength too.",
        choices=("sigmoid", "robust", "hinge", "ipo", "ipo_paper", "sigmoid_norm", "ordinal", "apo_zero", "apo_down"),
    )
    label_smoothing: float = setting(
        0.0,
        "Share of verdicts taken to be slips; for the losses sigmoid (then cDPO), ordinal and robust.",
        low=0,
        high=0.49,
    )
    ld_alpha: float = setting(
        1.0,
        "Weight of the tokens by which an answer is longer than the other one (LD-DPO); 1 counts them all, 0 none.",
        low=0,
        high=1,
    )
    tie_weight: float = setting(
        0.5, "Weight of a tie beside a pair with a better answer, with the loss ordinal.", low=0, high=1
    )
    unpaired_weight: float = setting(
        0.0,
        "Weight of a pair whose answers are both bad or both good, at most 25 % of a step; 0 leaves them out.",
        low=0,
        high=1,
    )
    sft_weight: float = setting(
        0.0, "Weight of an extra loss that keeps the chosen answers likely; try 0.2 when they become unlikely.", low=0
    )
    edit_weight: float = setting(
        0.0, "Weight of an extra loss for each answer that you edited, which keeps it likely; try 0.2 to 1.", low=0
    )
    off_policy: str = setting(
        "full",
        "A pair with imported answers, or a server's: in full, or weighed by how likely the policy writes them (WPO).",
        choices=("full", "wpo"),
    )
    learning_rate: float = setting(5e-5, "Step size of AdamW at its peak.", above=0, high=1)
    epochs: int = setting(3, "How many times every pair is seen.", low=1)
    batch_size: int = setting(4, "Pairs per batch.", low=1)
    gradient_accumulation_steps: int = setting(1, "Batches per optimizer step; each pair counts once.", low=1)
    lora_r: int = setting(16, "Rank of the LoRA matrices.", low=1)
    lora_alpha: int = setting(32, "LoRA's scale: its output is multiplied by alpha / r.", low=1)
    rslora: str = setting(
        "off",
        "Multiply LoRA's output by alpha / √r instead (rsLoRA): higher ranks learn as fast.",
        choices=("off", "on"),
    )
    lora_init: str = setting(
        "b-zero",
        "Which LoRA matrix begins at 0, so that a run begins as the base: B, with a random A, or A, with a random B.",
        choices=("b-zero", "a-zero"),
    )
    lora_plus_ratio: float = setting(
        1.0, "How many times the learning rate of A is that of B (LoRA+; its paper takes 16).", above=0, high=1000
    )
    lora_dropout: float = setting(0.05, "Share of LoRA's inputs dropped while training.", low=0, high=0.99)
    target_modules: str = setting(
        "all-linear", "Which layers get LoRA: all-linear, or layer names with commas between them."
    )
    lr_scheduler: str = setting(
        "linear", "How the learning rate falls after warm-up.", choices=("linear", "cosine", "constant")
    )
    warmup_ratio: float = setting(
        0.0, "Share of the steps in which the learning rate rises to its peak.", low=0, high=1
    )
    weight_decay: float = setting(0.0, "AdamW's weight decay.", low=0)
    max_grad_norm: float = setting(1.0, "Clip the gradient to this norm.", above=0)
    max_length: int = setting(1024, "Longest prompt plus answer, in tokens.", low=8)
    truncation: str = setting(
        "leave-out", "A pair longer than that: leave it out, or cut its answers.", choices=("leave-out", "cut")
    )
    eval_share: float | None = setting(
        None,
        "Share of the prompts kept out of training to measure on; when not set, a tenth from 50 pairs on, at most 200.",
        low=0,
        high=0.9,
    )
    eval_fold: int = setting(
        0,
        "Which share of that size is kept aside: 0 the first, 1 the next, and so on, so that each has its turn.",
        low=0,
    )
    train_share: float = setting(
        1.0, "Share of the other prompts that is trained on, to see how much fewer pairs would teach.", above=0, high=1
    )
    eval_every: int | None = setting(
        None, "Evaluate after this many optimizer steps; when not set, after every epoch.", low=1
    )
    early_stop: int | None = setting(
        None,
        "Stop after this many evaluations in a row that are worse than the best by over one standard error, if set.",
        low=1,
    )
    checkpoint_every: int = setting(
        10, "Write a checkpoint after this many optimizer steps.", low=1, free_at_resume=True
    )
    max_steps: int | None = setting(None, "Stop after this many optimizer steps, if set.", low=1)
    thoughts: str = setting(
        "with",
        "Thoughts before an answer: train on them as well, or on what is behind them alone.",
        choices=("with", "without"),
    )
    reference: str = setting(
        "start", "The policy is held close to it: the adapter it starts from, or the base.", choices=("start", "base")
    )
    cut: str = setting(
        "no-end",
        "A cut answer: score it without an end of turn, leave its pair out, or end it as TRL does.",
        choices=("no-end", "leave-out", "as-trl"),
    )
    scoring: str = setting(
        "auto",
        "How pairs are scored: by the fastest method that is right, or by the one named here.",
        choices=("auto", "compiled", "eager", "plain"),
    )
    gradient_checkpointing: str = setting(
        "auto",
        "Compute layers twice to hold less memory: when it would not fit otherwise, always, or never.",
        choices=("auto", "on", "off"),
        free_at_resume=True,
    )
    devices: str | None = setting(
        None,
        "Devices to train on together, such as cuda:0,cuda:1, or all; a search has a run on each. None: the model's.",
        free_at_resume=True,
    )
    shard: str = setting(
        "auto",
        "Share the base's layers among the devices (FSDP2): where it does not fit one GPU but a share does, always, or "
        "never.",
        choices=("auto", "on", "off"),
        free_at_resume=True,
    )
    seed: int = setting(42, "Seed of the shuffle, the dropout and LoRA's first weights.", low=0)

    def __post_init__(self) -> None:
        check_settings(self)
        if self.devices is not None:
            parse_devices(self.devices)
        if self.label_smoothing and self.loss not in ("sigmoid", "ordinal", "robust"):
            raise SettingError(
                f"--label-smoothing {self.label_smoothing:g} does nothing with --loss {self.loss}. "
                "Set it to 0, or take the loss sigmoid, ordinal or robust."
            )

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes of pairs that a run with these settings learns from."""
        ties = ("tie",) if self.loss == "ordinal" else ()
        return (*DECISIVE, *ties, *(UNPAIRED if self.unpaired_weight else ()))

    @property
    def split(self) -> Split:
        """Which prompts are kept for evaluation and which are trained on."""
        return Split(self.eval_share, self.eval_fold, self.train_share)

    def as_learned(self, pairs: Sequence[PreferencePair]) -> list[PreferencePair]:
        """The pairs as far as these settings tell them apart, so that nothing else is part of a run's identity.

        Only the loss "ordinal" knows "much better" from "better", only an edit weight knows an edit, and only WPO knows
        an answer that the policy did not write.
        """
        strength, edits, foreign = self.loss == "ordinal", self.edit_weight > 0, self.off_policy == "wpo"
        return [
            dataclasses.replace(
                pair,
                outcome="better" if pair.outcome == "much" and not strength else pair.outcome,
                edited=pair.edited and edits,
                chosen_foreign=pair.chosen_foreign and foreign,
                rejected_foreign=pair.rejected_foreign and foreign,
            )
            for pair in pairs
        ]
