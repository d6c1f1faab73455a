"""How long a run still computes, from the operations that are done and those to come: pairs differ in length."""

import math
from collections.abc import Sequence

from engine.chat import EncodedPair
from engine.estimates.flops import pair_flops, pair_size
from engine.estimates.model_shape import ModelShape


class Pace:
    """The work of a run: in operations where the model's sizes are known, else in tokens."""

    def __init__(
        self,
        shape: ModelShape | None,
        train: Sequence[EncodedPair],
        evaluation: Sequence[EncodedPair],
        *,
        epochs: float,
        steps: int,
        eval_every: int,
    ) -> None:
        """Take what one epoch learns from and what each evaluation scores, and how often; `epochs` may be broken."""
        self._shape = shape
        self._steps, self._every = steps, eval_every
        self._learning = epochs * self.of(train)
        self._evaluation = sum(self._work(pair, learning=False) for pair in evaluation)

    def of(self, learned: Sequence[EncodedPair]) -> int:
        """The work of learning from these pairs once."""
        return sum(self._work(pair, learning=True) for pair in learned)

    def seconds_left(self, step: int, learned: float, seconds: float) -> float:
        """What is left after `step` steps (from 1), of the work `learned`, that took `seconds` with all evaluations."""
        evaluated = (step - 1) // self._every
        to_come = math.ceil(self._steps / self._every) - evaluated
        done = learned + evaluated * self._evaluation
        left = max(0.0, self._learning - learned) + to_come * self._evaluation
        return seconds * left / done

    def _work(self, pair: EncodedPair, *, learning: bool) -> int:
        if self._shape is None:
            return pair.tokens * (3 if learning else 1)  # a pass back costs about two forward
        return pair_flops(self._shape, pair_size(pair), learning=learning)
