"""What is compared: the settings of a run, or the base with a system prompt and no run at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.config import TrainConfig

RIVAL = "prompt"
"""The base with a system prompt that states the taste."""


@dataclass(frozen=True)
class Arm:
    """Settings that differ from the defaults.

    `searched` says that rate, beta and epochs are chosen on the arm's own pairs, by Palate's search.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    searched: bool = False

    def config(self, seed: int, **more: Any) -> TrainConfig:
        """The settings of a run with that seed."""
        return TrainConfig(**{**self.settings, **more, "seed": seed})


ARMS: dict[str, Arm] = {
    "default": Arm(),
    "ordinal": Arm({"loss": "ordinal"}),
    "every": Arm({"loss": "ordinal", "unpaired_weight": 0.25}),
    # The gradient of the DPO term is proportional to beta, so what is left is the mean over the chosen tokens.
    "sft": Arm({"beta": 1e-9, "sft_weight": 1.0}),
    # TRL's sigmoid loss is ours to 3e-6, and at its own rate it learns nothing, so the search chooses its settings.
    "trl": Arm(searched=True),
    "rate-1e-4": Arm({"learning_rate": 1e-4}),
    "rate-2e-4": Arm({"learning_rate": 2e-4}),
    "epochs-6": Arm({"epochs": 6}),
}
