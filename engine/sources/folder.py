"""Whether a folder holds a model in safetensors with all its parts. No torch here."""

import json
from pathlib import Path

from engine.errors import ModelError

_TOKENIZERS = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "*.tiktoken",
    "tekken.json",
)
"""Files of which a tokenizer has at least one."""


def has_tokenizer(folder: Path) -> bool:
    """Whether the folder holds the vocabulary of a tokenizer. A link to a file that is gone does not count."""
    return any(file.is_file() for pattern in _TOKENIZERS for file in folder.glob(pattern))


def check_folder(folder: Path) -> None:
    """Raise `ModelError` unless the folder holds a model in safetensors with all its parts."""
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        raise ModelError(
            f"{folder} holds an adapter, not a model. Start with its base model, then `palate adapters add {folder}`."
        )
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} holds no model: there is no config.json in it. Give the folder that has one.")
    weights = {file.name for file in folder.glob("*.safetensors") if file.is_file()}
    if not weights:
        raise ModelError(
            f"{folder} has no safetensors weights, and Palate reads no others. Load it with transformers and save "
            "it with save_pretrained, which writes them."
        )
    if missing := sorted(_wanted_parts(folder) - weights):
        raise ModelError(f"{folder} lacks {', '.join(missing)} of its model. Copy or download them again.")


def _wanted_parts(folder: Path) -> set[str]:
    """The weight files that the folder's index names; none without an index."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return set()
    try:
        return set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{index} cannot be read: {error}. Copy or download it again.") from error
