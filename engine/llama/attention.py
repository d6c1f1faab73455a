"""Attention within the pairs of a packed row, by the kernel that suits the device and the number format.

Every pair is two sequences: the prompt with the chosen answer, and the prompt with the rejected one. On a CUDA device
one call of a fused kernel takes all sequences of the row, without a mask, and keeps a number for each query instead of
a score for each query and key. A CPU and the fallback go pair by pair, with a mask.
"""

import logging
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F

from engine.chat import EncodedPair
from engine.compat import torch_private
from engine.compat.torch_private import Fused
from engine.out_of_memory import is_out_of_memory
from engine.packing import PackedPairs, Place, Sequences, pack, sequences_of, visible

logger = logging.getLogger(__name__)

_LONG = 1024  # from this many tokens torch's own attention beats matrix products on a CPU
_FLASH_WIDTH = 256  # the widest head that the flash kernel takes
_FLASH_CAPABILITY = (8, 0)
# The most that a fused kernel may differ from attention with a mask, relative to its norm. A wrong mask gives over 0.1.
_AGREES = {torch.float32: 1e-3}
_AGREES_HALF = 0.03


class AttentionKernel(StrEnum):
    """What computes attention. Two of them differ in the last bits, so references and checkpoints hold these texts."""

    FLASH = "flash attention"
    EFFICIENT = "memory-efficient attention"
    MASKED = "attention with a mask"
    PRODUCTS = f"matrix products below {_LONG} tokens, torch above"


def attention_kernel(device: str, dtype: torch.dtype, *, width: int = 128, windowed: bool = False) -> AttentionKernel:
    """The kernel that scores packed pairs.

    Args:
        device: such as "cpu" or "cuda:0".
        dtype: of queries, keys and values; for weights in 4 bits that of the rest.
        width: the size of one head.
        windowed: whether a layer sees fewer tokens than the longest sequence has.
    """
    kind = torch.device(device).type
    if kind != "cuda":
        return AttentionKernel.PRODUCTS if kind == "cpu" else AttentionKernel.MASKED
    fits = dtype in (torch.bfloat16, torch.float16) and width % 8 == 0 and width <= _FLASH_WIDTH
    if (
        fits
        and torch_private.has_flash(device, _FLASH_CAPABILITY)
        and agrees(AttentionKernel.FLASH, device, dtype, width)
    ):
        return AttentionKernel.FLASH
    if not windowed and agrees(AttentionKernel.EFFICIENT, device, dtype, width):
        return AttentionKernel.EFFICIENT
    return AttentionKernel.MASKED


@cache
def agrees(kernel: AttentionKernel, device: str, dtype: torch.dtype, width: int) -> bool:
    """Whether a fused kernel gives on this device what attention with a mask gives, and the same gradients.

    The operators are private, so a version of torch may change them; the log says what was found.
    """
    try:
        found, expected = (_tried(each, device, dtype, width) for each in (kernel, AttentionKernel.MASKED))
    except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        logger.warning("%s fails on %s and is not taken", kernel, device, exc_info=True)
        return False
    apart = max(float((ours - theirs).norm() / theirs.norm()) for ours, theirs in zip(found, expected, strict=True))
    if not apart <= _AGREES.get(dtype, _AGREES_HALF):
        logger.warning("%s differs by %.2g from attention with a mask on %s and is not taken", kernel, apart, device)
        return False
    return True


def _tried(kernel: AttentionKernel, device: str, dtype: torch.dtype, width: int) -> list[torch.Tensor]:
    """Attention within two short pairs by a kernel, and the gradients of queries, keys and values, in float32."""
    pairs = [EncodedPair("1", (1,) * 5, (1,) * 3, (1,) * 4), EncodedPair("2", (1,) * 2, (1,) * 4, (1,))]
    packed, generator = pack(pairs, device), torch.Generator().manual_seed(0)
    tokens = len(packed.input_ids)
    shapes = ((tokens, heads, width) for heads in (4, 2, 2))
    q, k, v = (torch.randn(shape, generator=generator).to(device, dtype).requires_grad_() for shape in shapes)
    with torch.enable_grad():
        mixed = PackedAttention(packed, kernel)(q, k, v, window=None, scale=width**-0.5)
        weights = torch.randn(mixed.shape, generator=generator).to(device, dtype)
        return [each.detach().float() for each in (mixed, *torch.autograd.grad(mixed, (q, k, v), weights))]


