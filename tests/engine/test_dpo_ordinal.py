"""The ordinal loss and its thresholds, worked by hand."""

import math
from collections.abc import Sequence

import pytest
import torch

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.dpo import dpo_loss, ordinal_loss
from engine.outcomes import NO_THRESHOLDS, Thresholds, objective_words, thresholds_of
from engine.preference import Outcome

TEN: list[Outcome] = ["tie"] * 3 + ["better"] * 6 + ["much"]
LEVELS: tuple[Outcome, ...] = ("much", "better", "tie")


def pairs(outcomes: Sequence[Outcome], question: str | None = None) -> list[EncodedPair]:
    return [
        EncodedPair(f"{question} {place}", (1,), (2,), (3,), outcome=outcome, question=question)
        for place, outcome in enumerate(outcomes)
    ]


def _nats(margin: float, outcome: Outcome, thresholds: Thresholds, smoothing: float = 0.0) -> float:
    return ordinal_loss(torch.tensor(margin, dtype=torch.float64), outcome, thresholds, smoothing).item()


def test_thresholds_give_the_labeller_s_own_shares_where_no_answer_is_preferred() -> None:
    found = thresholds_of(pairs([*TEN, "both_bad", "both_good"]))  # the last two are no level
    assert found.tie == pytest.approx(math.log(1.3 / 0.7))  # 0.619
    assert found.much == pytest.approx(math.log(1.9 / 0.1))  # 2.944
    # at a margin of 0 both answers share "better" and "much" between them
    tie, better, much = (math.exp(-_nats(0.0, outcome, found)) for outcome in ("tie", "better", "much"))
    assert (tie, 2 * better, 2 * much) == pytest.approx((0.3, 0.6, 0.1))
    assert found.at_equality("better") == pytest.approx(-math.log(0.3))
    assert found.at_equality("tie") == pytest.approx(-math.log(0.3))
    assert found.at_equality("much") == pytest.approx(-math.log(0.05))


def test_a_kind_that_never_occurs_has_no_threshold() -> None:
    assert thresholds_of(pairs(["better"] * 5)) == NO_THRESHOLDS
    assert thresholds_of(pairs(["better", "tie"])).much is None
    assert thresholds_of(pairs(["better", "much"])).tie == 0.0
    assert thresholds_of(pairs([])) == NO_THRESHOLDS


def test_a_ranking_counts_once_in_the_shares() -> None:
    """Two of its six pairs are ties: a third of one question. Beside two pairs that is a share of 1/9."""
    ranking = pairs(["tie", "tie", "better", "better", "better", "better"], "ranking 1")
    assert thresholds_of([*ranking, *pairs(["better", "better"])]).tie == pytest.approx(math.log((10 / 9) / (8 / 9)))


def test_shares_are_clipped_and_the_thresholds_keep_their_order() -> None:
    assert thresholds_of(pairs(["better"] * 999 + ["tie"])).tie == pytest.approx(math.log(1.02 / 0.98))
    assert thresholds_of(pairs(["much"] * 9)).much == pytest.approx(math.log(1.2 / 0.8))
    crowded = thresholds_of(pairs(["tie"] * 5 + ["much"] * 5))  # 0.5 and 0.5 become 0.475 each
    assert crowded.tie == pytest.approx(math.log(1.475 / 0.525))
    assert crowded.much is not None
    assert crowded.much > crowded.tie


@pytest.mark.parametrize("margin", [-30.0, -2.0, 0.0, 0.7, 5.0, 30.0])
def test_the_shares_of_all_levels_add_up_to_one(margin: float) -> None:
    found = thresholds_of(pairs(TEN))
    shares = [math.exp(-_nats(sign * margin, level, found)) for level in ("much", "better") for sign in (1, -1)]
    assert sum(shares) + math.exp(-_nats(margin, "tie", found)) == pytest.approx(1.0)


