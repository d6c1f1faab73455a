"""The memory that training a model needs, estimated before its weights are downloaded. No torch here."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.config import TrainConfig
from engine.errors import ModelError
from engine.estimates.memory import Memory, estimate_memory
from engine.estimates.model_shape import shape_of
from engine.sources.default_model import DEFAULT_SOURCE

PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    # Dubey et al., The Llama 3 Herd of Models, arXiv:2407.21783, table 3
    "meta-llama/Llama-3.1-8B-Instruct": {
        "model_type": "llama",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "tie_word_embeddings": False,
    },
}
"""Sizes of models that people ask about before they can reach the Hub."""
_PATIENCE_S = 5


def memory_of(
    source: str, config: TrainConfig, *, dtype: str, device: str = "cpu", checkpointing: bool = False
) -> Memory:
    """The memory of training `source` on the longest pairs that `config` allows, from its sizes alone.

    Args:
        source: a Hub id or a folder.
        dtype, device, checkpointing: as for `estimate_memory`.

    Raises:
        ModelError: the model's sizes are unknown: there is no such model, or the Hub cannot be reached.
    """
    shape = shape_of(config_of(source))
    return estimate_memory(shape, config, dtype=dtype, device=device, checkpointing=checkpointing)


def config_of(source: str) -> Mapping[str, Any]:
    """The `config.json` of a model, from its folder, from `PUBLISHED`, or from the Hub (a few kB).

    Raises:
        ModelError: it cannot be read or downloaded.
    """
    if source == DEFAULT_SOURCE or source.lower().endswith(".gguf"):
        raise ModelError(
            f"The sizes of {source} are in its own file, and are known only once it is loaded. Load it first."
        )
    file = Path(source).expanduser() / "config.json"
    if not file.is_file():
        if source in PUBLISHED:
            return PUBLISHED[source]
        file = _from_hub(source)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{file} is no JSON file: {error}. Download the model again.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{file} holds no settings of a model. Download the model again.")
    return content


def _from_hub(source: str) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(source, "config.json", etag_timeout=_PATIENCE_S))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"The sizes of {source} are unknown: {reason} Check its name and the network, or give a folder."
        ) from error
