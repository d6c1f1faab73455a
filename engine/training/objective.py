"""The loss of one pair of a step, whatever its verdict said."""

from collections.abc import Sequence

import torch

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.dpo import dpo_loss, likelihood_weights, ordinal_loss, unpaired_loss
from engine.logps import CompletionScores
from engine.outcomes import Thresholds
from engine.preference import DECISIVE, UNPAIRED
from engine.questions import count_questions, weights_of


def pair_loss(
    pair: EncodedPair,
    scores: CompletionScores,
    held: torch.Tensor,
    batch: Sequence[EncodedPair],
    config: TrainConfig,
    thresholds: Thresholds,
    *,
    weigh: bool = False,
) -> torch.Tensor:
    """The loss of a pair with reference logps `held`, (2,). Its mean over the batch's questions is the batch's loss.

    It depends on the pairs of its batch, never on those that share its pass: the SFT term is a mean over the batch's
    chosen tokens, and pairs of which both answers are bad or good have at most a quarter of the batch's weight. An
    edited answer is anchored by the mean over its own tokens (arXiv:2404.19733).

    Args:
        weigh: whether to weight imported and server answers by how likely the policy is to write them (WPO). An
            evaluation does not weight: its loss would fall when the policy only made them unlikely.
    """
    weights = _answer_weights(pair, scores) if weigh and pair.is_foreign else None
    if pair.outcome in UNPAIRED:
        beta, good = config.beta, pair.outcome == "both_good"
        loss = unpaired_loss(scores.logps - held, beta=beta, good=good, weights=1.0 if weights is None else weights)
        return loss * unpaired_weight(batch, config)
    loss = _preference_loss(pair, scores, held, config, thresholds)
    if weights is not None:
        loss = loss * weights.prod()
    if pair.edited:
        loss = loss - config.edit_weight * scores.whole[0] / scores.tokens[0]
    if config.sft_weight and pair.outcome in DECISIVE:
        chosen_tokens = sum(
            weight * len(each.chosen_ids)
            for each, weight in zip(batch, weights_of(batch), strict=True)
            if each.outcome in DECISIVE
        )
        loss = loss - config.sft_weight * scores.whole[0] * (count_questions(batch) / chosen_tokens)
    return loss


def _answer_weights(pair: EncodedPair, scores: CompletionScores) -> torch.Tensor:
    """WPO's weights of both answers, (2,): 1 for one that the policy wrote."""
    assert scores.squares is not None
    found = likelihood_weights(scores.whole, scores.squares, scores.tokens)
    foreign = torch.tensor([pair.chosen_foreign, pair.rejected_foreign], device=found.device)
    return torch.where(foreign, found, 1.0)


def _preference_loss(
    pair: EncodedPair, scores: CompletionScores, held: torch.Tensor, config: TrainConfig, thresholds: Thresholds
) -> torch.Tensor:
    """The loss of a verdict that prefers an answer, or of a tie."""
    if config.loss == "ordinal" and not thresholds.are_none:
        chosen, rejected = (scores.logps - held).unbind()
        loss = ordinal_loss(config.beta * (chosen - rejected), pair.outcome, thresholds, config.label_smoothing)
        return loss * config.tie_weight if pair.outcome == "tie" else loss
    return dpo_loss(
        *scores.logps.unbind(),
        *held.unbind(),
        beta=config.beta,
        loss="sigmoid" if config.loss == "ordinal" else config.loss,
        label_smoothing=config.label_smoothing,
        chosen_tokens=scores.tokens[0],
        rejected_tokens=scores.tokens[1],
    )


def unpaired_weight(batch: Sequence[EncodedPair], config: TrainConfig) -> float:
    """The weight of each unpaired term of a batch: the setting, or less where all of them would exceed 25 %.

    Three pairs and two of which both answers are bad: 3 / (3 · 2) = 0.5 each, so 1 of 4. Without a pair it is 0.
    """
    weights = {"tie": config.tie_weight}
    shares = list(zip(batch, weights_of(batch), strict=True))
    paired = sum(share * weights.get(each.outcome, 1.0) for each, share in shares if each.outcome not in UNPAIRED)
    unpaired = sum(share for each, share in shares if each.outcome in UNPAIRED)
    return min(config.unpaired_weight, paired / (3 * unpaired))
