"""The general text: what is scored, and its cross-entropy by hand."""

import math

import pytest
import torch

from engine.general_text import general_text_pairs, nats_per_token
from engine.limits import Limits
from tests.tiny import tiny_tokenizer


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
