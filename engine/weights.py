"""The weights of a model folder: loaded, or read in slices. A model for text and pictures loads as one for text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
)

from engine.fingerprint import identity_of, identity_on_disk
from engine.placement import spread
from engine.precision import keep_differentiable


def load_weights(location: str, dtype: torch.dtype, devices: Sequence[str], options: dict[str, Any]) -> torch.nn.Module:
    """Load the model on its devices, of which several hold some of its layers each.

    `options` are those of `from_pretrained`, a quantisation among them.

    Raises:
        ValueError: the folder lacks some of its weights.
        MemoryError: the devices together have too little memory.
    """
    plain = _without_quantisation(options)
    config = AutoConfig.from_pretrained(location, **plain)  # its errors are clearer than those of a model class
    if len(devices) > 1:
        place = {"device_map": spread(_empty(config, dtype, plain), tuple(devices), dtype, four_bits=plain != options)}
    else:
        place = {} if devices[0] == "cpu" and plain == options else {"device_map": {"": devices[0]}}
    model, info = _model_class(config).from_pretrained(
        location, dtype=dtype, use_safetensors=True, output_loading_info=True, **place, **options
    )
    if missing := sorted(info["missing_keys"]):
        raise ValueError(f"{len(missing)} of its weights are missing, among them {missing[0]}.")
    keep_differentiable(model)
    loaded: torch.nn.Module = model
    return loaded


def stored_identity(location: str, options: dict[str, Any]) -> tuple[str, int]:
    """Fingerprint and number of the stored weights, which 4 bits and float16 alter.

    It is read in slices. A model whose files have other names than its parts is loaded once, and dropped.
    """
    config = AutoConfig.from_pretrained(location, **options)
    found = identity_on_disk(Path(location), _empty(config, torch.bfloat16, options))
    return found or identity_of(load_weights(location, torch.bfloat16, ["cpu"], options))


def _empty(config: Any, dtype: torch.dtype, options: dict[str, Any]) -> torch.nn.Module:
    """The model without its weights."""
    with torch.device("meta"):
        trusted = options.get("trust_remote_code", False)
        made: torch.nn.Module = _model_class(config).from_config(config, dtype=dtype, trust_remote_code=trusted)
    made.tie_weights()  # type: ignore[operator]
    return made


def _model_class(config: Any) -> Any:
    """The class that loads a model of this configuration as one that continues text."""
    kind = config.model_type
    wraps = kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    return AutoModelForImageTextToText if wraps and not hasattr(config, "auto_map") else AutoModelForCausalLM


def _without_quantisation(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "quantization_config"}
