"""The facts that a person reads before a run starts: its pairs, those left out and why, and possible problems."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.estimates.flops import pair_size, run_flops
from engine.estimates.memory import Memory, estimate_memory, memory_of_share
from engine.estimates.model_shape import ModelShape
from engine.outcomes import foreign_words, objective_words, rankings_words, thresholds_of
from engine.preference import PreferencePair
from engine.preparation import PreparedPairs, evaluation_words, prepare_pairs, rewriting_words
from engine.questions import by_question, count_questions, weights_of
from engine.schedule import (
    TOKENS_TOGETHER,
    batch_of,
    learning_rate,
    passes_at_once,
    planned_steps,
    steps_per_epoch,
)

_LENGTH_BIAS = 0.7  # from this share of pairs on, a preference for longer or shorter answers is worth a note
_LEAST_TRAVEL = 1e-3
"""Adam moves a weight by about the learning rate per step. With at most this much in all the taste `shorter` won 57 %
or less, with more 60 % or more (docs/LOG.md, 2026-11-30)."""
_SMALL = 1e9  # parameters; larger models usually take lower rates, and none was measured


@dataclass(frozen=True)
class Preflight:
    """The facts of a run before it starts.

    Attributes:
        train, evaluation: pairs on each side; a ranking counts once. `left_out` maps the other pairs' keys to the
            reason in words.
        moved: pairs whose prompt's end is trained on as part of the answers.
        shortened: pairs cut at `max_length`.
        rewritten: pairs with an answer that the chat template would change, and that is trained on as it was judged.
            `rewriting` says so, with an example; None where there are none.
        steps: optimizer steps of the whole run.
        tokens: of one epoch's training pairs, the prompt once per pair; `longest` is the longest prompt plus answer.
        chosen_longer: share of training pairs whose chosen answer has more tokens than the rejected one.
        travel: the sum of all steps' learning rates, about the farthest that one trained weight can go.
        notes: sentences about possible problems.
        memory: what the run needs by the fast method with its largest pair; None where the model's sizes are unknown.
        seconds: how long the run will compute at the given speed; None without a speed.
        devices: how many processes compute it, each on a device of its own that needs `memory`.
    """

    train: int
    evaluation: int
    left_out: Mapping[str, str]
    moved: int
    shortened: int
    steps: int
    tokens: int
    longest: int
    chosen_longer: float
    travel: float
    notes: tuple[str, ...]
    memory: Memory | None = None
    seconds: float | None = None
    rewritten: int = 0
    rewriting: str | None = None
    devices: int = 1


@dataclass(frozen=True)
class Speed:
    """A speed measured on this machine: `flops` a second of `devices` processes together."""

    flops: float
    devices: int = 1


def preflight(
    tokenizer: Any,
    pairs: Sequence[PreferencePair],
    config: TrainConfig,
    *,
    shape: ModelShape | None = None,
    dtype: str = "float32",
    device: str = "cpu",
    devices: int = 1,
    speed: Speed | None = None,
    shard: bool = False,
) -> Preflight:
    """The facts of a run before it starts, found with the same code as in the run itself.

    Args:
        shape, dtype, device: of the base model, for the estimate of memory.
        devices: how many processes compute the run, each on such a device.
        speed: that of an earlier run.
        shard: whether the processes share the base's layers.

    Raises:
        PairsError: none of the pairs can be trained on.
    """
    prepared = prepare_pairs(tokenizer, pairs, config)
    train, both = prepared.train, prepared.train + prepared.evaluation
    asked, asked_aside = count_questions(train), count_questions(prepared.evaluation)
    steps = planned_steps(asked, config)
    more = (
        evaluation_words(asked, asked_aside),
        objective_words(both, config, thresholds_of(both)),
        rankings_words(both),
        foreign_words(both),
        prepared.thoughts,
        prepared.cut,
    )
    travel = sum(learning_rate(step, steps, config) for step in range(steps))
    weighted = list(zip(train, weights_of(train), strict=True))
    rate = (
        _expected(prepared, config, _most_together(shape, dtype, device), speed, devices) if shape and speed else None
    )
    longer = sum(weight for pair, weight in weighted if len(pair.chosen_ids) > len(pair.rejected_ids)) / asked
    shorter = sum(weight for pair, weight in weighted if len(pair.chosen_ids) < len(pair.rejected_ids)) / asked
    memory = None if shape is None else _memory(shape, both, config, dtype, device)
    if shape and memory and shard:
        memory = memory_of_share(memory, shape, devices)
    return Preflight(
        train=asked,
        evaluation=asked_aside,
        left_out=prepared.left_out,
        moved=sum(bool(pair.moved) for pair in both),
        shortened=sum(pair.shortened for pair in both),
        steps=steps,
        tokens=sum(_row(pair) for pair in train),
        longest=max(len(pair.prompt_ids) + max(len(pair.chosen_ids), len(pair.rejected_ids)) for pair in both),
        chosen_longer=longer,
        travel=travel,
        notes=(*_notes(longer, shorter, travel, config, shape), *filter(None, more)),
        memory=memory,
        seconds=_flops(shape, prepared, config, steps) / rate if shape and rate else None,
        rewritten=sum(pair.rewriting is not None for pair in both),
        rewriting=rewriting_words(both),
        devices=devices,
    )


def _memory(shape: ModelShape, pairs: Sequence[EncodedPair], config: TrainConfig, dtype: str, device: str) -> Memory:
    rows = [pair_size(pair).row for pair in pairs]
    tokens, longest = max(rows)
    together = min(_most_together(shape, dtype, device), sum(tokens for tokens, _ in rows))
    row = (max(tokens, together), longest)
    again = config.gradient_checkpointing == "on"
    return estimate_memory(shape, config, dtype=dtype, row=row, checkpointing=again, device=device)


def _most_together(shape: ModelShape, dtype: str, device: str) -> int:
    if not device.startswith("cuda"):
        return TOKENS_TOGETHER
    from engine.estimates.checkpointing import tokens_on_cuda  # imports torch

    return tokens_on_cuda(shape, dtype=dtype, device=device)


def _flops(shape: ModelShape, prepared: PreparedPairs, config: TrainConfig, steps: int) -> float:
    """Operations of the whole run; a last epoch that `max_steps` cuts counts in part."""
    train, evaluation = ([pair_size(pair) for pair in pairs] for pairs in (prepared.train, prepared.evaluation))
    per_epoch = steps_per_epoch(count_questions(prepared.train), config)
    evaluations = math.ceil(steps / (config.eval_every or per_epoch))
    return run_flops(shape, train, evaluation, epochs=steps / per_epoch, evaluations=evaluations)


def _expected(prepared: PreparedPairs, config: TrainConfig, together: int, measured: Speed, devices: int) -> float:
    """Operations a second of so many processes, from those of an earlier run; a step may have fewer passes than them.

    Args:
        together: tokens of short pairs that share a pass.
    """
    from engine.packing import groups  # imports torch

    questions = by_question(prepared.train)
    steps = range(steps_per_epoch(len(questions), config))
    passes = [len(groups(batch_of(questions, config, step), together)) for step in steps]
    return measured.flops * passes_at_once(passes, devices) / passes_at_once(passes, measured.devices)


def _row(pair: EncodedPair) -> int:
    return len(pair.prompt_ids) + len(pair.chosen_ids) + len(pair.rejected_ids)


def _notes(
    longer: float, shorter: float, travel: float, config: TrainConfig, shape: ModelShape | None
) -> tuple[str, ...]:
    notes = []
    for share, word in ((longer, "longer"), (shorter, "shorter")):
        if share >= _LENGTH_BIAS:
            notes.append(f"The {word} answer was chosen in {share:.0%} of the pairs, so answers will grow {word}.")
    if travel < _LEAST_TRAVEL and (shape is None or shape.parameters < _SMALL):
        notes.append(
            f"Learning rate times steps is {travel:.1g}, and below {_LEAST_TRAVEL:g} a small model hardly changes. "
            f"Raise --learning-rate above {config.learning_rate:g}, or --epochs."
        )
    return tuple(notes)
