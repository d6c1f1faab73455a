"""Warnings that a person can act on, from figures that a run computes anyway."""

from collections.abc import Sequence

from engine.dpo import PairScore
from engine.events import Notice, NoticeLevel
from engine.preference import DECISIVE
from engine.training.kept_step import keeps_earlier
from engine.training.run_state import RunState

# Nats per token that the chosen answers of the latest steps may lose in likelihood before the model's language suffers.
# Runs on 100 pairs of the default model stayed below 0.08 at the default learning rate and passed 0.2 at 2e-4. With an
# SFT weight some lost 0.17 in the first epoch and won all of it back, so the first half of a run is not told
# (docs/LOG.md).
_COLLAPSE_NATS_PER_TOKEN = 0.15
_STEPS = 8
_OVERFIT = 0.1


def step_warnings(state: RunState, scores: Sequence[PairScore], beta: float) -> tuple[Notice, ...]:
    """The warnings that the latest steps give reason for, in the second half of a run; a run gives each once."""
    found: dict[str, str] = {}
    scores = [score for score in scores if score.outcome in DECISIVE]
    if not scores:
        return ()
    lost = sum(held - own for score in scores for own, held in [(score.logps[0], score.reference_logps[0])])
    if state.step * 2 <= state.total_steps:
        return ()
    state.chosen_lost = [*state.chosen_lost, [lost, sum(score.tokens[0] for score in scores)]][-_STEPS:]
    if len(state.chosen_lost) < min(_STEPS, state.total_steps // 4):  # a step of four pairs says little
        return ()
    per_token = sum(nats for nats, _ in state.chosen_lost) / sum(tokens for _, tokens in state.chosen_lost)
    margin = sum(score.margin(beta) for score in scores)
    if per_token > _COLLAPSE_NATS_PER_TOKEN:
        found["collapse"] = (
            f"The chosen answers have lost {per_token:.2f} nats per token against the reference: the model is "
            "forgetting how to speak. Stop, then lower the learning rate or the epochs, or raise the SFT weight "
            "(--sft-weight)."
        )
    elif per_token > 0 and margin > 0:
        found["falling"] = (
            "The chosen answers become less likely while the margin grows: the run unlearns the rejected ones more "
            "than it learns the chosen. If answers become odd, raise the SFT weight (--sft-weight) by 0.2."
        )
    return _once(state, found)


def evaluation_warnings(state: RunState, eval_loss: float) -> tuple[Notice, ...]:
    """The warnings that an evaluation gives reason for; `state` knows it already."""
    if eval_loss > state.best_loss + _OVERFIT and keeps_earlier(state):
        text = (
            f"The evaluation loss rose from {state.best_loss:.3f} to {eval_loss:.3f}: the run learns its pairs by "
            f"heart. Stop, or set early stop (--early-stop) to 1; the adapter of step {state.best_step} is kept."
        )
        return _once(state, {"overfit": text})
    return ()


def _once(state: RunState, found: dict[str, str]) -> tuple[Notice, ...]:
    fresh = {name: text for name, text in found.items() if name not in state.given_warnings}
    state.given_warnings.update(fresh)
    return tuple(Notice(NoticeLevel.WARNING, text) for text in fresh.values())
