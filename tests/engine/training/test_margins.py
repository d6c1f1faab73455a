"""Margins of pairs that nobody judged: what a run would log as rewards/margins."""

from pathlib import Path

import pytest
import torch

from engine.config import TrainConfig
from engine.events import StepDone
from engine.model import BaseModel, load_base
from engine.preference import PreferencePair
from engine.train import train_dpo
from engine.training.margins import score_margins
from tests.tiny import save_tiny

CONFIG = TrainConfig(
    epochs=3, batch_size=2, lora_r=4, lora_alpha=8, lora_dropout=0.0, eval_share=0.0, learning_rate=1e-2
)
PAIRS = [
    PreferencePair(str(place), ({"role": "user", "content": f"Question {place}?"},), f"Yes, {place}.", "No, never.")
    for place in range(2)
]


@pytest.fixture
def base(tmp_path: Path) -> BaseModel:
    folder = save_tiny(tmp_path / "model")
    return load_base(str(folder), source=str(folder), dtype="float32", device="cpu")


def test_an_adapter_that_learned_nothing_is_not_sure_of_anything(base: BaseModel) -> None:
    base.create_adapter("af12e5", CONFIG)
    scored = list(score_margins(base, PAIRS, adapter="af12e5", config=CONFIG))
    assert [(each.key, each.margin) for each in scored] == [("0", 0.0), ("1", 0.0)]


def test_what_was_learned_shows_and_is_what_the_model_says(base: BaseModel, tmp_path: Path) -> None:
    steps = [
        each
        for each in train_dpo(base, PAIRS, CONFIG, adapter="a7a0d7", folder=tmp_path / "taught")
        if isinstance(each, StepDone)
    ]
    assert steps[-1].metrics["rewards/margins"] > 0
    margins = {each.key: each.margin for each in score_margins(base, PAIRS, adapter="a7a0d7", config=CONFIG)}
    swapped = [PreferencePair(each.key, each.prompt, each.rejected, each.chosen) for each in PAIRS]
    for each in score_margins(base, swapped, adapter="a7a0d7", config=CONFIG):
        assert each.margin == pytest.approx(-margins[each.key], abs=1e-6)
    assert all(margin > 0 for margin in margins.values())
    assert margins["0"] == pytest.approx(by_hand(base, PAIRS[0], "a7a0d7"), abs=1e-5)


def by_hand(base: BaseModel, pair: PreferencePair, adapter: str) -> float:
    """β·(policy − reference) of chosen minus that of rejected, from whole logits, token by token."""
    prompt = base.tokenizer.apply_chat_template(list(pair.prompt), tokenize=False, add_generation_prompt=True)
    start = len(base.tokenizer(prompt, add_special_tokens=False)["input_ids"])
    total = 0.0
    for policy, sign in ((adapter, 1), (None, -1)):
        for answer, side in ((pair.chosen, 1), (pair.rejected, -1)):
            text = f"{prompt}{answer}<|im_end|>\n"
            ids = torch.tensor([base.tokenizer(text, add_special_tokens=False)["input_ids"]])
            with torch.no_grad(), base.policy(policy):
                log_probs = base.model(input_ids=ids).logits[0].log_softmax(-1)
            total += sign * side * sum(float(log_probs[i - 1, ids[0, i]]) for i in range(start, ids.shape[1]))
    return CONFIG.beta * total


def test_a_pair_that_a_run_leaves_out_gets_no_margin(base: BaseModel) -> None:
    base.create_adapter("af12e5", CONFIG)
    long = PreferencePair("long", PAIRS[0].prompt, "word " * 400, "No.")
    scored = list(score_margins(base, [long, PAIRS[0]], adapter="af12e5", config=CONFIG))
    assert [each.key for each in scored] == ["0"]
