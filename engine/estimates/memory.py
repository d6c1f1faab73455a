"""The memory that a run will need, estimated before a model is loaded or even downloaded. No torch here.

The estimate uses the sizes in a model's `config.json`. It counts the bytes of tensors; the libraries take about 0.5 GB
more on a CPU, and another 0.5 to 1 GB on a GPU.
"""

from dataclasses import dataclass, replace

from engine.config import TrainConfig
from engine.estimates.model_shape import Linear, ModelShape

_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "4bit": 2.0}  # a number outside of quantised layers
# NF4 with doubly quantised scales (arXiv:2305.14314): half a byte, one byte of scale for 64 values, and one float32 for
# 256 of those.
_NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
PLAIN_ACTIVATIONS = 2.5
"""How many times the activations the plain method keeps, because PEFT's wrappers hold every layer's input once more in
float32. Measured: 1.5 times as much in float32 and 2.3 times in bfloat16."""
_HEAD_CHUNK = 1 << 22  # logits at a time, in the model's number format and in float32
_HEAD_CHUNK_ON_CUDA = 1 << 26


@dataclass(frozen=True)
class Memory:
    """The bytes of a run, by their purpose.

    Attributes:
        weights: the frozen base model.
        adapter: LoRA's float32 weights and their gradients, and on a CUDA device a copy in the products' format.
        optimizer: AdamW's two moments.
        copies: the weights that the run started with and the best so far, in the machine's main memory.
        activations: the tensors of one pair that the backward pass needs.
        work: temporary tensors.
    """

    weights: int
    adapter: int
    optimizer: int
    copies: int
    activations: int
    work: int

    @property
    def peak(self) -> int:
        """The sum."""
        return self.weights + self.adapter + self.optimizer + self.copies + self.activations + self.work


def estimate_memory(
    shape: ModelShape,
    config: TrainConfig,
    *,
    dtype: str,
    row: tuple[int, int] | None = None,
    checkpointing: bool = False,
    device: str = "cpu",
) -> Memory:
    """The memory of training by the fast method, one pass at a time, so the batch size does not count.

    On a CUDA device the backward pass computes the inputs of most linear layers again, and fused kernels work on one
    part of a layer at a time.

    Args:
        dtype: "bfloat16", "float16", "float32" or "4bit" (linear layers in NF4, the rest in bfloat16).
        row: tokens of the largest pass (prompts once, both answers), and of the longest sequence in it; by default
            those of two sequences of `config.max_length`.
        checkpointing: layers keep only their inputs.
        device: such as "cpu" or "cuda:0".
    """
    tokens, longest = row or (2 * config.max_length, config.max_length)
    size = _BYTES[dtype]
    quantised = shape.linear_values if dtype == "4bit" else 0
    trained = lora_values(shape, config)
    on_cuda = device.startswith("cuda")
    layer = (
        tokens * _kept_on_cuda(shape, config, size)
        if on_cuda
        else _layer_activations(shape, config, size, tokens, longest)
    )
    kept = shape.layers * 2 * shape.hidden * tokens * size if checkpointing else shape.layers * layer
    ends = tokens * shape.hidden * (2 * size + 4)  # the first and last states, and the head's gradient
    again = layer if checkpointing else 0
    head = _HEAD_CHUNK * (size + 4)
    largest = max(each.values for each in shape.linears) * size if dtype == "4bit" else 0
    return Memory(
        weights=int(quantised * _NF4 + (shape.parameters - quantised) * size),
        adapter=int((8 + (size if on_cuda else 0)) * trained),
        optimizer=8 * trained,
        copies=8 * trained,
        activations=int(kept + ends),
        work=int(largest + (_work_on_cuda(shape, size, tokens, again) if on_cuda else again + layer + head)),
    )


def memory_of_share(whole: Memory, shape: ModelShape, processes: int) -> Memory:
    """The memory of each of some processes that share the base's layers, from that of one without sharing.

    Each has its share of every layer, two whole layers (one computes while the next arrives), and what is outside of
    layers. Pairs are scored by the plain method. Weights are not in 4 bits.
    """
    layers = whole.weights * shape.linear_values / shape.parameters
    kept = whole.weights - layers + layers / processes + 2 * layers / shape.layers
    return replace(whole, weights=int(min(kept, whole.weights)), activations=int(PLAIN_ACTIVATIONS * whole.activations))


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


def _kept_on_cuda(shape: ModelShape, config: TrainConfig, size: float) -> float:
    """Bytes that one layer keeps there for each token.

    By name: both norms' inputs (2 H), queries and what attention mixed (2 A), keys and values (2 K), gate and up (2 I),
    LoRA's inner values; the inputs of norms that some models have besides; in float32 a factor for each norm and a
    normaliser for each head.
    """
    values = 2 * (shape.hidden + shape.attention + shape.keys + shape.inner)
    values += config.lora_r * len(_adapted(shape, config))
    besides = 2 * shape.hidden * size if shape.framed else 0.0
    if shape.head_norms:
        besides += (shape.attention + shape.keys) * (4 if shape.framed else size)
    return values * size + besides + 4 * (2 + shape.heads)


def _work_on_cuda(shape: ModelShape, size: float, tokens: int, again: float) -> float:
    """Bytes of temporary tensors: those of the output layer, or later four of the widest in a layer's backward pass."""
    head = min(_HEAD_CHUNK_ON_CUDA, tokens * shape.vocabulary) * (size + 4)
    return max(head, again + 4 * shape.inner * tokens * size)
