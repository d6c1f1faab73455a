"""Linear layers as decoding needs them: those of one input in one product, with unmerged LoRA beside it.

On an x86 CPU this module keeps the weights a second time in oneDNN's own order, where memory allows. With few rows the
product spends its time on reading the weights, and from that order it takes a half to three quarters of the time.
On a CUDA device the layers of one input share one block of memory, so that one product takes them without a copy.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import torch
import torch.nn.functional as F

from engine.compat import bitsandbytes
from engine.compat.torch_private import pack_weight, packed_linear, packs_bfloat16
from engine.llama.layers import LinearWeights

_SPARE = 2.0  # packed weights may take this part (1 / _SPARE) of the memory that is free


@dataclass(frozen=True)
class JoinedLora:
    """An adapter's part of a `PackedLinear`, which adds `x @ down @ up`: (in, r) and (r, out), in the model's dtype."""

    down: torch.Tensor
    up: torch.Tensor


class PackedLinear:
    """One or several linear layers that read the same input, without an adapter."""

    def __init__(self, layers: Sequence[LinearWeights], *, packed: bool, joined: bool = False) -> None:
        """Take the layers.

        Args:
            packed: keep their weights a second time in oneDNN's order (see `can_pack`).
            joined: move their weights into one block of memory, of which each becomes a part (see `can_join`).
        """
        self._layers = layers
        self._packed: torch.Tensor | None = None
        self._bias: torch.Tensor | None = None
        if packed:
            self._packed = pack_weight(torch.cat([layer.weight for layer in layers]))
            self._bias = _joined_bias(layers)
        self._joined: torch.Tensor | None = None
        if joined:
            self._joined = _in_one_block([layer.weight for layer in layers])
            self._bias = _joined_bias(layers)

    def __call__(self, x: torch.Tensor, lora: JoinedLora | None) -> torch.Tensor:
        """The layers' outputs beside one another: (N, in) → (N, sum of the layers' out)."""
        if self._packed is not None:
            y = packed_linear(x, self._packed, self._bias)
        elif self._joined is not None:
            y = F.linear(x, self._joined, self._bias)
        elif len(self._layers) == 1:
            y = _linear(x, self._layers[0])
        else:
            y = torch.cat([_linear(x, layer) for layer in self._layers], dim=-1)
        return y if lora is None else y.addmm_(x @ lora.down, lora.up)

    def added_to(self, total: torch.Tensor, x: torch.Tensor, lora: JoinedLora | None) -> torch.Tensor:
        """`total` plus the output for `x`, in the memory of `total`, (N, out)."""
        if self._joined is None or self._bias is not None:
            return total.add_(self(x, lora))
        total.addmm_(x, self._joined.t())
        return total if lora is None else total.addmm_(x @ lora.down, lora.up)


def _linear(x: torch.Tensor, layer: LinearWeights) -> torch.Tensor:
    if layer.quantised is None:
        return F.linear(x, layer.weight, layer.bias)
    return bitsandbytes.linear(x, layer.weight, layer.quantised, layer.bias)


def join_lora(layers: Sequence[LinearWeights], dtype: torch.dtype) -> JoinedLora | None:
    """The adapter on layers of one input: their A side by side, their B on a diagonal of blocks. None without any."""
    downs, ups, offset = [], [], 0
    width = sum(layer.outputs for layer in layers)
    for layer in layers:
        rows = layer.outputs
        if layer.a is not None and layer.b is not None:
            up = layer.b * layer.scale
            block = up.new_zeros(up.shape[1], width)  # (r, out of all layers)
            block[:, offset : offset + rows] = up.t()
            downs.append(layer.a)
            ups.append(block)
        offset += rows
    if not downs:
        return None
    return JoinedLora(torch.cat(downs).t().to(dtype).contiguous(), torch.cat(ups).to(dtype))


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


def can_join(model: torch.nn.Module) -> bool:
    """Whether the weights may move into shared blocks: on a CUDA device, and not in 4 bits."""
    weights = list(model.parameters())
    return all(weight.device.type == "cuda" and weight.is_floating_point() for weight in weights)


def _in_one_block(weights: Sequence[torch.Tensor]) -> torch.Tensor:
    """The weights below one another, (sum of out, in). Each of them becomes a view of its part, so none is copied."""
    if len(weights) == 1:
        return weights[0]
    block = torch.cat([weight.detach() for weight in weights])
    for weight, part in zip(weights, block.split([len(weight) for weight in weights]), strict=True):  # type: ignore[no-untyped-call]
        weight.data = part
    return block


def _is_quick(dtypes: set[torch.dtype]) -> bool:
    """Whether oneDNN computes in this dtype on this processor, and faster than torch's own product."""
    if dtypes == {torch.bfloat16}:
        return packs_bfloat16()
    return dtypes == {torch.float32} and platform.machine() in ("x86_64", "AMD64")


def _joined_bias(layers: Sequence[LinearWeights]) -> torch.Tensor | None:
    """The layers' biases in one, with zeros for those that have none; None when none has."""
    if all(layer.bias is None for layer in layers):
        return None
    zeros = [layer.weight.new_zeros(layer.weight.shape[0]) for layer in layers]
    return torch.cat([zero if layer.bias is None else layer.bias for layer, zero in zip(layers, zeros, strict=True)])
