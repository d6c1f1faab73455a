"""Which models and adapters the fast path takes, for scoring and for decoding, and the reasons why not."""

from pathlib import Path
from typing import Any

import pytest
from peft import LoraConfig, PeftModel
from transformers import GemmaConfig, GPT2Config, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

from engine.config import TrainConfig
from engine.llama.support import Support, support_of
from engine.model import BaseModel, load_base
from tests.engine.llama.test_scoring import CONFIGS, SHAPE
from tests.tiny import VOCABULARY, save_tiny, tiny_config

FULL = Support(scoring=None, decoding=None)
VARIANT = "the adapter is a variant of LoRA that the fast path does not know"
ELSEWHERE = "the adapter changes layers that the fast path does not know"


def loaded(folder: Path, config: Any) -> BaseModel:
    return load_base(str(save_tiny(folder, config=config)), source="x", dtype="float32", device="cpu")


@pytest.mark.parametrize(
    "config",
    [
        tiny_config(),
        MistralConfig(**SHAPE, sliding_window=None),
        Qwen2Config(**SHAPE),
        Qwen3Config(**SHAPE, head_dim=8),
    ],
    ids=lambda config: config.model_type,
)
def test_models_of_llama_s_shape_are_taken_with_plain_adapters_on_any_of_the_seven_layers(
    tmp_path: Path, config: Any
) -> None:
    base = loaded(tmp_path, config)
    base.create_adapter("a1", TrainConfig(lora_r=4, lora_alpha=8))
    base.create_adapter("a2", TrainConfig(lora_r=4, lora_alpha=8, target_modules="v_proj,down_proj"))
    for adapter in (None, "a1", "a2"):
        assert support_of(base.hf_model, adapter) == FULL


WINDOW = "its attention sees a window of the text"
REFUSED: list[tuple[Any, str | None, str]] = [
    (MistralConfig(**SHAPE, sliding_window=8), None, WINDOW),
    (
        Qwen3Config(**SHAPE, head_dim=8, use_sliding_window=True, sliding_window=6, max_window_layers=1),
        None,
        WINDOW,
    ),
    (LlamaConfig(**SHAPE, mlp_bias=True), None, "its feed-forward layers have biases"),
    *(
        (config, reason, reason)
        for config, reason in (
            (
                GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=1, n_head=2, n_positions=64, eos_token_id=2),
                "its architecture, gpt2, is not one that the fast path knows",
            ),
            (GemmaConfig(**SHAPE, head_dim=8), "its architecture, gemma, is not one that the fast path knows"),
        )
    ),
]


@pytest.mark.parametrize(("config", "scoring", "decoding"), REFUSED)
def test_a_refused_model_has_a_reason_for_each_use(
    tmp_path: Path, config: Any, scoring: str | None, decoding: str
) -> None:
    assert support_of(loaded(tmp_path, config).hf_model, None) == Support(scoring, decoding)


@pytest.mark.parametrize("name", ["gemma", "gemma3", "mistral with a window", "qwen3 with windows in some layers"])
def test_a_cuda_device_takes_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    model = loaded(tmp_path, CONFIGS[name]).hf_model
    assert support_of(model, None).decoding is not None
    monkeypatch.setattr("engine.llama.support._on_cuda", lambda model: True)  # noqa: ARG005
    assert support_of(model, None) == FULL
    model.config.final_logit_softcapping = 30.0
    assert support_of(model, None).scoring == "it caps its logits"


def test_scoring_needs_llama_s_activation_and_decoding_does_not(tmp_path: Path) -> None:
    base = loaded(tmp_path, tiny_config(hidden_act="gelu"))
    assert support_of(base.hf_model, None) == Support("its activation is gelu", None)


@pytest.mark.parametrize(
    ("special", "reason"),
    [
        ({"use_dora": True}, VARIANT),
        ({"lora_bias": True}, VARIANT),
        ({"modules_to_save": ["lm_head"]}, ELSEWHERE),
        ({"target_modules": ["lm_head"]}, ELSEWHERE),
        ({"target_modules": ["embed_tokens"]}, ELSEWHERE),
    ],
)
@pytest.mark.filterwarnings("ignore")  # PEFT warns of tied weights
def test_adapters_of_other_kinds_are_refused_for_both(tmp_path: Path, special: dict[str, object], reason: str) -> None:
    base = loaded(tmp_path, tiny_config(tie_word_embeddings=False))
    settings: dict[str, object] = {"r": 4, "target_modules": ["q_proj"], "task_type": "CAUSAL_LM", **special}
    PeftModel(base.hf_model, LoraConfig(**settings), adapter_name="a1")
    assert support_of(base.hf_model, "a1") == Support(reason, reason)
    assert support_of(base.hf_model, None) == FULL
