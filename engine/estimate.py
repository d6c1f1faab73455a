"""What a run will need, told before anything is loaded or even downloaded: bytes and operations. No torch here.

All of it is counted from the sizes in a model's `config.json`. Bytes are those that the tensors take; the libraries'
own (about 0.5 GB on a CPU, 0.5 to 1 GB more on a GPU) come on top.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.errors import ModelError

_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "4bit": 2.0}  # a number outside of quantised layers
# NF4 with doubly quantised scales (arXiv:2305.14314): half a byte, one byte of scale for 64 values, and one float32 for
# 256 of those.
_NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
_HEAD_CHUNK = 1 << 22  # logits held at once, in the model's numbers and in float32


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
    """The sizes of a decoder-only model. `attention` is heads × head size, `keys` the same of the key heads."""

    hidden: int
    layers: int
    heads: int
    attention: int
    keys: int
    vocabulary: int
    tied: bool
    linears: tuple[Linear, ...]

    @property
    def linear_values(self) -> int:
        """Weights in all layers' linear parts: what 4 bits are used for."""
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
    """The sizes that a `config.json` tells.

    Raises:
        ModelError: a size is missing, or the model has experts, whose memory is not told by these sizes.
    """
    config = config.get("text_config") or config
    kind = config.get("model_type", "of unknown architecture")
    if any("experts" in name and value for name, value in config.items()):
        raise ModelError(f"The memory of a model with experts ({kind}) cannot be estimated. Try it with short pairs.")
    try:
        return _gpt2_shape(config) if "n_embd" in config else _llama_shape(config)
    except KeyError as error:
        raise ModelError(
            f"The config of this model ({kind}) tells no {error.args[0]}, so nothing is estimated."
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
    return ModelShape(hidden, layers, heads, queries, keys, vocabulary, tied, linears)


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


@dataclass(frozen=True)
class Memory:
    """The bytes of a run, by what they are for.

    Attributes:
        weights: the frozen base model.
        adapter: LoRA's float32 weights and their gradients.
        optimizer: AdamW's two moments.
        copies: the weights that the run started with and the best so far; they stand in the machine's own memory.
        activations: what one pair keeps for the backward pass.
        work: what comes and goes while it is computed.
    """

    weights: int
    adapter: int
    optimizer: int
    copies: int
    activations: int
    work: int

    @property
    def peak(self) -> int:
        """All of it together."""
        return self.weights + self.adapter + self.optimizer + self.copies + self.activations + self.work


def estimate_memory(
    shape: ModelShape,
    config: TrainConfig,
    *,
    dtype: str,
    row: tuple[int, int] | None = None,
    checkpointing: bool = False,
) -> Memory:
    """The memory of training by the fast way, one pass at a time as Palate does; batch size has no part in it.

    Args:
        dtype: "bfloat16", "float16", "float32" or "4bit" (linear layers in NF4, the rest in bfloat16).
        row: tokens of the largest pass (prompts once, both answers), and of the longest sequence in it; by default
            the worst that `config.max_length` allows, both sequences full.
        checkpointing: layers keep their inputs alone.
    """
    tokens, longest = row or (2 * config.max_length, config.max_length)
    size = _BYTES[dtype]
    quantised = shape.linear_values if dtype == "4bit" else 0
    trained = lora_values(shape, config)
    layer = _layer_activations(shape, config, size, tokens, longest)
    kept = shape.layers * 2 * shape.hidden * tokens * size if checkpointing else shape.layers * layer
    ends = tokens * shape.hidden * (2 * size + 4)  # the first and last states, and the head's gradient
    largest = max(each.values for each in shape.linears) * size if dtype == "4bit" else 0
    return Memory(
        weights=int(quantised * _NF4 + (shape.parameters - quantised) * size),
        adapter=8 * trained,
        optimizer=8 * trained,
        copies=8 * trained,
        activations=int(kept + ends),
        work=int(layer * (2 if checkpointing else 1) + _HEAD_CHUNK * (size + 4) + largest),
    )


def lora_values(shape: ModelShape, config: TrainConfig) -> int:
    """How many numbers LoRA trains: r × (inputs + outputs) of each adapted layer."""
    return shape.layers * config.lora_r * sum(each.inputs + each.outputs for each in _adapted(shape, config))


def _adapted(shape: ModelShape, config: TrainConfig) -> tuple[Linear, ...]:
    names = [name.strip().rpartition(".")[2] for name in config.target_modules.split(",")]
    return tuple(each for each in shape.linears if "all-linear" in names or each.name in names)


def _layer_activations(shape: ModelShape, config: TrainConfig, size: float, tokens: int, longest: int) -> float:
    """Bytes that one layer keeps for its backward pass.

    By name: both norms' inputs and outputs (4 H), queries and what attention mixed (2 A), keys and values (2 K), gate,
    up and their product (3 I), LoRA's inner values; below 1,024 tokens on a CPU also the attention probabilities.
    """
    values = 4 * shape.hidden + 2 * shape.attention + 2 * shape.keys + 3 * shape.inner
    values += config.lora_r * len(_adapted(shape, config))
    dropped = 8 * config.lora_dropout * (2 * shape.hidden + shape.attention + shape.inner)  # places as int64
    probabilities = shape.heads * longest * size if longest < 1024 else 0.0
    return tokens * (values * size + dropped + probabilities + 8)


# -- time ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PairSize:
    """Tokens of a pair's three parts."""

    prompt: int
    chosen: int
    rejected: int

    @property
    def row(self) -> tuple[int, int]:
        """Tokens of the packed pair, and of the longer of its two sequences."""
        return self.prompt + self.chosen + self.rejected, self.prompt + max(self.chosen, self.rejected)


def pair_size(pair: EncodedPair) -> PairSize:
    """How many tokens the parts of a pair have."""
    return PairSize(len(pair.prompt_ids), len(pair.chosen_ids), len(pair.rejected_ids))


def pair_flops(shape: ModelShape, pair: PairSize, *, learning: bool) -> int:
    """Floating-point operations of one pair: forward, and backward to the inputs alone when `learning`.

    A linear layer takes two a weight and token each way (the frozen weights need no gradient), attention four a visible
    place and value forward and eight backward; the output layer is multiplied twice in either case, see engine/head.py.
    LoRA's few per cent are left out.
    """
    tokens, answers = pair.prompt + pair.chosen + pair.rejected, pair.chosen + pair.rejected
    places = (pair.prompt + pair.chosen) ** 2 + pair.rejected * (pair.prompt + pair.rejected)
    linear = 2 * shape.linear_values * tokens
    attention = 4 * shape.layers * shape.attention * places
    head = 4 * shape.vocabulary * shape.hidden * answers
    return (2 * linear + 3 * attention + head) if learning else (linear + attention + head)


def run_flops(
    shape: ModelShape, train: Sequence[PairSize], evaluation: Sequence[PairSize], *, epochs: float, evaluations: float
) -> float:
    """Operations of a whole run: every pair under the reference once, training pairs each epoch, the others at each
    evaluation."""
    learned = sum(pair_flops(shape, pair, learning=True) for pair in train)
    scored = [sum(pair_flops(shape, pair, learning=False) for pair in pairs) for pairs in (train, evaluation)]
    return epochs * learned + scored[0] + (1 + evaluations) * scored[1]
