"""A LoRA adapter as a GGUF file of its own, which llama.cpp applies to its base with `--lora FILE`.

Names and metadata are those of llama.cpp's own converter (convert_lora_to_gguf.py). llama.cpp multiplies the adapter by
alpha / rank, so an adapter with PEFT's rank-stabilised scale gets another alpha.
"""

import json
import math
import os
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from safetensors.torch import load_file

from engine.errors import MergeError
from engine.export.gguf_writer import ARCHITECTURES, as_theirs, refuse_unknown

_PREFIX = "base_model.model."
_FACTORS = {".lora_A.weight": ".lora_a", ".lora_B.weight": ".lora_b"}


def write_adapter_gguf(config: Any, folder: Path, target: Path, *, name: str) -> int:
    """Write the PEFT adapter in `folder` into the file `target`, and return the number of its tensors.

    Args:
        config: the transformers config of the base model.
        name: the adapter's name in the file.

    Raises:
        MergeError: the architecture, or a layer of the adapter, has no place in a GGUF file.
    """
    refuse_unknown(config)
    arch = ARCHITECTURES[config.model_type]
    settings = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    alpha = settings["lora_alpha"] * (math.sqrt(settings["r"]) if settings.get("use_rslora") else 1.0)
    writer = gguf.GGUFWriter(target, gguf.MODEL_ARCH_NAMES[arch])
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(name)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    tensors = dict(_factors(load_file(folder / "adapter_model.safetensors"), config, arch))
    for each, values in tensors.items():
        writer.add_tensor(each, values)
    try:
        writer.write_header_to_file()
        os.chmod(target, 0o600)
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()
    return len(tensors)


def _factors(weights: dict[str, torch.Tensor], config: Any, arch: Any) -> Any:
    """Every factor under llama.cpp's name, in float32: (r, in) and (out, r)."""
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    for key, weight in weights.items():
        end = next((each for each in _FACTORS if key.endswith(each)), None)
        module = key.removeprefix(_PREFIX).removesuffix(end or "")
        theirs = None if end is None else names.get_name(f"{module}.weight", try_suffixes=(".weight",))
        if end is None or theirs is None:
            raise MergeError(
                f"The adapter's {key} has no place in a GGUF file. Merge it into a model with `palate adapters merge`."
            )
        turned = end == ".lora_B.weight" and arch == gguf.MODEL_ARCH.LLAMA
        values = as_theirs(f"{module}.weight", weight, config) if turned else weight
        yield theirs + _FACTORS[end], np.ascontiguousarray(values.float().numpy())
