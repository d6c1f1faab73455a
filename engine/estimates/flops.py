"""The floating-point operations of a pair and of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.chat import EncodedPair
from engine.estimates.model_shape import ModelShape


@dataclass(frozen=True)
class PairSize:
    """Tokens of a pair's three parts."""

    prompt: int
    chosen: int
    rejected: int

    @property
    def row(self) -> tuple[int, int]:
        """Tokens of the packed pair, and of the longer of its two sequences."""
        return self.prompt + self.chosen + self.rejected, self.prompt + max(self.chosen, self.rejected)


def pair_size(pair: EncodedPair) -> PairSize:
    """How many tokens the parts of a pair have."""
    return PairSize(len(pair.prompt_ids), len(pair.chosen_ids), len(pair.rejected_ids))


def pair_flops(shape: ModelShape, pair: PairSize, *, learning: bool) -> int:
    """Floating-point operations of one pair: forward, and backward to the inputs alone with `learning`.

    A linear layer takes two for each weight and token, forward and again backward (the frozen weights need no
    gradient). Attention takes four for each visible place and value forward, and eight backward. The output layer is
    multiplied twice in either case, see engine/llama/token_scores.py. LoRA's few per cent are left out.
    """
    tokens, answers = pair.prompt + pair.chosen + pair.rejected, pair.chosen + pair.rejected
    places = (pair.prompt + pair.chosen) ** 2 + pair.rejected * (pair.prompt + pair.rejected)
    linear = 2 * shape.linear_values * tokens
    attention = 4 * shape.layers * shape.attention * places
    head = 4 * shape.vocabulary * shape.hidden * answers
    return (2 * linear + 3 * attention + head) if learning else (linear + attention + head)


def run_flops(
    shape: ModelShape, train: Sequence[PairSize], evaluation: Sequence[PairSize], *, epochs: float, evaluations: float
) -> float:
    """Operations of a whole run: every pair under the reference once, training pairs each epoch, the others at each
    evaluation."""
    learned = sum(pair_flops(shape, pair, learning=True) for pair in train)
    scored = [sum(pair_flops(shape, pair, learning=False) for pair in pairs) for pairs in (train, evaluation)]
    return epochs * learned + scored[0] + (1 + evaluations) * scored[1]
