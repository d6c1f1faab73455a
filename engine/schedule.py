"""A run's arithmetic before it starts: steps, the order of pairs, and the learning rate of each step. No torch here."""

import math
import random
from collections.abc import Sequence
from typing import TypeVar

from engine.config import TrainConfig

PairT = TypeVar("PairT")

TOKENS_TOGETHER = 768
"""Pairs share a pass of up to this many tokens, prompts counted once, so weights are read and functions called once for
all of them. On a CPU more tokens gain little and take more memory."""

TOKENS_TOGETHER_ON_CUDA = (4096, 2048)
"""The same on a CUDA device, of which the first is taken that fits into its memory. With few tokens a pass takes
as long as it takes to launch its kernels."""


def pairs_per_step(config: TrainConfig) -> int:
    """How many pairs one optimizer step learns from: batch size × gradient accumulation steps. A ranking is one."""
    return config.batch_size * config.gradient_accumulation_steps


def steps_per_epoch(n_train: int, config: TrainConfig) -> int:
    """Optimizer steps in one epoch of `n_train` pairs, rankings counted once; a shorter rest is a step of its own."""
    return math.ceil(n_train / pairs_per_step(config))


def planned_steps(n_train: int, config: TrainConfig) -> int:
    """Optimizer steps of a whole run on `n_train` training pairs. 31 pairs by 4 for 3 epochs make 24 steps."""
    steps = steps_per_epoch(n_train, config) * config.epochs
    return steps if config.max_steps is None else min(steps, config.max_steps)


def epoch_order(n_train: int, epoch: int, seed: int) -> list[int]:
    """The shuffled order of an epoch (counted from 0): positions of the training pairs, or of their questions.

    The order depends on the epoch and the seed alone, so a resumed run finds its place without any stored state.
    """
    order = list(range(n_train))
    random.Random(f"{seed} {epoch}").shuffle(order)
    return order


def batch_of(questions: Sequence[Sequence[PairT]], config: TrainConfig, step: int) -> list[PairT]:
    """The pairs of an optimizer step (counted from 0); the last step of an epoch may have fewer questions."""
    size = pairs_per_step(config)
    epoch, place = divmod(step, steps_per_epoch(len(questions), config))
    order = epoch_order(len(questions), epoch, config.seed)
    return [pair for position in order[place * size : (place + 1) * size] for pair in questions[position]]


def passes_at_once(passes: Sequence[int], count: int) -> float:
    """How many passes `count` processes make at once on the whole, from the passes of each step.

    >>> passes_at_once([2, 2, 1], 2)
    1.6666666666666667
    """
    return sum(passes) / sum(math.ceil(each / count) for each in passes)


def learning_rate(step: int, total_steps: int, config: TrainConfig) -> float:
    """The learning rate of a step (counted from 0), as in transformers' schedules of the same names.

    Warm-up rises in a straight line from 0 and lasts `ceil(warmup_ratio × total_steps)` steps. Of 4 steps without
    warm-up, `linear` takes 1, 3/4, 1/2 and 1/4 of the peak.
    """
    warmup = math.ceil(config.warmup_ratio * total_steps)
    if step < warmup:
        return config.learning_rate * step / warmup
    progress = (step - warmup) / max(1, total_steps - warmup)  # 0 ≤ progress < 1
    factors = {"constant": 1.0, "linear": 1.0 - progress, "cosine": 0.5 * (1.0 + math.cos(math.pi * progress))}
    return config.learning_rate * factors[config.lr_scheduler]
