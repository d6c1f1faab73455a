"""Fast decoding for models of Llama's shape: Llama, Mistral, Qwen2, Qwen3.

The decoder does the arithmetic of transformers' modules without what they do around it at every step. It writes rows of
any length together. New prompts take the place of rows that ended, so one long answer does not delay the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from engine.llama.kv_cache import KeyValueCache
from engine.llama.layers import LlamaLayer, read_weights
from engine.llama.packed_linear import JoinedLora, PackedLinear, can_join, can_pack, join_lora

Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


class DecodingWeights:
    """A model's linear layers as decoding computes them, made once for a model; adapters are added to them."""

    def __init__(self, model: Any) -> None:
        packed, joined = can_pack(model), can_join(model)
        weights = read_weights(model, None)
        self.layers = [PackedLayer.of(layer, packed=packed, joined=joined) for layer in weights.layers]
        self.head = PackedLinear([weights.head], packed=packed)
        if joined:
            torch.cuda.empty_cache()  # what the weights were in before is in pieces too small for a block


@dataclass(frozen=True)
class PackedLayer:
    """The linear layers of one decoder layer, those of one input together."""

    qkv: PackedLinear
    output: PackedLinear
    gate_up: PackedLinear
    down: PackedLinear

    @classmethod
    def of(cls, layer: LlamaLayer, *, packed: bool, joined: bool) -> "PackedLayer":
        """The layer's groups, each in the form that suits the device."""
        return cls(*(PackedLinear(group, packed=packed, joined=joined) for group in layer.groups))


@dataclass(frozen=True)
class LayerLora:
    """The adapter's part of one decoder layer, in the same groups."""

    qkv: JoinedLora | None
    output: JoinedLora | None
    gate_up: JoinedLora | None
    down: JoinedLora | None

    @classmethod
    def of(cls, layer: LlamaLayer, dtype: torch.dtype) -> "LayerLora":
        """The adapter's matrices of this layer, in the base model's dtype."""
        return cls(*(join_lora(group, dtype) for group in layer.groups))


