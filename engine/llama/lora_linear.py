"""LoRA on linear layers that share one input, as one function: less memory and fewer steps than PEFT's wrapper.

    y = x Wᵀ + bias + scale · drop(x) Aᵀ Bᵀ          for each layer; x, dropout and drop(x) Aᵀ are shared

The base weights are frozen; gradients go to x, to A and to B.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from engine.llama.layers import LinearWeights


@dataclass(frozen=True)
class Origin:
    """What the backward pass needs in place of an input: `make(*tensors)` gives it again.

    `draw()` gives the dropped places again; None keeps them, because nothing can draw them a second time.
    """

    make: Callable[..., torch.Tensor]
    tensors: tuple[torch.Tensor, ...]
    draw: Callable[[], torch.Tensor] | None = None


def project(
    x: torch.Tensor,
    layers: Sequence[LinearWeights],
    *,
    dropped: torch.Tensor | None,
    origin: Origin | None = None,
) -> tuple[torch.Tensor, ...]:
    """Apply layers that share the input `x`, (T, in) → one (T, out) each.

    Args:
        dropped: the places of `x` (flat) that LoRA's dropout zeroes; None without dropout.
        origin: what the backward pass computes `x` from; without it `x` is kept until then.
    """
    matrices = [matrix for each in layers if each.a is not None for matrix in (each.a, each.b)]
    outputs: tuple[torch.Tensor, ...] = _LoraLinears.apply(x, dropped, tuple(layers), origin, *matrices)  # type: ignore[no-untyped-call]
    return outputs


def dropout_share(layers: Sequence[LinearWeights]) -> float:
    """The share of their common input that LoRA drops in training; 0 where none of them has LoRA."""
    return next((each.dropout for each in layers if each.a is not None), 0.0)


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
            weight = each.dense().t()
            y = x @ weight if each.bias is None else torch.addmm(each.bias, x, weight)
            if each.b is not None and low is not None:
                rank = each.b.shape[1]
                y.addmm_(low[:, start : start + rank], each.b.to(x.dtype).t(), alpha=each.scale)
                start += rank
            outputs.append(y)
        ctx.draw = None if origin is None or dropped is None else origin.draw
        ctx.make = None if origin is None else origin.make
        held = (x,) if origin is None else origin.tensors
        ctx.save_for_backward(dropped if ctx.draw is None else None, low, *held)
        ctx.layers = layers
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        dropped, low, *inputs = ctx.saved_tensors
        x = inputs[0] if ctx.make is None else ctx.make(*inputs)
        dropped = dropped if ctx.draw is None else ctx.draw()
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
        d_x.addmm_(gradient, each.dense())
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
    return 1 / (1 - dropout_share(layers))


def _zeroed(x: torch.Tensor, dropped: torch.Tensor | None) -> torch.Tensor:
    """A copy of `x` with the dropped places at zero; `x` itself without dropout."""
    if dropped is None:
        return x
    kept = x.clone()
    kept.view(-1).index_fill_(0, dropped, 0)
    return kept