def test_each_level_by_hand() -> None:
    found = Thresholds(tie=0.5, much=2.0)
    s = lambda x: 1 / (1 + math.exp(-x))  # noqa: E731
    assert _nats(1.0, "much", found) == pytest.approx(-math.log(s(-1.0)))
    assert _nats(1.0, "better", found) == pytest.approx(-math.log(s(0.5) - s(-1.0)))
    assert _nats(1.0, "tie", found) == pytest.approx(-math.log(s(1.5) - s(0.5)))
    assert _nats(1.0, "better", Thresholds(tie=0.5)) == pytest.approx(-math.log(s(0.5)))
    mirrored = 0.8 * -math.log(s(0.5) - s(-1.0)) - 0.2 * math.log(s(-1.5) - s(-3.0))
    assert _nats(1.0, "better", found, 0.2) == pytest.approx(mirrored)
    assert _nats(1.0, "tie", found, 0.2) == _nats(1.0, "tie", found)  # a tie has no other side


@pytest.mark.parametrize("outcome", LEVELS)
@pytest.mark.parametrize("margin", [-3.0, 0.0, 1.78, 6.0])
def test_gradients_are_those_of_small_steps(outcome: Outcome, margin: float) -> None:
    found = thresholds_of(pairs(TEN))
    at = torch.tensor(margin, dtype=torch.float64, requires_grad=True)
    ordinal_loss(at, outcome, found).backward()  # type: ignore[no-untyped-call]
    step = (_nats(margin + 1e-6, outcome, found) - _nats(margin - 1e-6, outcome, found)) / 2e-6
    assert at.grad is not None
    assert at.grad.item() == pytest.approx(step, abs=1e-8)


@pytest.mark.parametrize("outcome", LEVELS)
@pytest.mark.parametrize("margin", [-1e4, 1e4])
def test_far_margins_have_a_loss_and_a_gradient(outcome: Outcome, margin: float) -> None:
    at = torch.tensor(margin, requires_grad=True)
    loss = ordinal_loss(at, outcome, thresholds_of(pairs(TEN)))
    loss.backward()  # type: ignore[no-untyped-call]
    assert at.grad is not None
    assert math.isfinite(loss.item())
    assert abs(at.grad.item()) <= 1.0


def test_better_is_best_half_way_between_its_thresholds_and_a_tie_at_zero() -> None:
    found = thresholds_of(pairs(TEN))
    assert found.best_margin == pytest.approx((0.6190 + 2.9444) / 2, abs=1e-4)
    for outcome, best in (("better", found.best_margin), ("tie", 0.0)):
        assert best is not None
        at = torch.tensor(best, dtype=torch.float64, requires_grad=True)
        ordinal_loss(at, outcome, found).backward()  # type: ignore[arg-type, no-untyped-call]
        assert at.grad is not None
        assert at.grad.item() == pytest.approx(0.0, abs=1e-12)


def test_without_thresholds_it_is_the_sigmoid_loss() -> None:
    margins = torch.linspace(-40, 40, 999)
    zero = torch.zeros(999)
    sigmoid = dpo_loss(margins, zero, zero, zero, beta=1.0)
    assert torch.equal(ordinal_loss(margins, "better", NO_THRESHOLDS), sigmoid)


def test_a_run_says_what_it_learns_from_and_where_its_loss_starts() -> None:
    pairs = [EncodedPair(str(place), (1,), (2,), (3,), outcome=outcome) for place, outcome in enumerate(TEN)]
    words = objective_words([*pairs, EncodedPair("x", (1,), (2,), (3,), outcome="both_bad")],
                            TrainConfig(loss="ordinal"), thresholds_of(pairs))  # fmt: skip
    assert words == (
        "Learned from 6 × better, 1 × much better, 3 × tie, 1 × both bad; accuracies and margins are of the pairs with "
        "a better answer. Where policy and reference are equal, the loss is 1.204 for better, 2.996 for much better, "
        "1.204 for tie, not 0.693. The loss of “better” is lowest at a margin of 1.78."
    )
    assert objective_words(pairs[3:9], TrainConfig(loss="ordinal"), NO_THRESHOLDS) is None
