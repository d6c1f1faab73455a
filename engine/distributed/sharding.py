"""The base's layers shared among the processes of a run (FSDP2), for a model that does not fit one device.

Each process keeps 1/n of every layer's weights and gathers a layer while it computes. Embedding, output layer and LoRA
stay whole on each. A layer is gathered by all processes at once, so all make the same passes in the same order.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import TrainConfig
from engine.errors import SettingError
from engine.estimates.memory import estimate_memory, memory_of_share

if TYPE_CHECKING:
    import torch
    from torch.distributed.device_mesh import DeviceMesh

    from engine.model import BaseModel

_MARGIN = 0.9
_FOUR_BITS = "4bit"


def check_sharding(config: TrainConfig, dtype: str, devices: Sequence[str]) -> None:
    """Check that a run on these devices can share the layers of a base in this number format, where it is asked to.

    Raises:
        SettingError: it cannot.
    """
    if config.shard != "on":
        return
    if len(devices) < 2:
        raise SettingError("--shard on needs several devices to share the model. Name them with --devices.")
    if dtype == _FOUR_BITS:
        raise SettingError("--shard on cannot share weights in 4 bits. Choose --shard off, or another --dtype.")


def check_search(config: TrainConfig) -> None:
    """Refuse a search, or an outlook, that is asked to share the base.

    Raises:
        SettingError: it is.
    """
    if config.shard == "on":
        raise SettingError(
            "--shard on shares a model among devices, and each run of a search has a device to itself. Choose --shard "
            "auto or off."
        )


def is_sharded(config: TrainConfig, base: "BaseModel", devices: Sequence[str]) -> bool:
    """Whether the processes of a run on these devices share the base's layers.

    With "auto" they do on GPUs where the base and the run need more memory than one has, and a share does not.
    """
    from engine.estimates.checkpointing import known_shape

    if config.shard == "off" or len(devices) < 2 or base.dtype == _FOUR_BITS:
        return False
    if config.shard == "on":
        return True
    shape = known_shape(base.hf_model.config)
    if shape is None or not devices[0].startswith("cuda"):
        return False
    again = config.gradient_checkpointing != "off"
    whole = estimate_memory(shape, config, dtype=base.dtype, checkpointing=again, device=devices[0])
    return whole.peak > _room(devices) >= memory_of_share(whole, shape, len(devices)).peak


def _room(devices: Sequence[str]) -> float:
    """The bytes of the smallest GPU that a run may plan with. It follows from the card alone, as does the choice."""
    import torch

    return _MARGIN * min(torch.cuda.get_device_properties(each).total_memory for each in devices)


def check_start(folder: Path) -> None:
    """Check that a run with a sharded base can continue the adapter in `folder`.

    Raises:
        SettingError: it reads the base's weights outside of a layer's own pass, as DoRA does.
    """
    found = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    if found.get("use_dora") or found.get("target_parameters"):
        raise SettingError(
            "The adapter to continue reads whole weights of the base (DoRA, or stacked experts), so its layers cannot "
            "be shared. Choose --shard off, or start from the base."
        )


def connect(device: str, count: int) -> "DeviceMesh":
    """The mesh of the run's processes, which `torch.distributed` connects; `device` is this one's."""
    import torch
    from torch.distributed.device_mesh import init_device_mesh

    kind = torch.device(device).type
    if kind == "cuda":
        torch.cuda.init()  # type: ignore[no-untyped-call]  # a mesh chooses the device by the process's number otherwise
    return init_device_mesh(kind, (count,))


def shard_layers(base: "BaseModel", mesh: "DeviceMesh") -> None:
    """Keep this process's share of each layer on its device, and whole there what is outside of the layers.

    The base has no adapter yet, and its weights may be in main memory.

    Raises:
        SettingError: the layers of this model are not known, or two of them share weights.
    """
    import torch
    from torch.distributed.fsdp import fully_shard

    from engine.parts import text_body

    device = torch.device(base.device)
    body = text_body(base.hf_model)
    layers = _layers(body)
    for layer in layers:
        fully_shard(layer, mesh=mesh, reshard_after_forward=True)
    inside = {part for layer in layers for part in layer.modules()}
    for part in base.hf_model.modules():
        if part not in inside:
            _move(part, device)
    whole = {each for part in body.modules() if part not in inside for each in part.parameters(recurse=False)}
    fully_shard(body, mesh=mesh, ignored_params=whole)  # gathers nothing itself; lets a layer come while one computes
    base.shards = mesh.size()
    here, every = _held_bytes(base.hf_model)
    held = f"each process holds {here / every:.0%} of the {every / 1e9:.2f} GB of weights"
    words = f"The processes share the base's layers: {held}."
    base.reasons = (*base.reasons, words)


def _layers(body: "torch.nn.Module") -> list["torch.nn.Module"]:
    from engine.compat.transformers_private import layers_of

    found: list[torch.nn.Module] = layers_of(body)
    inner = {part for each in found for part in each.modules() if part is not each}
    layers = [each for each in found if each not in inner]
    weights = [id(weight) for each in layers for weight in each.parameters()]
    if not layers or len(set(weights)) < len(weights):
        raise SettingError("This model's layers cannot be shared among devices. Choose --shard off, or another model.")
    return layers


def _held_bytes(model: "torch.nn.Module") -> tuple[int, int]:
    """The bytes of the weights that this process holds, and of all."""
    from torch.distributed.tensor import DTensor

    weights = list(model.parameters())
    own = [each.to_local() if isinstance(each, DTensor) else each for each in weights]
    return sum(each.nbytes for each in own), sum(each.nbytes for each in weights)


def _move(part: "torch.nn.Module", device: "torch.device") -> None:
    """Move what a module holds itself; tied weights stay tied."""
    for weight in part.parameters(recurse=False):
        weight.data = weight.data.to(device)
    for name, buffer in part.named_buffers(recurse=False):
        setattr(part, name, buffer.to(device))


def by_turns(rank: int, count: int) -> Iterator[bool]:
    """For each process in its order whether it is this one's turn; the next turn begins when all are here again."""
    import torch
    import torch.distributed as dist

    for turn in range(count):
        yield turn == rank
        dist.broadcast(torch.zeros(1), turn)


def is_of_connection(error: BaseException) -> bool:
    """Whether the error of a pass comes from gathering a layer, because another process is gone."""
    import torch.distributed as dist

    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error).lower())
