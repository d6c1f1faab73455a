"""Small LoRA folders in PEFT's format for tests of adapters on disk, made without torch."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

RANK = 2
BASE_SHAPES = {
    "model.layers.0.self_attn.q_proj.weight": (6, 4),
    "model.layers.0.mlp.down_proj.weight": (4, 8),
}
"""A base model of two linear weights, (out, in)."""

KEY = "base_model.model.model.layers.0.{}.lora_{}.weight"


def lora_shapes(rank: int = RANK) -> dict[str, tuple[int, ...]]:
    """The factors, (r, in) and (out, r), of a LoRA on both weights of `BASE_SHAPES`."""
    return {
        KEY.format("self_attn.q_proj", "A"): (rank, 4),
        KEY.format("self_attn.q_proj", "B"): (6, rank),
        KEY.format("mlp.down_proj", "A"): (rank, 8),
        KEY.format("mlp.down_proj", "B"): (4, rank),
    }


def lora_folder(folder: Path, *, shapes: dict[str, tuple[int, ...]] | None = None, **settings: Any) -> Path:
    """Write a LoRA adapter into `folder` and return it; `settings` change or, with None, add to its config."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"peft_type": "LORA", "r": RANK, "bias": "none", "base_model_name_or_path": "maker/tiny-base"}
    (folder / "adapter_config.json").write_text(json.dumps(config | settings))
    weights = {key: np.full(shape, 0.5, np.float32) for key, shape in (shapes or lora_shapes()).items()}
    save_file(weights, folder / "adapter_model.safetensors")
    return folder
