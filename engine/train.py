"""Train an adapter on preference pairs: `for event in train_dpo(base, pairs, config, ...)` is the whole interface."""

import math
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path

from engine.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from engine.config import TrainConfig
from engine.dpo import PairScore
from engine.errors import CheckpointError, NonFiniteLoss
from engine.estimates.checkpointing import choose_checkpointing, known_shape
from engine.events import (
    AdapterSaved,
    CheckpointSaved,
    EvalDone,
    Event,
    GeneralTextScored,
    MarginsKnown,
    Notice,
    NoticeLevel,
    PairDone,
    PairStage,
    ReferenceScored,
    RunFinished,
    RunPlanned,
    SavingAdapter,
)
from engine.general_text import forgotten_words, general_text_pairs, nats_per_token
from engine.lora import inherited_words
from engine.model import BaseModel
from engine.outcomes import NO_THRESHOLDS, foreign_words, objective_words, rankings_words, thresholds_of
from engine.preference import PreferencePair
from engine.preparation import PreparedPairs, prepare_pairs
from engine.questions import count_questions, mean_by_question
from engine.schedule import planned_steps
from engine.training.allocator import freed_memory_kept
from engine.training.evaluation import eval_metrics
from engine.training.kept_step import keeps_earlier, kept_words, note_evaluation
from engine.training.learner import Learner, trained_values
from engine.training.peers import Alone, Peers, rounds, sharing_words
from engine.training.random_state import OwnRandomState
from engine.training.reference import ReferenceKeys, passes_of
from engine.training.run import Run
from engine.training.run_state import RunState
from engine.training.save_adapter import join_check, save_checked
from engine.training.scorer import choose_scorer
from engine.training.step import margins_of, take_step
from engine.training.warnings import evaluation_warnings


def never() -> bool:
    """The default of `stop` and `checkpoint_now`: False at every call."""
    return False


def train_dpo(
    base: BaseModel,
    pairs: Sequence[PreferencePair],
    config: TrainConfig,
    *,
    adapter: str,
    folder: Path,
    start: str | None = None,
    stop: Callable[[], bool] = never,
    known_reference: Mapping[str, tuple[float, float]] | None = None,
    checkpoint_folder: Path | None = None,
    checkpoint_now: Callable[[], bool] = never,
    resume: bool = False,
    peers: Peers | None = None,
) -> Generator[Event, None, None]:
    """Train LoRA adapter `adapter` with DPO and save it in `folder`, reporting every step.

    Args:
        base: the loaded base model; a run does not change its weights.
        pairs: the person's verdicts; they are split by prompt into training and evaluation pairs.
        adapter: PEFT's internal name of the adapter to train, created here. It stays loaded if it was saved.
        folder: where the adapter is written in PEFT's format; its parent must exist.
        start: a loaded adapter to continue from. It does not change, and it is the reference unless the config says
            "base".
        stop: called between groups of pairs; when it returns True, the run saves what it has learned and ends.
        known_reference: reference logps from earlier runs, by the `cache_keys` of their `ReferenceScored` events.
        checkpoint_folder: where checkpoints are written, every `config.checkpoint_every` steps; None writes none.
        checkpoint_now: called between groups of pairs; when it returns True, the run writes a checkpoint at once.
        resume: continue from the checkpoint in `checkpoint_folder`, with the same pairs, config and start; only the
            settings that are `free_at_resume` may differ. The adapter will be, bit for bit, that of the same run
            without an interruption, or a Notice says why not.
        peers: the processes that compute this run together, each of which calls this function with the same arguments;
            None for one alone. All of them get the same events; the first one writes the files.

    Yields:
        RunPlanned, Notice…, ReferenceScored… (every pair once), GeneralTextScored, then PairDone…, StepDone…,
        EvalDone…, MarginsKnown… and CheckpointSaved…, and at the end SavingAdapter, GeneralTextScored of what is
        saved, AdapterSaved and RunFinished. The last step is saved, or an earlier one whose evaluation loss is lower
        by more than one standard error; see `kept_step`.

    Raises:
        PairsError: no pair can be trained on.
        CheckpointError: there is no checkpoint to resume from, or it belongs to another run.
        NonFiniteLoss: a loss is NaN or infinite, in training or at an evaluation; the last good state was saved before,
            if there was one. Or a pair's reference is NaN or infinite, before the first step.
        TrainingError: the saved adapter differs from the trained one.
        OSError, RuntimeError, SafetensorError: the machine has no room or no memory; see `outages.outage_of`.
    """
    checkpoint = _checkpoint_of(checkpoint_folder) if resume else None
    encode = prepare_pairs if checkpoint is None else checkpoint.pairs
    prepared = encode(base.tokenizer, config.as_learned(pairs), config)
    inherited = _create_adapter(base, adapter, start, config, checkpoint)
    saved = False
    try:
        learner = _learner(base, prepared, adapter, config, start)
        state = RunState(planned_steps(count_questions(prepared.train), config))
        run = Run(learner, prepared, state, folder, checkpoint_folder, checkpoint_now, stop, peers or Alone())
        inexact = _restored(run, checkpoint)
        with freed_memory_kept():
            for event in _events(run, inexact, inherited, known_reference or {}):
                saved = saved or isinstance(event, AdapterSaved)
                yield event
    finally:
        if not saved:
            base.unload_adapter(adapter)