@dataclass
class PackedAttention:
    """Attention over one packed row, for all layers of a pass. What layers share is made at its first use."""

    packed: PackedPairs
    kernel: AttentionKernel | None = None
    """None for the one that `attention_kernel` names."""
    _sequences: Sequences | None = None
    _masks: dict[tuple[Place, int | None], tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)

    def __call__(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, *, window: int | None, scale: float
    ) -> torch.Tensor:
        """Attention of q (T, heads, d) over k and v (T, kv heads, d) within each pair: (T, heads · d).

        Args:
            window: how many tokens back the layer sees, None for all.
            scale: multiplies the scores.
        """
        if window is not None and window >= self.packed.longest:
            window = None
        kernel = self.kernel or attention_kernel(str(q.device), q.dtype, width=q.shape[-1], windowed=window is not None)
        if kernel in (AttentionKernel.MASKED, AttentionKernel.PRODUCTS):
            parts = [part for place in self.packed.places for part in self._pair(place, q, k, v, window, scale)]
            return torch.cat(parts)
        if self._sequences is None:
            self._sequences = sequences_of(self.packed)
        fused = Fused(kernel is AttentionKernel.FLASH, scale, window)
        mixed: torch.Tensor = _FusedAttention.apply(q, k, v, self._sequences, fused)  # type: ignore[no-untyped-call]
        return mixed.flatten(1)

    def _pair(
        self, place: Place, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int | None, scale: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompt and chosen answer as one sequence, then the rejected answer behind the same prompt."""
        mask = self._masks_of(place, window, q.dtype)
        prompt, chosen = slice(place.start, place.start + place.prompt), slice(place.start, place.answered)
        rejected = slice(place.answered, place.end)
        first = _masked(q[chosen], k[chosen], v[chosen], mask[0], scale)
        keys, values = (torch.cat((each[prompt], each[rejected])) for each in (k, v))
        return first, _masked(q[rejected], keys, values, mask[1], scale)

    def _masks_of(self, place: Place, window: int | None, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """The masks to add to attention scores: for prompt and chosen, and for rejected over prompt and rejected."""
        key = place, window
        if key not in self._masks:
            places = self.packed.positions[place.start : place.end]
            answered = place.prompt + place.chosen
            rejected = places[answered:]
            seen = (
                visible(places[:answered], places[:answered], window),
                visible(rejected, torch.cat((places[: place.prompt], rejected)), window),
            )
            first, second = (torch.zeros_like(one, dtype=dtype).masked_fill_(~one, -torch.inf) for one in seen)
            self._masks[key] = first, second
        return self._masks[key]


def _masked(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor, scale: float) -> torch.Tensor:
    """Grouped-query attention, (Tq, heads · d), of q (Tq, heads, d) over k, v (Tk, kv heads, d)."""
    queries, heads, width = q.shape
    groups = k.shape[1]
    if q.device.type != "cpu" or len(k) >= _LONG:
        given = None if scale == width**-0.5 else scale  # torch's own default may differ from it in the last bit
        q, k, v = (each.transpose(0, 1)[None] for each in (q, k, v))
        out = F.scaled_dot_product_attention(q, k, v, mask, scale=given, enable_gqa=True)
        return out[0].transpose(0, 1).reshape(queries, heads * width)
    shared = heads // groups
    rows = q.view(queries, groups, shared, width).permute(1, 2, 0, 3).reshape(groups, shared * queries, width)
    masks = mask.expand(groups * shared, *mask.shape).reshape(groups, shared * queries, len(k))
    scores = torch.baddbmm(masks, rows, k.permute(1, 2, 0), alpha=scale)  # (groups, shared · Tq, Tk)
    mixed = scores.softmax(-1) @ v.transpose(0, 1)
    return mixed.view(groups, shared, queries, width).permute(2, 0, 1, 3).reshape(queries, heads * width)


class _FusedAttention(torch.autograd.Function):
    """`apply(q, k, v, sequences, fused)` → (T, heads, d), by one call for all sequences of the row.

    The kernel reads a prompt's keys once for each of its two sequences, so they are gathered before the call. The
    backward pass gathers them again, which costs less than it costs to keep them.
    """

    @staticmethod
    def forward(
        ctx: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, sequences: Sequences, fused: Fused
    ) -> torch.Tensor:
        """Attend within each sequence."""
        mixed, kept = fused.forward(q, k[sequences.keys], v[sequences.keys], sequences.bounds)
        ctx.save_for_backward(q, k, v, mixed, *kept)
        ctx.sequences, ctx.fused = sequences, fused
        return mixed

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The gradients of queries, keys and values; a prompt's keys add up those of its two sequences."""
        q, k, v, mixed, *kept = ctx.saved_tensors
        sequences: Sequences = ctx.sequences
        keys, values = k[sequences.keys], v[sequences.keys]
        d_q, d_keys, d_values = ctx.fused.backward(gradients[0], q, keys, values, mixed, kept, sequences.bounds)
        return d_q, _gathered_back(d_keys, sequences), _gathered_back(d_values, sequences), None, None


def _gathered_back(gradient: torch.Tensor, sequences: Sequences) -> torch.Tensor:
    """The gradient of each token's keys, (T, …), from that of the keys that the sequences read, (keys, …).

    No two sums go to one place, so equal passes give equal bits.
    """
    found = gradient[sequences.own]
    both = found[sequences.prompts] + gradient[sequences.again]
    return found.index_copy_(0, sequences.prompts, both)
