"""Log-probabilities of completions, by hand and against one row at a time."""

import math

import pytest
import torch

from engine.chat import EncodedPair
from engine.logps import score_pair, score_tokens
from tests.tiny import tiny_model


def test_two_tokens_of_probability_one_half() -> None:
    logits = torch.tensor([[5.0, 5.0, -1e9], [1.0, -1e9, 1.0]])
    logps, entropy, mean_logits, top1 = score_tokens(logits, torch.tensor([1, 0]))
    assert logps.item() == pytest.approx(-2 * math.log(2))
    assert entropy.item() == pytest.approx(2 * math.log(2))
    assert mean_logits.item() == pytest.approx((10 - 1e9) / 3 + (2 - 1e9) / 3)
    assert top1.item() == 1  # the first of two equals counts as the likeliest


@pytest.mark.parametrize(("chosen", "rejected"), [((9, 8, 7, 6), (5,)), ((9,), (5, 4, 3)), ((9, 2), (5, 2))])
def test_a_pair_scores_as_its_sequences_alone(chosen: tuple[int, ...], rejected: tuple[int, ...]) -> None:
    model = tiny_model().requires_grad_(False)
    pair = EncodedPair("1", (10, 11, 12), chosen, rejected)
    scores = score_pair(model, pair, "cpu")
    for row, completion in enumerate((chosen, rejected)):
        ids = torch.tensor([pair.prompt_ids + completion])
        log_probs = model(input_ids=ids).logits[0].log_softmax(-1)
        by_hand = sum(log_probs[2 + place, token] for place, token in enumerate(completion))
        assert scores.logps[row].item() == pytest.approx(float(by_hand), abs=1e-5)
        hits = sum(int(log_probs[2 + place].argmax() == token) for place, token in enumerate(completion))
        assert scores.top1[row] == hits
    assert scores.tokens == (len(chosen), len(rejected))


def test_the_log_softmax_is_taken_in_float32() -> None:
    logits = torch.randn(4, 300, dtype=torch.bfloat16)
    targets = torch.tensor([3, 299, 0, 7])
    logps = score_tokens(logits, targets)[0]
    expected = logits.double().log_softmax(-1).gather(-1, targets[:, None]).sum()
    assert logps.dtype == torch.float32
    assert logps.item() == pytest.approx(expected.item(), abs=1e-5)
