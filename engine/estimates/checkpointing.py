"""Whether a run fits into memory, and whether it should compute layers twice so that it does."""

from typing import Any

import psutil
import torch

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.errors import ModelError
from engine.estimates.flops import pair_size
from engine.estimates.memory import PLAIN_ACTIVATIONS, estimate_memory
from engine.estimates.model_shape import ModelShape, shape_of
from engine.schedule import TOKENS_TOGETHER, TOKENS_TOGETHER_ON_CUDA, pairs_per_step

_MARGIN = 0.9  # the part of free memory that a run may plan with; other programs need some, and estimates are rough


def free_bytes(device: str) -> int:
    """How many bytes of memory are free on `device`, those included that torch holds without using them."""
    kind = torch.device(device).type
    if kind == "cuda":
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + held
    if kind == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    return int(psutil.virtual_memory().available)


def merge_problem(parameters: int) -> str | None:
    """Why an adapter cannot be merged into a model of so many weights on this machine; None where memory is enough.

    The copy in float32 takes 4 bytes a weight, and one more layer while that layer is merged or read.
    """
    needed, free = int(4.4 * parameters), free_bytes("cpu")
    if needed <= _MARGIN * free:
        return None
    return (
        f"Merging needs a copy of the model in float32, about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free. "
        "Close other programs that take memory, or take the adapter alone: palate adapters export."
    )


def known_shape(config: Any) -> ModelShape | None:
    """The sizes of a loaded model, from its transformers config; None where that does not name them."""
    try:
        return shape_of(config.to_dict())
    except ModelError:
        return None


def tokens_on_cuda(shape: ModelShape | None, *, dtype: str, device: str) -> int:
    """How many tokens of short pairs share a pass on a CUDA device.

    It follows from the model and the card alone, so a run that is resumed forms the same passes.
    """
    if shape is not None:
        room = _MARGIN * torch.cuda.get_device_properties(device).total_memory
        for tokens in TOKENS_TOGETHER_ON_CUDA:
            row = (tokens, min(tokens, TrainConfig().max_length))
            if estimate_memory(shape, TrainConfig(), dtype=dtype, row=row, device=device).peak <= room:
                return tokens
    return TOKENS_TOGETHER


def choose_checkpointing(
    shape: ModelShape | None,
    config: TrainConfig,
    largest: EncodedPair,
    *,
    dtype: str,
    device: str,
    together: int | None,
) -> tuple[bool, str]:
    """Whether layers are computed again in the backward pass, and why as a sentence ("" where there is no reason).

    Args:
        shape: the base model's sizes; None where its config does not tell them.
        largest: the pair with the most tokens.
        dtype, device: of the base model.
        together: how many tokens of short pairs share a pass; None where the run scores by the plain method.
    """
    if config.gradient_checkpointing != "auto":
        if config.gradient_checkpointing == "off":
            return False, ""
        return True, "Gradient checkpointing is on, as asked for: layers are computed twice to take less memory."
    if shape is None:
        return False, ""
    tokens, longest = pair_size(largest).row
    filled = min(together or 0, pairs_per_step(config) * tokens)
    row = (max(tokens, filled), longest)
    memory = estimate_memory(shape, config, dtype=dtype, row=row, device=device)
    needed = memory.peak - memory.weights + (memory.activations * (PLAIN_ACTIVATIONS - 1) if together is None else 0)
    free = free_bytes(device)
    if needed <= _MARGIN * free:
        return False, ""
    return True, (
        f"Gradient checkpointing is on: without it the run needs about {needed / 1e9:.1f} GB beside the model, and "
        f"{free / 1e9:.1f} GB are free. Layers are computed twice; set gradient checkpointing "
        "(--gradient-checkpointing) to off to prevent that."
    )
