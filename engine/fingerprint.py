"""The fingerprint of a base model's weights."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

_SAMPLES = 64


def identity_of(model: torch.nn.Module) -> tuple[str, int]:
    """Fingerprint of a base model in memory, and how many weights it has.

    The fingerprint is SHA-256 (hex) over name, shape and 64 evenly spaced values of every weight. The values are
    rounded to bfloat16, so a model has the same fingerprint in bfloat16 and in float32. It has none in float16, which
    may round a value differently. Tied weights count once. The fingerprint takes milliseconds, where a hash of every
    byte of a large model takes minutes. It distinguishes models and fine-tunes; it does not protect against forgery.
    """

    def values(weight: torch.Tensor, places: list[int]) -> torch.Tensor:
        return weight.detach().reshape(-1)[torch.tensor(places, dtype=torch.long, device=weight.device)]

    return _identity({name: (weight, tuple(weight.shape)) for name, weight in model.named_parameters()}, values)


def identity_on_disk(folder: Path, empty: torch.nn.Module) -> tuple[str, int] | None:
    """`identity_of` the weights in a folder, from slices of its files; None where they have other names or shapes.

    A model of 70 billion weights takes 140 GB in memory, and its fingerprint needs 64 values a tensor.

    Args:
        folder: holds the weights in safetensors.
        empty: the model on the device `meta`, for its names and shapes.
    """
    with ExitStack() as files:
        slices = _slices(folder, files)
        found: dict[str, tuple[Any, tuple[int, ...]]] = {}
        for name, weight in empty.named_parameters():
            part = slices.get(name)
            if part is None or tuple(part.get_shape()) != tuple(weight.shape):
                return None
            found[name] = part, tuple(weight.shape)
        return _identity(found, _sliced)


def _identity(
    weights: Mapping[str, tuple[Any, tuple[int, ...]]], values_at: Callable[[Any, list[int]], torch.Tensor]
) -> tuple[str, int]:
    digest, count = hashlib.sha256(), 0
    for name, (weight, shape) in weights.items():
        size = torch.Size(shape).numel()
        places = [size * index // _SAMPLES for index in range(_SAMPLES)] if size else []
        values = values_at(weight, places).to(torch.bfloat16).cpu()
        digest.update(f"{name} {shape} ".encode())
        digest.update(values.view(torch.int16).numpy().astype("<i2").tobytes())
        count += size
    return digest.hexdigest(), count


def _slices(folder: Path, files: ExitStack) -> dict[str, Any]:
    """A part of a file for each tensor of a folder, by the tensor's name; `files` closes them."""
    index = folder / "model.safetensors.index.json"
    names = {"model.safetensors"}
    if index.is_file():
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    opened = [files.enter_context(safe_open(folder / name, "pt")) for name in sorted(names)]
    return {key: file.get_slice(key) for file in opened for key in file.keys()}  # noqa: SIM118  it is no dict


def _sliced(part: Any, places: list[int]) -> torch.Tensor:
    """Values of a tensor on the disk, by their places in it as one row."""
    shape = part.get_shape()
    values = []
    for place in places:
        position: list[slice] = []
        for size in reversed(shape):
            place, index = divmod(place, size)
            position.insert(0, slice(index, index + 1))
        values.append(part[tuple(position)].reshape(-1) if shape else part[()].reshape(-1))
    return torch.cat(values) if values else torch.empty(0)
