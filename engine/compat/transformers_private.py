"""The private names of transformers that the engine uses, each with the reason why no public name does the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer


@contextmanager
def layers_checkpointed(body: torch.nn.Module) -> Iterator[None]:
    """Inside, every layer of `body` keeps only its inputs and is computed again in the backward pass.

    The public `gradient_checkpointing_enable` works in training mode alone, which would turn on every dropout of the
    base model. So this function sets the flags of each layer, `_gradient_checkpointing_func` among them, and puts the
    layer itself into training mode, not what is inside it. Checkpointing is non-reentrant, because only LoRA's weights
    need gradients: the reentrant kind loses them where no input needs any.
    """
    layers = layers_of(body)
    modes = [layer.training for layer in layers]
    for layer in layers:
        layer.gradient_checkpointing, layer.training = True, True
        layer._gradient_checkpointing_func = partial(checkpoint, use_reentrant=False)
    try:
        yield
    finally:
        for layer, mode in zip(layers, modes, strict=True):
            layer.gradient_checkpointing, layer.training = False, mode


def layers_of(body: torch.nn.Module) -> list[Any]:
    """The layers of `body`: no public name tells them from its other parts in every architecture."""
    return [module for module in body.modules() if isinstance(module, GradientCheckpointingLayer)]


def attention_of(model: torch.nn.Module) -> str:
    """The name of the attention function that a model's layers call, such as "sdpa".

    `attn_implementation` can be asked for when a model is loaded; what it became is in `_attn_implementation` alone.
    """
    config: Any = model.config
    return str(config._attn_implementation)
