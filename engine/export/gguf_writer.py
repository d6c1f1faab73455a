"""A merged model as one GGUF file, for llama.cpp and programs that are built on it. It takes only Llama-shaped models.

Names of tensors, the order of the rotary halves and the metadata are those of llama.cpp's own converter
(convert_hf_to_gguf.py). Where the base came from a GGUF file, the writer copies that file's metadata, tokenizer and
chat template included. Afterwards transformers, which has its own code for it, reads the file, and logits are compared.
"""

import gc
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf.quants import quantize
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, GgufConfig

from engine.errors import MergeError
from engine.events import Event, ModelMerged, Progress
from engine.export.gguf_metadata import Metadata, metadata_of, read_metadata
from engine.export.merge import (
    ROUNDING,
    check_difference,
    disk_errors_in_words,
    largest_difference,
    logits_of,
    merged_copy,
)
from engine.model import BaseModel
from engine.preference import Message

KINDS = {
    "float32": gguf.GGMLQuantizationType.F32,
    "float16": gguf.GGMLQuantizationType.F16,
    "bfloat16": gguf.GGMLQuantizationType.BF16,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
}
ARCHITECTURES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
}
_TENSORS_A_TURN = 16
_ADAPTER_PREFIX = "base_model.model."
_FACTORS = {".lora_A.weight": ".lora_a", ".lora_B.weight": ".lora_b"}


def merge_into_gguf(
    base: BaseModel,
    adapter: str,
    adapter_folder: Path,
    target: Path,
    messages: Sequence[Message],
    *,
    name: str,
    kind: str = "auto",
    trust_remote_code: bool = False,
) -> Iterator[Event]:
    """Write base and adapter as one GGUF file `target`; the last event is `ModelMerged`.

    Args:
        name: the model's name in the file.
        kind: "float32", "float16", "bfloat16" or "q8_0" for the matrices (norms and biases stay in float32); "auto" is
            float16.

    Raises:
        MergeError: this module cannot write the architecture or the tokenizer, or for a reason of `merge_adapter`.
        ModelError: base or adapter cannot be read.
    """
    kind = "float16" if kind == "auto" else kind
    config = base.hf_model.config
    refuse_unknown(config)
    source = Path(base.source).expanduser()
    metadata = read_metadata(source) if source.is_file() else metadata_of(config, base.tokenizer)
    merged = yield from merged_copy(base, adapter, adapter_folder, messages, trust_remote_code=trust_remote_code)
    with disk_errors_in_words(target):
        yield from write_gguf(merged.model, target, metadata, name=name, kind=kind)
    yield Progress("reading back", 0, None)
    ids, unmerged, merged_by, largest = merged.prompt_ids, merged.unmerged, merged.merged_by, merged.largest
    del merged  # so that two models are never held at once
    gc.collect()
    written_by = largest_difference(logits_of(_read_back(target, config), ids), unmerged)
    check_difference(written_by, largest, rounding=ROUNDING[kind], what=f"written as GGUF in {kind}")
    yield ModelMerged(kind, len(ids), merged_by, written_by, largest)


def refuse_unknown(config: Any) -> None:
    """Raise `MergeError` unless a model of this config can be written as GGUF."""
    if config.model_type not in ARCHITECTURES:
        raise MergeError(
            f"Palate writes GGUF files for {', '.join(ARCHITECTURES)}, and this model is {config.model_type}. Merge "
            "into a folder, and convert that with llama.cpp's convert_hf_to_gguf.py."
        )


def write_gguf(model: Any, target: Path, metadata: Metadata, *, name: str, kind: str) -> Iterator[Event]:
    """Write a transformers model into `target`, a few tensors a turn; the caller removes a file that is not whole."""
    config = model.config
    arch = ARCHITECTURES[config.model_type]
    writer = gguf.GGUFWriter(target, gguf.MODEL_ARCH_NAMES[arch])
    writer.add_name(name)
    metadata.add_to(writer)
    writer.add_file_type(_file_type(kind))
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    tensors = dict(_tensors(model, arch, metadata.tensors))
    kinds = {each: _kind_of(tensor, kind) for each, tensor in tensors.items()}
    for each, tensor in tensors.items():
        _announce(writer, each, tensor, kinds[each])
    try:
        writer.write_header_to_file()
        os.chmod(target, 0o600)
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for number, (each, tensor) in enumerate(tensors.items()):
            if number % _TENSORS_A_TURN == 0:
                yield Progress("writing", number, len(tensors), "tensors")
            writer.write_tensor_data(_packed(tensor, kinds[each], each))
    finally:
        writer.close()


