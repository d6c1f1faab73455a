"""Adapters that others made: what works ever after, and what is refused with its reason, on the tiny Llama."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

import adapters.peft_format
import engine.foreign_adapter
from engine.adapter_check import AdapterCheck
from engine.config import TrainConfig
from engine.errors import AdapterLoadError
from engine.lora import adapter_weights
from engine.model import BaseModel, load_base
from tests.tiny import save_tiny, tiny_model

pytestmark = pytest.mark.filterwarnings("ignore")  # PEFT warns of tied weights, transformers of a name that PEFT uses

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PREFIX = "base_model.model."
IDS = torch.tensor([[1, 40, 50, 60, 70, 2, 90]])
PROJECTION = "model.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    folder = save_tiny(tmp_path_factory.mktemp("tiny"))
    return load_base(str(folder), source="tiny", dtype="float32", device="cpu")


@pytest.fixture
def base(loaded: BaseModel) -> Iterator[BaseModel]:
    """The base model, which every test leaves as it was."""
    before = logits(loaded)
    yield loaded
    assert loaded.loaded_adapters() == ()
    assert torch.equal(logits(loaded), before)


def logits(base: BaseModel, name: str | None = None) -> torch.Tensor:
    with base.policy(name) as model, torch.no_grad():
        found: torch.Tensor = model(IDS).logits
    return found


def saved(folder: Path, *, embeddings: bool | str = False, **settings: Any) -> Path:
    """An adapter as PEFT saves it, with random weights."""
    options = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM", **settings}
    model = get_peft_model(tiny_model(), LoraConfig(**options))
    generator = torch.Generator().manual_seed(1)
    for name, value in model.named_parameters():
        if "lora_" in name or "trainable_tokens" in name:
            value.data = 0.2 * torch.randn(value.shape, generator=generator)
    model.save_pretrained(folder, save_embedding_layers=embeddings)
    return folder


def change(folder: Path, **settings: Any) -> Path:
    """Change settings in an adapter's configuration."""
    file = folder / CONFIG
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))
    return folder


def put(folder: Path, **weights: torch.Tensor | None) -> Path:
    """Add tensors to an adapter's weights, replace or remove them."""
    found = {**load_file(folder / WEIGHTS), **weights}
    save_file({key: value for key, value in found.items() if value is not None}, folder / WEIGHTS)
    return folder


def check(base: BaseModel, folder: Path) -> tuple[str, ...]:
    check = AdapterCheck(base, folder, folder)
    for _ in check.steps():
        assert torch.is_grad_enabled()
    return check.notes


