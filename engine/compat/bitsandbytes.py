"""Weights in 4 bits, as bitsandbytes computes with them. It is imported only where there are such weights."""

from typing import Any

import torch


def dequantised(weight: torch.Tensor, state: Any) -> torch.Tensor:
    """A packed weight with its state as numbers of the dtype that was quantised, (out, in)."""
    from bitsandbytes.functional import dequantize_4bit

    values: torch.Tensor = dequantize_4bit(weight.detach(), state)
    return values


def linear(x: torch.Tensor, weight: torch.Tensor, state: Any, bias: torch.Tensor | None) -> torch.Tensor:
    """`x Wᵀ + bias`, (N, in) → (N, out), with a packed weight; one row takes a kernel that never unpacks it."""
    from bitsandbytes import matmul_4bit  # type: ignore[attr-defined]

    y: torch.Tensor = matmul_4bit(x, weight.detach().t(), quant_state=state, bias=bias)
    return y
