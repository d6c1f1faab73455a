"""What is compared: the settings of a run, or the base with a system prompt and no run at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.config import TrainConfig
from tui.training.presets import CAREFUL, THOROUGH, auto_preset

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
    "rate-1e-4": Arm({"learning_rate": 1e-4}),
    "rate-2e-4": Arm({"learning_rate": 2e-4}),
    "epochs-6": Arm({"epochs": 6}),
    "rate-1e-4-epochs-6": Arm({"learning_rate": 1e-4, "epochs": 6}),
    "rate-2e-4-epochs-6": Arm({"learning_rate": 2e-4, "epochs": 6}),
    # What holds the answers near the base's, so that they win without becoming strange?
    **{
        f"rate-2e-4-epochs-6-{name}": Arm({"learning_rate": 2e-4, "epochs": 6, **more})
        for name, more in {
            "sft-0.2": {"sft_weight": 0.2},
            "sft-0.5": {"sft_weight": 0.5},
            "sft-1": {"sft_weight": 1.0},
            "beta-0.3": {"beta": 0.3},
            "beta-1": {"beta": 1.0},
            "ordinal": {"loss": "ordinal"},
            "every": {"loss": "ordinal", "unpaired_weight": 0.25},
            "apo-zero": {"loss": "apo_zero"},
        }.items()
    },
    "auto": Arm(auto=True),
    "search": Arm({"loss": "ordinal", "unpaired_weight": 0.25}, searched=True),
    "careful": Arm(CAREFUL.changes),
    "thorough": Arm(THOROUGH.changes),
    "a-zero": Arm({"lora_init": "a-zero"}),
    "lora-plus-16": Arm({"lora_plus_ratio": 16}),
    "rslora": Arm({"rslora": "on"}),
    "second-round": Arm(rounds=2),
    # Four rounds, each with an adapter of all verdicts before: what the order of asking adds to those of chance.
    "rounds-4": Arm(rounds=4),
    **{
        f"four-{order}": Arm(rounds=4, candidates=4, order=order)
        for order in ("random", "certain", "margin", "different")
    },
}
