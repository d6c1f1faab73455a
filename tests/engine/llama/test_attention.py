"""Attention by one call for all sequences of a row: the same as pair by pair with masks, forward and backward."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from engine.chat import EncodedPair
from engine.compat.torch_private import Bounds, Fused
from engine.llama.attention import AttentionKernel, PackedAttention, agrees, attention_kernel
from engine.packing import pack, visible

PAIRS = [EncodedPair("1", (1, 2, 3), (4, 5), (6, 7, 8, 9)), EncodedPair("2", (1,), (2,), (3,))]
HEADS, KEY_HEADS, WIDTH = 4, 2, 8


def by_masks(fused: Fused, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bounds: Bounds) -> torch.Tensor:
    """What the kernels of a CUDA device compute, for a CPU: causal within each sequence, ends aligned."""
    queries, keys = (torch.diff(ends).tolist() for ends in bounds[:2])
    parts = []
    for one_q, one_k, one_v in zip(q.split(queries), k.split(keys), v.split(keys), strict=True):
        seen = visible(torch.arange(len(one_k) - len(one_q), len(one_k)), torch.arange(len(one_k)), fused.window)
        heads_first = [each.transpose(0, 1)[None] for each in (one_q, one_k, one_v)]
        out = F.scaled_dot_product_attention(*heads_first, seen, scale=fused.scale, enable_gqa=True)
        parts.append(out[0].transpose(0, 1))
    return torch.cat(parts)


def forward(
    fused: Fused, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bounds: Bounds
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    assert [int(bounds[2]), int(bounds[3])] == [int(torch.diff(ends).max()) for ends in bounds[:2]]
    return by_masks(fused, q, k, v, bounds), ()


def backward(
    fused: Fused,
    gradient: torch.Tensor,
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mixed: torch.Tensor,
    kept: Sequence[torch.Tensor],
    bounds: Bounds,
) -> tuple[torch.Tensor, ...]:
    assert mixed.shape == q.shape
    assert kept == []
    inputs = [each.detach().requires_grad_() for each in (q, k, v)]
    with torch.enable_grad():
        return torch.autograd.grad(by_masks(fused, *inputs, bounds), inputs, gradient)


def results(window: int | None) -> list[torch.Tensor]:
    """The row's attention and the gradients of queries, keys and values."""
    generator = torch.Generator().manual_seed(3)
    tokens = sum(pair.row_tokens for pair in PAIRS)
    q, k, v = (
        torch.randn(tokens, heads, WIDTH, generator=generator, requires_grad=True)
        for heads in (HEADS, KEY_HEADS, KEY_HEADS)
    )
    mixed = PackedAttention(pack(PAIRS, "cpu"))(q, k, v, window=window, scale=0.3)
    weights = torch.randn(mixed.shape, generator=generator)
    return [mixed.detach(), *torch.autograd.grad(mixed, (q, k, v), weights)]


@pytest.mark.parametrize("window", [None, 3])
def test_one_call_for_all_sequences_equals_pair_by_pair(monkeypatch: pytest.MonkeyPatch, window: int | None) -> None:
    expected = results(window)
    chosen: Callable[..., AttentionKernel] = lambda *_, **__: AttentionKernel.FLASH  # noqa: E731
    monkeypatch.setattr("engine.llama.attention.attention_kernel", chosen)
    monkeypatch.setattr(Fused, "forward", forward)
    monkeypatch.setattr(Fused, "backward", backward)
    for ours, theirs in zip(results(window), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def wrong_gradient(fused: Fused, *given: Any) -> tuple[torch.Tensor, ...]:
    d_q, d_k, d_v = backward(fused, *given)
    return d_q, d_k * 1.5, d_v


@pytest.mark.parametrize(
    ("how_backward", "right"), [(backward, True), (wrong_gradient, False), (torch.ops.aten.relu, False)]
)
def test_a_kernel_is_taken_only_where_it_gives_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, how_backward: Callable[..., Any], right: bool
) -> None:
    monkeypatch.setattr(Fused, "forward", forward)
    monkeypatch.setattr(Fused, "backward", lambda *given: how_backward(*given))
    agrees.cache_clear()
    assert agrees(AttentionKernel.FLASH, "cpu", torch.float32, WIDTH) is right
    agrees.cache_clear()
    assert bool(caplog.records) is not right


def test_the_kernel_of_a_device_and_a_number_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.llama.attention.agrees", lambda *_: True)
    assert attention_kernel("cpu", torch.bfloat16) is AttentionKernel.PRODUCTS
    assert attention_kernel("mps", torch.bfloat16) is AttentionKernel.MASKED
    for flash, kernel in ((True, AttentionKernel.FLASH), (False, AttentionKernel.EFFICIENT)):
        monkeypatch.setattr("engine.compat.torch_private.has_flash", lambda *_, flash=flash: flash)
        assert attention_kernel("cuda:1", torch.bfloat16) is kernel
        assert attention_kernel("cuda", torch.float32) is AttentionKernel.EFFICIENT
        assert attention_kernel("cuda", torch.bfloat16, width=512) is AttentionKernel.EFFICIENT
        assert attention_kernel("cuda", torch.float32, windowed=True) is AttentionKernel.MASKED
    monkeypatch.setattr("engine.llama.attention.agrees", lambda kernel, *_: kernel is not AttentionKernel.FLASH)
    assert attention_kernel("cuda", torch.bfloat16) is AttentionKernel.EFFICIENT
    monkeypatch.setattr("engine.llama.attention.agrees", lambda *_: False)
    assert attention_kernel("cuda", torch.bfloat16) is AttentionKernel.MASKED
