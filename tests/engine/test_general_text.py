"""The general text: what is scored, and its cross-entropy by hand."""

import math
from pathlib import Path

import pytest
import torch

from engine.events import GeneralTextScored, Notice, StepDone
from engine.general_text import forgotten_words, general_text_pairs, nats_per_token
from engine.limits import Limits
from engine.model import BaseModel, load_base
from engine.train import train_dpo
from tests.engine.test_train import CONFIG, of_kind, pairs
from tests.tiny import save_tiny, tiny_tokenizer


def test_every_paragraph_is_scored_behind_one_token() -> None:
    found = general_text_pairs(tiny_tokenizer())
    assert len(found) == 5
    assert {len(each) for pair in found for each in (pair.chosen_ids, pair.rejected_ids)} == {255}
    assert {pair.prompt_ids for pair in found} == {(1,)}
    assert tiny_tokenizer().decode(found[0].chosen_ids).startswith("The market opens before the sun")


def test_a_paragraph_is_cut_where_the_model_reads_less() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.palate_limits = Limits(length=64)
    assert len(general_text_pairs(tokenizer)[0].chosen_ids) == 63


def test_nats_a_token_by_hand() -> None:
    """Half a chance for each of 2,550 tokens is ln 2 a token."""
    pairs = general_text_pairs(tiny_tokenizer())
    logps = [torch.tensor([-255 * math.log(2)] * 2) for _ in pairs]
    assert nats_per_token(logps, pairs) == pytest.approx(math.log(2))


def test_what_was_forgotten_in_words() -> None:
    assert forgotten_words(3.1, 3.15) == (
        "General text: 3.100 nats a token before the run, 3.150 after it (+0.050); the run made a token of it 4.9% "
        "less likely."
    )
    assert "63.2% less likely" in forgotten_words(2.0, 3.0)
    assert forgotten_words(3.1, 3.09).endswith("(-0.010); nothing was forgotten that it shows.")


def test_a_run_scores_it_before_and_after_and_keeps_the_first_figure_over_a_resume(tmp_path: Path) -> None:
    base = load_base(str(save_tiny(tmp_path / "model")), source="tiny", dtype="float32", device="cpu")
    place = {"adapter": "a1", "folder": tmp_path / "whole"}
    whole = list(train_dpo(base, pairs(4), CONFIG, **place))  # type: ignore[arg-type]
    before, after = of_kind(whole, GeneralTextScored)
    assert (before.step, after.step) == (0, 4)
    assert before.nats_per_token == pytest.approx(plain_nats(base, None), abs=1e-5)
    assert after.nats_per_token == pytest.approx(plain_nats(base, "a1"), abs=1e-5)
    assert before.nats_per_token != after.nats_per_token
    base.unload_adapter("a1")
    killed = {"adapter": "a1", "folder": tmp_path / "killed", "checkpoint_folder": tmp_path / "c"}
    events = train_dpo(base, pairs(4), CONFIG, **killed, checkpoint_now=lambda: True)  # type: ignore[arg-type]
    while not isinstance(next(events), StepDone):
        pass
    next(events), next(events)
    events.close()
    resumed = list(train_dpo(base, pairs(4), CONFIG, **killed, resume=True))  # type: ignore[arg-type]
    assert of_kind(resumed, GeneralTextScored) == [after]
    words = forgotten_words(before.nats_per_token, after.nats_per_token)
    assert [each.text for each in of_kind(resumed, Notice) if "General text" in each.text] == [words]


def plain_nats(base: BaseModel, policy: str | None) -> float:
    """By transformers' own forward pass, a paragraph at a time."""
    total, tokens = 0.0, 0
    for pair in general_text_pairs(base.tokenizer):
        for ids in (pair.chosen_ids, pair.rejected_ids):
            row = torch.tensor([[*pair.prompt_ids, *ids]])
            with torch.no_grad(), base.policy(policy):
                log_probs = base.model(input_ids=row).logits[0, :-1].log_softmax(-1)
            total -= float(log_probs.gather(-1, row[0, 1:, None]).sum())
            tokens += len(ids)
    return total / tokens
