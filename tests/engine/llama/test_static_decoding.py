"""The decoder for CUDA devices is taken where it is right, and otherwise left for the other one, in words."""

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.generate import make_decoder
from engine.llama.decoding import DecodingWeights, LlamaDecoder
from engine.llama.static_decoding import StaticDecoder, static_problem
from engine.model import BaseModel, load_base
from tests.tiny import save_tiny, tiny_config


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    config = tiny_config(initializer_range=0.2)
    return load_base(str(save_tiny(tmp_path, config=config)), source="x", dtype="bfloat16", device="cpu")


def problem(base: BaseModel) -> str | None:
    with base.policy(None), torch.no_grad():
        return static_problem(base.hf_model, DecodingWeights(base.hf_model))


def test_steps_that_are_right_and_steps_that_are_wrong(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.llama.static_decoding.CAPTURES", False)
    assert problem(base) is None
    own = StaticDecoder._attend
    shuffled: Any = lambda *values: own(*values).roll(1, 0)  # noqa: E731
    monkeypatch.setattr(StaticDecoder, "_attend", shuffled)
    found = problem(base)
    assert found is not None
    assert found.startswith("its logits differ from the model's by ")


def test_a_device_that_cannot_capture_gets_the_other_decoder_and_a_reason(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(make_decoder(base, None, max_rows=2), LlamaDecoder)
    assert not any("captured graphs" in reason for reason in base.reasons)
    base.device = "cuda"  # whose graphs this build of torch for CPUs does not have
    assert isinstance(make_decoder(base, None, max_rows=2), LlamaDecoder)
    assert sum("written without captured graphs" in reason for reason in base.reasons) == 1
    base.static_steps = None
    monkeypatch.setattr("engine.llama.static_decoding.CAPTURES", False)
    assert isinstance(make_decoder(base, None, max_rows=2), StaticDecoder)
