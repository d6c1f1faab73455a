"""Fast scoring: a Llama-shaped model's forward pass over packed pairs, with LoRA in few operations.

`engine.llama.support` says which models it takes; the plain method of `engine.logps` takes every model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from engine.chat import EncodedPair
from engine.llama.kernels import AddNorm, Kernels, Rotate, SwiGlu
from engine.llama.layers import LlamaLayer, read_weights
from engine.llama.lora_linear import project
from engine.llama.token_scores import TokenScores, mean_of_rows
from engine.logps import CompletionScores
from engine.packing import PackedPairs, Place, pack, visible

_LONG = 1024  # from this many tokens torch's own attention beats matrix products on a CPU


class LlamaScorer:
    """Scores pairs on a Llama-shaped model, under one adapter or none.

    Attributes:
        kernels: which element-wise functions are used.
    """

    def __init__(self, model: Any, adapter: str | None, kernels: Kernels) -> None:
        self.kernels = kernels
        self._weights = read_weights(model, adapter)
        self._mean_head = mean_of_rows(self._weights.head.weight)  # (H,)

    def score(
        self, pairs: Sequence[EncodedPair], device: str, *, dropout: bool = False, checkpointing: bool = False
    ) -> list[CompletionScores]:
        """The pairs' completion scores in one pass, with gradients for the adapter unless grad mode is off.

        With `checkpointing` the backward pass computes each layer again, with the same dropout, and the forward pass
        keeps only its inputs.
        """
        packed = pack(pairs, device)
        again = checkpointing and torch.is_grad_enabled()
        hidden = self._hidden(packed, dropout, again)[packed.predicting]  # (n, H)
        values = TokenScores.apply(hidden, self._weights.head.weight, self._mean_head, packed.targets)  # type: ignore[no-untyped-call]
        sums = [_by_completion(value, packed) for value in values]  # each (pairs, 2)
        return [
            CompletionScores(logps, (place.chosen, place.rejected), entropy, mean_logits, top1)
            for place, logps, entropy, mean_logits, top1 in zip(packed.places, *sums, strict=True)
        ]

    def _hidden(self, packed: PackedPairs, dropout: bool, checkpointing: bool) -> torch.Tensor:
        """The final hidden states, (T, H)."""
        weights, kernels = self._weights, self.kernels
        x = F.embedding(packed.input_ids, weights.embedding)
        cos, sin = weights.rotary(x[None], packed.positions[None])
        shared = _Shared(packed, cos[0, :, None], sin[0, :, None], {}, kernels, weights.eps, dropout)
        delta = torch.zeros_like(x)
        for layer in weights.layers:
            if checkpointing:
                x, delta = checkpoint(_run_layer, layer, x, delta, shared, use_reentrant=False)
            else:
                x, delta = _run_layer(layer, x, delta, shared)
        _, normed = AddNorm.apply(x, delta, weights.final_norm, weights.eps, kernels)  # type: ignore[no-untyped-call]
        hidden: torch.Tensor = normed
        return hidden


@dataclass(frozen=True)
class _Shared:
    """What all layers of one forward pass share. `masks` are made at their first use, by pair and window."""

    packed: PackedPairs
    cos: torch.Tensor  # (T, 1, d)
    sin: torch.Tensor
    masks: dict[tuple[Place, int | None], tuple[torch.Tensor, torch.Tensor]]
    kernels: Kernels
    eps: float
    dropout: bool

    def attend(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int | None) -> torch.Tensor:
        """Attention of q (T, heads, d) over k and v (T, kv heads, d) within each pair: (T, heads · d)."""
        parts = [part for place in self.packed.places for part in self._attend_pair(place, q, k, v, window)]
        return torch.cat(parts)

    def _attend_pair(
        self, place: Place, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, window: int | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompt and chosen answer as one sequence, then the rejected answer behind the same prompt."""
        mask = self._masks(place, window, q.dtype)
        prompt, chosen = slice(place.start, place.start + place.prompt), slice(place.start, place.answered)
        rejected = slice(place.answered, place.end)
        first = _attention(q[chosen], k[chosen], v[chosen], mask[0])
        keys, values = (torch.cat((each[prompt], each[rejected])) for each in (k, v))
        return first, _attention(q[rejected], keys, values, mask[1])

    def _masks(self, place: Place, window: int | None, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """The masks to add to attention scores: for prompt and chosen, and for rejected over prompt and rejected."""
        key = place, window
        if key not in self.masks:
            places = self.packed.positions[place.start : place.end]
            answered = place.prompt + place.chosen
            rejected = places[answered:]
            seen = (
                visible(places[:answered], places[:answered], window),
                visible(rejected, torch.cat((places[: place.prompt], rejected)), window),
            )
            first, second = (torch.zeros_like(one, dtype=dtype).masked_fill_(~one, -torch.inf) for one in seen)
            self.masks[key] = first, second
        return self.masks[key]


def _attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Grouped-query attention, (Tq, heads · d), of q (Tq, heads, d) over k, v (Tk, kv heads, d)."""
    queries, heads, width = q.shape
    groups = k.shape[1]
    if q.device.type != "cpu" or len(k) >= _LONG:
        out = F.scaled_dot_product_attention(
            q.transpose(0, 1)[None], k.transpose(0, 1)[None], v.transpose(0, 1)[None], mask, enable_gqa=True
        )
        return out[0].transpose(0, 1).reshape(queries, heads * width)
    shared = heads // groups
    rows = q.view(queries, groups, shared, width).permute(1, 2, 0, 3).reshape(groups, shared * queries, width)
    masks = mask.expand(groups * shared, *mask.shape).reshape(groups, shared * queries, len(k))
    scores = torch.baddbmm(masks, rows, k.permute(1, 2, 0), alpha=width**-0.5)  # (groups, shared · Tq, Tk)
    mixed = scores.softmax(-1) @ v.transpose(0, 1)
    return mixed.view(groups, shared, queries, width).permute(2, 0, 1, 3).reshape(queries, heads * width)


def _run_layer(
    layer: LlamaLayer, x: torch.Tensor, delta: torch.Tensor, shared: _Shared
) -> tuple[torch.Tensor, torch.Tensor]:
    """The residual stream and what the layer still adds to it, each (T, H)."""
    kernels, eps, dropout, width = shared.kernels, shared.eps, shared.dropout, layer.width
    x, normed = AddNorm.apply(x, delta, layer.attention_norm, eps, kernels)  # type: ignore[no-untyped-call]
    q, k, v = (each.unflatten(-1, (-1, width)) for each in project(normed, layer.qkv, dropout=dropout))  # type: ignore[no-untyped-call]
    if layer.query_norm is not None and layer.key_norm is not None:
        q, k = F.rms_norm(q, (width,), layer.query_norm, eps), F.rms_norm(k, (width,), layer.key_norm, eps)
    q = Rotate.apply(q, shared.cos, shared.sin, kernels)  # type: ignore[no-untyped-call]
    k = Rotate.apply(k, shared.cos, shared.sin, kernels)  # type: ignore[no-untyped-call]
    (mixed,) = project(shared.attend(q, k, v, layer.window), layer.output, dropout=dropout)
    x, normed = AddNorm.apply(x, mixed, layer.mlp_norm, eps, kernels)  # type: ignore[no-untyped-call]
    gate, up = project(normed, layer.gate_up, dropout=dropout)
    (delta,) = project(SwiGlu.apply(gate, up, kernels), layer.down, dropout=dropout)  # type: ignore[no-untyped-call]
    return x, delta


def _by_completion(values: torch.Tensor, packed: PackedPairs) -> torch.Tensor:
    """Sums over the tokens of each completion, (pairs, 2): chosen and rejected."""
    parts = values.split(packed.completion_tokens)  # type: ignore[no-untyped-call]
    return torch.stack([part.sum() for part in parts]).view(-1, 2)
