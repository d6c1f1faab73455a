"""Fast scoring: a Llama-shaped model's forward pass over packed pairs, with LoRA in few operations.

`engine.llama.support` says which models it takes; the plain method of `engine.logps` takes every model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from engine.chat import EncodedPair
from engine.dropout import Dropout, PairDropout, Site
from engine.llama.attention import PackedAttention
from engine.llama.kernels import AddNorm, GeGlu, Kernels, Norm, Rotate, SwiGlu, head_norm
from engine.llama.layers import Angles, LinearWeights, LlamaLayer, LlamaWeights, read_weights
from engine.llama.lora_linear import LowRank, LowRanks, Origin, dropout_share, project
from engine.llama.token_scores import TokenScores, mean_of_rows
from engine.logps import CompletionScores
from engine.packing import PackedPairs, pack


class LlamaScorer:
    """Scores pairs on a Llama-shaped model, under one adapter or none.

    Attributes:
        kernels: which element-wise functions are used.
    """

    def __init__(self, model: Any, adapter: str | None, kernels: Kernels) -> None:
        self.kernels = kernels
        self._weights = read_weights(model, adapter)
        groups = [group for layer in self._weights.layers for group in layer.groups]
        self._low_ranks = LowRanks(groups, self._weights.embedding.dtype) if _saves_kernels(self._weights) else None
        self._mean_head = mean_of_rows(self._weights.head.weight)  # (H,)

    def score(
        self,
        pairs: Sequence[EncodedPair],
        device: str,
        *,
        dropout: Dropout | None = None,
        checkpointing: bool = False,
        ld_alpha: float = 1.0,
        squares: bool = False,
    ) -> list[CompletionScores]:
        """The pairs' completion scores in one pass, with gradients for the adapter unless grad mode is off.

        With `checkpointing` the backward pass computes each layer again, with the same dropout, and the forward pass
        keeps only its inputs. Without `dropout` nothing is dropped. For `ld_alpha` and `squares` see
        `engine.logps.score_pair`.
        """
        packed = pack(pairs, device)
        again = checkpointing and torch.is_grad_enabled()
        hidden = self._hidden(packed, dropout, again)[packed.predicting]  # (n, H)
        head = self._weights.head.weight
        values = TokenScores.apply(hidden, head, self._mean_head, packed.targets, squares)  # type: ignore[no-untyped-call]
        sums = [_by_completion(value, packed) for value in values]  # each (pairs, 2)
        compared = sums[0]
        if ld_alpha != 1:
            weights = values[0].new_tensor(_length_weights(packed, ld_alpha))
            compared = _by_completion(values[0] * weights, packed)
        return [
            CompletionScores(logps, (place.chosen, place.rejected), entropy, mean_logits, top1, whole, *concentration)
            for place, logps, whole, entropy, mean_logits, top1, *concentration in zip(
                packed.places, compared, *sums, strict=True
            )
        ]

    def _hidden(self, packed: PackedPairs, dropout: Dropout | None, checkpointing: bool) -> torch.Tensor:
        """The final hidden states, (T, H)."""
        weights, kernels = self._weights, self.kernels
        x = weights.embed(packed.input_ids)
        angles = weights.angles(x, packed.positions)
        again = _computes_again(x.device)
        ranks = None if self._low_ranks is None else self._low_ranks.converted(dropping=dropout is not None)
        shared = _Shared(PackedAttention(packed), angles, kernels, weights.eps, dropout, again, ranks)
        delta = torch.zeros_like(x)
        for number, layer in enumerate(weights.layers):
            if checkpointing:
                x, delta = checkpoint(_run_layer, number, layer, x, delta, shared, use_reentrant=False)
            else:
                x, delta = _run_layer(number, layer, x, delta, shared)
        _, normed, _ = AddNorm.apply(x, delta, weights.final_norm, weights.eps, kernels)  # type: ignore[no-untyped-call]
        hidden: torch.Tensor = normed
        return hidden


@dataclass(frozen=True)
class _Shared:
    """What all layers of one forward pass share.

    `again` says whether the backward pass computes the inputs of linear layers from what it has of the layers before.
    That takes a third less memory and a few per cent more time.
    """

    attend: PackedAttention
    angles: Angles
    kernels: Kernels
    eps: float
    dropout: Dropout | None
    again: bool
    low_ranks: list[LowRank | None] | None

    def project(
        self, x: torch.Tensor, linears: Sequence[LinearWeights], site: Site, origin: Origin | None = None
    ) -> tuple[torch.Tensor, ...]:
        """`linears` applied to `x`, (T, in) → one (T, out) each, with LoRA's dropout if this pass has it.

        The backward pass may compute `x` again from its `origin`.
        """
        share, rows = dropout_share(linears), [place.end - place.start for place in self.attend.packed.places]
        dropped = self.dropout.places(x, share, rows, site) if self.dropout is not None and share else None
        low_rank = None if self.low_ranks is None else self.low_ranks[4 * site.layer + site.group]
        if not self.again:
            return project(x, linears, dropped=dropped, low_rank=low_rank)
        origin = origin or Origin(_itself, (x,))
        if isinstance(self.dropout, PairDropout):
            like = x.new_empty(0, x.shape[1])  # its width and device are enough, and it takes no memory
            origin = replace(origin, draw=partial(self.dropout.places, like, share, rows, site))
        return project(x, linears, dropped=dropped, origin=origin, low_rank=low_rank)

    def behind(self, x: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
        """`x` under the norm that some models have behind attention and behind the feed-forward part."""
        if weight is None:
            return x
        normed: torch.Tensor = Norm.apply(x, weight, self.eps, self.kernels)  # type: ignore[no-untyped-call]
        return normed


def _itself(x: torch.Tensor) -> torch.Tensor:
    return x


def _computes_again(device: torch.device) -> bool:
    """A GPU has arithmetic to spare and little memory, a CPU the other way round."""
    return device.type == "cuda"


def _saves_kernels(weights: LlamaWeights) -> bool:
    """On a GPU launching a kernel costs more than copies of a few matrices do."""
    return weights.embedding.is_cuda


def _run_layer(
    number: int, layer: LlamaLayer, x: torch.Tensor, delta: torch.Tensor, shared: _Shared
) -> tuple[torch.Tensor, torch.Tensor]:
    """The residual stream and what the layer still adds to it, each (T, H)."""
    kernels, eps, width = shared.kernels, shared.eps, layer.width
    qkv, output, gate_up, down = (Site(number, group) for group in range(4))
    x, normed, inverse = AddNorm.apply(x, delta, layer.attention_norm, eps, kernels)  # type: ignore[no-untyped-call]
    origin = Origin(partial(kernels.norm_again, eps=eps), (x, inverse, layer.attention_norm))
    q, k, v = (each.unflatten(-1, (-1, width)) for each in shared.project(normed, layer.qkv, qkv, origin))  # type: ignore[no-untyped-call]
    if layer.query_norm is not None and layer.key_norm is not None:
        q, k = head_norm(q, layer.query_norm, eps), head_norm(k, layer.key_norm, eps)
    q, k = (Rotate.apply(each, *shared.angles[layer.turns], kernels) for each in (q, k))  # type: ignore[no-untyped-call]
    attended = shared.attend(q, k, v, window=layer.window, scale=layer.scale)
    (mixed,) = shared.project(attended, layer.output, output)
    mixed = shared.behind(mixed, layer.after_attention)
    x, normed, inverse = AddNorm.apply(x, mixed, layer.mlp_norm, eps, kernels)  # type: ignore[no-untyped-call]
    origin = Origin(partial(kernels.norm_again, eps=eps), (x, inverse, layer.mlp_norm))
    gate, up = shared.project(normed, layer.gate_up, gate_up, origin)
    gated, make = (GeGlu, kernels.geglu) if layer.gelu else (SwiGlu, kernels.swiglu)
    product = gated.apply(gate, up, kernels)  # type: ignore[no-untyped-call]
    (delta,) = shared.project(product, layer.down, down, Origin(make, (gate, up)))
    return x, shared.behind(delta, layer.after_mlp)


def _length_weights(packed: PackedPairs, ld_alpha: float) -> list[float]:
    """The weight of each completion token: `ld_alpha` for those by which a completion is longer than the other."""
    weights: list[float] = []
    for place in packed.places:
        shared = min(place.chosen, place.rejected)
        for tokens in (place.chosen, place.rejected):
            weights += [1.0] * shared + [ld_alpha] * (tokens - shared)
    return weights


def _by_completion(values: torch.Tensor, packed: PackedPairs) -> torch.Tensor:
    """Sums over the tokens of each completion, (pairs, 2): chosen and rejected."""
    parts = values.split(packed.completion_tokens)  # type: ignore[no-untyped-call]
    return torch.stack([part.sum() for part in parts]).view(-1, 2)