def _events(
    run: Run, inexact: Sequence[str], inherited: str | None, known: Mapping[str, tuple[float, float]]
) -> Iterator[Event]:
    """The events of a prepared run. Where a loss is NaN or infinite, the run saves its last good state first."""
    started = time.perf_counter()
    yield _planned(run)
    yield from (Notice(NoticeLevel.WARNING, text) for text in inexact)
    yield Notice(NoticeLevel.INFO, run.learner.scorer.why)
    if run.peers.count > 1:
        steps = range(min(run.steps_per_epoch, run.state.total_steps))
        groups = [len(run.learner.scorer.groups(run.pairs_of_step(step))) for step in steps]
        yield Notice(NoticeLevel.INFO, sharing_words(groups, run.peers.count))
    yield from run.prepared.notices()
    pairs = run.prepared.train + run.prepared.evaluation
    objective = objective_words(pairs, run.config, run.learner.thresholds)
    for said in (inherited, objective, rankings_words(pairs), foreign_words(pairs)):
        if said is not None:
            yield Notice(NoticeLevel.INFO, said)
    yield from _score_references(run, known)
    if not run.state.step and not run.state.batch_scores and not run.stop():
        yield from _score_general_text(run)
    try:
        yield from _learn(run)
    except NonFiniteLoss:
        if _has_good_state(run):
            yield from _save(run)
        raise
    if run.state.step:
        yield from _save(run)
    yield RunFinished(run.state.step, run.state.stopped, time.perf_counter() - started)


def _has_good_state(run: Run) -> bool:
    """Whether there are weights worth saving: the best ones, or the last where no evaluation of them failed.

    An evaluation that did not come to its end is still due.
    """
    state = run.state
    return state.best_weights is not None or (state.step > 0 and not _evaluation_is_due(run))


def _create_adapter(
    base: BaseModel, adapter: str, start: str | None, config: TrainConfig, checkpoint: Checkpoint | None
) -> str | None:
    """Load a fresh adapter, or a copy of `start`. Returns which of its settings the copy keeps, as a sentence."""
    with OwnRandomState(config.seed).swapped_in(), tempfile.TemporaryDirectory(prefix="palate-start-") as copy:
        if start is None:
            base.create_adapter(adapter, config)
            return None
        base.save_adapter(start, Path(copy))
        dropout = config.lora_dropout if checkpoint is None else checkpoint.lora_dropout
        base.load_adapter(adapter, Path(copy), trainable=True, dropout=dropout)
        return inherited_words(base.model, adapter, base.layers, config)


def _learner(base: BaseModel, prepared: PreparedPairs, adapter: str, config: TrainConfig, start: str | None) -> Learner:
    reference = start if config.reference == "start" else None
    passes = passes_of(prepared.train, config)
    probe = max(prepared.train, key=lambda pair: pair.tokens)
    adapters = [adapter] if reference is None else [adapter, reference]
    with OwnRandomState(config.seed).swapped_in():
        scorer = choose_scorer(base, adapters, probe, passes, config.scoring)
    scorer.ld_alpha = config.ld_alpha
    scorer.checkpointing, why = choose_checkpointing(
        known_shape(base.hf_model.config),
        config,
        probe,
        dtype=base.dtype,
        device=base.device,
        together=scorer.tokens_together,
    )
    scorer.why = f"{scorer.why} {why}".strip()
    thresholds = thresholds_of(prepared.train + prepared.evaluation) if config.loss == "ordinal" else NO_THRESHOLDS
    return Learner(scorer, adapter, config, reference, thresholds)


def _checkpoint_of(folder: Path | None) -> Checkpoint:
    if folder is None:
        raise CheckpointError("A run without a checkpoint folder cannot be resumed. Start it again.")
    return read_checkpoint(folder)


def _restored(run: Run, checkpoint: Checkpoint | None) -> Sequence[str]:
    """Bring the run to its checkpoint, if it has one. Returns why the rest may differ in its bits; mostly empty."""
    inexact = checkpoint.restore(run.learner, run.prepared, run.state) if checkpoint is not None else ()
    run.peers.agree_on_scoring(run.learner)
    return inexact


def _planned(run: Run) -> RunPlanned:
    learner, prepared = run.learner, run.prepared
    return RunPlanned(
        total_steps=run.state.total_steps,
        train_keys=tuple(pair.key for pair in prepared.train),
        eval_keys=tuple(pair.key for pair in prepared.evaluation),
        left_out=prepared.left_out,
        trainable_parameters=trained_values(list(learner.parameters.values())),
        dtype=learner.base.dtype,
        device=",".join(learner.base.devices),
        step=run.state.step,
    )


