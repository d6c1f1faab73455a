"""Which device and number format a model is loaded in, and why."""

import platform

import torch

from engine.errors import SettingError

FOUR_BITS = "4bit"
_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


def choose_device(asked: str) -> tuple[str, str]:
    """The device to compute on, such as "cuda", and the reason as a sentence.

    Raises:
        SettingError: the device is not known or not there.
    """
    if asked == "auto":
        if torch.cuda.is_available():
            return "cuda", f"On the GPU, {torch.cuda.get_device_name()}: it is the fastest here."
        if torch.backends.mps.is_available():
            return "mps", "On the GPU of this Mac: it is the fastest here."
        return "cpu", f"On the processor, {torch.get_num_threads()} threads: no GPU was found."
    kind, _, index = asked.partition(":")
    counts = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if kind not in counts or not (index == "" or index.isdecimal()):
        raise SettingError(f"--device is {asked!r}; allowed: auto, cpu, cuda, cuda:NUMBER or mps.")
    if int(index or 0) >= counts[kind]:
        raise SettingError(f"--device is {asked!r}, but {counts[kind]} of this kind were found. Use --device auto.")
    return asked, f"On {asked}: asked for by name."


def choose_dtype(asked: str, device: str) -> tuple[torch.dtype, str]:
    """The number format of the weights on `device`, and the reason as a sentence; in 4 bits that of the rest.

    Raises:
        SettingError: the format is not known.
    """
    if asked == FOUR_BITS:
        return torch.bfloat16, "In 4 bits (NF4), the rest in bfloat16: asked for by name."
    if asked != "auto":
        if asked not in _DTYPES:
            raise SettingError(f"--dtype is {asked!r}; allowed: auto, {', '.join(_DTYPES)}, {FOUR_BITS}.")
        return _DTYPES[asked], f"In {asked}: asked for by name."
    if device.startswith("cuda"):
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return torch.bfloat16, "In bfloat16: this GPU computes it directly, in half the memory of float32."
        return torch.float32, "In float32: this GPU has no bfloat16."
    if device == "mps":
        if _macos_major() >= 14:
            return torch.bfloat16, "In bfloat16: this Mac's GPU computes it directly, in half the memory of float32."
        return torch.float32, "In float32: bfloat16 on this Mac's GPU needs macOS 14."
    if _cpu_multiplies_bfloat16():
        return torch.bfloat16, "In bfloat16: this processor multiplies it directly, several times faster than float32."
    return torch.float32, "In float32: this processor has no bfloat16 arithmetic, which would be slower."


def _macos_major() -> int:
    return int(platform.mac_ver()[0].partition(".")[0] or 0)


def _cpu_multiplies_bfloat16() -> bool:
    """Whether the processor has matrix or dot-product instructions for bfloat16 (AVX-512 BF16 or AMX)."""
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))
