"""How long a run will still compute, from the work done and the work to come: pairs differ in length."""

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
        """Take the pairs of one epoch and of each evaluation, and how often they come; `epochs` may be a fraction."""
        self._shape = shape
        self._steps, self._every = steps, eval_every
        self._learning = epochs * self.of(train)
        self._evaluation = sum(self._work(pair, learning=False) for pair in evaluation)

    def of(self, learned: Sequence[EncodedPair]) -> int:
        """The work of learning from these pairs once."""
        return sum(self._work(pair, learning=True) for pair in learned)

    def seconds_left(self, step: int, learned: float, seconds: float) -> float:
        """Seconds left after `step` steps (from 1) with the work `learned`, which took `seconds` with evaluations."""
        evaluated = (step - 1) // self._every
        to_come = math.ceil(self._steps / self._every) - evaluated
        done = learned + evaluated * self._evaluation
        left = max(0.0, self._learning - learned) + to_come * self._evaluation
        return seconds * left / done

    def _work(self, pair: EncodedPair, *, learning: bool) -> int:
        if self._shape is None:
            return pair.tokens * (3 if learning else 1)  # a backward pass costs about two forward passes
        return pair_flops(self._shape, pair_size(pair), learning=learning)
