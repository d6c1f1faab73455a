"""float16 is taken where it reaches, and refused where it does not."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.config import TrainConfig
from engine.errors import ModelError
from engine.events import StepDone
from engine.model import load_base
from engine.train import train_dpo
from tests.engine.test_train import of_kind, pairs
from tests.tiny import save_tiny


def _changed(folder: Path, name: str, factor: float) -> str:
    location = save_tiny(folder)
    file = location / "model.safetensors"
    weights = load_file(file)
    weights[name] = weights[name].float() * factor
    save_file(weights, file, metadata={"format": "pt"})
    return str(location)


def test_weights_beyond_float16_are_refused(tmp_path: Path) -> None:
    location = _changed(tmp_path, "model.layers.0.mlp.up_proj.weight", 1e7)
    with pytest.raises(ModelError, match=r"up_proj\.weight hold values beyond 65,504.*--dtype bfloat16"):
        load_base(location, source="tiny", dtype="float16", device="cpu")
    assert load_base(location, source="tiny", dtype="bfloat16", device="cpu").dtype == "bfloat16"


def test_a_model_that_computes_beyond_float16_is_refused(tmp_path: Path) -> None:
    location = _changed(tmp_path, "model.norm.weight", 6e4)
    with pytest.raises(ModelError, match="computes values beyond 65,504"):
        load_base(location, source="tiny", dtype="float16", device="cpu")


def test_a_run_in_float16_follows_float32(tmp_path: Path) -> None:
    location, losses = str(save_tiny(tmp_path / "model")), {}
    config = TrainConfig(learning_rate=1e-3, epochs=2, lora_dropout=0.0, eval_share=0.0, batch_size=4)
    for dtype in ("float32", "float16"):
        base = load_base(location, source="tiny", dtype=dtype, device="cpu")
        events = list(train_dpo(base, pairs(8), config, adapter="a1", folder=tmp_path / dtype))
        losses[dtype] = torch.tensor([step.metrics["loss"] for step in of_kind(events, StepDone)])
    torch.testing.assert_close(losses["float16"], losses["float32"], rtol=0, atol=2e-2)
    assert losses["float16"][-1] < losses["float16"][0]
