"""The state of a run: everything about it that is not in the model, the optimizer or the random numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import torch

from engine.dpo import PairScore


class KeptBy(StrEnum):
    """The rule by which a run keeps a step: see `engine.training.kept_step`, or the lowest evaluation loss alone.

    Runs that began before there was a choice have the second.
    """

    STANDARD_ERROR = "one standard error"
    LOWEST_LOSS = "lowest loss"


@dataclass
class RunState:
    """The state of a run between two events. A checkpoint holds all of it, some under older names.

    Attributes:
        step: optimizer steps done, of `total_steps`.
        batch_scores: the scores of the pairs already learned from for the next step; the adapter holds their gradients.
        batch_s: seconds that these pairs took; `learning_s` those before the first step.
        work: the work of the steps that are done, as `engine.estimates.time_left` counts it.
        num_tokens: tokens of all pairs learned from, in each epoch again.
        chosen_lost: the nats that the chosen answers of each of the latest steps lost against the reference, and their
            tokens.
        epoch_margins: each training pair's margin in this epoch so far.
        eval_margins: each evaluation pair's margin at the latest evaluation.
        evaluated_step: the step of the last evaluation, -1 before the first.
        best_step, best_loss, best_weights: the step with the lowest evaluation loss.
        best_losses, eval_losses: each evaluation question's loss at the best step and at the latest evaluation.
        kept_by: the rule by which the run keeps a step and stops early.
        worse_evaluations: how many evaluations in a row were worse than the best, by that rule.
        given_warnings: the names of the warnings that the run has given; it gives each once.
        general_text: nats a token of the general text before the first step; None where that is not known.
        stopped: whether the run was asked to stop.
    """

    total_steps: int
    step: int = 0
    batch_scores: list[PairScore] = field(default_factory=list)
    batch_s: float = 0.0
    learning_s: float = 0.0
    work: int = 0
    num_tokens: int = 0
    chosen_lost: list[list[float]] = field(default_factory=list)
    epoch_margins: dict[str, float] = field(default_factory=dict)
    eval_margins: dict[str, float] = field(default_factory=dict)
    evaluated_step: int = -1
    best_step: int = 0
    best_loss: float = float("inf")
    best_weights: Mapping[str, torch.Tensor] | None = None
    best_losses: dict[str, float] = field(default_factory=dict)
    eval_losses: dict[str, float] = field(default_factory=dict)
    kept_by: KeptBy = KeptBy.STANDARD_ERROR
    worse_evaluations: int = 0
    given_warnings: set[str] = field(default_factory=set)
    general_text: float | None = None
    stopped: bool = False
