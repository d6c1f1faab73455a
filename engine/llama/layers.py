"""The weights of a Llama-shaped model, read once from where transformers and PEFT hold them; none is copied.

Scoring and decoding run different forward passes over the same weights. Linear layers that read the same input are
grouped, because both passes compute them together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from engine.compat.bitsandbytes import dequantised


@dataclass(frozen=True)
class LinearWeights:
    """One frozen linear layer with one adapter's LoRA matrices, if the adapter has any for it.

    `weight` is (out, in) and `bias` (out,) or None, both in the base model's dtype; `a` is (r, in) and `b` (out, r),
    both float32. LoRA adds `scale · drop(x) aᵀ bᵀ`, and `dropout` is the share of inputs that it drops. In 4 bits
    `weight` holds them packed, with bitsandbytes' state beside them.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None
    a: torch.Tensor | None = None
    b: torch.Tensor | None = None
    scale: float = 1.0
    dropout: float = 0.0

    @property
    def outputs(self) -> int:
        """The size of one output."""
        return int(self.weight.shape[0] if self.quantised is None else self.quantised.shape[0])

    @property
    def quantised(self) -> Any:
        """bitsandbytes' state of a weight in 4 bits, None for any other."""
        return getattr(self.weight, "quant_state", None)

    def dense(self) -> torch.Tensor:
        """The weight, (out, in), as the product takes it: made again at each call where it is held in 4 bits."""
        return self.weight if self.quantised is None else dequantised(self.weight, self.quantised)


@dataclass(frozen=True)
class LlamaLayer:
    """One decoder layer.

    Attributes:
        attention_norm, mlp_norm: (H,) the weights of the norms before attention and before the feed-forward part.
        after_attention, after_mlp: (H,) those of the norms behind them, which Gemma 2 and 3 have and the others have
            not. All norms of Gemma are float32, and are not rounded before they are applied.
        qkv, output, gate_up, down: the linear layers, grouped by their input.
        query_norm, key_norm: (d,) weights of the norms of each head, which Qwen3 has and the others have not.
        activation: the function between `gate_up` and `down`; `gelu` says that it is Gemma's.
        width: the size d of one head; `scale` multiplies attention scores.
        window: how many tokens back this layer sees, None for all.
        turns: which of the model's rotary angles this layer takes, where it has several.
    """

    attention_norm: torch.Tensor
    mlp_norm: torch.Tensor
    qkv: tuple[LinearWeights, ...]
    output: tuple[LinearWeights, ...]
    gate_up: tuple[LinearWeights, ...]
    down: tuple[LinearWeights, ...]
    query_norm: torch.Tensor | None
    key_norm: torch.Tensor | None
    activation: Callable[[torch.Tensor], torch.Tensor]
    width: int
    scale: float
    window: int | None
    after_attention: torch.Tensor | None = None
    after_mlp: torch.Tensor | None = None
    turns: str | None = None
    gelu: bool = False

    @property
    def groups(self) -> tuple[tuple[LinearWeights, ...], ...]:
        """The linear layers in the order in which a forward pass needs them, those of one input together."""
        return self.qkv, self.output, self.gate_up, self.down


Angles = dict[str | None, tuple[torch.Tensor, torch.Tensor]]
"""cos and sin of positions, by `LlamaLayer.turns`."""


@dataclass(frozen=True)
class LlamaWeights:
    """A whole model under one adapter or none.

    Attributes:
        embedding: (V, H); `head` is the output layer, which may share its weight.
        rotary: transformers' module that gives cos and sin for positions.
        final_norm: (H,); all norms of the model add `eps`.
        embedding_scale: multiplies what the embedding gives, None for 1.
        score_cap, logit_cap: attention scores and logits stay within plus and minus this, as `capped` says; None for
            no limit.
    """

    embedding: torch.Tensor
    rotary: Any
    layers: tuple[LlamaLayer, ...]
    final_norm: torch.Tensor
    head: LinearWeights
    eps: float
    embedding_scale: torch.Tensor | None = None
    score_cap: float | None = None
    logit_cap: float | None = None

    def embed(self, tokens: torch.Tensor) -> torch.Tensor:
        """The first states of tokens: (N,) → (N, H)."""
        x = F.embedding(tokens, self.embedding)
        return x if self.embedding_scale is None else x * self.embedding_scale

    def angles(self, x: torch.Tensor, positions: torch.Tensor) -> "Angles":
        """cos and sin of N positions, each (N, 1, width) in the dtype of `x`, by what layers call them."""
        found = {}
        for name in {layer.turns for layer in self.layers}:
            cos, sin = self.rotary(x[None], positions[None], *(() if name is None else (name,)))
            found[name] = cos[0, :, None], sin[0, :, None]
        return found

    def lora_matrices(self) -> Iterator[torch.Tensor]:
        """Every LoRA matrix of the layers, A and B of each linear layer in turn."""
        for linear in (linear for layer in self.layers for group in layer.groups for linear in group):
            yield from (matrix for matrix in (linear.a, linear.b) if matrix is not None)


