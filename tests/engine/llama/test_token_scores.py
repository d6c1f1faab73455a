"""Token scores without the full logits, against the plain method, in value and gradient."""

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

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
    logps, entropy, mean_logits, top1, squares = token_scores.TokenScores.apply(
        one, weight, weight.mean(0), targets, True
    )
    expected = (other @ weight.T).log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    torch.testing.assert_close(logps, expected)
    (logps * share).sum().backward()
    (expected * share).sum().backward()
    torch.testing.assert_close(one.grad, other.grad)
    sums = score_tokens(hidden @ weight.T, targets, True)
    torch.testing.assert_close(entropy.sum(), sums[1])
    torch.testing.assert_close(mean_logits.sum(), sums[2])
    assert top1.sum() == sums[3]
    torch.testing.assert_close(squares.sum(), sums[4])
    unasked = token_scores.TokenScores.apply(hidden, weight, weight.mean(0), targets)
    assert len(unasked) == 4
    assert torch.equal(unasked[0], logps.detach())


def test_bfloat16_logits_are_normalised_in_float32() -> None:
    torch.manual_seed(0)
    hidden, weight = torch.randn(5, 16).bfloat16(), (10 * torch.randn(300, 16)).bfloat16()
    targets = torch.randint(300, (5,))
    logps = token_scores.TokenScores.apply(hidden, weight, weight.float().mean(0), targets)[0]
    expected = (hidden @ weight.T).double().log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    torch.testing.assert_close(logps.double(), expected, rtol=0, atol=1e-4)


class LargestInFloat32(TorchDispatchMode):
    """Remembers how many values the largest new float32 tensor has."""

    def __init__(self) -> None:
        super().__init__()
        self.values = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.dtype == torch.float32:
            self.values = max(self.values, result.numel())
        return result


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_mean_of_the_rows_has_the_same_bits_without_a_copy(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    weight = torch.randn(3000, 200).to(dtype)
    with LargestInFloat32() as largest:
        found = token_scores.mean_of_rows(weight)
    assert torch.equal(found, weight.float().mean(0))
    if dtype != torch.float32:
        assert largest.values < weight.numel() / 2
