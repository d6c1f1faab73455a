"""What is compared: the settings of a run, or the base with a system prompt and no run at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from engine.config import TrainConfig, settings_of
from engine.errors import SettingError
from tui.training.presets import auto_preset

RIVAL = "prompt"
"""The base with a system prompt that states the taste."""


@dataclass(frozen=True)
class Arm:
    """Settings that differ from the defaults.

    `searched` says that rate, beta and epochs are chosen on the arm's own pairs, by Palate's search, and `auto` that
    rate and epochs follow from their number. The verdicts come in `rounds`; in each of them but the first the adapter
    of those before answers. Of `candidates` answers to a question, two are asked by `order`.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    searched: bool = False
    auto: bool = False
    rounds: int = 1
    candidates: int = 2
    order: Literal["random", "certain", "margin", "different"] = "random"

    @property
    def in_rounds(self) -> bool:
        """Whether its verdicts are others than those that most arms share."""
        return self.rounds > 1 or self.candidates > 2

    def config(self, seed: int, pairs: int) -> TrainConfig:
        """The settings of a run with that seed on so many pairs."""
        chosen = auto_preset(pairs).changes if self.auto else {}
        return TrainConfig(**{**chosen, **self.settings, "seed": seed})


ARMS: dict[str, Arm] = {
    "default": Arm(),
    "ordinal": Arm({"loss": "ordinal"}),
    "every": Arm({"loss": "ordinal", "unpaired_weight": 0.25}),
    # The gradient of the DPO term is proportional to beta, so what is left is the mean over the chosen tokens.
    "sft": Arm({"beta": 1e-9, "sft_weight": 1.0}),
    # TRL's sigmoid loss is ours to 3e-6, and at its own rate it learns nothing, so the search chooses its settings.
    "trl": Arm(searched=True),
    "auto": Arm(auto=True),
    "search": Arm({"loss": "ordinal", "unpaired_weight": 0.25}, searched=True),
    "second-round": Arm(rounds=2),
    # Four rounds, each with an adapter of all verdicts before: what the order of asking adds to those of chance.
    "rounds-4": Arm(rounds=4),
    **{
        f"four-{order}": Arm(rounds=4, candidates=4, order=order)
        for order in ("random", "certain", "margin", "different")
    },
}


def arm_of(name: str) -> Arm:
    """An arm by its name, and settings such as `learning_rate=2e-4,epochs=6` or `second-round,sft_weight=0.5`.

    Raises:
        ValueError: there is no such arm, or no such setting, or it does not take that value.
    """
    first, *others = parts = name.split(",")
    arm, parts = (ARMS[first], others) if first in ARMS else (Arm(), parts)
    known, chosen = {each.name: each for each in settings_of(TrainConfig)}, dict(arm.settings)
    for part in parts:
        setting, _, value = part.partition("=")
        if setting not in known:
            raise ValueError(f"There is no arm and no setting {setting!r}. Arms: {', '.join((RIVAL, *ARMS))}.")
        try:
            chosen[setting] = known[setting].parse(value)
        except SettingError as error:
            raise ValueError(str(error)) from error
    return replace(arm, settings=chosen)
