"""How LoRA begins and how fast its matrices learn: A = 0, LoRA+ and rsLoRA, against plain PEFT."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from engine.config import TrainConfig
from engine.events import Notice, StepDone
from engine.llama.layers import read_weights
from engine.model import BaseModel, load_base
from engine.train import train_dpo
from engine.training.learner import adapter_parameters
from tests.engine.test_train import of_kind, pairs
from tests.tiny import save_tiny

CONFIG = TrainConfig(
    learning_rate=1e-3, epochs=1, lora_dropout=0.0, lora_r=4, lora_alpha=8, eval_share=0.0, batch_size=6
)
IDS = torch.tensor([[1, 40, 50, 60, 70, 2, 90]])


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def base(location: Path) -> BaseModel:
    return load_base(str(location), source="tiny", dtype="float32", device="cpu")


def logits(base: BaseModel, name: str | None) -> torch.Tensor:
    with base.policy(name) as model, torch.no_grad():
        found: torch.Tensor = model(IDS).logits
    return found


def moved(base: BaseModel, config: TrainConfig, folder: Path) -> dict[str, float]:
    """How far the farthest weight of A and of B went in one step."""
    events = train_dpo(base, pairs(6), config, adapter="a1", folder=folder)
    next(events)
    first = {name: value.detach().clone() for name, value in adapter_parameters(base.model, "a1").items()}
    assert len(of_kind(list(events), StepDone)) == 1
    last = adapter_parameters(base.model, "a1")
    far = {"A": 0.0, "B": 0.0}
    for name, value in first.items():
        matrix = "A" if ".lora_A." in name else "B"
        far[matrix] = max(far[matrix], float((last[name] - value).abs().max()))
    return far


def test_a_run_begins_as_the_base_with_a_zero_or_b_zero(base: BaseModel) -> None:
    for start, zero in (("b-zero", ".lora_B."), ("a-zero", ".lora_A.")):
        base.create_adapter("a1", dataclasses.replace(CONFIG, lora_init=start))
        for name, value in adapter_parameters(base.model, "a1").items():
            assert bool((value == 0).all()) == (zero in name), name
        assert torch.equal(logits(base, "a1"), logits(base, None))
        base.unload_adapter("a1")


@pytest.mark.parametrize(("start", "learns", "waits"), [("b-zero", "B", "A"), ("a-zero", "A", "B")])
@pytest.mark.parametrize("ratio", [1.0, 16.0])
def test_the_first_step_moves_the_matrix_that_begins_at_zero_by_its_rate(
    base: BaseModel, tmp_path: Path, start: str, learns: str, waits: str, ratio: float
) -> None:
    """AdamW's first step moves each weight by its learning rate, and the other matrix has no gradient yet."""
    config = dataclasses.replace(CONFIG, lora_init=start, lora_plus_ratio=ratio)
    far = moved(base, config, tmp_path / "adapter")
    rate = 1e-3 * (ratio if learns == "B" else 1)
    assert far[learns] == pytest.approx(rate, rel=1e-3)
    assert far[waits] == 0


@pytest.mark.filterwarnings("ignore::FutureWarning")  # plain PEFT uses what transformers is about to drop
def test_an_adapter_with_all_of_it_gives_the_same_in_plain_peft(
    base: BaseModel, location: Path, tmp_path: Path
) -> None:
    config = dataclasses.replace(CONFIG, lora_init="a-zero", lora_plus_ratio=8, rslora="on", epochs=4, batch_size=2)
    events = list(train_dpo(base, pairs(6), config, adapter="a1", folder=tmp_path / "adapter"))
    assert of_kind(events, StepDone)[-1].metrics["rewards/margins"] > 0
    plain = AutoModelForCausalLM.from_pretrained(location, dtype=torch.float32)
    loaded = PeftModel.from_pretrained(plain, str(tmp_path / "adapter")).eval()
    scale = next(m.scaling["default"] for m in loaded.modules() if isinstance(getattr(m, "scaling", None), dict))
    assert scale == 4  # 8 / √4, where plain LoRA has 8 / 4
    with torch.no_grad():
        theirs = loaded(IDS).logits
    ours = logits(base, "a1")
    torch.testing.assert_close(ours, theirs)
    assert (ours - logits(base, None)).abs().max() > 1e-3


def from_adapter(base: BaseModel, folder: Path, config: TrainConfig) -> list[str]:
    """What a run from `a1` is told of the settings that it keeps from there."""
    events = list(train_dpo(base, pairs(6), config, adapter="a2", folder=folder, start="a1"))
    return [each.text for each in of_kind(events, Notice) if "starts from" in each.text]


def dropouts(base: BaseModel, adapter: str) -> set[float]:
    layers = read_weights(base.hf_model, adapter).layers
    return {each.dropout for layer in layers for group in layer.groups for each in group if each.a is not None}


def test_a_run_from_an_adapter_drops_its_own_share_and_names_what_it_keeps(base: BaseModel, tmp_path: Path) -> None:
    base.create_adapter("a1", dataclasses.replace(CONFIG, target_modules="v_proj,q_proj"))
    config = TrainConfig(lora_dropout=0.25, rslora="on", lora_init="a-zero", epochs=1, eval_share=0.0)
    assert from_adapter(base, tmp_path / "other", config) == [
        "The run keeps what the adapter has that it starts from: --lora-r 4 (not 16), --lora-alpha 8 (not 32), "
        "--rslora off (not on), --target-modules q_proj,v_proj (not all-linear), its matrices (not --lora-init a-zero)."
    ]
    assert (dropouts(base, "a1"), dropouts(base, "a2")) == ({0.0}, {0.25})
    assert json.loads((tmp_path / "other" / "adapter_config.json").read_text())["lora_dropout"] == 0.25


@pytest.mark.parametrize("targets", ["all-linear", "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj", "q_proj"])
def test_a_run_with_the_settings_of_its_adapter_is_told_nothing(base: BaseModel, tmp_path: Path, targets: str) -> None:
    base.create_adapter("a1", dataclasses.replace(CONFIG, target_modules=targets))
    assert from_adapter(base, tmp_path / "same", dataclasses.replace(CONFIG, target_modules=targets)) == []


def test_a_run_from_an_adapter_of_all_layers_says_so(base: BaseModel, tmp_path: Path) -> None:
    base.create_adapter("a1", CONFIG)
    (told,) = from_adapter(base, tmp_path / "all", dataclasses.replace(CONFIG, target_modules="q_proj"))
    assert told.endswith(": --target-modules all-linear (not q_proj).")