def _tensors(model: Any, arch: Any, extra: Mapping[str, np.ndarray]) -> Iterator[tuple[str, Any]]:
    """Every weight under llama.cpp's name, and those that only the base's own GGUF file has."""
    config = model.config
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    for name, weight in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        theirs = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if theirs is None:
            raise MergeError(
                f"The weight {name} has no place in a GGUF file. Merge into a folder, and convert that with "
                "llama.cpp's convert_hf_to_gguf.py."
            )
        yield theirs, _as_theirs(name, weight, config) if arch == gguf.MODEL_ARCH.LLAMA else weight
    yield from extra.items()


def _as_theirs(name: str, weight: torch.Tensor, config: Any) -> torch.Tensor:
    """Queries and keys in llama.cpp's order: rotary halves interleaved; transformers has them in turn."""
    layer, _, _ = name.rpartition(".")
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(layer.rpartition(".")[2])
    if heads is None:
        return weight
    return weight.reshape(heads, 2, len(weight) // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def _kind_of(tensor: Any, kind: str) -> Any:
    """Matrices in the kind asked for, all else in float32; rows that do not divide into blocks in float16."""
    if tensor.ndim < 2:
        return gguf.GGMLQuantizationType.F32
    if kind == "q8_0" and tensor.shape[-1] % gguf.GGML_QUANT_SIZES[KINDS[kind]][0]:
        return gguf.GGMLQuantizationType.F16
    return KINDS[kind]


def _announce(writer: Any, name: str, tensor: Any, kind: Any) -> None:
    """Tell the writer a tensor's shape and size before any is written, so that none has to be held in memory."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    count = int(np.prod(tensor.shape))
    writer.add_tensor_info(name, tuple(tensor.shape), np.dtype(np.float32), count // block * size, raw_dtype=kind)


def _packed(tensor: Any, kind: Any, name: str) -> np.ndarray:
    """A tensor's values as the file holds them."""
    values = tensor.float().numpy() if isinstance(tensor, torch.Tensor) else tensor
    with np.errstate(over="ignore"):
        packed: np.ndarray = quantize(np.ascontiguousarray(values, dtype=np.float32), kind)
    if kind == gguf.GGMLQuantizationType.F16 and not np.isfinite(packed).all():
        raise MergeError(
            f"The weight {name} holds values beyond 65,504, where float16 ends. Merge with --dtype bfloat16."
        )
    return packed


def _file_type(kind: str) -> Any:
    types = {"float32": "ALL_F32", "float16": "MOSTLY_F16", "bfloat16": "MOSTLY_BF16", "q8_0": "MOSTLY_Q8_0"}
    return gguf.LlamaFileType[types[kind]]


def _read_back(file: Path, config: Any) -> Any:
    """The model of a GGUF file in float32, as transformers reads it.

    Transformers 5 reads neither the head size of Qwen3 nor Llama 3's stretched rotary frequencies out of such files.
    Those models get the config of the merged model.
    """
    rope = getattr(config, "rope_parameters", None) or {}
    unread = config.model_type == "qwen3" or rope.get("rope_type", "default") != "default"
    given = {"config": config} if unread else {}
    return AutoModelForCausalLM.from_pretrained(
        file.parent,
        gguf_file=file.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
        local_files_only=True,
        **given,
    ).eval()


# -- an adapter alone ----------------------------------------------------------------------------------------------


def write_adapter_gguf(config: Any, folder: Path, target: Path, *, name: str) -> int:
    """Write the PEFT adapter in `folder` alone into the file `target`, and return the number of its tensors.

    llama.cpp applies it to its base (`--lora FILE`), multiplied by alpha / rank. Names and metadata are those of its
    own converter, convert_lora_to_gguf.py; an adapter with PEFT's rank-stabilised scale gets another alpha.

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
        module = key.removeprefix(_ADAPTER_PREFIX).removesuffix(end or "")
        theirs = None if end is None else names.get_name(f"{module}.weight", try_suffixes=(".weight",))
        if end is None or theirs is None:
            raise MergeError(
                f"The adapter's {key} has no place in a GGUF file. Merge it into a model with `palate adapters merge`."
            )
        turned = end == ".lora_B.weight" and arch == gguf.MODEL_ARCH.LLAMA
        values = _as_theirs(f"{module}.weight", weight, config) if turned else weight
        yield theirs + _FACTORS[end], np.ascontiguousarray(values.float().numpy())
