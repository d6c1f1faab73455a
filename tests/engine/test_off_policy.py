"""WPO: answers that the policy did not write are weighted by how likely it is to write them."""

import dataclasses
import math
from pathlib import Path

import pytest
import torch

from engine.chat import EncodedPair, encode_pair
from engine.config import TrainConfig
from engine.dpo import likelihood_weights, unpaired_loss
from engine.events import EvalDone, Notice, StepDone
from engine.logps import CompletionScores, score_tokens
from engine.model import BaseModel, load_base
from engine.outcomes import NO_THRESHOLDS
from engine.preference import PreferencePair, pairs_fingerprint
from engine.preparation import pairs_digest
from engine.training.objective import pair_loss
from tests.engine.test_train import of_kind, pairs
from tests.engine.test_train_on_every_verdict import run
from tests.tiny import save_tiny

CONFIG = TrainConfig(
    learning_rate=1e-3, epochs=1, lora_dropout=0.0, lora_r=4, lora_alpha=8, eval_share=0.3, batch_size=4
)
WPO = dataclasses.replace(CONFIG, off_policy="wpo")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return load_base(str(save_tiny(tmp_path_factory.mktemp("model"))), source="tiny", dtype="float32", device="cpu")


def foreign(count: int = 8) -> list[PreferencePair]:
    return [dataclasses.replace(pair, chosen_foreign=True, rejected_foreign=True) for pair in pairs(count)]


def test_the_weight_of_an_answer_by_hand() -> None:
    logits = torch.tensor([[1 / 4, 3 / 8, 3 / 8], [3 / 8, 1 / 4, 3 / 8]]).log()
    logps, *_, squares = score_tokens(logits, torch.tensor([0, 1]), squares=True)
    (weight,) = likelihood_weights(logps[None], squares[None], [2]).tolist()
    assert weight == pytest.approx((1 / 4) / (1 / 16 + 2 * 9 / 64))  # 0.7273
    even = torch.zeros(2, 5)
    logps, *_, squares = score_tokens(even, torch.tensor([0, 4]), squares=True)
    assert likelihood_weights(logps[None], squares[None], [2]).item() == pytest.approx(1)  # any token is as likely


def test_only_answers_that_the_policy_did_not_write_are_weighed_and_the_weight_has_no_gradient() -> None:
    """With weights of 1/2 and 1/4, ln 2 becomes that times 1/8, or times the weight of the foreign answer alone."""
    zeros = torch.zeros(2)
    whole = torch.tensor([-4.0, -6.0], requires_grad=True)
    squares = torch.tensor([-4.0 + 2 * math.log(2), -6.0 + 3 * math.log(4)])
    scores = CompletionScores(whole, (2, 3), zeros, zeros, zeros, whole, squares)
    held = torch.tensor([-4.0, -6.0])
    for chosen, rejected, weight in ((True, True, 1 / 8), (True, False, 1 / 2), (False, True, 1 / 4)):
        pair = EncodedPair("1", (1,), (2, 3), (4, 5, 6), chosen_foreign=chosen, rejected_foreign=rejected)
        loss = pair_loss(pair, scores, held, [pair], WPO, NO_THRESHOLDS, weigh=True)
        assert loss.item() == pytest.approx(weight * math.log(2))
        (gradient,) = torch.autograd.grad(loss, whole)
        assert gradient.tolist() == pytest.approx([-weight * WPO.beta / 2, weight * WPO.beta / 2])
        assert pair_loss(pair, scores, held, [pair], WPO, NO_THRESHOLDS).item() == pytest.approx(math.log(2))
    bad = unpaired_loss(zeros, beta=0.1, good=False, weights=torch.tensor([1 / 2, 1 / 4]))
    assert bad.item() == pytest.approx((1 / 4 + 1 / 8) / 2)


def test_own_answers_train_to_the_last_bit_as_without_it(base: BaseModel, tmp_path: Path) -> None:
    _, plain = run(base, pairs(8), CONFIG, tmp_path / "plain")
    assert run(base, pairs(8), WPO, tmp_path / "own")[1] == plain
    assert run(base, foreign(), CONFIG, tmp_path / "in full")[1] == plain
    assert run(base, foreign(), WPO, tmp_path / "foreign")[1] != plain


def test_an_evaluation_counts_every_answer_in_full(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(WPO, learning_rate=1e-12)  # the policy stays its reference, so each pair has ln 2
    events, _ = run(base, foreign(), config, tmp_path / "run")
    (evaluated,) = of_kind(events, EvalDone)
    assert evaluated.metrics["eval_loss"] == pytest.approx(math.log(2), abs=1e-5)
    assert of_kind(events, StepDone)[0].metrics["loss"] < 0.5
    said = [notice.text for notice in of_kind(events, Notice) if "did not write" in notice.text]
    assert said == [
        "8 pairs have answers that the policy did not write, imported or from a server: training weights such "
        "answers by how likely the policy is to write them (WPO), and evaluations count them in full."
    ]


def test_the_origin_of_answers_is_part_of_a_run_only_where_it_counts(base: BaseModel) -> None:
    for identity in (pairs_fingerprint, pairs_digest):
        assert identity(CONFIG.as_learned(foreign())) == identity(pairs(8))
        assert identity(WPO.as_learned(foreign())) != identity(pairs(8))
    encoded = encode_pair(base.tokenizer, foreign()[0], WPO)
    assert isinstance(encoded, EncodedPair)
    assert encoded.is_foreign
