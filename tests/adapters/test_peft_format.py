from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

from adapters.errors import AdapterFormatError
from adapters.peft_format import read_peft_folder
from tests.peft_folders import KEY, lora_folder, lora_shapes
from tests.tiny import tiny_model

Q_A, Q_B = KEY.format("self_attn.q_proj", "A"), KEY.format("self_attn.q_proj", "B")


def test_settings_and_shapes_are_read(tmp_path: Path) -> None:
    found = read_peft_folder(lora_folder(tmp_path))
    assert found.shapes == lora_shapes()
    assert found.config["r"] == 2
    assert found.base_name == "maker/tiny-base"


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # PEFT's own, of transformers
def test_what_peft_saves_is_read(tmp_path: Path) -> None:
    config = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
    get_peft_model(tiny_model(), config).save_pretrained(tmp_path, save_embedding_layers=False)
    found = read_peft_folder(tmp_path)
    assert found.shapes["base_model.model.model.layers.1.mlp.down_proj.lora_A.weight"] == (4, 64)
    assert found.shapes["base_model.model.model.layers.1.mlp.down_proj.lora_B.weight"] == (32, 4)


def test_bfloat16_weights_are_read_though_numpy_has_no_such_type(tmp_path: Path) -> None:
    lora_folder(tmp_path)
    weights = {key: torch.zeros(shape, dtype=torch.bfloat16) for key, shape in lora_shapes().items()}
    save_file(weights, tmp_path / "adapter_model.safetensors")
    assert read_peft_folder(tmp_path).shapes == lora_shapes()


def test_layers_may_differ_in_rank_when_the_settings_say_so(tmp_path: Path) -> None:
    shapes = lora_shapes() | {Q_A: (3, 4), Q_B: (6, 3)}
    assert read_peft_folder(lora_folder(tmp_path, shapes=shapes, rank_pattern={"q_proj": 3})).shapes[Q_A] == (3, 4)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"peft_type": "IA3"}, "'IA3', Palate uses LORA"),
        ({"r": 0}, "r = 0"),
        ({"r": True}, "r = True"),
        ({"r": "16"}, "r = '16'"),
        ({"bias": "all"}, "bias = 'all'"),
        ({"layer_replication": [[0, 1], [0, 1]]}, "layer_replication"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights = 'pissa'"),
        ({"init_lora_weights": "olora"}, "init_lora_weights = 'olora'"),
        ({"r": 8}, "says r = 8"),
    ],
)
def test_settings_that_cannot_be_used_are_named(tmp_path: Path, settings: dict[str, Any], word: str) -> None:
    with pytest.raises(AdapterFormatError, match=word):
        read_peft_folder(lora_folder(tmp_path, **settings))


@pytest.mark.parametrize(
    ("shapes", "word"),
    [
        ({"base_model.model.lm_head.weight": (4, 4)}, "no LoRA tensors"),
        ({Q_A: (2, 4)}, "lacks .*q_proj.lora_B"),
        ({Q_B: (6, 2)}, "lacks .*q_proj.lora_A"),
        ({Q_A: (2, 4), Q_B: (6, 3)}, "no LoRA pair"),
        ({Q_A: (2, 4), Q_B: (6,)}, "no LoRA pair"),
        ({Q_A: (2, 0), Q_B: (6, 2)}, "no LoRA pair"),
    ],
)
def test_shapes_that_make_no_lora_are_named(tmp_path: Path, shapes: dict[str, tuple[int, ...]], word: str) -> None:
    with pytest.raises(AdapterFormatError, match=word):
        read_peft_folder(lora_folder(tmp_path, shapes=shapes))


def test_a_pickle_is_refused_with_the_way_out(tmp_path: Path) -> None:
    lora_folder(tmp_path)
    (tmp_path / "adapter_model.safetensors").rename(tmp_path / "adapter_model.bin")
    with pytest.raises(AdapterFormatError, match=r"adapter_model\.bin, a pickle .* safe_serialization=True"):
        read_peft_folder(tmp_path)


def test_missing_and_damaged_files_are_told(tmp_path: Path) -> None:
    folder = lora_folder(tmp_path / "adapter")
    weights = folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(AdapterFormatError, match="not a whole safetensors file"):
        read_peft_folder(folder)
    weights.unlink()
    with pytest.raises(AdapterFormatError, match=r"has no adapter_model\.safetensors"):
        read_peft_folder(folder)
    (folder / "adapter_config.json").write_text("{")
    with pytest.raises(AdapterFormatError, match=r"adapter_config\.json cannot be read"):
        read_peft_folder(folder)
    (folder / "adapter_config.json").write_text("[]")
    with pytest.raises(AdapterFormatError, match="not a JSON object"):
        read_peft_folder(folder)
    (folder / "adapter_config.json").unlink()
    with pytest.raises(AdapterFormatError, match=r"has no adapter_config\.json"):
        read_peft_folder(folder)
    with pytest.raises(AdapterFormatError, match="is not a folder"):
        read_peft_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"modules_to_save": ["lm_head"]}, "modules_to_save .*replaces whole layers"),
        ({"trainable_token_indices": [5]}, "trainable_token_indices .*rows of the base model's embedding"),
        ({"alora_invocation_tokens": [5]}, "alora_invocation_tokens .*switched on by tokens"),
        ({"use_magic_scaling": True}, "switches on use_magic_scaling, which Palate does not know"),
    ],
)
def test_settings_that_do_more_than_lora_are_named(tmp_path: Path, settings: dict[str, Any], word: str) -> None:
    with pytest.raises(AdapterFormatError, match=word):
        read_peft_folder(lora_folder(tmp_path, **settings))


def test_settings_that_are_not_known_are_kept_in_mind(tmp_path: Path) -> None:
    folder = lora_folder(tmp_path, future_config=None, new_thing={"x": 1}, qalora_group_size=16, use_dora=False)
    assert read_peft_folder(folder).unknown == ("new_thing",)
