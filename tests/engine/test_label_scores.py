"""The labels of a judge that is the model here: their scores are the model's own."""

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig

from engine.label_scores import LabelScorer
from engine.limits import Limits
from engine.model import BaseModel, load_base
from engine.parts import text_body
from tests.tiny import save_tiny, tiny_config

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


QUESTIONS = [({"role": "user", "content": f"A rubric of some length.\n\nIs {each} better?"},) for each in "ab"]


@pytest.mark.parametrize("window", [None, 8], ids=["full", "sliding"])
def test_what_questions_have_in_common_is_read_once_and_the_scores_stay(tmp_path: Path, window: int | None) -> None:
    shape = tiny_config(initializer_range=0.2).to_dict() | {"model_type": "mistral", "sliding_window": window}
    folder = save_tiny(tmp_path, config=None if window is None else AutoConfig.for_model(**shape))
    base = load_base(str(folder), source="tiny", dtype="float32", device="cpu")
    alone = [LabelScorer(base, None, LABELS).score(each) for each in QUESTIONS]
    widths: list[int] = []
    body = text_body(base.hf_model)
    body.register_forward_pre_hook(lambda _, __, given: widths.append(given["input_ids"].shape[1]), with_kwargs=True)
    scorer = LabelScorer(base, None, LABELS)
    for messages, expected in zip(QUESTIONS, alone, strict=True):
        assert scorer.score(messages) == pytest.approx(expected, abs=1e-5)
    first, _, second, _ = widths  # the output layer is asked through the model, with one token
    assert (second < first / 2) == (window is None)
    scorer.read.take([])  # an error while the cache grows leaves none behind
    assert scorer.score(QUESTIONS[0]) == pytest.approx(alone[0], abs=1e-5)
