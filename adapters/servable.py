"""Which adapters servers can load: vLLM, SGLang and llama.cpp know plain LoRA on linear layers alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.errors import AdapterFormatError
from adapters.manifest import Adapter
from adapters.peft_format import CONFIG_FILE, WEIGHTS_FILE, read_peft_folder
from adapters.storage import copy_private, move_into_place, sync

PREFIX = "palate-"
"""What the names of published adapters begin with; nothing else on a server is ever unloaded."""
_READABLE_FOLDER, _READABLE_FILE = 0o755, 0o644
_EMBEDDINGS = (".lora_embedding_", ".embed_tokens.", ".lm_head.")


def served_name(adapter: Adapter) -> str:
    """The name under which an adapter is published: its run, and the beginning of its weights' hash.

    Other weights get another name, so a server never mixes two adapters up, nor what it kept of an earlier one.
    """
    manifest = adapter.manifest
    return f"{PREFIX}{manifest.run if manifest.run is not None else 'added'}-{manifest.checksum[:8]}"


def check_servable(adapter: Adapter) -> None:
    """Raise unless servers can load this adapter.

    Raises:
        AdapterFormatError: it is no plain LoRA on linear layers; a server would drop a part of it in silence.
    """
    found = read_peft_folder(adapter.folder)
    problem = _problem(found.config) or _problem_of_keys(found.shapes)
    if problem:
        raise AdapterFormatError(
            f"{adapter.manifest.name} {problem}, which servers cannot load. Merge it into a model of its own with "
            "`palate adapters merge`, and serve that."
        )


def publish_copy(adapter: Adapter, folder: Path) -> Path:
    """Copy an adapter into `folder` for a server that runs as someone else, whole or not at all; returns its path.

    Raises:
        OSError: the folder cannot be written.
    """
    target = folder / served_name(adapter)
    if target.is_dir():
        return target
    part = folder / f".{target.name}.part"
    part.mkdir(exist_ok=True)
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        (part / name).unlink(missing_ok=True)
        copy_private(adapter.folder / name, part / name)
        (part / name).chmod(_READABLE_FILE)
        sync(part / name)
    part.chmod(_READABLE_FOLDER)
    move_into_place(part, target)
    return target


def _problem(config: Mapping[str, Any]) -> str | None:
    if config.get("use_dora"):
        return "is a DoRA adapter"
    if config.get("bias", "none") != "none" or config.get("lora_bias"):
        return "trains biases"
    if config.get("modules_to_save"):
        return "replaces whole layers (modules_to_save)"
    if config.get("rank_pattern") or config.get("alpha_pattern"):
        return "has ranks or scales of its own for some layers"
    return None


def _problem_of_keys(shapes: Mapping[str, Any]) -> str | None:
    changes = [key for key in shapes if any(each in f".{key}" for each in _EMBEDDINGS)]
    return "changes the embedding or the output layer" if changes else None
