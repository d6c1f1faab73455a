"""The sizes of a model's layers that estimates need, read from its configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import ModelError


@dataclass(frozen=True)
class Linear:
    """A linear layer inside a decoder layer: its name and sizes."""

    name: str
    inputs: int
    outputs: int

    @property
    def values(self) -> int:
        """How many weights it has."""
        return self.inputs * self.outputs


@dataclass(frozen=True)
class ModelShape:
    """The sizes of a decoder-only model. `attention` is heads × head size, `keys` the same of the key heads.

    `head_norms` says whether queries and keys of each head have norms, and `framed` whether norms are behind attention
    and the feed-forward part as well, all of them in float32.
    """

    hidden: int
    layers: int
    heads: int
    attention: int
    keys: int
    vocabulary: int
    tied: bool
    linears: tuple[Linear, ...]
    head_norms: bool = False
    framed: bool = False

    @property
    def linear_values(self) -> int:
        """Weights in the linear parts of all layers, which 4 bits are used for."""
        return self.layers * sum(each.values for each in self.linears)

    @property
    def parameters(self) -> int:
        """All weights: linear layers, embedding, output layer, norms. Llama-3.1-8B has 8,030,261,248."""
        tables = self.vocabulary * self.hidden * (1 if self.tied else 2)
        return self.linear_values + tables + (2 * self.layers + 1) * self.hidden

    @property
    def inner(self) -> int:
        """The width inside the layer's feed-forward part."""
        return self.linears[-1].inputs


def shape_of(config: Mapping[str, Any]) -> ModelShape:
    """The sizes in a `config.json`.

    Raises:
        ModelError: a size is missing, or the model has experts, whose memory these sizes do not give.
    """
    config = config.get("text_config") or config
    kind = config.get("model_type", "of unknown architecture")
    if any("experts" in name and value for name, value in config.items()):
        raise ModelError(f"The memory of a model with experts ({kind}) cannot be estimated. Try it with short pairs.")
    try:
        return _gpt2_shape(config) if "n_embd" in config else _llama_shape(config)
    except KeyError as error:
        raise ModelError(
            f"This model's memory ({kind}) cannot be estimated: its config has no {error.args[0]}. Try short pairs."
        ) from error


def _llama_shape(config: Mapping[str, Any]) -> ModelShape:
    hidden, heads, inner = config["hidden_size"], config["num_attention_heads"], config["intermediate_size"]
    head_size = config.get("head_dim") or hidden // heads
    queries, keys = heads * head_size, (config.get("num_key_value_heads") or heads) * head_size
    linears = (
        Linear("q_proj", hidden, queries),
        Linear("k_proj", hidden, keys),
        Linear("v_proj", hidden, keys),
        Linear("o_proj", queries, hidden),
        Linear("gate_proj", hidden, inner),
        Linear("up_proj", hidden, inner),
        Linear("down_proj", inner, hidden),
    )
    tied = bool(config.get("tie_word_embeddings", False))
    vocabulary, layers = config["vocab_size"], config["num_hidden_layers"]
    kind = str(config.get("model_type", ""))
    framed = kind.startswith("gemma3")
    head_norms = framed or kind == "qwen3"
    return ModelShape(hidden, layers, heads, queries, keys, vocabulary, tied, linears, head_norms, framed)


def _gpt2_shape(config: Mapping[str, Any]) -> ModelShape:
    hidden = config["n_embd"]
    inner = config.get("n_inner") or 4 * hidden
    linears = (
        Linear("c_attn", hidden, 3 * hidden),
        Linear("c_proj", hidden, hidden),
        Linear("c_fc", hidden, inner),
        Linear("c_proj", inner, hidden),
    )
    return ModelShape(hidden, config["n_layer"], config["n_head"], hidden, hidden, config["vocab_size"], True, linears)
