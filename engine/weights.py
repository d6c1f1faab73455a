"""The weights of a model folder: loaded, or read in slices. A model for text and pictures loads as one for text."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
)

from engine.fingerprint import identity_of, identity_on_disk
from engine.precision import keep_differentiable


def load_weights(location: str, dtype: torch.dtype, device: str, options: dict[str, Any]) -> torch.nn.Module:
    """Load the model on its device. Raises `ValueError` where the folder lacks some of its weights.

    `options` are those of `from_pretrained`, a quantisation among them.
    """
    plain = _without_quantisation(options)
    config = AutoConfig.from_pretrained(location, **plain)  # its errors are clearer than those of a model class
    place = {} if device == "cpu" and plain == options else {"device_map": {"": device}}
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
    with torch.device("meta"):
        empty = _model_class(config).from_config(
            config, dtype=torch.bfloat16, trust_remote_code=options.get("trust_remote_code", False)
        )
    found = identity_on_disk(Path(location), empty)
    return found or identity_of(load_weights(location, torch.bfloat16, "cpu", options))


def _model_class(config: Any) -> Any:
    """The class that loads a model of this configuration as one that continues text."""
    kind = config.model_type
    wraps = kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
    return AutoModelForImageTextToText if wraps and not hasattr(config, "auto_map") else AutoModelForCausalLM


def _without_quantisation(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "quantization_config"}
