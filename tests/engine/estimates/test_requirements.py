"""What a model needs, told from its sizes alone."""

import json
from pathlib import Path

import pytest

from engine.config import TrainConfig
from engine.errors import ModelError
from engine.estimates.requirements import config_of, memory_of
from tests.tiny import tiny_config

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"


def test_llama_3_1_8b_by_hand() -> None:
    layer = 4096 * (4096 + 1024 + 1024 + 4096 + 3 * 14336)
    ends = 2 * 128256 * 4096
    rank = 16
    trained = 32 * rank * (4 * 4096 + 2 * (4096 + 1024) + 2 * 4096 + 3 * (4096 + 14336) - 2 * 4096)
    full, packed = (memory_of(LLAMA, TrainConfig(), dtype=dtype) for dtype in ("bfloat16", "4bit"))
    assert full.weights == pytest.approx(2 * (32 * layer + ends), rel=1e-3)  # 16.06 GB
    assert 15.9e9 < full.weights < 16.2e9
    assert packed.weights == pytest.approx(0.52 * 32 * layer + 2 * ends, rel=0.03)
    assert full.adapter == pytest.approx(8 * trained, rel=1e-6)
    assert full.optimizer == pytest.approx(8 * trained, rel=1e-6)
    assert packed.peak < 0.7 * full.peak


def test_a_folder_tells_its_own_sizes(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(tiny_config().to_dict()))
    assert config_of(str(tmp_path))["hidden_size"] == tiny_config().hidden_size
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match="is no JSON file"):
        config_of(str(tmp_path))


def test_a_model_that_cannot_be_reached_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="The sizes of nobody/nothing are unknown"):
        config_of("nobody/nothing")
    with pytest.raises(ModelError, match="Check its name"):
        config_of("no such/model/at all")