def read_weights(model: Any, adapter: str | None) -> LlamaWeights:
    """Read a transformers model of Llama's shape under the loaded `adapter`; None leaves all adapters out."""
    body = model.model
    return LlamaWeights(
        embedding=body.embed_tokens.weight,
        rotary=body.rotary_emb,
        layers=tuple(_read_layer(layer, adapter, model.config) for layer in body.layers),
        final_norm=_read_norm(body.norm),
        head=_read_linear(model.lm_head, None),
        eps=model.config.rms_norm_eps,
        embedding_scale=_embedding_scale(body.embed_tokens),
        score_cap=getattr(model.config, "attn_logit_softcapping", None),
        logit_cap=getattr(model.config, "final_logit_softcapping", None),
    )


def capped(scores: torch.Tensor, cap: float | None) -> torch.Tensor:
    """Scores of any shape within plus and minus `cap`, by a tanh as in Gemma 2; `scores` is overwritten."""
    return scores if cap is None else scores.div_(cap).tanh_().mul_(cap)


def _read_layer(layer: Any, adapter: str | None, config: Any) -> LlamaLayer:
    attention, mlp = layer.self_attn, layer.mlp
    query_norm, key_norm = getattr(attention, "q_norm", None), getattr(attention, "k_norm", None)

    def read(*modules: Any) -> tuple[LinearWeights, ...]:
        return tuple(_read_linear(module, adapter) for module in modules)

    framed = hasattr(layer, "pre_feedforward_layernorm")  # norms before and behind each part, as in Gemma 3
    return LlamaLayer(
        attention_norm=_read_norm(layer.input_layernorm),
        mlp_norm=_read_norm(layer.pre_feedforward_layernorm if framed else layer.post_attention_layernorm),
        after_attention=_read_norm(layer.post_attention_layernorm) if framed else None,
        after_mlp=_read_norm(layer.post_feedforward_layernorm) if framed else None,
        gelu=config.model_type.startswith("gemma"),
        turns=attention.layer_type if config.model_type == "gemma3_text" else None,
        qkv=read(attention.q_proj, attention.k_proj, attention.v_proj),
        output=read(attention.o_proj),
        gate_up=read(mlp.gate_proj, mlp.up_proj),
        down=read(mlp.down_proj),
        query_norm=None if query_norm is None else _read_norm(query_norm),
        key_norm=None if key_norm is None else _read_norm(key_norm),
        activation=mlp.act_fn,
        width=attention.head_dim,
        scale=float(attention.scaling),
        window=_window(attention, config),
    )


def _read_norm(norm: Any) -> torch.Tensor:
    """A norm's weight as it multiplies. Gemma's holds the difference from 1, and multiplies in float32."""
    weight: torch.Tensor = norm.weight
    return 1.0 + weight.detach().float() if type(norm).__name__.startswith("Gemma") else weight


def _embedding_scale(embedding: Any) -> torch.Tensor | None:
    scale = getattr(embedding, "embed_scale", None)
    return None if scale is None else scale.to(embedding.weight.dtype)


def _read_linear(module: Any, adapter: str | None) -> LinearWeights:
    """A linear layer's weights, and its LoRA matrices if PEFT has wrapped it with this adapter."""
    linear = getattr(module, "base_layer", module)
    if adapter is None or adapter not in getattr(module, "lora_A", {}):
        return LinearWeights(linear.weight, linear.bias)
    return LinearWeights(
        linear.weight,
        linear.bias,
        module.lora_A[adapter].weight,
        module.lora_B[adapter].weight,
        module.scaling[adapter],
        getattr(module.lora_dropout[adapter], "p", 0.0),
    )


def _window(attention: Any, config: Any) -> int | None:
    """How many tokens back this layer's attention sees, None for all."""
    window = getattr(attention, "sliding_window", None)
    if window is None and config.model_type == "mistral":
        window = config.sliding_window
    return None if window is None else int(window)
