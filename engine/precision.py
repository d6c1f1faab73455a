"""The device and the number format of a model, and the reasons for both."""

import platform
from importlib.util import find_spec
from typing import Any

import torch
from transformers import BitsAndBytesConfig

from engine.errors import ModelError, SettingError

_ACT = "Use --dtype bfloat16, which takes as much memory and has the range of float32, or --dtype float32."

_PROBE_TOKENS = 64


FOUR_BITS = "4bit"
_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


def _threads(number: int) -> str:
    return f"{number} thread" if number == 1 else f"{number} threads"


def choose_device(asked: str) -> tuple[str, str]:
    """The device to compute on, such as "cuda", and the reason as a sentence.

    Raises:
        SettingError: the device is unknown, or this machine has none.
    """
    if asked == "auto":
        if torch.cuda.is_available():
            return "cuda", f"On the GPU, {torch.cuda.get_device_name()}: it is the fastest here."
        if torch.backends.mps.is_available():
            return "mps", "On the GPU of this Mac: it is the fastest here."
        return "cpu", f"On the processor, {_threads(torch.get_num_threads())}: no GPU was found."
    kind, _, index = asked.partition(":")
    counts = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if kind not in counts or not (index == "" or index.isdecimal()):
        raise SettingError(f"The device (--device) is {asked!r}; allowed: auto, cpu, cuda, cuda:NUMBER, mps or all.")
    if int(index or 0) >= counts[kind]:
        raise SettingError(f"The device (--device) is {asked!r}, but {counts[kind]} of this kind were found. Use auto.")
    return asked, f"On {asked}: asked for by name."


def gpu_ids(device: str) -> tuple[str, ...]:
    """The id under which the driver knows this CUDA device, whatever number it has here; empty for other devices.

    CUDA_VISIBLE_DEVICES renumbers the devices of one process, so that their numbers say nothing to other libraries.
    """
    if torch.device(device).type != "cuda":
        return ()
    found = getattr(torch.cuda.get_device_properties(device), "uuid", None)  # builds for AMD's cards may lack it
    return () if found is None else (str(found),)


def choose_dtype(asked: str, device: str) -> tuple[torch.dtype, str]:
    """The number format of the weights on `device`, and the reason as a sentence; for 4 bits, that of the rest.

    Raises:
        SettingError: the format is unknown.
    """
    if asked == FOUR_BITS:
        return torch.bfloat16, "In 4 bits (NF4), the rest in bfloat16: asked for by name."
    if asked != "auto":
        if asked not in _DTYPES:
            raise SettingError(
                f"The number format (--dtype) is {asked!r}; allowed: auto, {', '.join(_DTYPES)}, {FOUR_BITS}."
            )
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


def check_float16(model: Any) -> None:
    """Raise `ModelError` where a weight, or a logit of a short text, is not finite in float16."""
    for name, weight in model.named_parameters():
        if not torch.isfinite(weight).all():
            raise ModelError(f"The weights {name} hold values beyond 65,504, where float16 ends. {_ACT}")
    tokens = torch.arange(_PROBE_TOKENS, device=model.device) % model.get_input_embeddings().weight.shape[0]
    with torch.no_grad():
        logits = model(tokens[None], use_cache=False).logits
    if not torch.isfinite(logits).all():
        raise ModelError(f"This model computes values beyond 65,504, where float16 ends. {_ACT}")


def require_bitsandbytes() -> None:
    """Raise `ModelError` where bitsandbytes, which 4 bits need, is not installed."""
    if find_spec("bitsandbytes") is None:
        raise ModelError(
            "--dtype 4bit needs the package bitsandbytes, which is not installed. Install Palate with its extra "
            "`quant`, or choose another --dtype."
        )


def nf4() -> Any:
    """The settings for NF4 in the linear layers, with doubly quantised scales, computed in bfloat16."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def keep_differentiable(model: torch.nn.Module) -> None:
    """Keep bitsandbytes from packing weights for inference on a CPU.

    In eval mode on a CPU with AVX-512 BF16, bitsandbytes 0.50 repacks weights for a product without a backward pass.
    All layers before it would get no gradient, with only a warning from torch, and Palate trains in eval mode.
    """
    module: Any
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