# -- what passes works ever after --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "embeddings"),
    [
        ({}, False),
        ({}, True),  # with whole copies of the base's own embedding and head
        ({"use_rslora": True}, False),
        ({"use_dora": True}, False),
        ({"lora_bias": True}, False),
        ({"task_type": None}, False),
        ({"target_modules": r".*layers\.0\..*\.(q|k)_proj"}, False),
        ({"layers_to_transform": [1]}, False),
        ({"layers_to_transform": [1], "layers_pattern": "lay[a-z]+"}, False),
        ({"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"q_proj": 32}}, False),
        ({"rank_pattern": {r".*\.1\..*q_proj": 2}, "alpha_pattern": {"(q|k)_proj": 32}}, False),
        ({"target_modules": ["lm_head", "q_proj"]}, "auto"),
        ({"target_modules": ["embed_tokens", "q_proj"]}, "auto"),
        ({"target_modules": "all-linear", "exclude_modules": ".*mlp.*"}, False),
    ],
)
def test_what_passes_works_ever_after(
    base: BaseModel, tmp_path: Path, settings: dict[str, Any], embeddings: Any
) -> None:
    folder = saved(tmp_path / "theirs", embeddings=embeddings, **settings)
    assert check(base, folder) == ()
    try:
        base.load_adapter("a1", folder)
        theirs = get_peft_model(tiny_model(), LoraConfig(r=1, target_modules=["q_proj"]))
        theirs.load_adapter(str(folder), "theirs")
        theirs.set_adapter("theirs")
        with torch.no_grad():
            expected = theirs.eval()(IDS).logits
        assert torch.allclose(logits(base, "a1"), expected, atol=1e-5)
        assert not torch.equal(logits(base, "a1"), logits(base))
        base.create_adapter("a2", TrainConfig(lora_r=2, lora_alpha=4))
        assert all("lora_" in name for name in adapter_weights(base.model, "a2"))
        base.save_adapter("a1", tmp_path / "again")
        base.load_adapter("a3", tmp_path / "again", trainable=True)
        assert torch.equal(logits(base, "a3"), logits(base, "a1"))
    finally:
        for name in base.loaded_adapters():
            base.unload_adapter(name)


def test_a_sound_adapter_on_the_output_layer_is_taken_without_a_warning(base: BaseModel, tmp_path: Path) -> None:
    folder = saved(tmp_path / "theirs", target_modules=["lm_head", "q_proj"], embeddings="auto")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(base, folder) == ()


def test_what_a_person_should_know_is_said(base: BaseModel, tmp_path: Path) -> None:
    folder = saved(tmp_path / "theirs")
    put(folder, **{key: torch.zeros_like(value) for key, value in load_file(folder / WEIGHTS).items()})
    (folder / "chat_template.jinja").write_text("{{ 'another' }}")
    zero, other = check(base, folder)
    assert "changes nothing" in zero
    assert "chat template of its own" in other


# -- what fails says why -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"modules_to_save": ["lm_head"]}, "modules_to_save.*replaces whole layers"),
        ({"trainable_token_indices": [5, 6]}, "trainable_token_indices.*rows of the base"),
        ({"alora_invocation_tokens": [5, 6]}, "alora_invocation_tokens.*switched on by tokens"),
        ({"target_modules": ["nowhere"]}, "layers that this base model does not have"),
        ({"target_modules": "(a+)+b(|"}, "pattern of layers that is not valid"),
        ({"r": 10**9}, "rank 1000000000 in its configuration and at most 4"),
        ({"rank_pattern": {"q_proj": 10**9}}, "rank 1000000000"),
        ({"target_modules": ["q_proj"]}, "has unknown 4 weights"),
        ({"target_modules": ["q_proj", "k_proj", "v_proj"]}, "lacks 4 weights"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    base: BaseModel, tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    folder = change(saved(tmp_path / "theirs"), **settings)
    with pytest.raises(AdapterLoadError, match=words):
        check(base, folder)


@pytest.mark.parametrize(
    "place", ["target_modules", "exclude_modules", "layers_pattern", "alpha_pattern", "rank_pattern"]
)
def test_a_pattern_that_would_never_end_is_refused(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr("engine.foreign_adapter._PATTERNS_S", 0.2)
    endless = r"((\w|\.|\w\w)+)+\d\d"
    value: Any = {endless: 4} if place.endswith("_pattern") and place != "layers_pattern" else endless
    more = {"layers_to_transform": [1]} if place == "layers_pattern" else {}
    folder = change(saved(tmp_path / "theirs"), **{place: value}, **more)
    with pytest.raises(AdapterLoadError, match="takes too long"):
        check(base, folder)


def test_weights_that_cannot_work_are_refused(base: BaseModel, tmp_path: Path) -> None:
    key = f"{PREFIX}{PROJECTION}.lora_A.weight"
    head = torch.zeros(259, 32)
    for name, weights, words in (
        ("nan", {key: torch.full((4, 32), float("nan"))}, "q_proj.lora_A.weight is NaN or infinite"),
        ("whole", {key: torch.ones((4, 32), dtype=torch.int64)}, "is of type torch.int64"),
        ("head", {PREFIX + "lm_head.weight": head}, "a lm_head.weight that differs from the base model's"),
        ("longer", {PREFIX + "model.embed_tokens.weight": torch.zeros(261, 32)}, r"the shape \(261, 32\)"),
        ("elsewhere", {PREFIX + "score.weight": head}, "has unknown 1 weights, the first is base_model.model.score"),
        ("gone", {key: None}, "lacks 1 weights"),
        ("other", {key: torch.zeros(4, 33)}, "in another shape 1 weights"),
    ):
        folder = put(saved(tmp_path / name), **weights)
        with pytest.raises(AdapterLoadError, match=words):
            check(base, folder)


def test_numbers_that_overflow_on_the_way_are_found(base: BaseModel, tmp_path: Path) -> None:
    folder = saved(tmp_path / "theirs")
    put(folder, **{key: torch.full_like(value, 1e30) for key, value in load_file(folder / WEIGHTS).items()})
    with pytest.raises(AdapterLoadError, match="NaN or infinite"):
        check(base, folder)


def test_what_is_refused_without_torch_is_refused_with_it_for_the_same_reason() -> None:
    # `adapters` and `engine` import nothing of each other, so each has the table.
    assert engine.foreign_adapter._UNUSABLE == adapters.peft_format.UNUSABLE
    assert engine.foreign_adapter.PREFIX == adapters.peft_format.KEY_PREFIX
    assert tuple(adapters.peft_format.FACTORS) == engine.foreign_adapter._ENDS
