"""Decoding on a CUDA device: a step has the same shapes and the same memory every time, so a graph of it is captured.

Launching the kernels of a step one by one takes longer than computing them. A captured graph is launched at once. So
all that changes from step to step is on the device: tokens, lengths, and which rows are in use. Rows that are not in
use compute on a token of their own. What decides the shapes is fixed for many steps: how many rows there are, and how
many tokens each has room for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F

from engine.compat.torch_private import flash_prompts, flash_step
from engine.llama.attention import AttentionKernel, attention_kernel
from engine.llama.decoding import DecodingWeights, LayerLora, PackedLayer, rotate_signed
from engine.llama.kernels import step_norm
from engine.llama.layers import Angles, LlamaLayer, capped, read_weights
from engine.llama.static_memory import JoinedPrompts, StaticMemory
from engine.out_of_memory import is_out_of_memory
from engine.packing import visible

CAPTURES = True
"""Whether steps run as captured graphs. Without, the same kernels are launched one by one, and give the same tokens."""
_BLOCK = 256  # a row's tokens are rounded up to this; a row that outgrows its memory costs a new graph
_MOST_AHEAD = 2048  # memory is taken for so many tokens of a row before it has them
_ROOM = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128)  # how many rows a graph is made for
_AGREES = (
    0.05  # the part of the largest logit that steps and the model may differ by: bfloat16 alone gives a third of it
)
_TRIED = ([3, 4, 5, 6, 7, 8, 9], [4, 3, 5])
_WASTE = 4  # a graph for this many times the rows in use is kept; fewer rows are hardly faster


class StaticDecoder:
    """A decoder whose steps are captured graphs. Logits that `step` returns are valid until the next step.

    It takes new rows at every step, like `LlamaDecoder`, and computes the same except for rounding.
    """

    prompt_tokens = 8192

    def __init__(
        self,
        model: Any,
        packed: DecodingWeights,
        *,
        adapter: str | None,
        max_rows: int,
        tokens: int = 0,
        captures: bool | None = None,
    ) -> None:
        """Decode under the loaded `adapter` (None: the base) for up to `max_rows` rows at a time.

        Args:
            tokens: how many tokens a row will have, prompt and answer together; rows may have more.
            captures: whether steps run as graphs; None is as `CAPTURES` says.
        """
        self._weights = weights = read_weights(model, adapter)
        self._packed = packed
        self._max_rows = max_rows
        self._captures = CAPTURES if captures is None else captures
        dtype, self._device = weights.embedding.dtype, weights.embedding.device
        self._loras = [LayerLora.of(layer, dtype) for layer in weights.layers]
        self._heads = model.config.num_key_value_heads
        self._groups = model.config.num_attention_heads // self._heads
        self._width, self._scale = weights.layers[0].width, weights.layers[0].scale
        kernel = attention_kernel(str(self._device), dtype, width=self._width)
        self._flash = kernel is AttentionKernel.FLASH and weights.score_cap is None
        self._lengths: list[int] = []  # of the rows in use, which are the first ones
        self._tokens = torch.zeros(max_rows, dtype=torch.int64, device=self._device)
        self._state = torch.zeros(2, max_rows, dtype=torch.int32, device=self._device)  # lengths, and 1 for rows in use
        self._memory = StaticMemory.empty(len(weights.layers), self._heads, self._width, dtype, self._device)
        self._graphs: dict[int, _Graph] = {}
        self._ahead = min(tokens, _MOST_AHEAD)

    def room(self) -> int:
        """How many rows `admit` takes now."""
        return self._max_rows - len(self._lengths)

    def keep(self, rows: Sequence[int]) -> None:
        """Drop all other rows. Those kept take the first places in this order; no row may move to a later place."""
        for place, row in enumerate(rows):
            if place != row:
                self._memory.move(row, place, self._lengths[row])
        self._lengths = [self._lengths[row] for row in rows]
        self._write_state()

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """Append one token to each row, (R,), and return the logits of the next, (R, V)."""
        rows = len(tokens)
        self._fit(max(self._lengths) + 1, rows)
        self._lengths = [length + 1 for length in self._lengths]
        self._tokens[:rows].copy_(tokens)
        return self._run(rows)[:rows]

    def admit(self, prompts: Sequence[tuple[Sequence[int], int]]) -> torch.Tensor:
        """Read prompts one behind the other in one pass, and add for each its number of rows as the last ones."""
        lengths, counts = [len(ids) for ids, _ in prompts], [rows for _, rows in prompts]
        self._fit(max([*lengths, *self._lengths]) + 1, len(self._lengths) + sum(counts))
        batch = JoinedPrompts.of(prompts, len(self._lengths), self._memory.capacity, self._device)
        angles = self._memory.angles(batch.positions)
        x = self._weights.embed(batch.tokens)
        for index, layer in enumerate(self._weights.layers):
            q, both = self._heads_of(index, layer, x, angles)
            self._memory.write(index, batch.places, both[batch.sources])
            k, v = both.chunk(2, dim=1)
            if self._flash:
                attended = flash_prompts(q, k, v, batch.bounds, self._scale, layer.window)
            else:
                attended = self._attend_prompts(q, k, v, lengths, layer.window)
            x = self._behind(index, layer, x, attended)
        self._lengths += [length for length, rows in zip(lengths, counts, strict=True) for _ in range(rows)]
        self._write_state()
        return self._logits(x[batch.last])[batch.owner]

    # -- a step ----------------------------------------------------------------------------------------------------

    def _run(self, rows: int) -> torch.Tensor:
        """The logits of the tokens in `_tokens`, for at least so many rows; lengths grow by one."""
        room = min(_room_for(rows), self._memory.slots)
        if not self._captures:
            return self._forward(room)
        fitting = [size for size in self._graphs if rows <= size <= max(_WASTE * rows, room)]
        size = min(fitting) if fitting else room
        if size not in self._graphs:
            self._graphs[size] = self._captured(size)
        self._graphs[size].graph.replay()
        return self._graphs[size].logits

    def _captured(self, rows: int) -> "_Graph":
        """A graph of a step for so many rows. The step before it loads what kernels need, and leaves no trace."""
        lengths = self._state[0].clone()
        graph, stream = torch.cuda.CUDAGraph(), _stream(self._device)
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            self._forward(rows)
            self._state[0].copy_(lengths)
            graph.capture_begin(capture_error_mode="thread_local")
            try:
                logits = self._forward(rows)
            finally:
                graph.capture_end()  # also after an error, or the stream would capture for ever
        torch.cuda.current_stream(self._device).wait_stream(stream)
        return _Graph(graph, logits)

    def _forward(self, rows: int) -> torch.Tensor:
        """A step of the first `rows` rows, on the device alone and without memory that depends on lengths."""
        lengths, used = self._state[0, :rows], self._state[1, :rows]
        positions = lengths.long()
        seen = lengths + 1
        places = positions + self._memory.starts[:rows]
        windows = set() if self._flash else {layer.window for layer in self._weights.layers}
        masks = {window: self._mask(seen, window) for window in windows}
        angles = self._memory.angles(positions)
        x = self._weights.embed(self._tokens[:rows])
        for index, layer in enumerate(self._weights.layers):
            q, both = self._heads_of(index, layer, x, angles)
            self._memory.write(index, places, both)
            x = self._behind(index, layer, x, self._attend(index, layer.window, q, seen, masks))
        lengths += used
        return self._logits(x)

    def _attend(
        self,
        index: int,
        window: int | None,
        q: torch.Tensor,
        seen: torch.Tensor,
        masks: dict[int | None, torch.Tensor],
    ) -> torch.Tensor:
        """Attention of one query a row, (R, heads · groups, width), over the first `seen` tokens of its row."""
        rows, memory = len(q), self._memory
        if self._flash:
            keys, values = memory.read(index)
            starts = memory.ones[: rows + 1], memory.ends[: rows + 1]
            return flash_step(q, keys, values, starts, seen, memory.capacity, self._scale, window)
        keys, values = memory.read_rows(index, rows)
        grouped = q.view(rows, self._heads, self._groups, self._width)
        return self._mix(grouped, keys, values, masks[window]).reshape(rows, -1, self._width)

    def _mix(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Attention, (…, Tq, width), of q over k and v with what `mask` adds to the scores, under the model's cap."""
        if self._weights.score_cap is None:
            return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=self._scale)
        scores = capped((q @ k.transpose(-1, -2)).mul_(self._scale), self._weights.score_cap).add_(mask)
        return scores.softmax(-1, dtype=torch.float32).to(q.dtype) @ v

    def _attend_prompts(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, lengths: list[int], window: int | None
    ) -> torch.Tensor:
        """Each prompt attends to itself, causally: (N, heads · groups, width)."""
        results = []
        for parts in zip(*(torch.split(each, lengths) for each in (q, k, v)), strict=True):
            one_q, one_k, one_v = (each.transpose(0, 1)[None] for each in parts)
            wide_k, wide_v = (each.repeat_interleave(self._groups, dim=1) for each in (one_k, one_v))
            places = torch.arange(one_q.shape[2], device=q.device)
            hidden = ~visible(places, places, window)
            mask = torch.zeros_like(hidden, dtype=q.dtype).masked_fill_(hidden, -torch.inf)
            results.append(self._mix(one_q, wide_k, wide_v, mask)[0].transpose(0, 1))
        return torch.cat(results)

    def _mask(self, seen: torch.Tensor, window: int | None) -> torch.Tensor:
        """What is added to the scores of each row's keys, (R, heads, groups, capacity)."""
        numbers = self._memory.numbers[None]
        hidden = numbers >= seen[:, None]
        if window is not None:
            hidden |= numbers < seen[:, None] - window
        mask = torch.zeros_like(hidden, dtype=self._memory.held.dtype).masked_fill_(hidden, -torch.inf)
        return mask[:, None, None].expand(-1, self._heads, self._groups, -1)

    # -- layers ----------------------------------------------------------------------------------------------------

    def _heads_of(
        self, index: int, layer: LlamaLayer, x: torch.Tensor, angles: Angles
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Rotated queries, (N, heads · groups, width), and rotated keys before values, (N, 2 · heads, width)."""
        joined = self._part(index).qkv(self._norm(x, layer.attention_norm), self._loras[index].qkv)
        joined = joined.view(len(x), -1, self._width)
        queries = self._heads * self._groups
        rotated = joined[:, : queries + self._heads]
        if layer.query_norm is not None and layer.key_norm is not None:
            q, k = rotated[:, :queries], rotated[:, queries:]
            normed = torch.cat((self._norm(q, layer.query_norm), self._norm(k, layer.key_norm)), dim=1)
            rotated.copy_(rotate_signed(normed, *angles[layer.turns]))
        else:
            cos, sin = angles[layer.turns]
            other = rotated.roll(self._width // 2, -1)
            rotated.mul_(cos).addcmul_(other, sin)  # as `rotate_signed` does, in place
        return joined[:, :queries], joined[:, queries:]

    def _behind(self, index: int, layer: LlamaLayer, x: torch.Tensor, attended: torch.Tensor) -> torch.Tensor:
        """The layer's output, (N, H), from its input and what attention gave; `x` is overwritten."""
        part, lora = self._part(index), self._loras[index]
        attended = attended.reshape(len(x), -1)
        if layer.after_attention is None:
            x = part.output.added_to(x, attended, lora.output)
        else:
            x = x.add_(self._norm(part.output(attended, lora.output), layer.after_attention))
        gate, up = part.gate_up(self._norm(x, layer.mlp_norm), lora.gate_up).chunk(2, dim=-1)
        product = layer.activation(gate).mul_(up)
        if layer.after_mlp is None:
            return part.down.added_to(x, product, lora.down)
        return x.add_(self._norm(part.down(product, lora.down), layer.after_mlp))

    def _part(self, index: int) -> PackedLayer:
        return self._packed.layers[index]

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        logits = self._packed.head(self._norm(hidden, self._weights.final_norm), None)
        return capped(logits, self._weights.logit_cap)

    def _norm(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return step_norm(x, weight, self._weights.eps)

    # -- memory ----------------------------------------------------------------------------------------------------

    def _fit(self, longest: int, rows: int) -> None:
        """Make room for so many rows of so many tokens. Graphs hold addresses, so they go with the memory."""
        capacity, slots = self._memory.capacity, self._memory.slots
        if longest <= capacity and rows <= slots:
            return
        if longest > capacity:
            blocks = -(-max(longest, self._ahead) // _BLOCK)
            capacity = max(blocks * _BLOCK, min(2 * capacity, capacity + 4 * _BLOCK))
        if rows > slots:
            slots = min(_room_for(rows), self._max_rows)
        self._graphs.clear()
        self._memory = self._memory.grown(slots, capacity, self._lengths)
        self._memory.rotary = self._rotary(capacity)

    def _rotary(self, tokens: int) -> Angles:
        """cos and sin of the first positions, each (tokens, 1, width), with sin's first half negated."""
        positions = torch.arange(tokens, device=self._device)
        found = self._weights.angles(self._weights.embedding[:1], positions)
        for name, (cos, sin) in found.items():
            signed = sin.clone()
            signed[..., : self._width // 2].neg_()
            found[name] = cos, signed
        return found

    def _write_state(self) -> None:
        """Bring lengths and the rows in use to the device."""
        unused = self._state.shape[1] - len(self._lengths)
        self._state.copy_(torch.tensor([self._lengths + [0] * unused, [1] * len(self._lengths) + [0] * unused]))


@dataclass
class _Graph:
    """A captured step, and the memory that its logits are in."""

    graph: torch.cuda.CUDAGraph
    logits: torch.Tensor


@cache
def _stream(device: torch.device) -> torch.cuda.Stream:
    """The stream on which a device's graphs are captured: one for all, since products keep memory for each stream."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def _room_for(rows: int) -> int:
    """The number of rows that a graph is made for, at least `rows`."""
    return next((size for size in _ROOM if size >= rows), -(-rows // _ROOM[-1]) * _ROOM[-1])


# -- whether all this is right on a device ----------------------------------------------------------------------------
# Its kernels come from torch and the driver, in versions that nobody has tried together.


def static_problem(model: Any, packed: DecodingWeights) -> str | None:
    """What is wrong with the steps of `StaticDecoder` on this device, None where they are right.

    Called inside `BaseModel.policy(None)` and `no_grad`.
    """
    try:
        apart = _largest_difference(StaticDecoder(model, packed, adapter=None, max_rows=3), model)
    except (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        return (str(error).strip() or type(error).__name__).splitlines()[0]
    return None if apart <= _AGREES else f"its logits differ from the model's by {apart:.0%} of the largest one"


def _largest_difference(decoder: StaticDecoder, model: Any) -> float:
    """The largest difference of a logit, as a part of the largest logit, while rows join, write and leave."""
    rows = [list(_TRIED[0]), list(_TRIED[0]), list(_TRIED[1])]
    found = [(decoder.admit([(_TRIED[0], 2), (_TRIED[1], 1)]), _last_logits(model, rows))]
    for token in (5, 6):
        rows = [[*row, token + place] for place, row in enumerate(rows)]
        logits = decoder.step(torch.tensor([row[-1] for row in rows], device=model.device)).clone()
        found.append((logits, _last_logits(model, rows)))
    decoder.keep([2, 1])
    rows = [[*rows[2], 8], [*rows[1], 9]]
    found.append((decoder.step(torch.tensor([8, 9], device=model.device)), _last_logits(model, rows)))
    return max(float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1e-3)) for ours, theirs in found)


def _last_logits(model: Any, rows: list[list[int]]) -> torch.Tensor:
    """The last logits of each row from the model itself, (R, V)."""
    ids = (torch.tensor([row], device=model.device) for row in rows)
    return torch.cat([model(input_ids=each, use_cache=False).logits[:, -1] for each in ids])
