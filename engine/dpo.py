"""The losses of Direct Preference Optimization (Rafailov et al. 2023, arXiv:2305.18290) and its kin, and their metrics.

Free functions of tensors of shape (B,): B pairs. Log-probabilities ("logps") are sums over a completion's tokens, in
nats.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from engine.outcomes import Thresholds
from engine.preference import DECISIVE, Outcome
from engine.questions import weights_of


def dpo_loss(
    policy_chosen_logps: torch.Tensor,
    policy_rejected_logps: torch.Tensor,
    reference_chosen_logps: torch.Tensor,
    reference_rejected_logps: torch.Tensor,
    *,
    beta: float,
    loss: str = "sigmoid",
    label_smoothing: float = 0.0,
    chosen_tokens: torch.Tensor | int = 1,
    rejected_tokens: torch.Tensor | int = 1,
) -> torch.Tensor:
    """The loss of each pair.

    Args:
        policy_chosen_logps, policy_rejected_logps: (B,) float32, with gradients.
        reference_chosen_logps, reference_rejected_logps: (B,) float32.
        beta: above 0; how strongly the policy is held to the reference.
        loss: a name of `TrainConfig.loss`. "sigmoid" is Eq. 7 of the DPO paper, and with label smoothing cDPO
            (Mitchell 2023); "robust" is rDPO (arXiv:2403.00409); "hinge" is SLiC (arXiv:2305.10425); "ipo_paper"
            is Eq. 17 of arXiv:2310.12036 and "ipo" the same with lengths divided out, as TRL has it; "sigmoid_norm"
            divides lengths out of "sigmoid". "apo_zero" and "apo_down" (arXiv:2408.06266) hold each answer against
            the reference: the first makes the chosen one likelier, the second may make both less likely.
        label_smoothing: share of verdicts taken to be slips, 0 to below 1/2.
        chosen_tokens, rejected_tokens: (B,) lengths of the completions, for "ipo" and "sigmoid_norm".

    Returns:
        (B,) losses, not yet averaged. A margin of 10 nats with beta 0.1 gives log(1 + 1/e) = 0.3133; a policy that
        equals its reference gives ln 2 = 0.6931.

    Raises:
        ValueError: there is no such loss here. "ordinal" has a function of its own.
    """
    chosen_ratio = policy_chosen_logps - reference_chosen_logps
    rejected_ratio = policy_rejected_logps - reference_rejected_logps
    difference = chosen_ratio - rejected_ratio
    by_token = chosen_ratio / chosen_tokens - rejected_ratio / rejected_tokens
    if loss == "ipo":
        return (by_token - 1 / (2 * beta)) ** 2
    if loss == "ipo_paper":
        return (difference - 1 / (2 * beta)) ** 2
    if loss == "hinge":
        return torch.relu(1 - beta * difference)
    if loss == "apo_zero":
        return 1 - torch.sigmoid(beta * chosen_ratio) + torch.sigmoid(beta * rejected_ratio)
    if loss == "apo_down":
        return torch.sigmoid(beta * chosen_ratio) + 1 - torch.sigmoid(beta * difference)
    if loss == "sigmoid_norm":
        return -F.logsigmoid(beta * by_token)
    right, wrong = F.logsigmoid(beta * difference), F.logsigmoid(-beta * difference)
    if loss == "robust":
        return (-(1 - label_smoothing) * right + label_smoothing * wrong) / (1 - 2 * label_smoothing)
    if loss == "sigmoid":
        return -(1 - label_smoothing) * right - label_smoothing * wrong
    raise ValueError(f"dpo_loss knows no loss {loss!r}. Add a branch for it.")


def ordinal_loss(
    margin: torch.Tensor, outcome: Outcome, thresholds: Thresholds, label_smoothing: float = 0.0
) -> torch.Tensor:
    """The negative log-likelihood of an outcome at `margin`, of any shape; stable for margins of any size.

    The model is Rao and Kupper's of ties (1967), as in Rao-Kupper DPO (arXiv:2409.17431), with a level for strength.
    d is the margin, s the logistic function, and a1 and a2 are the thresholds of ties and of "much better":

        much     s(d − a2)
        better   s(d − a1) − s(d − a2)        without "much": s(d − a1)
        tie      s(d + a1) − s(d − a1)

    Label smoothing takes a share of the verdicts that prefer an answer to have meant the other one; ties have none.
    """
    if outcome == "tie":
        return (
            -math.log(math.expm1(2 * thresholds.tie))
            - F.logsigmoid(margin - thresholds.tie)
            - F.logsigmoid(-margin - thresholds.tie)
        )
    right, wrong = _better(margin, outcome, thresholds), _better(-margin, outcome, thresholds)
    return (1 - label_smoothing) * right + label_smoothing * wrong


def _better(margin: torch.Tensor, outcome: Outcome, thresholds: Thresholds) -> torch.Tensor:
    tie, much = thresholds.tie, thresholds.much
    if outcome == "much" and much is not None:
        return -F.logsigmoid(margin - much)
    if much is None:
        return -F.logsigmoid(margin - tie)
    return -math.log(-math.expm1(tie - much)) - F.logsigmoid(margin - tie) - F.logsigmoid(much - margin)


def likelihood_weights(logps: torch.Tensor, squares: torch.Tensor, tokens: Sequence[int]) -> torch.Tensor:
    """WPO's weights of answers (arXiv:2406.11827, Eq. 2): how likely the policy is to write them.

    Args:
        logps: (n,) logps of the answers under the policy, in nats.
        squares: (n,) sums over their tokens of ln Σ p² over the vocabulary.
        tokens: their lengths, n numbers.

    Returns:
        (n,) without a gradient, about 1 for an answer that the policy would write itself. An answer of tokens that each
        have 1/4, where two others have 3/8 each, weighs (1/4) / (1/16 + 2 · 9/64) = 0.7273.
    """
    return ((logps - squares).detach() / squares.new_tensor(tokens)).exp()


def unpaired_loss(
    ratios: torch.Tensor, *, beta: float, good: bool, weights: torch.Tensor | float = 1.0
) -> torch.Tensor:
    """The loss of a pair of which both answers are bad, or good: the unpaired form of APO-zero (arXiv:2408.06266).

    Args:
        ratios: (2,) policy − reference logps of both answers. No other pair counts, unlike in KTO.
        weights: (2,) of the answers.

    Returns:
        A scalar, the mean over both answers of s(βr) where they are bad and of 1 − s(βr) where they are good. Ratios of
        10 and −10 with beta 0.1 give 0.5 in both cases.
    """
    likely = torch.sigmoid(beta * ratios)
    return (weights * (1 - likely if good else likely)).mean()


@dataclass(frozen=True)
class PairScore:
    """The figures of one pair from one forward pass: plain numbers, summed over tokens unless stated otherwise.

    The two numbers of each tuple belong to chosen and rejected. `outcome` and `question` are those of the
    `PreferencePair`.
    """

    key: str
    loss: float
    logps: tuple[float, float]
    reference_logps: tuple[float, float]
    tokens: tuple[int, int]
    entropy: tuple[float, float]
    mean_logits: tuple[float, float]
    top1: tuple[int, int]
    outcome: str = "better"
    question: str | None = None

    def rewards(self, beta: float) -> tuple[float, float]:
        """The implicit rewards: beta · (policy logps − reference logps)."""
        chosen, rejected = (beta * (own - held) for own, held in zip(self.logps, self.reference_logps, strict=True))
        return chosen, rejected

    def margin(self, beta: float) -> float:
        """Chosen reward minus rejected reward."""
        chosen, rejected = self.rewards(beta)
        return chosen - rejected


def pair_metrics(scores: Sequence[PairScore], beta: float) -> dict[str, float]:
    """Metrics over pairs under TRL's names; every pair counts once, whatever batch it came in, and so does a ranking.

    `logits/*`, `entropy` (of both completions) and `mean_token_accuracy` (of the chosen ones) are means over tokens,
    all others over pairs. A margin of exactly 0 is not accurate, so a fresh adapter's accuracy is 0. `loss` and
    `entropy` are of all pairs, the others of those whose verdict prefers an answer; without such a pair they are left
    out.
    """
    decisive = [score for score in scores if score.outcome in DECISIVE]
    metrics = {
        "loss": _mean(scores, lambda score: score.loss),
        "entropy": _mean(scores, lambda score: sum(score.entropy), lambda score: sum(score.tokens)),
    }
    return metrics | _decisive_metrics(decisive, beta) if decisive else metrics


def _decisive_metrics(scores: Sequence[PairScore], beta: float) -> dict[str, float]:
    def chosen(score: PairScore) -> float:
        return score.rewards(beta)[0]

    def rejected(score: PairScore) -> float:
        return score.rewards(beta)[1]

    return {
        "rewards/chosen": _mean(scores, chosen),
        "rewards/rejected": _mean(scores, rejected),
        "rewards/margins": _mean(scores, lambda score: chosen(score) - rejected(score)),
        "rewards/accuracies": _mean(scores, lambda score: chosen(score) > rejected(score)),
        "logps/chosen": _mean(scores, lambda score: score.logps[0]),
        "logps/rejected": _mean(scores, lambda score: score.logps[1]),
        "logits/chosen": _mean(scores, lambda score: score.mean_logits[0], lambda score: score.tokens[0]),
        "logits/rejected": _mean(scores, lambda score: score.mean_logits[1], lambda score: score.tokens[1]),
        "mean_token_accuracy": _mean(scores, lambda score: score.top1[0], lambda score: score.tokens[0]),
    }


_Figure = Callable[[PairScore], float]


def _mean(scores: Sequence[PairScore], figure: _Figure, per: _Figure = lambda _: 1) -> float:
    """The mean of a figure over pairs, or of one summed over tokens over those tokens; a ranking counts as one pair."""
    weighted = list(zip(weights_of(scores), scores, strict=True))
    return sum(weight * figure(score) for weight, score in weighted) / sum(
        weight * per(score) for weight, score in weighted
    )
