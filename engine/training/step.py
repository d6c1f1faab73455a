"""One optimizer step of a run: learn from its pairs, group by group, then change the weights."""

from collections.abc import Callable, Iterator, Sequence

from engine.chat import EncodedPair
from engine.dpo import PairScore, pair_metrics
from engine.estimates.flops import pair_flops, pair_size
from engine.events import Event, Notice, NoticeLevel, PairDone, PairStage, StepDone
from engine.out_of_memory import free_after, is_out_of_memory
from engine.preference import DECISIVE
from engine.schedule import learning_rate
from engine.training.peers import rounds
from engine.training.run import Run
from engine.training.step_start import StepStart
from engine.training.warnings import step_warnings

WriteCheckpoint = Callable[[Run], Iterator[Event]]
"""Writes a checkpoint of a run, with its event."""


def take_step(run: Run, checkpoint: WriteCheckpoint) -> Iterator[Event]:
    """Learn from the pairs of the next step, and take it; with gradient checkpointing where memory runs out.

    `checkpoint` is called between groups of pairs where `run.checkpoint_now` asks for one.
    """
    start = StepStart.of(run.learner, run.state)
    try:
        yield from _fill_and_take(run, checkpoint)
    except (RuntimeError, MemoryError) as error:
        scorer = run.learner.scorer
        if not is_out_of_memory(error) or scorer.checkpointing or run.config.gradient_checkpointing == "off":
            raise
        if run.learner.base.shards > 1:  # the other processes would not compute their layers twice
            raise
        free_after(error)
        start.restore(run.learner, run.state)
        scorer.checkpointing = True
        yield Notice(
            NoticeLevel.WARNING,
            f"The memory ran out at step {run.state.step + 1}. Gradient checkpointing is on from here: layers are "
            "computed twice, with the same results.",
        )
        yield from _fill_and_take(run, checkpoint)


def _fill_and_take(run: Run, checkpoint: WriteCheckpoint) -> Iterator[Event]:
    yield from _learn_batch(run, checkpoint)
    if not run.state.stopped:
        yield from _take_step(run)


def _learn_batch(run: Run, checkpoint: WriteCheckpoint) -> Iterator[Event]:
    """Learn from the pairs of the next step, group by group."""
    state, learner = run.state, run.learner
    batch = run.pairs_of_step(state.step)
    for groups in rounds(learner.scorer.groups(batch[len(state.batch_scores) :]), run.peers.count):
        if run.stop():
            state.stopped = True
            return
        if run.checkpoint_now():
            yield from checkpoint(run)
        before = learner.busy_s
        scores = run.peers.learn(learner, groups, batch, state.step)
        state.batch_scores += scores
        state.batch_s += learner.busy_s - before
        state.num_tokens += sum(pair.tokens for group in groups for pair in group)
        state.epoch_margins |= margins_of(scores, run.config.beta)
        yield PairDone(PairStage.STEP, len(state.batch_scores), len(batch))


def _take_step(run: Run) -> Iterator[Event]:
    state, learner, config = run.state, run.learner, run.config
    rate = learning_rate(state.step, state.total_steps, config)
    before = learner.busy_s
    grad_norm = learner.step(rate)
    batch = run.pairs_of_step(state.step)
    seconds = state.batch_s + learner.busy_s - before
    state.step += 1
    metrics = _metrics(run, batch, seconds, grad_norm=grad_norm, learning_rate=rate)
    warnings = step_warnings(state, state.batch_scores, config.beta)
    state.batch_scores, state.batch_s = [], 0.0
    state.work += run.pace.of(batch)
    seconds_left = run.pace.seconds_left(state.step, state.work, learner.busy_s - state.learning_s)
    yield StepDone(state.step, state.total_steps, metrics["epoch"], metrics, seconds_left)
    yield from warnings


def _metrics(run: Run, batch: Sequence[EncodedPair], seconds: float, **more: float) -> dict[str, float]:
    """The figures of the step that was just taken, which took `seconds` for the pairs `batch`, with `more` of them."""
    state, learner = run.state, run.learner
    metrics = {
        **pair_metrics(state.batch_scores, run.config.beta),
        **more,
        "epoch": state.step / run.steps_per_epoch,
        "num_tokens": state.num_tokens,
        "pairs_per_second": len(batch) / seconds,
        "tokens_per_second": sum(pair.tokens for pair in batch) / seconds,
    }
    if learner.shape is not None:
        flops = sum(pair_flops(learner.shape, pair_size(pair), learning=True) for pair in batch)
        metrics["flops_per_second"] = flops / seconds
    return metrics


def margins_of(scores: Sequence[PairScore], beta: float) -> dict[str, float]:
    """The margins of the pairs whose verdict prefers an answer; those of the others have no right side."""
    return {score.key: score.margin(beta) for score in scores if score.outcome in DECISIVE}
