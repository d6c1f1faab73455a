"""Tokens and the boundary between prompt and completion, with every byte one token."""

import dataclasses

import pytest

from engine.chat import EncodedPair, LeftOut, encode_pair, encode_prompt
from engine.config import TrainConfig
from engine.preference import Message, PreferencePair
from tests.tiny import tiny_tokenizer

IM_START, IM_END = 1, 2
PROMPT = (Message(role="user", content="hi"),)
CONFIG = TrainConfig()


def _encoded(pair: PreferencePair, config: TrainConfig = CONFIG, chat: bool = True) -> EncodedPair:
    result = encode_pair(tiny_tokenizer(chat=chat), pair, config)
    assert isinstance(result, EncodedPair)
    return result


def _reason(pair: PreferencePair, config: TrainConfig) -> str:
    result = encode_pair(tiny_tokenizer(), pair, config)
    assert isinstance(result, LeftOut)
    assert result.key == pair.key
    return result.reason


def test_a_chat_prompt_ends_with_the_opening_of_an_answer() -> None:
    tokenizer = tiny_tokenizer()
    ids = encode_prompt(tokenizer, PROMPT)
    assert tokenizer.decode(ids) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert len(ids) == 1 + 4 + 1 + 2 + 1 + 1 + 1 + 9 + 1  # one token for each special token and each byte
    theirs = tokenizer.apply_chat_template([dict(m) for m in PROMPT], add_generation_prompt=True, return_dict=True)
    assert ids == theirs["input_ids"]


def test_completions_hold_the_answer_its_end_of_turn_and_the_newline_behind_it() -> None:
    tokenizer = tiny_tokenizer()
    pair = _encoded(PreferencePair("1", PROMPT, "yes", "no"))
    assert list(pair.prompt_ids) == encode_prompt(tokenizer, PROMPT)
    assert tokenizer.decode(pair.chosen_ids) == "yes<|im_end|>\n"
    assert tokenizer.decode(pair.rejected_ids) == "no<|im_end|>\n"
    assert pair.tokens == 2 * 21 + 5 + 4
    assert pair.moved == ""
    assert not pair.shortened


def test_a_cut_answer_is_scored_without_its_end_unless_asked_for() -> None:
    tokenizer = tiny_tokenizer()
    cut = PreferencePair("1", PROMPT, "yes and", "no", chosen_cut=True)
    pair = _encoded(cut)
    assert tokenizer.decode(pair.chosen_ids) == "yes and"
    assert tokenizer.decode(pair.rejected_ids) == "no<|im_end|>\n"
    assert tokenizer.decode(_encoded(cut, TrainConfig(cut="as-trl")).chosen_ids) == "yes and<|im_end|>\n"
    assert "cut" in _reason(cut, TrainConfig(cut="leave-out"))


THINKING = """{%- for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}
{%- if m.role == 'assistant' and '</think>' not in m.content %}{{ '<think>\n\n</think>\n\n' }}{% endif %}
{{- m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"""
"""Writes an empty block of thoughts before an answer without one, as Qwen3's does."""


def test_an_answer_that_was_cut_in_its_thoughts_stands_as_it_was_written() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = THINKING
    whole = "<think>\nok\n</think>\n\nHello"
    pair = encode_pair(tokenizer, PreferencePair("1", PROMPT, "<think>\nLet me", whole, chosen_cut=True), CONFIG)
    assert isinstance(pair, EncodedPair)
    assert tokenizer.decode(pair.chosen_ids) == "<think>\nLet me"
    assert tokenizer.decode(pair.rejected_ids) == whole + "<|im_end|>\n"
    assert list(pair.prompt_ids) == encode_prompt(tokenizer, PROMPT)


def test_plain_text_gets_one_end_and_a_cut_answer_none() -> None:
    tokenizer = tiny_tokenizer(chat=False)
    prompt = (Message(role="system", content="be kind"), Message(role="user", content="hi "))
    pair = _encoded(PreferencePair("1", prompt, "yes", "no<|im_end|>"), chat=False)
    assert tokenizer.decode(pair.prompt_ids) == "be kind\n\nhi "
    assert tokenizer.decode(pair.chosen_ids) == "yes<|im_end|>"
    assert tokenizer.decode(pair.rejected_ids) == "no<|im_end|>"
    cut = _encoded(PreferencePair("1", prompt, "yes", "no", rejected_cut=True), chat=False)
    assert tokenizer.decode(cut.rejected_ids) == "no"


def test_a_merge_across_the_boundary_moves_the_prompts_end_and_says_so() -> None:
    tokenizer = tiny_tokenizer(chat=False, merges=(("a", "b"),))
    pair = encode_pair(tokenizer, PreferencePair("1", (Message(role="user", content="xa"),), "bc", "d"), CONFIG)
    assert isinstance(pair, EncodedPair)
    assert tokenizer.decode(pair.prompt_ids) == "x"
    assert tokenizer.decode(pair.chosen_ids) == "abc<|im_end|>"
    assert tokenizer.decode(pair.rejected_ids) == "ad<|im_end|>"
    assert pair.moved == "a"


@pytest.mark.parametrize(("max_length", "kept"), [(26, 5), (25, 4), (22, 1)])
def test_too_long_is_cut_only_when_asked(max_length: int, kept: int) -> None:
    pair = PreferencePair("1", PROMPT, "yes", "no")  # 21 prompt tokens, 5 and 4 of the answers
    config = TrainConfig(max_length=max_length, truncation="cut")
    shortened = _encoded(pair, config)
    assert len(shortened.chosen_ids) == kept
    assert len(shortened.rejected_ids) == min(kept, 4)
    assert shortened.shortened == (kept < 5)
    if kept < 5:
        assert "26 tokens" in _reason(pair, dataclasses.replace(config, truncation="leave-out"))


def test_what_cannot_be_scored_is_left_out_with_its_reason() -> None:
    pair = PreferencePair("1", PROMPT, "yes", "no")
    assert "21 tokens of 21" in _reason(pair, TrainConfig(max_length=21, truncation="cut"))
    same = PreferencePair("1", PROMPT, "yes", "yes")
    assert _reason(same, CONFIG) == "both answers are the same"
    alike = PreferencePair("1", PROMPT, "yes", "yet")
    assert "after cutting" in _reason(alike, TrainConfig(max_length=23, truncation="cut"))
    empty = PreferencePair("1", PROMPT, "", "no", chosen_cut=True)
    assert _reason(empty, CONFIG) == "an answer is empty"


def test_special_tokens_in_an_answer_do_not_shift_the_masks() -> None:
    pair = _encoded(PreferencePair("1", PROMPT, "a<|im_end|>b", "no"))
    assert pair.chosen_ids.count(IM_END) == 2
    assert pair.prompt_ids.count(IM_START) == 2
