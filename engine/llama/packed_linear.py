"""Linear layers as decoding needs them: several of one input in one product, with LoRA beside, unmerged.

On an x86 CPU the weights are kept a second time in oneDNN's own order, where memory allows: with few rows the product
is limited by reading the weights, and from that order it takes a half to three quarters of the time.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import torch
import torch.nn.functional as F
from peft.tuners.lora.layer import Linear as LoraLinear

_ROWS_HINT = 16  # the number of rows that oneDNN chooses the order for; others work as well
_SPARE = 2.0  # packed weights may take this part (1 / _SPARE) of the memory that is free


@dataclass(frozen=True)
class Lora:
    """The adapter's part of a projection: `x @ down @ up` is added. (in, r) and (r, out), in the model's dtype."""

    down: torch.Tensor
    up: torch.Tensor


class Projection:
    """One or several linear layers that read the same input."""

    def __init__(self, layers: Sequence[torch.nn.Module], *, packed: bool) -> None:
        plain: list[Any] = [base_layer(layer) for layer in layers]
        self.sizes = [layer.weight.shape[0] for layer in plain]
        self._parts = plain
        self._packed: torch.Tensor | None = None
        self._bias: torch.Tensor | None = None
        if packed:
            weight = torch.cat([layer.weight for layer in plain])
            self._packed = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS_HINT)
            self._bias = _joined_bias(plain)

    def __call__(self, x: torch.Tensor, lora: Lora | None) -> torch.Tensor:
        """The layers' outputs beside one another: (N, in) → (N, sum of the layers' out)."""
        if self._packed is not None:
            y = torch.ops.mkldnn._linear_pointwise(x, self._packed, self._bias, "none", [], "")
        elif len(self._parts) == 1:
            y = F.linear(x, self._parts[0].weight, self._parts[0].bias)
        else:
            y = torch.cat([F.linear(x, part.weight, part.bias) for part in self._parts], dim=-1)
        result: torch.Tensor = y if lora is None else y.addmm_(x @ lora.down, lora.up)
        return result


def base_layer(layer: Any) -> Any:
    """The linear layer itself, with or without PEFT's wrapper around it."""
    return layer.base_layer if isinstance(layer, LoraLinear) else layer


def lora_of(layers: Sequence[Any], adapter: str | None, dtype: torch.dtype) -> Lora | None:
    """The adapter on the layers of one projection: their A side by side, their B on a diagonal of blocks."""
    if adapter is None or not any(_has(layer, adapter) for layer in layers):
        return None
    downs, ups, offset = [], [], 0
    width = sum(base_layer(layer).weight.shape[0] for layer in layers)
    for layer in layers:
        rows = base_layer(layer).weight.shape[0]
        if _has(layer, adapter):
            down, up = layer.lora_A[adapter].weight, layer.lora_B[adapter].weight * layer.scaling[adapter]
            block = up.new_zeros(up.shape[1], width)  # (r, out of all layers)
            block[:, offset : offset + rows] = up.t()
            downs.append(down)
            ups.append(block)
        offset += rows
    return Lora(torch.cat(downs).t().to(dtype).contiguous(), torch.cat(ups).to(dtype))


def can_pack(model: torch.nn.Module) -> bool:
    """Whether packing helps this model and its second copy of the weights fits into memory."""
    weights = list(model.parameters())
    if {weight.device.type for weight in weights} != {"cpu"}:
        return False
    needed = sum(weight.numel() * weight.element_size() for weight in weights)
    return (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and _is_quick({weight.dtype for weight in weights})
        and psutil.virtual_memory().available > _SPARE * needed
    )


def _is_quick(dtypes: set[torch.dtype]) -> bool:
    """Does oneDNN compute in this dtype on this processor, and faster than torch's own product?"""
    if dtypes == {torch.bfloat16}:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtypes == {torch.float32} and platform.machine() in ("x86_64", "AMD64")


def _has(layer: Any, adapter: str) -> bool:
    return isinstance(layer, LoraLinear) and adapter in layer.lora_A


def _joined_bias(layers: Sequence[Any]) -> torch.Tensor | None:
    """The layers' biases in one, with zeros for those that have none; None when none has."""
    if all(layer.bias is None for layer in layers):
        return None
    zeros = [layer.weight.new_zeros(layer.weight.shape[0]) for layer in layers]
    return torch.cat([zero if layer.bias is None else layer.bias for layer, zero in zip(layers, zeros, strict=True)])