class LlamaDecoder:
    """A decoder that keeps its rows in one cache and takes new rows at every step."""

    prompt_tokens = 1024

    def __init__(self, model: Any, packed: DecodingWeights, *, adapter: str | None, max_rows: int) -> None:
        """Decode under the loaded `adapter` (None: the base) for up to `max_rows` rows at a time."""
        self._weights = weights = read_weights(model, adapter)
        self._packed = packed
        self._max_rows = max_rows
        self._width, self._scale = weights.layers[0].width, weights.layers[0].scale
        self._heads = model.config.num_key_value_heads
        self._groups = model.config.num_attention_heads // self._heads
        dtype, self._device = weights.embedding.dtype, weights.embedding.device
        self._loras = [LayerLora.of(layer, dtype) for layer in weights.layers]
        self._cache = KeyValueCache(
            layers=len(weights.layers),
            heads=self._heads,
            width=self._width,
            dtype=dtype,
            device=str(self._device),
        )

    def room(self) -> int:
        """How many rows `admit` takes now."""
        return self._max_rows - len(self._cache.lengths)

    def keep(self, rows: Sequence[int]) -> None:
        """Drop all other rows; see `KeyValueCache.keep` for the order."""
        self._cache.keep(rows)

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Append one token to each row, (R,), and return the logits of the next, (R, V)."""
        self._cache.begin_step(self._groups)
        positions = torch.tensor(self._cache.lengths, device=tokens.device) - 1
        hidden = self._layers(tokens, positions, self._attend_step)
        return self._logits(hidden)

    def admit(self, prompts: Sequence[tuple[Sequence[int], int]]) -> torch.Tensor:
        """Read prompts one behind the other in one pass, and add for each its number of rows as the last ones."""
        device = self._device
        lengths = [len(ids) for ids, _ in prompts]
        tokens = torch.tensor([token for ids, _ in prompts for token in ids], device=device)
        positions = torch.cat([torch.arange(length, device=device) for length in lengths])
        first = len(self._cache.lengths)
        counts = [rows for _, rows in prompts]
        self._cache.fit(max([*lengths, *self._cache.lengths]), first + sum(counts))

        def attend(layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            return self._attend_prompts(layer, q, k, v, lengths, counts, first)

        hidden = self._layers(tokens, positions, attend)
        self._cache.lengths += [length for length, rows in zip(lengths, counts, strict=True) for _ in range(rows)]
        last = torch.tensor(lengths, device=device).cumsum(0) - 1
        owner = torch.tensor([index for index, rows in enumerate(counts) for _ in range(rows)], device=device)
        return self._logits(hidden[last])[owner]

    def _layers(self, tokens: torch.Tensor, positions: torch.Tensor, attend: Attend) -> torch.Tensor:
        """All layers over N tokens of any rows: (N,) → (N, H). `attend` knows which tokens each token sees."""
        weights = self._weights
        x = F.embedding(tokens, weights.embedding)
        cos, sin = weights.rotary(x, positions[None])  # (1, N, width)
        cos, sin = cos[0][:, None], sin[0][:, None].clone()
        sin[..., : self._width // 2].neg_()  # with this sign, rotating is one product with exchanged halves
        parts = zip(weights.layers, self._packed.layers, self._loras, strict=True)
        for index, (layer, packed, lora) in enumerate(parts):
            joined = packed.qkv(self._norm(x, layer.attention_norm), lora.qkv)
            attended = attend(index, *self._heads_of(layer, joined, cos, sin))
            x = x + packed.output(attended.reshape(len(x), -1), lora.output)
            gate, up = packed.gate_up(self._norm(x, layer.mlp_norm), lora.gate_up).chunk(2, dim=-1)
            x = x + packed.down(layer.activation(gate).mul_(up), lora.down)
        return x

    def _heads_of(
        self, layer: LlamaLayer, joined: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Rotated queries (N, heads · groups, width) and keys, and values (N, heads, width), from one product."""
        counts = [self._heads * self._groups, self._heads]
        both, v = torch.split(joined.view(len(joined), -1, self._width), [sum(counts), self._heads], dim=1)
        if layer.query_norm is not None and layer.key_norm is not None:
            q, k = torch.split(both, counts, dim=1)
            both = torch.cat((self._norm(q, layer.query_norm), self._norm(k, layer.key_norm)), dim=1)
        q, k = torch.split(rotate_signed(both, cos, sin), counts, dim=1)
        return q, k, v

    def _attend_step(self, layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        grouped = q.view(len(q), self._heads, self._groups, self._width)
        return self._cache.attend(layer, grouped, k, v, self._scale)

    def _attend_prompts(
        self,
        layer: int,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        lengths: list[int],
        counts: list[int],
        row: int,
    ) -> torch.Tensor:
        """Each prompt attends to itself, causally; its keys and values become the beginning of its rows."""
        results = []
        for one_q, one_k, one_v, rows in zip(*(torch.split(each, lengths) for each in (q, k, v)), counts, strict=True):
            keys, values = one_k.transpose(0, 1), one_v.transpose(0, 1)  # (heads, T, width)
            for place in range(row, row + rows):
                self._cache.join(layer, place, keys, values)
            row += rows
            attended = F.scaled_dot_product_attention(
                one_q.transpose(0, 1)[None],
                keys[None],
                values[None],
                is_causal=True,
                scale=self._scale,
                enable_gqa=True,
            )
            results.append(attended[0].transpose(0, 1))  # (T, heads · groups, width)
        return torch.cat(results)

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return self._packed.head(self._norm(hidden, self._weights.final_norm), None)

    def _norm(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return F.rms_norm(x, (x.shape[-1],), weight, self._weights.eps)


def rotate_signed(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary position embedding, as `rotate` in `kernels`, but `sin` comes with its first half negated."""
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, -1), sin)
