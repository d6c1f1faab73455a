"""An adapter as a GGUF file: what llama.cpp adds to its base is what PEFT adds to ours."""

from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import MergeError
from engine.export.gguf_writer import write_adapter_gguf
from tests.peft_folders import lora_folder
from tests.tiny import tiny_config

CONFIG = tiny_config()
MODULE = "base_model.model.model.layers.1.{}"
SHAPES = {"self_attn.q_proj": (32, 32), "self_attn.k_proj": (16, 32), "mlp.down_proj": (32, 64)}
NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "mlp.down_proj": "ffn_down"}


def adapter(folder: Path, **settings: object) -> Path:
    generator = torch.Generator().manual_seed(1)
    weights = {}
    for module, (out, width) in SHAPES.items():
        weights[MODULE.format(module) + ".lora_A.weight"] = torch.randn(4, width, generator=generator)
        weights[MODULE.format(module) + ".lora_B.weight"] = torch.randn(out, 4, generator=generator)
    lora_folder(folder, r=4, lora_alpha=8, **settings)
    save_file(weights, folder / "adapter_model.safetensors")
    return folder


def theirs(weight: np.ndarray, heads: int) -> np.ndarray:
    """What llama.cpp's converter does to the rows of queries and keys."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(weight.shape)


@pytest.mark.parametrize(("settings", "scale"), [({}, 2.0), ({"use_rslora": True}, 4.0)])
def test_llama_cpp_adds_what_peft_adds(tmp_path: Path, settings: dict[str, object], scale: float) -> None:
    folder = adapter(tmp_path / "adapter", **settings)
    assert write_adapter_gguf(CONFIG, folder, tmp_path / "out.gguf", name="taste-1") == 6
    read = gguf.GGUFReader(tmp_path / "out.gguf")
    tensors = {each.name: np.asarray(each.data) for each in read.tensors}
    alpha = read.fields["adapter.lora.alpha"].contents()
    assert (read.fields["general.type"].contents(), read.fields["adapter.type"].contents()) == ("adapter", "lora")
    assert read.fields["general.architecture"].contents() == "llama"
    ours = load_file(folder / "adapter_model.safetensors")
    for module, name in NAMES.items():
        a, b = (tensors[f"blk.1.{name}.weight.lora_{letter}"] for letter in "ab")
        added = alpha / a.shape[0] * b @ a
        key = MODULE.format(module)
        wanted = scale * (ours[f"{key}.lora_B.weight"] @ ours[f"{key}.lora_A.weight"]).numpy()
        heads = {"attn_q": 4, "attn_k": 2}.get(name)
        np.testing.assert_allclose(added, wanted if heads is None else theirs(wanted, heads), rtol=1e-5, atol=1e-5)


def test_a_layer_without_a_place_is_told(tmp_path: Path) -> None:
    folder = lora_folder(tmp_path / "adapter", lora_alpha=4)
    save_file({"base_model.model.visual.proj.lora_A.weight": torch.zeros(2, 4)}, folder / "adapter_model.safetensors")
    with pytest.raises(MergeError, match=r"visual\.proj.*has no place"):
        write_adapter_gguf(CONFIG, folder, tmp_path / "out.gguf", name="taste-1")
