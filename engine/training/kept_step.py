"""Which step's weights a run saves, and when it stops early: by paired differences over the evaluation pairs.

The last step is kept, unless an earlier one has a lower evaluation loss by more than one standard error of the paired
differences. Losses of ten pairs differ by chance more than epochs differ, so their lowest mean alone chooses no step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

import torch

from engine.training.run_state import KeptBy, RunState

Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class PairedDifference:
    """How much lower the losses of an earlier step are than those of a later one, over the same
    pairs; a ranking is one.

    `mean` is later − earlier, `standard_error` that of the mean, None for one pair alone.
    """

    pairs: int
    mean: float
    standard_error: float | None

    @classmethod
    def of(cls, earlier: Mapping[str, float], later: Mapping[str, float]) -> "PairedDifference":
        """From losses by question. 0.3, 0.5, 0.4 and then 0.5, 0.6, 0.9: a mean of 0.267 ± 0.120."""
        differences = [later[key] - earlier[key] for key in earlier]
        count = len(differences)
        return cls(count, fmean(differences), stdev(differences) / count**0.5 if count > 1 else None)

    @property
    def is_clear(self) -> bool:
        """Whether the earlier losses are lower by more than one standard error."""
        return self.standard_error is not None and self.mean > self.standard_error


def note_evaluation(state: RunState, losses: Mapping[str, float], mean: float, weights: Callable[[], Weights]) -> None:
    """Record the evaluation of `state.step`: the step with the lowest loss, and how many in a row were worse than it.

    Args:
        losses: the loss of each evaluation question by its name; `mean` is their mean.
        weights: returns a copy of the present weights.
    """
    state.eval_losses = dict(losses)
    if mean < state.best_loss:
        state.best_loss, state.best_step, state.best_weights = mean, state.step, weights()
        state.best_losses, state.worse_evaluations = dict(losses), 0
    elif state.kept_by is KeptBy.LOWEST_LOSS or PairedDifference.of(state.best_losses, losses).is_clear:
        state.worse_evaluations += 1
    else:
        state.worse_evaluations = 0


def keeps_earlier(state: RunState) -> bool:
    """Whether the step with the lowest evaluation loss is saved in place of the last one.

    A run that broke after its latest evaluation keeps it as well: nothing is known of the steps since.
    """
    if state.best_weights is None or state.best_step == state.step:
        return False
    if state.kept_by is KeptBy.LOWEST_LOSS or state.evaluated_step != state.step:
        return True
    return PairedDifference.of(state.best_losses, state.eval_losses).is_clear


def kept_words(state: RunState) -> str | None:
    """Which step is kept and which would have been kept otherwise; None where there is nothing to choose."""
    if not state.best_losses or state.best_step == state.step or state.evaluated_step != state.step:
        return None
    found = PairedDifference.of(state.best_losses, state.eval_losses)
    error = "" if found.standard_error is None else f" ± {found.standard_error:.3f}"
    figures = f"lower by {found.mean:.3f}{error} over {found.pairs} evaluation pair{'s' if found.pairs > 1 else ''}"
    if keeps_earlier(state):
        return (
            f"Step {state.best_step} is kept: its evaluation loss of {state.best_loss:.3f} is {figures}. "
            f"Otherwise step {state.step}, the last, would have been kept."
        )
    return (
        f"Step {state.step}, the last, is kept. The lowest evaluation loss, {state.best_loss:.3f}, is that of step "
        f"{state.best_step}, but {figures} is too little to choose it."
    )
