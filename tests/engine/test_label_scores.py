"""The labels of a judge that is the model here: their scores are the model's own."""

import pytest
import torch

from engine.label_scores import LabelScorer
from engine.limits import Limits
from engine.model import BaseModel, load_base
from tests.tiny import save_tiny

LABELS = ("1", "2", "0")
ASKED = ({"role": "user", "content": "Which answer: 1, 2 or 0?"},)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return load_base(str(save_tiny(tmp_path_factory.mktemp("model"))), source="tiny", dtype="float32", device="cpu")


def test_they_are_the_log_probabilities_of_the_next_token(base: BaseModel) -> None:
    found = LabelScorer(base, None, LABELS).score(ASKED)
    text = base.tokenizer.apply_chat_template(list(ASKED), tokenize=False, add_generation_prompt=True)
    prompt, *whole = (base.tokenizer(text + each, add_special_tokens=False)["input_ids"] for each in ("", *LABELS))
    assert all(ids[: len(prompt)] == prompt for ids in whole)
    with torch.no_grad():
        logps = base.hf_model(torch.tensor([prompt])).logits[0, -1].float().log_softmax(-1)
    assert found == {
        label: pytest.approx(float(logps[ids[len(prompt)]]), abs=1e-5) for label, ids in zip(LABELS, whole, strict=True)
    }


def test_a_question_that_is_longer_than_the_model_reads_has_no_scores(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.label_scores.limits_of", lambda _: Limits(None, 3))
    assert LabelScorer(base, None, LABELS).score(ASKED) is None
