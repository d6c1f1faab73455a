"""The parts of a transformers model: the body that reads text, and the layers in it that LoRA can be put on."""

from typing import Any

import torch

# PEFT refuses these layers in these models, whose fused kernels read the weights past an adapter.
_PAST_ADAPTERS = ("out_proj", "conv1d")
_WITH_FUSED_KERNELS = ("falcon_h1", "mamba", "mamba2", "falcon_mamba", "nemotron_h")


def text_body(model: Any) -> Any:
    """The module between token ids and the output layer, without the parts that see or hear.

    transformers' `get_decoder` gives the output layer or the whole model where a name misleads it.
    """
    found = model.get_decoder()
    if found is model or found is model.get_output_embeddings():
        found = getattr(model, "model", model.base_model)
    return found


def linear_layers(model: Any) -> tuple[str, ...]:
    """The full names of the layers that adapters can be put on: those that read text, the output layer included.

    The model must be bare: adapters hide its layers.
    """
    usable = _usable(model)
    return tuple(name for name, module in model.named_modules() if id(module) in usable)


def is_linear_throughout(model: Any) -> bool:
    """Whether adapters can be put on every linear layer of a bare model, so that PEFT's own `all-linear` is right.

    It is wrong where a model has a part for pictures or sound, or routers that are linear layers by their class alone.
    """
    usable = _usable(model)
    return all(id(module) in usable for module in model.modules() if _is_linear(module))


def is_conv1d(module: torch.nn.Module) -> bool:
    """Whether this is GPT-2's `Conv1D`, a linear layer under another name."""
    return type(module).__name__ == "Conv1D"


def _usable(model: Any) -> set[int]:
    """The ids of the linear layers that adapters can be put on."""
    refused = _PAST_ADAPTERS if getattr(model.config, "model_type", None) in _WITH_FUSED_KERNELS else ()
    layers = {id(module) for name, module in text_body(model).named_modules() if _takes_adapter(name, module, refused)}
    output = model.get_output_embeddings()
    return layers | ({id(output)} if output is not None and _is_linear(output) else set())


def _takes_adapter(name: str, module: torch.nn.Module, refused: tuple[str, ...]) -> bool:
    routes = "router" in type(module).__name__.lower()  # its result is no tensor, though its class is a linear layer's
    return _is_linear(module) and not routes and name.rpartition(".")[2] not in refused


def _is_linear(module: torch.nn.Module) -> bool:
    return isinstance(module, torch.nn.Linear) or is_conv1d(module)
