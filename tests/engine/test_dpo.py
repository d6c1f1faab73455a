"""The loss and the metrics, worked by hand."""

import math

import pytest
import torch

from engine.config import TrainConfig, settings_of
from engine.dpo import PairScore, dpo_loss, pair_metrics, unpaired_loss
from engine.errors import SettingError
from engine.training.evaluation import eval_metrics


def _logps(*values: float) -> torch.Tensor:
    return torch.tensor(values)


def test_margin_one_gives_0_3133_and_no_margin_gives_ln_2() -> None:
    loss = dpo_loss(_logps(-10, -20), _logps(-20, -20), _logps(-12, -20), _logps(-12, -20), beta=0.1)
    assert loss.tolist() == pytest.approx([math.log(1 + math.exp(-1)), math.log(2)], abs=1e-6)
    assert loss[0].item() == pytest.approx(0.3133, abs=5e-5)


@pytest.mark.parametrize(
    ("loss", "smoothing", "expected"),
    [
        # ratios: chosen +4, rejected -6 → difference 10, beta 0.1; ln σ(1) = -0.3133, ln σ(-1) = -1.3133
        ("sigmoid", 0.0, 0.313262),
        ("sigmoid", 0.2, 0.8 * 0.313262 + 0.2 * 1.313262),
        ("robust", 0.2, (0.8 * 0.313262 - 0.2 * 1.313262) / 0.6),
        ("hinge", 0.0, 0.0),
        ("ipo_paper", 0.0, (10 - 5) ** 2),
        ("ipo", 0.0, (4 / 2 + 6 / 3 - 5) ** 2),  # two chosen and three rejected tokens
        ("sigmoid_norm", 0.0, math.log(1 + math.exp(-0.4))),
        ("apo_zero", 0.0, 1 - 0.598688 + 0.354344),  # s(0.4) and s(−0.6)
        ("apo_down", 0.0, 0.598688 + 1 - 0.731059),  # s(0.4) and s(1)
    ],
)
def test_every_loss_by_hand(loss: str, smoothing: float, expected: float) -> None:
    value = dpo_loss(
        _logps(-6),
        _logps(-26),
        _logps(-10),
        _logps(-20),
        beta=0.1,
        loss=loss,
        label_smoothing=smoothing,
        chosen_tokens=2,
        rejected_tokens=3,
    )
    assert value.item() == pytest.approx(expected, abs=1e-5)


def test_a_loss_without_a_branch_is_refused_and_no_setting_names_one() -> None:
    one = _logps(-1)
    with pytest.raises(ValueError, match="knows no loss 'sigmoid_typo'"):
        dpo_loss(one, one, one, one, beta=0.1, loss="sigmoid_typo")
    declared = next(each for each in settings_of(TrainConfig) if each.name == "loss")
    for name in set(declared.choices) - {"ordinal"}:
        assert dpo_loss(one, one, one, one, beta=0.1, loss=name).shape == (1,)


@pytest.mark.parametrize("loss", ["apo_zero", "apo_down", "sigmoid_norm"])
def test_gradients_are_those_of_small_steps(loss: str) -> None:
    held = (torch.tensor([-10.0], dtype=torch.float64), torch.tensor([-20.0], dtype=torch.float64))
    at = torch.tensor([[-6.0], [-26.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda both: dpo_loss(both[0], both[1], *held, beta=0.3, loss=loss), at)


def test_both_bad_and_both_good_by_hand() -> None:
    ratios = torch.tensor([4.0, -6.0], dtype=torch.float64, requires_grad=True)
    bad, good = (unpaired_loss(ratios, beta=0.1, good=good) for good in (False, True))
    assert bad.item() == pytest.approx((0.598688 + 0.354344) / 2, abs=1e-6)  # s(0.4) and s(−0.6)
    assert good.item() == pytest.approx(1 - bad.item())
    assert unpaired_loss(torch.zeros(2), beta=0.1, good=True).item() == 0.5
    assert torch.autograd.gradcheck(lambda both: unpaired_loss(both, beta=0.3, good=False), ratios)


def test_a_hinge_below_its_margin() -> None:
    assert dpo_loss(_logps(-9), _logps(-9), _logps(-10), _logps(-6), beta=0.1, loss="hinge").item() == pytest.approx(
        0.6
    )


def test_label_smoothing_is_refused_where_it_would_do_nothing() -> None:
    with pytest.raises(SettingError, match="does nothing with --loss hinge"):
        TrainConfig(loss="hinge", label_smoothing=0.1)


def _score(key: str, chosen: float, rejected: float, tokens: tuple[int, int], loss: float) -> PairScore:
    return PairScore(
        key=key,
        loss=loss,
        logps=(chosen, rejected),
        reference_logps=(-10.0, -10.0),
        tokens=tokens,
        entropy=(2.0 * tokens[0], 1.0 * tokens[1]),
        mean_logits=(3.0, -6.0),
        top1=(1, 0),
    )


def test_metrics_count_every_pair_once_and_tokens_by_token() -> None:
    scores = [_score("a", -8, -14, (2, 4), 0.5), _score("b", -11, -11, (4, 2), 0.7), _score("c", -12, -10, (6, 6), 0.9)]
    metrics = pair_metrics(scores, beta=0.5)
    # rewards: a (1, -2), b (-0.5, -0.5), c (-1, 0)
    assert metrics == pytest.approx(
        {
            "loss": 0.7,
            "rewards/chosen": -0.5 / 3,
            "rewards/rejected": -2.5 / 3,
            "rewards/margins": 2.0 / 3,
            "rewards/accuracies": 1 / 3,  # b's margin is exactly 0, so it is not accurate
            "logps/chosen": -31 / 3,
            "logps/rejected": -35 / 3,
            "logits/chosen": 9 / 12,
            "logits/rejected": -18 / 12,
            "entropy": (24 + 12) / 24,
            "mean_token_accuracy": 3 / 12,
        }
    )
    assert scores[0].margin(0.5) == 3.0
    assert eval_metrics(scores, 0.5)["eval_rewards/margins"] == metrics["rewards/margins"]
