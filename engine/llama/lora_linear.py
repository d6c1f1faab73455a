"""LoRA on linear layers that share one input, as one function: less memory and fewer steps than PEFT's wrapper.

    y = x Wᵀ + bias + scale · drop(x) Aᵀ Bᵀ          for each layer; x, dropout and drop(x) Aᵀ are shared

The base weights are frozen; gradients go to x, to A and to B.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from engine.compat.torch_private import copy_scaled
from engine.llama.layers import LinearWeights


@dataclass(frozen=True)
class Origin:
    """What the backward pass needs in place of an input: `make(*tensors)` gives it again.

    `draw()` gives the dropped places again; None keeps them, because nothing can draw them a second time.
    """

    make: Callable[..., torch.Tensor]
    tensors: tuple[torch.Tensor, ...]
    draw: Callable[[], torch.Tensor] | None = None


@dataclass(frozen=True)
class LowRank:
    """The LoRA matrices of layers of one input in the dtype of the products, instead of made again at every call.

    Attributes:
        down: (Σr, in), all A matrices in one, with the factor by which dropout scales up.
        ups: (out, r) of each layer that has LoRA, times its scale.
    """

    down: torch.Tensor
    ups: tuple[torch.Tensor, ...]


def project(
    x: torch.Tensor,
    layers: Sequence[LinearWeights],
    *,
    dropped: torch.Tensor | None,
    origin: Origin | None = None,
    low_rank: LowRank | None = None,
) -> tuple[torch.Tensor, ...]:
    """Apply layers that share the input `x`, (T, in) → one (T, out) each.

    Args:
        dropped: the places of `x` (flat) that LoRA's dropout zeroes; None without dropout.
        origin: what the backward pass computes `x` from; without it `x` is kept until then.
        low_rank: the layers' LoRA matrices, converted before; without them every call converts them.
    """
    matrices = [matrix for each in layers if each.a is not None for matrix in (each.a, each.b)]
    given = dropped, tuple(layers), origin, low_rank
    outputs: tuple[torch.Tensor, ...] = _LoraLinears.apply(x, *given, *matrices)  # type: ignore[no-untyped-call]
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
        low_rank: LowRank | None,
        *_: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        down = _down_matrix(layers, x.dtype, dropping=dropped is not None) if low_rank is None else low_rank.down
        ups = iter(() if low_rank is None else low_rank.ups)
        low = None if down is None else _zeroed(x, dropped) @ down.t()  # (T, Σr)
        outputs, start = [], 0
        for each in layers:
            weight = each.dense().t()
            y = x @ weight if each.bias is None else torch.addmm(each.bias, x, weight)
            if each.b is not None and low is not None:
                rank = each.b.shape[1]
                if low_rank is None:
                    y.addmm_(low[:, start : start + rank], each.b.to(x.dtype).t(), alpha=each.scale)
                else:
                    y.addmm_(low[:, start : start + rank], next(ups).t())
                start += rank
            outputs.append(y)
        ctx.draw = None if origin is None or dropped is None else origin.draw
        ctx.make = None if origin is None else origin.make
        held = (x,) if origin is None else origin.tensors
        ctx.save_for_backward(dropped if ctx.draw is None else None, low, *held)
        ctx.layers, ctx.low_rank = layers, low_rank
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        dropped, low, *inputs = ctx.saved_tensors
        x = inputs[0] if ctx.make is None else ctx.make(*inputs)
        dropped = dropped if ctx.draw is None else ctx.draw()
        layers: tuple[LinearWeights, ...] = ctx.layers
        ups = _up_matrices(layers, x.dtype) if ctx.low_rank is None else ctx.low_rank.ups
        parts: list[torch.Tensor] = []  # (T, r) gradients of drop(x) Aᵀ
        matrix_gradients: list[torch.Tensor] = []
        start = 0
        adapted = [(each, gradient) for each, gradient in zip(layers, gradients, strict=True) if each.b is not None]
        for (each, gradient), up in zip(adapted, ups, strict=True):
            rank = up.shape[1]
            parts.append(gradient @ up)
            matrix_gradients.append((gradient.t() @ low[:, start : start + rank]).float() * each.scale)
            start += rank
        d_low = torch.cat(parts, -1) if parts else None
        d_x = None
        if ctx.needs_input_grad[0]:
            d_x = _input_gradient(x, dropped, layers, gradients, d_low, ctx.low_rank)
        if d_low is None:
            return d_x, None, None, None, None
        d_down = (d_low.t() @ _zeroed(x, dropped)).float()  # (Σr, in)
        if dropped is not None:
            d_down *= _scaled_up(layers)
        d_a = d_down.split([each.a.shape[0] for each in layers if each.a is not None])  # type: ignore[no-untyped-call]
        paired = [each for two in zip(d_a, matrix_gradients, strict=True) for each in two]
        return d_x, None, None, None, None, *paired


def _input_gradient(
    x: torch.Tensor,
    dropped: torch.Tensor | None,
    layers: tuple[LinearWeights, ...],
    gradients: Sequence[torch.Tensor],
    d_low: torch.Tensor | None,
    low_rank: LowRank | None,
) -> torch.Tensor:
    """d loss / d x, (T, in): through the frozen weights and through LoRA."""
    down = _down_matrix(layers, x.dtype, dropping=dropped is not None) if low_rank is None else low_rank.down
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


def _up_matrices(layers: Sequence[LinearWeights], dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    """The B matrices, (out, r) each, times their scale."""
    return tuple((each.b * each.scale).to(dtype) for each in layers if each.b is not None)


class LowRanks:
    """`LowRank` of many groups of layers, converted together: one by one takes as many kernels as all other work."""

    def __init__(self, groups: Sequence[Sequence[LinearWeights]], dtype: torch.dtype) -> None:
        self._groups = [[each for each in group if each.a is not None] for group in groups]
        self._sources: list[torch.Tensor] = []
        self._targets: list[torch.Tensor] = []
        self._scales: list[float] = []
        self._made = [self._take(group, dtype) for group in self._groups]

    def _take(self, group: Sequence[LinearWeights], dtype: torch.dtype) -> LowRank | None:
        if not group:
            return None
        ranks = [each.a.shape[0] for each in group if each.a is not None]
        down = torch.empty(sum(ranks), group[0].a.shape[1], dtype=dtype, device=group[0].weight.device)  # type: ignore[union-attr]
        ups = tuple(torch.empty_like(each.b, dtype=dtype) for each in group if each.b is not None)
        self._sources += [matrix for each in group for matrix in (each.a, each.b) if matrix is not None]
        parts = down.split(ranks)  # type: ignore[no-untyped-call]
        self._targets += [target for two in zip(parts, ups, strict=True) for target in two]
        self._scales += [scale for each in group for scale in (_scaled_up([each]), each.scale)]
        return LowRank(down, ups)

    def converted(self, *, dropping: bool) -> list[LowRank | None]:
        """The matrices as they are now, by group, for a pass with or without dropout. The next call overwrites them."""
        if self._sources:
            scales = [scale if dropping or place % 2 else 1.0 for place, scale in enumerate(self._scales)]
            with torch.no_grad():
                copy_scaled(self._sources, scales, self._targets)
        return self._made


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
