"""A lean decoder for models of Llama's shape: Llama, Mistral, Qwen2, Qwen3.

The same arithmetic as transformers' modules, without what they do around it at every step. Rows of any length stand
beside one another, and new prompts take the place of rows that ended, so one long answer does not hold the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from engine.llama.kv_cache import KeyValueCache
from engine.llama.packed_linear import Lora, Projection, can_pack, lora_of

# The linear layers of a block by what they read: these are computed together.
_GROUPS = (
    ("self_attn", ("q_proj", "k_proj", "v_proj")),
    ("self_attn", ("o_proj",)),
    ("mlp", ("gate_proj", "up_proj")),
    ("mlp", ("down_proj",)),
)
_PROJECTED = {name for _, names in _GROUPS for name in names}

Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


class LlamaWeights:
    """A model's weights as decoding reads them. Made once for a model; adapters come on top."""

    def __init__(self, model: Any) -> None:
        packed = can_pack(model)
        self.blocks = [_Block(layer, packed=packed) for layer in model.model.layers]
        self.head = Projection([model.lm_head], packed=packed)


class _Block:
    """One decoder layer: four projections, two norms."""

    def __init__(self, layer: Any, *, packed: bool) -> None:
        attention = layer.self_attn
        self.before_attention, self.before_feed = layer.input_layernorm, layer.post_attention_layernorm
        self.query_norm, self.key_norm = getattr(attention, "q_norm", None), getattr(attention, "k_norm", None)
        self.activation = layer.mlp.act_fn
        self.inputs, self.output, self.widen, self.narrow = (
            Projection(_layers_now(layer, at, names), packed=packed) for at, names in _GROUPS
        )


@dataclass(frozen=True)
class _Loras:
    """The adapter's part in one block."""

    inputs: Lora | None
    output: Lora | None
    widen: Lora | None
    narrow: Lora | None


class LlamaDecoder:
    """A decoder that keeps its rows in one cache; new rows may join at every step."""

    appetite = 1024  # prompt tokens read at once, beyond the first prompt

    def __init__(self, model: Any, weights: LlamaWeights, *, adapter: str | None, max_rows: int) -> None:
        config, attention = model.config, model.model.layers[0].self_attn
        self._model = model.model
        self._weights = weights
        self._max_rows = max_rows
        self._width = attention.head_dim
        self._heads = config.num_key_value_heads
        self._groups = config.num_attention_heads // self._heads
        self._scale = float(attention.scaling)
        embeddings = self._model.embed_tokens.weight
        self._loras = [
            _Loras(*(lora_of(_layers_now(layer, at, names), adapter, embeddings.dtype) for at, names in _GROUPS))
            for layer in self._model.layers
        ]
        self._cache = KeyValueCache(
            layers=len(self._loras),
            rows=max_rows,
            heads=self._heads,
            width=self._width,
            dtype=embeddings.dtype,
            device=str(embeddings.device),
        )

    def room(self) -> int:
        """How many rows may join now."""
        return self._max_rows - len(self._cache.lengths)

    def keep(self, rows: Sequence[int]) -> None:
        """Let all other rows go; see `KeyValueCache.keep` for the order."""
        self._cache.keep(rows)

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Append one token to each row, (R,), and return the logits of the next, (R, V)."""
        self._cache.begin_step(self._groups)
        positions = torch.tensor(self._cache.lengths, device=tokens.device) - 1
        hidden = self._blocks(tokens, positions, self._attend_step)
        return self._logits(hidden)

    def admit(self, prompts: Sequence[tuple[Sequence[int], int]]) -> torch.Tensor:
        """Read prompts one behind the other in one pass, each for its number of rows, and let the rows join."""
        device = self._model.embed_tokens.weight.device
        lengths = [len(ids) for ids, _ in prompts]
        tokens = torch.tensor([token for ids, _ in prompts for token in ids], device=device)
        positions = torch.cat([torch.arange(length, device=device) for length in lengths])
        first = len(self._cache.lengths)
        counts = [rows for _, rows in prompts]
        self._cache.fit(max([*lengths, *self._cache.lengths]))

        def attend(layer: int, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            return self._attend_prompts(layer, q, k, v, lengths, counts, first)

        hidden = self._blocks(tokens, positions, attend)
        self._cache.lengths += [length for length, rows in zip(lengths, counts, strict=True) for _ in range(rows)]
        last = torch.tensor(lengths, device=device).cumsum(0) - 1
        owner = torch.tensor([index for index, rows in enumerate(counts) for _ in range(rows)], device=device)
        return self._logits(hidden[last])[owner]

    def _blocks(self, tokens: torch.Tensor, positions: torch.Tensor, attend: Attend) -> torch.Tensor:
        """All layers over N tokens, wherever they belong: (N,) → (N, H). `attend` knows what sees what."""
        x = F.embedding(tokens, self._model.embed_tokens.weight)
        cos, sin = self._model.rotary_emb(x, positions[None])  # (1, N, width)
        cos, sin = cos[0][:, None], sin[0][:, None].clone()
        sin[..., : self._width // 2].neg_()  # with this sign, turning is one product with the halves exchanged
        for index, (block, loras) in enumerate(zip(self._weights.blocks, self._loras, strict=True)):
            joined = block.inputs(_norm(block.before_attention, x), loras.inputs)
            attended = attend(index, *self._heads_of(block, joined, cos, sin))
            x = x + block.output(attended.reshape(len(x), -1), loras.output)
            gate, up = block.widen(_norm(block.before_feed, x), loras.widen).chunk(2, dim=-1)
            x = x + block.narrow(block.activation(gate).mul_(up), loras.narrow)
        return x

    def _heads_of(
        self, block: _Block, joined: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Turned queries (N, heads · groups, width) and keys, and values (N, heads, width), out of one projection."""
        counts = [self._heads * self._groups, self._heads]
        both, v = torch.split(joined.view(len(joined), -1, self._width), [sum(counts), self._heads], dim=1)
        if block.query_norm is not None:
            q, k = torch.split(both, counts, dim=1)
            both = torch.cat((_norm(block.query_norm, q), _norm(block.key_norm, k)), dim=1)
        q, k = torch.split(_turn(both, cos, sin), counts, dim=1)
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
        return self._weights.head(_norm(self._model.norm, hidden), None)


def _layers_now(layer: Any, at: str, names: Sequence[str]) -> list[Any]:
    """The linear layers as they stand, with PEFT's wrappers if there are any."""
    return [getattr(getattr(layer, at), name) for name in names]


def _norm(norm: Any, x: torch.Tensor) -> torch.Tensor:
    return F.rms_norm(x, (x.shape[-1],), norm.weight, norm.variance_epsilon)


def _turn(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary position embedding; `sin` has its first half negated."""
    return torch.addcmul(x * cos, x.roll(x.shape[-1] // 2, -1), sin)
