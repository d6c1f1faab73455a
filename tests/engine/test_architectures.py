"""Gemma- and GPT-2-shaped models by the plain method: the numbers of one sequence alone, windows and caps included."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, Gemma2Config, Gemma3TextConfig, GemmaConfig, GPT2Config

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.events import AdapterSaved, StepDone
from engine.logps import score_pair
from engine.model import BaseModel, load_base
from engine.train import train_dpo
from engine.training.learner import adapter_parameters
from engine.training.scorer import choose_scorer
from tests.engine.llama.test_scoring import SHAPE
from tests.engine.test_train import pairs
from tests.tiny import VOCABULARY, save_tiny

WINDOW = 8
GEMMA: dict[str, Any] = {**SHAPE, "head_dim": 8, "max_position_embeddings": 512}
CONFIGS: dict[str, Any] = {
    "gemma": GemmaConfig(**GEMMA),
    "gemma2": Gemma2Config(
        **GEMMA, sliding_window=WINDOW, query_pre_attn_scalar=8, final_logit_softcapping=3.0, attn_logit_softcapping=5.0
    ),
    "gemma3": Gemma3TextConfig(
        **GEMMA, sliding_window=WINDOW, query_pre_attn_scalar=8, layer_types=["sliding_attention", "full_attention"]
    ),
    "gpt2": GPT2Config(
        vocab_size=VOCABULARY,
        n_embd=32,
        n_layer=2,
        n_head=4,
        n_positions=512,
        initializer_range=0.2,
        bos_token_id=1,
        eos_token_id=2,
    ),
}
PAIR = EncodedPair("1", tuple(range(40, 60)), tuple(range(60, 75)), tuple(range(90, 97)))
CONFIG = TrainConfig(lora_dropout=0.0, eval_share=0.0, learning_rate=1e-3, epochs=2, batch_size=2)


def _base(folder: Path, name: str) -> BaseModel:
    base = load_base(str(save_tiny(folder, config=CONFIGS[name])), source="tiny", dtype="float32", device="cpu")
    base.create_adapter("a1", CONFIG)
    with torch.no_grad():
        for value in adapter_parameters(base.model, "a1").values():
            value.normal_(std=0.1)
    return base


def _by_rows(model: Any, pair: EncodedPair) -> torch.Tensor:
    """The log-probabilities as TRL has them: the logits of each whole sequence, gathered behind the prompt."""
    found = []
    for answer in (pair.chosen_ids, pair.rejected_ids):
        ids = torch.tensor([pair.prompt_ids + answer])
        log_probs = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float().log_softmax(-1)[0, :-1]
        found.append(log_probs.gather(-1, ids[0, 1:, None])[len(pair.prompt_ids) - 1 :, 0].sum())
    return torch.stack(found)


def _gradients(base: BaseModel, logps: torch.Tensor) -> dict[str, torch.Tensor]:
    base.model.zero_grad()
    (logps[0] - 0.5 * logps[1]).backward()
    found = {name: value.grad for name, value in adapter_parameters(base.model, "a1").items()}
    return {name: gradient.clone() for name, gradient in found.items() if gradient is not None}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_plain_method_gives_the_numbers_of_each_sequence_alone(tmp_path: Path, name: str) -> None:
    base = _base(tmp_path, name)
    with base.policy("a1", training=True):
        base.model.eval()
        expected = _by_rows(base.model, PAIR)
        gradients = _gradients(base, expected)
        for checkpointing in (False, True):
            own = score_pair(base.model, PAIR, "cpu", checkpointing=checkpointing).logps
            torch.testing.assert_close(own, expected, rtol=1e-5, atol=1e-4)
            found = _gradients(base, own)
            assert found.keys() == gradients.keys()
            for key, value in gradients.items():
                assert (found[key] - value).norm() <= 5e-4 * value.norm(), key


@pytest.mark.parametrize("name", ["gemma2", "gemma3"])
def test_the_window_counts(tmp_path: Path, name: str) -> None:
    """Prompt and answer are longer than the window, and a wider one gives other numbers."""
    base = _base(tmp_path, name)
    with torch.no_grad(), base.policy(None):
        narrow = score_pair(base.model, PAIR, "cpu").logps
    wide = AutoModelForCausalLM.from_pretrained(base.location, sliding_window=64).eval()
    with torch.no_grad():
        assert (score_pair(wide, PAIR, "cpu").logps - narrow).abs().max() > 0.1


@pytest.mark.parametrize("name", CONFIGS)
def test_a_run_takes_the_plain_method_says_why_and_learns(tmp_path: Path, name: str) -> None:
    base = _base(tmp_path / "model", name)
    assert choose_scorer(base, ["a1"], PAIR, 10, "auto").why == (
        "Pairs are scored by the plain, slower method: its architecture, "
        f"{base.hf_model.config.model_type}, is not one that the fast path knows."
    )
    events = list(train_dpo(base, pairs(4), CONFIG, adapter="a2", folder=tmp_path / "adapter"))
    losses = [event.metrics["loss"] for event in events if isinstance(event, StepDone)]
    assert losses[0] == pytest.approx(0.693147, abs=1e-5)
    assert losses[-1] < losses[0]
    assert any(isinstance(event, AdapterSaved) for event in events)
