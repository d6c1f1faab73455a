"""On which devices the weights of a model lie: on one, or on several GPUs that hold some of its layers each."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from engine.config import TrainConfig
from engine.devices import find_devices
from engine.errors import ModelError, SettingError
from engine.estimates.checkpointing import free_bytes
from engine.estimates.requirements import memory_of
from engine.precision import choose_device, choose_dtype

_ROOM = 0.85
"""The part of a GPU's free memory that weights may take; answers and runs need some of it."""
_BYTES = {"float32": 4.0, "4bit": 0.75}  # a weight that is stored in two bytes; half of a small model is no layer


def choose_devices(asked: str, needed: Callable[[], int]) -> tuple[tuple[str, ...], str]:
    """The devices for a model's weights, and the reason as a sentence.

    Args:
        asked: "auto", one device, "all" (every GPU), or GPUs with commas between them. With "auto" a model that does
            not fit one GPU gets all of them.
        needed: how many bytes the weights take; asked where it decides.

    Raises:
        SettingError: a device is unknown, or this machine lacks it.
    """
    if asked == "all" or "," in asked:
        names = find_devices(asked, flag="--device")
        if not names[0].startswith("cuda"):
            raise SettingError(
                f"--device is {asked!r}: a model is spread over GPUs alone. Name one device, or use auto."
            )
        return names, f"On {', '.join(names)}: asked for by name." if len(names) == 1 else _spread(
            names, "as asked for"
        )
    device, why = choose_device(asked)
    cards = torch.cuda.device_count() if asked == "auto" and device == "cuda" else 1
    if cards > 1 and needed() > _ROOM * free_bytes(device):
        names = tuple(f"cuda:{number}" for number in range(cards))
        return names, _spread(names, "since it does not fit one of them")
    return (device,), why


def _spread(names: tuple[str, ...], why: str) -> str:
    return f"Each of {', '.join(names)} holds some of the model's layers, {why}; one computes at a time."


def weight_bytes(location: str, dtype: str) -> int:
    """How many bytes the weights in a folder take on a GPU in this number format ("auto", "4bit", …), about.

    The sizes in its `config.json` tell it; where they do not, its files do.
    """
    if dtype == "auto":
        dtype = str(choose_dtype(dtype, "cuda")[0]).removeprefix("torch.")
    try:
        return memory_of(location, TrainConfig(), dtype=dtype).weights
    except ModelError:
        stored = sum(file.stat().st_size for file in Path(location).glob("*.safetensors"))
        return int(stored * _BYTES.get(dtype, 2.0) / 2)


def spread(
    model: torch.nn.Module, devices: tuple[str, ...], dtype: torch.dtype, *, four_bits: bool = False
) -> dict[str, str]:
    """Which part of a model each device holds: a module's name → the device. A layer is never split.

    Args:
        model: on the meta device, with its parameters' shapes.
        four_bits: whether its linear layers are loaded in 4 bits a weight.

    Raises:
        MemoryError: the devices together have too little memory.
    """
    from accelerate import infer_auto_device_map
    from accelerate.utils import CustomDtype, get_balanced_memory

    room: dict[Any, int] = {number: int(_ROOM * free_bytes(device)) for number, device in enumerate(devices)}
    whole = getattr(model, "_no_split_modules", None) or []
    sizes = dict.fromkeys(_linear_weights(model), CustomDtype.INT4) if four_bits else {}
    more: Mapping[str, Any] = {"no_split_module_classes": list(whole), "dtype": dtype, "special_dtypes": sizes}
    balanced = get_balanced_memory(model, max_memory=dict(room), **more)
    shares = {number: balanced[number] for number in room}
    found = infer_auto_device_map(model, max_memory=shares, offload_buffers=True, **more)
    if any(place not in room for place in found.values()):  # less evenly, with all the room that there is
        found = infer_auto_device_map(model, max_memory=room, offload_buffers=True, **more)
    if any(place not in room for place in found.values()):
        raise MemoryError(f"The GPUs {', '.join(devices)} together have too little free memory.")
    return {name: devices[place] for name, place in found.items()}


def _linear_weights(model: Any) -> list[str]:
    """The names of the weights that 4 bits hold: those of linear layers, without the output layer."""
    head = model.get_output_embeddings()
    modules = model.named_modules()
    return [f"{name}.weight" for name, each in modules if isinstance(each, torch.nn.Linear) and each is not head]
