"""The fast decoder: the same logits as the model itself, in both number formats, with every kind of adapter."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import Gemma2Config, Gemma3TextConfig, GemmaConfig, MistralConfig, PreTrainedConfig

from engine.config import TrainConfig
from engine.decode import Decoder
from engine.llama.decoding import DecodingWeights, LlamaDecoder
from engine.llama.static_decoding import StaticDecoder
from engine.model import BaseModel, load_base
from tests.engine.llama.test_scoring import SHAPE
from tests.tiny import save_tiny, tiny_config

PROMPTS = [[1, 40, 50, 60, 70], [1, 90], [1, *range(100, 150)]]


def loaded(folder: Path, dtype: str = "float32", config: PreTrainedConfig | None = None) -> BaseModel:
    config = config or tiny_config(initializer_range=0.2)
    return load_base(str(save_tiny(folder, config=config)), source="x", dtype=dtype, device="cpu")


def disturb(base: BaseModel, name: str) -> None:
    generator = torch.Generator().manual_seed(7)
    for key, weight in base.model.named_parameters():
        if f".{name}." in key:
            weight.data += 0.1 * torch.randn(weight.shape, generator=generator)


DECODERS: dict[str, Callable[..., Decoder]] = {
    "growing": LlamaDecoder,
    "static": functools.partial(StaticDecoder, captures=False),  # without a GPU its steps are not captured
}


def decoder_of(base: BaseModel, adapter: str | None = None, kind: str = "growing") -> Decoder:
    return DECODERS[kind](base.hf_model, DecodingWeights(base.hf_model), adapter=adapter, max_rows=6)


def whole(base: BaseModel, rows: list[list[int]], adapter: str | None = None) -> torch.Tensor:
    """The last logits of each row from the model itself, one row at a time."""
    with base.policy(adapter) as model, torch.no_grad():
        return torch.cat([model(torch.tensor([row])).logits[:, -1] for row in rows])


def distance(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


@pytest.mark.parametrize(("dtype", "close"), [("float32", 1e-5), ("bfloat16", 0.1)])
@pytest.mark.parametrize("adapter", [None, "a1"])
@pytest.mark.parametrize("kind", DECODERS)
def test_logits_through_joining_stepping_and_leaving(
    tmp_path: Path, dtype: str, close: float, adapter: str, kind: str
) -> None:
    base = loaded(tmp_path, dtype)
    base.create_adapter("a1", TrainConfig(lora_r=4, lora_alpha=8))
    disturb(base, "a1")
    decoder = decoder_of(base, adapter, kind)
    with torch.no_grad():
        logits = decoder.admit([(PROMPTS[0], 2), (PROMPTS[1], 1)])
        rows = [PROMPTS[0], PROMPTS[0], PROMPTS[1]]
        assert decoder.room() == 3
        assert distance(logits.float(), whole(base, rows, adapter).float()) < close

        for token in range(30, 232, 3):  # past the first block of 64 tokens
            rows = [[*row, token + place] for place, row in enumerate(rows)]
            logits = decoder.step(torch.tensor([row[-1] for row in rows]))
            assert distance(logits.float(), whole(base, rows, adapter).float()) < close

        decoder.keep([2, 1])  # the last takes the place of the first
        rows = [rows[2], rows[1]]
        joined = decoder.admit([(PROMPTS[2], 1)])
        rows = [*rows, PROMPTS[2]]
        assert distance(joined.float(), whole(base, rows[2:], adapter).float()) < close
        for token in (200, 201, 202):
            rows = [[*row, token] for row in rows]
            logits = decoder.step(torch.tensor([token] * 3))
            assert distance(logits.float(), whole(base, rows, adapter).float()) < close


GEMMA = Gemma3TextConfig(
    **SHAPE, head_dim=8, query_pre_attn_scalar=12, sliding_window=6, layer_types=["sliding_attention", "full_attention"]
)

GEMMA2 = Gemma2Config(
    **SHAPE,
    head_dim=8,
    query_pre_attn_scalar=12,
    sliding_window=6,
    layer_types=["sliding_attention", "full_attention"],
    attn_logit_softcapping=0.5,
    final_logit_softcapping=2.0,
)
WIDER = [GEMMA, GEMMA2, GemmaConfig(**SHAPE, head_dim=8), MistralConfig(**SHAPE, sliding_window=8)]


@pytest.mark.parametrize(("dtype", "close"), [("float32", 1e-5), ("bfloat16", 0.1)])
@pytest.mark.parametrize("config", WIDER, ids=lambda config: config.model_type)
def test_static_steps_with_windows_caps_and_norms_of_gemma(
    tmp_path: Path, config: PreTrainedConfig, dtype: str, close: float
) -> None:
    base = loaded(tmp_path, dtype, config)
    base.create_adapter("a1", TrainConfig(lora_r=4, lora_alpha=8))
    disturb(base, "a1")
    with torch.no_grad():
        for name, value in base.model.named_parameters():
            if "norm" in name:  # which a new model has at 1, or Gemma at 0
                value += 0.2 * torch.randn(value.shape, generator=torch.Generator().manual_seed(3))
    decoder, rows = decoder_of(base, "a1", "static"), [PROMPTS[0], PROMPTS[2]]
    with torch.no_grad():
        logits = decoder.admit([(row, 1) for row in rows])
        for token in (40, 41, 42):
            assert distance(logits.float(), whole(base, rows, "a1").float()) < close
            rows = [[*row, token] for row in rows]
            logits = decoder.step(torch.tensor([token] * 2))
        assert distance(logits.float(), whole(base, rows, "a1").float()) < close


@pytest.mark.parametrize("kind", DECODERS)
def test_an_adapter_on_some_layers_alone(tmp_path: Path, kind: str) -> None:
    base = loaded(tmp_path)
    base.create_adapter("a1", TrainConfig(lora_r=4, lora_alpha=8, target_modules="v_proj,down_proj"))
    disturb(base, "a1")
    with torch.no_grad():
        logits = decoder_of(base, "a1", kind).admit([(PROMPTS[0], 1)])
    assert distance(logits, whole(base, PROMPTS[:1], "a1")) < 1e-5
    assert distance(logits, whole(base, PROMPTS[:1])) > 0.01
