"""The devices on which one run computes, from the setting `devices`. No torch at import."""

import re
from collections.abc import Sequence

from engine.errors import SettingError

ALL = "all"
_NAME = re.compile(r"cpu|mps|cuda(:\d+)?")
_MOST_ON_CPU = 64
_ALLOWED = "all, or names with commas between them, such as cuda:0,cuda:1"


def parse_devices(text: str, *, flag: str = "--devices") -> tuple[str, ...] | None:
    """The names in the setting `devices`; None for all GPUs of the machine. Nothing is asked of the machine.

    Args:
        flag: how errors call the setting.

    Raises:
        SettingError: a word is no device, kinds are mixed, or a GPU is named twice.
    """
    if text.strip() == ALL:
        return None
    names = tuple(word.strip() for word in text.split(","))
    if wrong := [name for name in names if not _NAME.fullmatch(name)]:
        raise SettingError(f"{flag} has {wrong[0]!r}; allowed: {_ALLOWED}.")
    names = tuple("cuda:0" if name == "cuda" else name for name in names)
    if len({name.partition(":")[0] for name in names}) > 1:
        raise SettingError(f"{flag} is {text!r}: a run's devices are all of one kind. Name GPUs alone.")
    if names[0] != "cpu" and len(set(names)) < len(names):
        raise SettingError(f"{flag} is {text!r}: it names a GPU twice. Name each once.")
    if len(names) > _MOST_ON_CPU:
        raise SettingError(f"{flag} has {len(names)} names; at most {_MOST_ON_CPU} are allowed. Leave some out.")
    return names


def find_devices(text: str, *, flag: str = "--devices") -> tuple[str, ...]:
    """The devices of this machine that the setting names, such as ("cuda:0", "cuda:1"). `flag` stands in errors.

    Raises:
        SettingError: the text is not usable, or this machine lacks one of the devices.
    """
    import torch

    names, cards = parse_devices(text, flag=flag), torch.cuda.device_count()
    if names is None:
        if not cards:
            raise SettingError(f"{flag} is all, but no CUDA GPU was found. Leave it out, or name the devices.")
        return tuple(f"cuda:{number}" for number in range(cards))
    if names[0] == "mps" and not torch.backends.mps.is_available():
        raise SettingError(f"{flag} is mps, but this machine has no such GPU. Leave it out.")
    for name in names:
        kind, _, number = name.partition(":")
        if kind == "cuda" and int(number) >= cards:
            raise SettingError(f"{flag} has {name}, but {cards} CUDA GPUs were found. `palate doctor` lists them.")
    return names


def named_devices(text: str | None) -> tuple[str, ...]:
    """The devices of this machine that the setting names; empty where it is not set.

    Raises:
        SettingError: as `find_devices`.
    """
    return () if text is None else find_devices(text)


def count_devices(text: str | None) -> int:
    """How many processes compute a run with this setting `devices`; one without it."""
    import torch

    if text is None:
        return 1
    names = parse_devices(text)
    return max(1, torch.cuda.device_count()) if names is None else len(names)


def gpu_names() -> list[str]:
    """The CUDA GPUs of this machine by name, in the order of their numbers."""
    import torch

    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]


def threads_each(devices: Sequence[str]) -> int:
    """How many threads each process of a run on these devices has on the processor: together as many as one has."""
    import torch

    return max(1, torch.get_num_threads() // len(devices))


def is_among(device: str, devices: Sequence[str]) -> bool:
    """Whether a model on `device` computes on one of these; "cuda" is the first GPU."""
    return ("cuda:0" if device == "cuda" else device) in devices


def beside(text: str, dtype: str) -> tuple[str, str]:
    """Device and number format of the model that answers beside a run on the devices `text`.

    It takes no memory of theirs: a GPU that the run leaves free, or else the processor. `dtype` "auto" becomes that of
    the run, since its processes load the base in the format of that model.

    Raises:
        SettingError: this machine lacks one of the devices.
    """
    import torch

    from engine.precision import choose_dtype

    devices = find_devices(text)
    if not devices[0].startswith("cuda"):
        return "auto", dtype
    free = [f"cuda:{number}" for number in range(torch.cuda.device_count()) if f"cuda:{number}" not in devices]
    found = str(choose_dtype(dtype, devices[0])[0]).removeprefix("torch.") if dtype == "auto" else dtype
    return (free or ["cpu"])[0], found
