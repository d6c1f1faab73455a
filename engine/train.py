"""Train an adapter on preference pairs: `for event in train_dpo(base, pairs, config, ...)` is the whole interface."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.dpo import PairScore, eval_metrics, pair_metrics
from engine.errors import NonFiniteLoss
from engine.events import (
    AdapterSaved,
    EvalDone,
    Event,
    Notice,
    PairDone,
    ReferenceScored,
    RunFinished,
    RunPlanned,
    StepDone,
)
from engine.learner import Learner, trained_values
from engine.plan import epoch_order, learning_rate, pairs_per_step, planned_steps, steps_per_epoch
from engine.preference import PreferencePair
from engine.preparation import PreparedPairs, prepare_pairs
from engine.random_state import OwnRandomState
from engine.saving import save_checked
from engine.scorer import choose_scorer

if TYPE_CHECKING:
    from engine.model import BaseModel


def never() -> bool:
    """The `stop` of a run that nobody stops."""
    return False


@dataclass
class RunState:
    """Where a run stands between two events."""

    total_steps: int
    step: int = 0  # optimizer steps done
    window: list[PairScore] = field(default_factory=list)  # pairs already learned from for the next step
    window_started_s: float = 0.0  # of the learner's busy seconds
    learning_started_s: float = 0.0
    num_tokens: int = 0
    evaluated_step: int = -1
    best_step: int = 0
    best_loss: float = float("inf")
    best_weights: Mapping[str, torch.Tensor] | None = None
    stopped: bool = False


def train_dpo(
    base: "BaseModel",
    pairs: Sequence[PreferencePair],
    config: TrainConfig,
    *,
    adapter: str,
    folder: Path,
    start: str | None = None,
    stop: Callable[[], bool] = never,
) -> Iterator[Event]:
    """Train LoRA adapter `adapter` with DPO and save it in `folder`, reporting every step.

    Args:
        base: the loaded base model; its weights stay as they are.
        pairs: what the person chose; they are split by prompt into training and evaluation pairs.
        adapter: PEFT's internal name of the adapter to train, created here. It stays loaded if it was saved.
        folder: where the adapter is written in PEFT's format; its parent must exist.
        start: a loaded adapter to go on from. It stays as it is, and is the reference unless the config says "base".
        stop: asked between pairs; when it says True, what was learned so far is saved and the run ends.

    Yields:
        RunPlanned, Notice…, ReferenceScored… (every pair once), then PairDone…, StepDone…, EvalDone… (after each
        epoch), and at the end AdapterSaved and RunFinished. With evaluation pairs, the step with the lowest
        evaluation loss is saved, else the last.

    Raises:
        PairsError: no pair can be trained on.
        NonFiniteLoss: the loss stopped being a number; the last good state was saved before.
        TrainingError: the saved adapter differs from the trained one.
    """
    started = time.perf_counter()
    prepared = prepare_pairs(base.tokenizer, pairs, config)
    _create_adapter(base, adapter, start, config)
    saved = False
    try:
        learner = _learner(base, prepared, adapter, config, start)
        state = RunState(planned_steps(len(prepared.train), config))
        yield _planned(learner, prepared, state)
        yield Notice("info", learner.scorer.why)
        yield from prepared.notices()
        yield from _score_references(learner, prepared, stop)
        state.learning_started_s = learner.busy_s
        try:
            yield from _learn(learner, prepared, state, stop)
        except NonFiniteLoss:
            if state.step:
                yield _save(learner, prepared, state, folder)
                saved = True
            raise
        if state.step:
            yield _save(learner, prepared, state, folder)
            saved = True
        yield RunFinished(state.step, state.stopped, time.perf_counter() - started)
    finally:
        if not saved:
            base.unload_adapter(adapter)


def _create_adapter(base: "BaseModel", adapter: str, start: str | None, config: TrainConfig) -> None:
    """A fresh adapter, or a copy of `start` with its rank and layers, which may differ from the settings."""
    with OwnRandomState(config.seed).swapped_in(), tempfile.TemporaryDirectory(prefix="palate-start-") as copy:
        if start is None:
            base.create_adapter(adapter, config)
        else:
            base.save_adapter(start, Path(copy))
            base.load_adapter(adapter, Path(copy), trainable=True)


def _learner(
    base: "BaseModel", prepared: PreparedPairs, adapter: str, config: TrainConfig, start: str | None
) -> Learner:
    reference = start if config.reference == "start" else None
    steps = planned_steps(len(prepared.train), config)
    passes = steps * pairs_per_step(config) + len(prepared.train)
    probe = max(prepared.train, key=lambda pair: pair.tokens)
    adapters = [adapter] if reference is None else [adapter, reference]
    with OwnRandomState(config.seed).swapped_in():
        scorer = choose_scorer(base, adapters, probe, passes, config.scoring)
    return Learner(scorer, adapter, config, reference)


def _planned(learner: Learner, prepared: PreparedPairs, state: RunState) -> RunPlanned:
    return RunPlanned(
        total_steps=state.total_steps,
        train_keys=tuple(pair.key for pair in prepared.train),
        eval_keys=tuple(pair.key for pair in prepared.evaluation),
        left_out=prepared.left_out,
        trainable_parameters=trained_values(list(learner.parameters.values())),
        dtype=learner.base.dtype,
        device=learner.base.device,
    )


def _score_references(learner: Learner, prepared: PreparedPairs, stop: Callable[[], bool]) -> Iterator[Event]:
    """Score every pair under the reference once, before the first step."""
    pairs = prepared.train + prepared.evaluation
    for done, pair in enumerate(pairs, start=1):
        if stop():
            return
        logps = learner.score_reference(pair)
        yield ReferenceScored(done, len(pairs), {pair.key: logps})


def _learn(learner: Learner, prepared: PreparedPairs, state: RunState, stop: Callable[[], bool]) -> Iterator[Event]:
    """Take the steps that are left; an evaluation after each epoch and after the last step."""
    per_epoch = steps_per_epoch(len(prepared.train), learner.config)
    while state.step < state.total_steps:
        yield from _fill_window(learner, prepared, state, stop)
        if state.stopped:
            break
        yield _take_step(learner, prepared, state)
        if state.step % per_epoch == 0:
            yield from _evaluate(learner, prepared, state)
    if state.step:
        yield from _evaluate(learner, prepared, state)


def _window(prepared: PreparedPairs, config: TrainConfig, step: int) -> list[EncodedPair]:
    """The pairs of an optimizer step (counted from 0); the last step of an epoch may have fewer."""
    epoch, place = divmod(step, steps_per_epoch(len(prepared.train), config))
    order = epoch_order(len(prepared.train), epoch, config.seed)
    size = pairs_per_step(config)
    return [prepared.train[position] for position in order[place * size : (place + 1) * size]]


def _fill_window(
    learner: Learner, prepared: PreparedPairs, state: RunState, stop: Callable[[], bool]
) -> Iterator[Event]:
    """Learn from the pairs of the next step, one by one."""
    window = _window(prepared, learner.config, state.step)
    if not state.window:
        state.window_started_s = learner.busy_s
    for pair in window[len(state.window) :]:
        if stop():
            state.stopped = True
            return
        state.window.append(learner.learn(pair, window))
        state.num_tokens += pair.tokens
        yield PairDone("step", len(state.window), len(window))


def _take_step(learner: Learner, prepared: PreparedPairs, state: RunState) -> StepDone:
    config = learner.config
    rate = learning_rate(state.step, state.total_steps, config)
    grad_norm = learner.step(rate)
    state.step += 1
    epoch = state.step / steps_per_epoch(len(prepared.train), config)
    metrics = {
        **pair_metrics(state.window, config.beta),
        "grad_norm": grad_norm,
        "learning_rate": rate,
        "epoch": epoch,
        "num_tokens": state.num_tokens,
        "pairs_per_second": len(state.window) / (learner.busy_s - state.window_started_s),
    }
    state.window.clear()
    seconds_left = (learner.busy_s - state.learning_started_s) / state.step * (state.total_steps - state.step)
    return StepDone(state.step, state.total_steps, epoch, metrics, seconds_left)


def _evaluate(learner: Learner, prepared: PreparedPairs, state: RunState) -> Iterator[Event]:
    """Score the evaluation pairs once for this step, and keep the weights if they are the best so far."""
    pairs = prepared.evaluation
    if not pairs or state.evaluated_step == state.step:
        return
    scores: list[PairScore] = []
    for pair in pairs:
        scores.append(learner.evaluate(pair, pairs))
        yield PairDone("eval", len(scores), len(pairs))
    state.evaluated_step = state.step
    metrics = eval_metrics(scores, learner.config.beta)
    if metrics["eval_loss"] < state.best_loss:
        state.best_loss, state.best_step, state.best_weights = metrics["eval_loss"], state.step, learner.weights()
    yield EvalDone(state.step, metrics)


def _save(learner: Learner, prepared: PreparedPairs, state: RunState, folder: Path) -> Event:
    step = state.step
    if state.best_weights is not None:
        learner.set_weights(state.best_weights)
        step = state.best_step
    save_checked(learner, folder, prepared.train[0])
    return AdapterSaved(str(folder), step, learner.changed_parameters())