def _score_references(run: Run, known: Mapping[str, tuple[float, float]]) -> Iterator[Event]:
    """Collect every pair's reference logps before the first step: from a checkpoint, from `known`, or by scoring."""
    keys = ReferenceKeys(run.learner.scorer, run.learner.reference_adapter)
    pairs = run.prepared.train + run.prepared.evaluation
    reference = run.learner.reference
    cache_keys = {pair.key: keys.key(pair) for pair in pairs if pair.key not in reference}
    if run.stop():
        return
    reference.update(run.peers.known(known, cache_keys))
    missing = [pair for pair in pairs if pair.key not in reference]
    for part in rounds(missing, run.peers.count):
        if run.stop():
            return
        run.peers.score_references(run.learner, part)
        new = [pair.key for pair in part]
        logps = {key: reference[key] for key in new}
        yield ReferenceScored(len(reference), len(pairs), logps, {key: cache_keys[key] for key in new})


def _score_general_text(run: Run) -> Iterator[Event]:
    """Score the general text before the first step, or compare it with that time."""
    state, logps, pairs = run.state, [], general_text_pairs(run.learner.base.tokenizer)
    for pair in pairs:
        logps.append(run.learner.score_text(pair))
        yield PairDone(PairStage.GENERAL_TEXT, len(logps), len(pairs))
    nats = nats_per_token(logps, pairs)
    if not math.isfinite(nats):
        return
    yield GeneralTextScored(state.step, nats)
    if not state.step:
        state.general_text = nats
    elif state.general_text is not None:
        yield Notice(NoticeLevel.INFO, forgotten_words(state.general_text, nats))


def _learn(run: Run) -> Iterator[Event]:
    """Take the steps that are left, with evaluations and checkpoints between them."""
    state = run.state
    if not state.step and not state.batch_scores:
        state.learning_s = run.learner.busy_s
    while True:
        if _evaluation_is_due(run):
            yield from _evaluate(run)
        if state.epoch_margins and state.step % run.steps_per_epoch == 0 and not state.batch_scores:
            yield _finish_epoch(run)
        if state.stopped or state.step == state.total_steps or _stops_early(run):
            return
        yield from take_step(run, _checkpoint)
        if state.step and not state.stopped and state.step % run.config.checkpoint_every == 0:
            yield from _checkpoint(run)


def _evaluation_is_due(run: Run) -> bool:
    """After every epoch or `eval_every` steps, and whenever a run ends; never twice for one step."""
    state = run.state
    if not run.prepared.evaluation or not state.step or state.evaluated_step == state.step:
        return False
    ends = state.stopped or state.step == state.total_steps
    return ends or state.step % run.eval_every == 0


def _stops_early(run: Run) -> bool:
    patience = run.config.early_stop
    return patience is not None and run.state.worse_evaluations >= patience


def _evaluate(run: Run) -> Iterator[Event]:
    """Score the evaluation pairs for this step, and copy the weights if they are the best so far."""
    state, pairs, beta = run.state, run.prepared.evaluation, run.config.beta
    scores: list[PairScore] = []
    for part in rounds(pairs, run.peers.count):
        scores += run.peers.evaluate(run.learner, part, pairs)
        yield PairDone(PairStage.EVAL, len(scores), len(pairs))
    state.evaluated_step = state.step
    state.eval_margins = margins_of(scores, beta)
    metrics = eval_metrics(scores, beta)
    losses = mean_by_question({score.key: score.loss for score in scores}, scores)
    note_evaluation(state, losses, metrics["eval_loss"], run.learner.weights)
    warnings = evaluation_warnings(state, metrics["eval_loss"])
    yield EvalDone(state.step, metrics)
    yield from warnings


def _finish_epoch(run: Run) -> MarginsKnown:
    """Report the margins of the epoch that is complete, and begin the next without any."""
    state = run.state
    margins, state.epoch_margins = state.epoch_margins, {}
    return MarginsKnown(state.step // run.steps_per_epoch, margins, dict(state.eval_margins))


def _checkpoint(run: Run) -> Iterator[Event]:
    """Write a checkpoint, if the run has a folder for them; the first process writes it."""
    if run.checkpoint_folder is not None:
        run.peers.check_equal(run.learner)
        if run.peers.is_first:
            save_checkpoint(run.checkpoint_folder, run.learner, run.prepared, run.state)
        yield CheckpointSaved(str(run.checkpoint_folder), run.state.step, len(run.state.batch_scores))


def _save(run: Run) -> Iterator[Event]:
    """Save the weights of the last step, or of an earlier one that was clearly better."""
    state, step = run.state, run.state.step
    if words := kept_words(state):
        yield Notice(NoticeLevel.INFO, words)
    yield SavingAdapter()
    if state.best_weights is not None and keeps_earlier(state):
        run.learner.set_weights(state.best_weights)
        step = state.best_step
    if state.general_text is not None:
        yield from _score_general_text(run)
    run.learner.optimizer.zero_grad()
    run.peers.check_equal(run.learner)
    if run.peers.is_first:
        save_checked(run.learner, run.folder, run.prepared.train[0])
    elif run.learner.base.shards > 1:
        join_check(run.learner, run.prepared.train[0])
    yield AdapterSaved(str(run.folder), step, run.learner.changed_parameters())
