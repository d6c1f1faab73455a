"""LoRA on linear layers that share one input, as a single function: less memory and fewer steps than PEFT's wrapper.

    y = x Wᵀ + bias + scale · drop(x) Aᵀ Bᵀ          for each layer; x, dropout and drop(x) Aᵀ are shared

The base weights are frozen; gradients go to x, to A and to B.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Projection:
    """One frozen linear layer with its LoRA matrices, if it has any.

    `weight` is (out, in) and `bias` (out,) or None, both in the base model's dtype; `a` is (r, in) and `b` (out, r),
    both float32.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None
    a: torch.Tensor | None = None
    b: torch.Tensor | None = None
    scale: float = 1.0
    dropout: float = 0.0


def project(x: torch.Tensor, projections: Sequence[Projection], *, dropout: bool) -> tuple[torch.Tensor, ...]:
    """Apply layers that share the input `x`, (T, in) → one (T, out) each; `dropout` says whether LoRA's is on."""
    adapted = [each for each in projections if each.a is not None]
    dropped = dropped_places(x, adapted[0].dropout) if adapted and dropout and adapted[0].dropout else None
    matrices = [matrix for each in adapted for matrix in (each.a, each.b)]
    outputs: tuple[torch.Tensor, ...] = _Projections.apply(x, dropped, tuple(projections), *matrices)  # type: ignore[no-untyped-call]
    return outputs


def dropped_places(x: torch.Tensor, share: float) -> torch.Tensor:
    """The places of `x` (flat) that dropout zeroes, each on its own with probability `share`.

    A Poisson number of places drawn with replacement makes the places independent of one another and exactly as
    likely as coin throws would (each place is hit Poisson(−ln(1 − share)) times), at a twentieth of the cost.
    """
    mean = -x.numel() * math.log1p(-share)
    count = int(torch.poisson(torch.tensor(mean, dtype=torch.float64)))
    return torch.randint(x.numel(), (count,), device=x.device)


class _Projections(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, dropped: torch.Tensor | None, projections: tuple[Projection, ...], *_: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        down = _down_matrix(projections, x.dtype, dropping=dropped is not None)
        low = None if down is None else _zeroed(x, dropped) @ down.t()  # (T, Σr)
        outputs, start = [], 0
        for each in projections:
            y = x @ each.weight.t() if each.bias is None else torch.addmm(each.bias, x, each.weight.t())
            if each.b is not None and low is not None:
                rank = each.b.shape[1]
                y.addmm_(low[:, start : start + rank], each.b.to(x.dtype).t(), alpha=each.scale)
                start += rank
            outputs.append(y)
        ctx.save_for_backward(x, dropped, low)
        ctx.projections = projections
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, dropped, low = ctx.saved_tensors
        projections: tuple[Projection, ...] = ctx.projections
        parts: list[torch.Tensor] = []  # (T, r) gradients of drop(x) Aᵀ
        matrix_gradients: list[torch.Tensor] = []
        start = 0
        for each, gradient in zip(projections, gradients, strict=True):
            if each.b is None:
                continue
            rank = each.b.shape[1]
            parts.append(gradient @ (each.b * each.scale).to(x.dtype))
            matrix_gradients.append((gradient.t() @ low[:, start : start + rank]).float() * each.scale)
            start += rank
        d_low = torch.cat(parts, -1) if parts else None
        d_x = _input_gradient(x, dropped, projections, gradients, d_low) if ctx.needs_input_grad[0] else None
        if d_low is None:
            return d_x, None, None
        d_down = (d_low.t() @ _zeroed(x, dropped)).float()  # (Σr, in)
        if dropped is not None:
            d_down *= _scaled_up(projections)
        d_a = d_down.split([each.a.shape[0] for each in projections if each.a is not None])  # type: ignore[no-untyped-call]
        paired = [each for two in zip(d_a, matrix_gradients, strict=True) for each in two]
        return d_x, None, None, *paired


def _input_gradient(
    x: torch.Tensor,
    dropped: torch.Tensor | None,
    projections: tuple[Projection, ...],
    gradients: Sequence[torch.Tensor],
    d_low: torch.Tensor | None,
) -> torch.Tensor:
    """d loss / d x, (T, in): through the frozen weights and through LoRA."""
    down = _down_matrix(projections, x.dtype, dropping=dropped is not None)
    if down is None or d_low is None:
        d_x = torch.zeros_like(x)
    else:
        d_x = d_low @ down
        if dropped is not None:
            d_x.view(-1).index_fill_(0, dropped, 0)
    for each, gradient in zip(projections, gradients, strict=True):
        d_x.addmm_(gradient, each.weight)
    return d_x


def _down_matrix(projections: Sequence[Projection], dtype: torch.dtype, *, dropping: bool) -> torch.Tensor | None:
    """All A matrices in one, (Σr, in), or None without LoRA.

    What dropout scales up is taken into these few values instead of into all those of the input.
    """
    matrices = [each.a for each in projections if each.a is not None]
    if not matrices:
        return None
    joined = torch.cat(matrices)
    return (joined * _scaled_up(projections) if dropping else joined).to(dtype)


def _scaled_up(projections: Sequence[Projection]) -> float:
    """By how much dropout scales up the values that it keeps."""
    return 1 / (1 - next(each.dropout for each in projections if each.a is not None))


def _zeroed(x: torch.Tensor, dropped: torch.Tensor | None) -> torch.Tensor:
    """A copy of `x` with the dropped places at zero; `x` itself without dropout."""
    if dropped is None:
        return x
    kept = x.clone()
    kept.view(-1).index_fill_(0, dropped, 0)
    return kept
