"""LoRA on linear layers that share one input, as one function: less memory and fewer steps than PEFT's wrapper.

    y = x Wᵀ + bias + scale · drop(x) Aᵀ Bᵀ          for each layer; x, dropout and drop(x) Aᵀ are shared

The base weights are frozen; gradients go to x, to A and to B.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from engine.llama.layers import LinearWeights


@dataclass(frozen=True)
class Origin:
    """What an input was computed from: `make(*tensors)` gives it again."""

    make: Callable[..., torch.Tensor]
    tensors: tuple[torch.Tensor, ...]


def project(
    x: torch.Tensor, layers: Sequence[LinearWeights], *, dropout: bool, origin: Origin | None = None
) -> tuple[torch.Tensor, ...]:
    """Apply layers that share the input `x`, (T, in) → one (T, out) each.

    Args:
        dropout: whether LoRA's is on.
        origin: what the backward pass computes `x` from; without it `x` is kept until then.
    """
    adapted = [each for each in layers if each.a is not None]
    dropped = dropped_places(x, adapted[0].dropout) if adapted and dropout and adapted[0].dropout else None
    matrices = [matrix for each in adapted for matrix in (each.a, each.b)]
    outputs: tuple[torch.Tensor, ...] = _LoraLinears.apply(x, dropped, tuple(layers), origin, *matrices)  # type: ignore[no-untyped-call]
    return outputs


def dropped_places(x: torch.Tensor, share: float) -> torch.Tensor:
    """The places of `x` (flat) that dropout zeroes, each on its own with probability `share`.

    A Poisson number of places drawn with replacement makes the places independent of one another and exactly as
    likely as coin throws would (each place is hit Poisson(−ln(1 − share)) times), at a twentieth of the cost.
    """
    mean = -x.numel() * math.log1p(-share)
    count = int(torch.poisson(torch.tensor(mean, dtype=torch.float64)))
    return torch.randint(x.numel(), (count,), device=x.device)


class _LoraLinears(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        dropped: torch.Tensor | None,
        layers: tuple[LinearWeights, ...],
        origin: Origin | None,
        *_: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        down = _down_matrix(layers, x.dtype, dropping=dropped is not None)
        low = None if down is None else _zeroed(x, dropped) @ down.t()  # (T, Σr)
        outputs, start = [], 0
        for each in layers:
            y = x @ each.weight.t() if each.bias is None else torch.addmm(each.bias, x, each.weight.t())
            if each.b is not None and low is not None:
                rank = each.b.shape[1]
                y.addmm_(low[:, start : start + rank], each.b.to(x.dtype).t(), alpha=each.scale)
                start += rank
            outputs.append(y)
        ctx.save_for_backward(dropped, low, *([x] if origin is None else origin.tensors))
        ctx.layers = layers
        ctx.make = None if origin is None else origin.make
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        dropped, low, *inputs = ctx.saved_tensors
        x = inputs[0] if ctx.make is None else ctx.make(*inputs)
        layers: tuple[LinearWeights, ...] = ctx.layers
        parts: list[torch.Tensor] = []  # (T, r) gradients of drop(x) Aᵀ
        matrix_gradients: list[torch.Tensor] = []
        start = 0
        for each, gradient in zip(layers, gradients, strict=True):
            if each.b is None:
                continue
            rank = each.b.shape[1]
            parts.append(gradient @ (each.b * each.scale).to(x.dtype))
            matrix_gradients.append((gradient.t() @ low[:, start : start + rank]).float() * each.scale)
            start += rank
        d_low = torch.cat(parts, -1) if parts else None
        d_x = _input_gradient(x, dropped, layers, gradients, d_low) if ctx.needs_input_grad[0] else None
        if d_low is None:
            return d_x, None, None, None
        d_down = (d_low.t() @ _zeroed(x, dropped)).float()  # (Σr, in)
        if dropped is not None:
            d_down *= _scaled_up(layers)
        d_a = d_down.split([each.a.shape[0] for each in layers if each.a is not None])  # type: ignore[no-untyped-call]
        paired = [each for two in zip(d_a, matrix_gradients, strict=True) for each in two]
        return d_x, None, None, None, *paired


def _input_gradient(
    x: torch.Tensor,
    dropped: torch.Tensor | None,
    layers: tuple[LinearWeights, ...],
    gradients: Sequence[torch.Tensor],
    d_low: torch.Tensor | None,
) -> torch.Tensor:
    """d loss / d x, (T, in): through the frozen weights and through LoRA."""
    down = _down_matrix(layers, x.dtype, dropping=dropped is not None)
    if down is None or d_low is None:
        d_x = torch.zeros_like(x)
    else:
        d_x = d_low @ down
        if dropped is not None:
            d_x.view(-1).index_fill_(0, dropped, 0)
    for each, gradient in zip(layers, gradients, strict=True):
        d_x.addmm_(gradient, each.weight)
    return d_x


def _down_matrix(layers: Sequence[LinearWeights], dtype: torch.dtype, *, dropping: bool) -> torch.Tensor | None:
    """All A matrices in one, (Σr, in), or None without LoRA.

    The factor by which dropout scales up is in these few values, not in the many of the input.
    """
    matrices = [each.a for each in layers if each.a is not None]
    if not matrices:
        return None
    joined = torch.cat(matrices)
    return (joined * _scaled_up(layers) if dropping else joined).to(dtype)


def _scaled_up(layers: Sequence[LinearWeights]) -> float:
    """By how much dropout scales up the values that it keeps."""
    return 1 / (1 - next(each.dropout for each in layers if each.a is not None))


def _zeroed(x: torch.Tensor, dropped: torch.Tensor | None) -> torch.Tensor:
    """A copy of `x` with the dropped places at zero; `x` itself without dropout."""
    if dropped is None:
        return x
    kept = x.clone()
    kept.view(-1).index_fill_(0, dropped, 0)
    return kept
