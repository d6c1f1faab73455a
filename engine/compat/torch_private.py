"""The private names of torch that the engine uses, each with the reason why no public name does the same."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

Bounds = tuple[torch.Tensor, torch.Tensor, int, int]
"""Where sequences begin and end in rows of queries and of keys, and the most that one of them has of each."""
_LOWER_RIGHT = 2  # the causal mask in which a sequence's last query sees its last key
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


def has_flash(device: str, capability: tuple[int, int]) -> bool:
    """Whether this build of torch has the flash kernel, and the CUDA device the capability for it."""
    available = torch.backends.cuda.is_flash_attention_available()
    return bool(available) and torch.cuda.get_device_capability(device) >= capability


@dataclass(frozen=True)
class Fused:
    """Causal attention within sequences of different lengths, by one kernel of a CUDA device.

    `torch.nn.attention.varlen` is the public form, but not everywhere: that of torch 2.11 takes neither a window nor
    fewer heads for keys than for queries, and none takes float32. `aten::_flash_attention_forward` and its backward
    are what it calls; `aten::_efficient_attention_forward` and its backward do the same for every number format.

    Attributes:
        flash: which of the two; the other one takes no window.
        scale: multiplies the scores.
        window: how many tokens back a query sees, None for all.
    """

    flash: bool
    scale: float
    window: int | None = None

    def forward(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bounds: Bounds
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Attention of q (T, heads, d) over k and v (K, kv heads, d): (T, heads, d), and what `backward` needs."""
        if self.flash:
            mixed, *kept, _ = torch.ops.aten._flash_attention_forward(
                q,
                k,
                v,
                *bounds,
                0.0,
                True,
                False,
                scale=self.scale,
                window_size_left=_left(self.window),
                window_size_right=0,
            )
            return mixed, tuple(kept)
        groups = q.shape[1] // k.shape[1]
        wide = (each.repeat_interleave(groups, dim=1)[None] for each in (k, v))
        mixed, *kept, _, _ = torch.ops.aten._efficient_attention_forward(
            q[None], *wide, None, *bounds, 0.0, _LOWER_RIGHT, True, scale=self.scale
        )
        return mixed[0], tuple(kept)

    def backward(
        self,
        gradient: torch.Tensor,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        mixed: torch.Tensor,
        kept: Sequence[torch.Tensor],
        bounds: Bounds,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The gradients of q, k and v. Equal inputs give equal bits."""
        if self.flash:
            normaliser, *random = kept
            options = {"scale": self.scale, "window_size_left": _left(self.window), "window_size_right": 0}
            with _equal_bits():
                d_q, d_k, d_v = torch.ops.aten._flash_attention_backward(
                    gradient, q, k, v, mixed, normaliser, *bounds, 0.0, True, *random, **options
                )
            return d_q, d_k, d_v
        groups = q.shape[1] // k.shape[1]
        wide = (each.repeat_interleave(groups, dim=1)[None] for each in (k, v))
        normaliser, *random = kept
        parts = (None, mixed[None], *bounds, normaliser, 0.0, *random, _LOWER_RIGHT, False)
        d_q, d_k, d_v, _ = torch.ops.aten._efficient_attention_backward(
            gradient[None], q[None], *wide, *parts, scale=self.scale, num_splits_key=1
        )
        return d_q[0], *(each[0].unflatten(1, (-1, groups)).sum(2) for each in (d_k, d_v))


def _left(window: int | None) -> int:
    """How many tokens before its own a query sees; -1 for all."""
    return -1 if window is None else window - 1


@contextmanager
def _equal_bits() -> Iterator[None]:
    """Inside, the flash kernel's backward pass sums in a fixed order.

    `torch.use_deterministic_algorithms` is the public switch, and loads torch's compiler as well.
    """
    before = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    torch._C._set_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch._C._set_deterministic_algorithms(before, warn_only=warned)


def flash_prompts(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    bounds: tuple[torch.Tensor, int],
    scale: float,
    window: int | None,
) -> torch.Tensor:
    """Causal attention within prompts one behind the other, of q (N, heads, d) over k and v (N, kv heads, d).

    Args:
        bounds: where each prompt begins, and the end, int32; and the longest prompt. See `Fused` for the operator.
        window: how many tokens back a query sees, None for all.
    """
    starts, longest = bounds
    parts = (starts, starts, longest, longest, 0.0, True, False)
    mixed: torch.Tensor = torch.ops.aten._flash_attention_forward(
        q, k, v, *parts, scale=scale, window_size_left=_left(window), window_size_right=0
    )[0]
    return mixed


def flash_step(
    q: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    starts: tuple[torch.Tensor, torch.Tensor],
    seen: torch.Tensor,
    most: int,
    scale: float,
    window: int | None,
) -> torch.Tensor:
    """Attention of one query in each of R rows, (R, heads, d), over the first tokens of the row's keys and values.

    The kernel reads the lengths on the device and no more keys than a row has. See `Fused` for the operator.

    Args:
        keys, values: (places, kv heads, d) of all rows.
        starts: where each row's query and its keys begin, and the end, both (R + 1,) int32.
        seen: (R,) int32, how many tokens each row has; at most `most`.
        window: how many of these it sees, None for all. Only without one the kernel shares a row among processors.
    """
    parts = (*starts, 1, most, 0.0, False, False)
    sides = {"window_size_left": _left(window), "window_size_right": -1 if window is None else 0}
    mixed: torch.Tensor = torch.ops.aten._flash_attention_forward(
        q, keys, values, *parts, scale=scale, seqused_k=seen, **sides
    )[0]
    return mixed


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The RMS norm of the last dimension times `weight`, and its factor (…, 1) in float32; one kernel on CUDA.

    `torch.nn.functional.rms_norm` calls `aten::_fused_rms_norm` as well, and drops the factor that the backward pass
    needs.
    """
    normed, inverse = torch.ops.aten._fused_rms_norm(x, [x.shape[-1]], weight, eps)
    return normed, inverse


def rms_norm_backward(
    gradient: torch.Tensor, x: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """d loss / d x of `rms_norm`; the weight is frozen."""
    d_x: torch.Tensor = torch.ops.aten._fused_rms_norm_backward(
        gradient, x, [x.shape[-1]], inverse, weight, [True, False]
    )[0]
    return d_x


def copy_scaled(sources: Sequence[torch.Tensor], scales: Sequence[float], targets: Sequence[torch.Tensor]) -> None:
    """Write each source times its scale into its target, all by a few kernels instead of two for each.

    `torch._foreach_mul` and `torch._foreach_copy_` are what torch's own optimizers use; there are no public names.
    """
    torch._foreach_copy_(list(targets), torch._foreach_mul(list(sources), list(scales)))
