"""The beginning of an optimizer step, to which a run returns when memory runs out inside the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from engine.dpo import PairScore
from engine.training.learner import Learner
from engine.training.run_state import RunState


@dataclass(frozen=True)
class StepStart:
    """What a step changes, as it was before. `gradients` are those of a step that a checkpoint holds in part."""

    random: Mapping[str, Any]
    batch_scores: tuple[PairScore, ...]
    gradients: Mapping[str, torch.Tensor]
    batch_s: float
    num_tokens: int

    @classmethod
    def of(cls, learner: Learner, state: RunState) -> StepStart:
        """The step that begins now."""
        gradients = learner.gradients() if state.batch_scores else {}
        return cls(learner.random_state.state, tuple(state.batch_scores), gradients, state.batch_s, state.num_tokens)

    def restore(self, learner: Learner, state: RunState) -> None:
        """Return to it: the step then gives the same bits as if it had not been begun before."""
        learner.random_state.state = dict(self.random)
        learner.set_gradients(self.gradients)
        if not state.step:
            learner.optimizer.state.clear()  # memory may have run out while it was made
        state.batch_scores, state.batch_s, state.num_tokens = list(self.batch_scores), self.batch_s, self.num_tokens
