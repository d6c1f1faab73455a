"""Thoughts before an answer: told apart, turned on and off, written in channels, and trained on as a person chooses."""

import dataclasses
from typing import Any

import pytest

from engine.chat import EncodedPair, LeftOut, encode_pair, encode_prompt
from engine.config import SamplingConfig, TrainConfig
from engine.events import CompletionDone
from engine.generate import generate
from engine.model import BaseModel, load_base
from engine.preference import PreferencePair, pairs_fingerprint
from engine.preparation import pairs_digest, prepare_pairs
from engine.requests import GenerationRequest
from engine.thoughts import from_channels, may_think, split_thoughts, to_channels, without_thoughts
from tests.engine.test_model import HARMONY
from tests.tiny import CHAT_TEMPLATE, save_tiny, tiny_tokenizer

SWITCHED = (
    CHAT_TEMPLATE.removesuffix("{% endif %}")
    + "{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    + "{% endif %}"
)
PROMPT = ({"role": "user", "content": "Why?"},)
THINKING = "<think>\nIt is late.\n</think>\n\nSoon."


def tokenizer_with(template: str) -> Any:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = template
    return tokenizer


@pytest.fixture(scope="module")
def thinking_base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    folder = save_tiny(tmp_path_factory.mktemp("thinking"))
    tokenizer_with(SWITCHED).save_pretrained(folder)
    return load_base(str(folder), source="tiny", dtype="float32", device="cpu")


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        (THINKING, "It is late.", "Soon."),
        ("It is late.\n</think>\n\nSoon.", "It is late.", "Soon."),  # the template began the thoughts
        ("<think>\nIt is l", "It is l", ""),  # the limit ended it
        ("<think>\n\n</think>\n\nSoon.", "", "Soon."),
        ("[THINK]a[/THINK]b", "a", "b"),
        ("Soon.", None, "Soon."),
    ],
)
def test_thoughts_are_told_from_the_answer(text: str, thoughts: str | None, answer: str) -> None:
    assert split_thoughts(text) == (thoughts, answer)


def test_the_template_s_switch_is_set_for_generation_and_for_training() -> None:
    tokenizer = tokenizer_with(SWITCHED)
    closed = tokenizer("<think>\n\n</think>\n\n", add_special_tokens=False)["input_ids"]
    assert encode_prompt(tokenizer, PROMPT, "off") == encode_prompt(tokenizer, PROMPT) + closed
    assert encode_prompt(tokenizer, PROMPT, "on") == encode_prompt(tokenizer, PROMPT)
    pair = PreferencePair("1", PROMPT, "Soon.", "Late.", thinking="off")
    encoded = encode_pair(tokenizer, pair, TrainConfig())
    assert isinstance(encoded, EncodedPair)
    assert list(encoded.prompt_ids) == encode_prompt(tokenizer, PROMPT, "off")
    assert tokenizer.decode(encoded.chosen_ids) == "Soon.<|im_end|>\n"


def test_only_an_answer_that_may_think_gets_the_longer_limit(thinking_base: BaseModel) -> None:
    assert may_think(thinking_base.tokenizer, "template")
    assert not may_think(thinking_base.tokenizer, "off")
    assert not may_think(tiny_tokenizer(), "on")
    thinking_base.stop_ids = frozenset()
    for thinking, tokens in (("template", 30), ("on", 30), ("off", 6)):
        sampling = SamplingConfig(max_new_tokens=6, thinking_tokens=30, thinking=thinking)
        events = list(generate(thinking_base, [GenerationRequest("1", PROMPT, 1)], sampling))
        assert [event.tokens for event in events if isinstance(event, CompletionDone)] == [tokens]


def test_a_person_chooses_whether_thoughts_are_trained_on_and_is_told_which() -> None:
    tokenizer = tokenizer_with(SWITCHED)
    pairs = [PreferencePair(str(key), PROMPT, THINKING, f"Late {key}.") for key in range(2)]
    texts = {}
    for thoughts in ("with", "without"):
        prepared = prepare_pairs(tokenizer, pairs, TrainConfig(thoughts=thoughts, eval_share=0.0))
        texts[thoughts] = tokenizer.decode(prepared.train[0].chosen_ids)
        assert f"--thoughts {thoughts}" in "".join(notice.text for notice in prepared.notices())
    assert texts == {"with": THINKING + "<|im_end|>\n", "without": "Soon.<|im_end|>\n"}
    plain = [dataclasses.replace(pair, chosen="Soon.") for pair in pairs]
    assert not prepare_pairs(tokenizer, plain, TrainConfig(eval_share=0.0)).thoughts


def test_an_answer_that_ended_inside_its_thoughts_leaves_nothing_to_train_on_without_them() -> None:
    pair = PreferencePair("1", PROMPT, "<think>\nIt is l", "Late.", chosen_cut=True)
    left_out = encode_pair(tokenizer_with(SWITCHED), pair, TrainConfig(thoughts="without"))
    assert left_out == LeftOut("1", "an answer is empty")


def test_settings_of_thoughts_at_their_defaults_change_no_record_of_before() -> None:
    """A prompt that was answered before these settings existed is not asked again, and fingerprints stay."""
    assert "thinking" not in str(SamplingConfig().record())
    assert SamplingConfig(thinking="off").record()["thinking"] == "off"
    pair = PreferencePair("1", PROMPT, "a", "b")
    assert pairs_fingerprint([pair]) == "3fe993ee9d17c9ddf2ff5443b4ae67dd74b7b6d021c375f08713693c0a66da1f"
    assert pairs_digest([pair]) != pairs_digest([dataclasses.replace(pair, thinking="off")])


def test_a_turn_in_channels_is_one_text_and_becomes_the_same_turn_again() -> None:
    turn = "<|channel|>analysis<|message|>It is late.<|end|><|start|>assistant<|channel|>final<|message|>Soon."
    assert from_channels(turn + "<|return|>") == THINKING
    assert to_channels(THINKING) == turn
    assert from_channels("<|channel|>analysis<|message|>It is l") == "<think>\nIt is l"
    assert from_channels("<|channel|>final<|message|>Soon.") == "Soon."
    assert without_thoughts(from_channels(turn)) == "Soon."


def test_what_is_trained_of_channels_is_what_the_model_wrote() -> None:
    tokenizer = tokenizer_with(HARMONY)
    names = ["<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": names})
    pair = PreferencePair("1", PROMPT, THINKING, "Late.")
    encoded = encode_pair(tokenizer, pair, TrainConfig())
    assert isinstance(encoded, EncodedPair)
    assert encoded.rewriting is None
    assert tokenizer.decode(encoded.chosen_ids) == to_channels(THINKING) + "<|return|>"
    assert tokenizer.decode(encoded.rejected_ids) == "<|channel|>final<|message|>Late.<|return|>"
