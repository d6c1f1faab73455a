from pathlib import Path

import pytest
from peft import LoraConfig, get_peft_model

from adapters.compatibility import base_name_note, check_fits, check_shapes
from adapters.errors import AdapterMisfit
from adapters.manifest import Adapter
from adapters.peft_format import read_peft_folder
from adapters.registry import Registry
from tests.peft_folders import BASE_SHAPES, lora_folder
from tests.tiny import tiny_config, tiny_model


@pytest.fixture
def adapter(tmp_path: Path) -> Adapter:
    return Registry(tmp_path / "adapters").add(lora_folder(tmp_path / "from"), "taste-1", "tiny-base", "1234" * 16)


def test_the_base_it_was_made_for_is_accepted(adapter: Adapter) -> None:
    check_fits(adapter, "1234" * 16, base_shapes=BASE_SHAPES)
    check_fits(adapter.folder, "1234" * 16)


def test_another_base_is_named_with_the_way_out(adapter: Adapter) -> None:
    with pytest.raises(AdapterMisfit) as caught:
        check_fits(adapter, "abcd" * 16, base_source="other-model")
    assert str(caught.value) == (
        "taste-1 was made for tiny-base (fingerprint 123412341234), the model that is loaded is other-model "
        "(fingerprint abcdabcdabcd). Start palate with --model tiny-base, or use another adapter."
    )


def test_the_same_name_with_other_weights_says_that_they_changed(adapter: Adapter) -> None:
    with pytest.raises(AdapterMisfit, match="weights under that name have changed"):
        check_fits(adapter, "abcd" * 16, base_source="tiny-base")


def test_a_shape_that_does_not_fit_is_named_with_both_shapes(adapter: Adapter) -> None:
    shapes = BASE_SHAPES | {"model.layers.0.mlp.down_proj.weight": (4, 16)}
    with pytest.raises(AdapterMisfit, match=r"down_proj.weight to be \(4, 8\), the model's is \(4, 16\).*tiny-base"):
        check_fits(adapter, "1234" * 16, base_shapes=shapes)


def test_a_weight_that_the_model_lacks_is_named(tmp_path: Path) -> None:
    found = read_peft_folder(lora_folder(tmp_path, base_model_name_or_path=None))
    with pytest.raises(
        AdapterMisfit, match=r"changes model\.layers\.0\.self_attn\.q_proj\.weight, which the model does not"
    ):
        check_shapes(found, {"model.layers.0.mlp.down_proj.weight": (4, 8)})


def test_turned_weights_are_compared_turned(tmp_path: Path) -> None:
    found = read_peft_folder(lora_folder(tmp_path, fan_in_fan_out=True))
    check_shapes(found, {name: shape[::-1] for name, shape in BASE_SHAPES.items()})
    with pytest.raises(AdapterMisfit, match=r"to be \(8, 4\), the model's is \(4, 8\)"):
        check_shapes(found, BASE_SHAPES)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # PEFT's own, of transformers
def test_what_peft_makes_for_a_model_fits_that_model_alone(tmp_path: Path) -> None:
    model = tiny_model(config=tiny_config(tie_word_embeddings=False))
    shapes = {name: tuple(weight.shape) for name, weight in model.named_parameters(remove_duplicate=False)}
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj", "embed_tokens"], task_type="CAUSAL_LM")
    get_peft_model(model, config).save_pretrained(tmp_path, save_embedding_layers=False)
    found = read_peft_folder(tmp_path)
    check_shapes(found, shapes)
    wider = tiny_model(config=tiny_config(hidden_size=64))
    with pytest.raises(AdapterMisfit, match="the model's is"):
        check_shapes(found, {name: tuple(weight.shape) for name, weight in wider.named_parameters()})


def test_the_maker_s_other_name_for_the_base_is_noted(tmp_path: Path) -> None:
    found = read_peft_folder(lora_folder(tmp_path, base_model_name_or_path="maker/Tiny-Base"))
    assert base_name_note(found, "/models/tiny-base/") == ""
    assert base_name_note(found, "mistral") == (
        'Its maker names the base model "maker/Tiny-Base"; it was added for mistral.'
    )
