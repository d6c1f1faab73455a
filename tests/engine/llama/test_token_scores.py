"""Token scores without the full logits, against the plain method, in value and gradient."""

import pytest
import torch

from engine.llama import token_scores
from engine.logps import score_tokens


@pytest.mark.parametrize("chunk_values", [1 << 22, 3 * 50, 1])
def test_scores_and_gradients_equal_the_plain_method(monkeypatch: pytest.MonkeyPatch, chunk_values: int) -> None:
    monkeypatch.setattr(token_scores, "_CHUNK_VALUES", chunk_values)
    torch.manual_seed(0)
    hidden, weight = torch.randn(11, 8), torch.randn(50, 8)
    targets = torch.randint(50, (11,))
    share = torch.randn(11)  # each token's own part in the loss
    one, other = hidden.clone().requires_grad_(), hidden.clone().requires_grad_()
    logps, entropy, mean_logits, top1 = token_scores.TokenScores.apply(one, weight, weight.mean(0), targets)
    expected = (other @ weight.T).log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    torch.testing.assert_close(logps, expected)
    (logps * share).sum().backward()
    (expected * share).sum().backward()
    torch.testing.assert_close(one.grad, other.grad)
    sums = score_tokens(hidden @ weight.T, targets)
    torch.testing.assert_close(entropy.sum(), sums[1])
    torch.testing.assert_close(mean_logits.sum(), sums[2])
    assert top1.sum() == sums[3]


def test_bfloat16_logits_are_normalised_in_float32() -> None:
    torch.manual_seed(0)
    hidden, weight = torch.randn(5, 16).bfloat16(), (10 * torch.randn(300, 16)).bfloat16()
    targets = torch.randint(300, (5,))
    logps = token_scores.TokenScores.apply(hidden, weight, weight.float().mean(0), targets)[0]
    expected = (hidden @ weight.T).double().log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    torch.testing.assert_close(logps.double(), expected, rtol=0, atol=1e-4)
