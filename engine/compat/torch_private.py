"""The private names of torch that the engine uses, each with the reason why no public name does the same."""

import torch

_ROWS_HINT = 16  # oneDNN chooses an order of the weights for this number of rows; the order works for others as well


def packs_bfloat16() -> bool:
    """Whether oneDNN computes in bfloat16 on this processor.

    `torch.ops.mkldnn._is_mkldnn_bf16_supported` is the check that torch's own compiler makes before it packs weights.
    The public `torch.cpu.get_capabilities` names instructions, which is not the same as what oneDNN uses.
    """
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def pack_weight(weight: torch.Tensor) -> torch.Tensor:
    """A copy of a weight, (out, in), in oneDNN's own order, for `packed_linear`.

    `torch.ops.mkldnn._reorder_linear_weight` is what torch's compiler emits when it freezes a model. The public
    `torch.utils.mkldnn.to_mkldnn` converts whole modules and their inputs, and costs more than it saves here.
    """
    packed: torch.Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS_HINT)
    return packed


def packed_linear(x: torch.Tensor, packed: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """`x Wᵀ + bias`, (N, in) → (N, out), with a weight from `pack_weight`.

    `torch.ops.mkldnn._linear_pointwise` is the only product that takes such a weight.
    """
    y: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
    return y
