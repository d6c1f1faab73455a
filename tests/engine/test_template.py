"""Chat templates that refuse, rewrite and read the clock, with every byte one token."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.chat import EncodedPair, LeftOut, encode_pair, encode_prompt
from engine.config import TrainConfig
from engine.errors import ModelError, PairsError, TemplateRefused
from engine.estimates.preflight import preflight
from engine.model import load_base
from engine.preference import Message, PreferencePair
from engine.preparation import prepare_pairs
from engine.stops import stop_ids_of
from tests.tiny import save_tiny, tiny_model, tiny_tokenizer
from tui.training.preflight_format import preflight_warnings, preflight_words

TURN = "{{ '<|im_start|>' + m['role'] + '\n' + CONTENT + '<|im_end|>\n' }}"
OPEN = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\nBEGIN' }}{% endif %}"


def template(content: str = "m['content']", *, before: str = "", begin: str = "") -> str:
    """A chat template in SmolLM2's form, whose turns hold `content`."""
    turns = "{% for m in messages %}" + TURN.replace("CONTENT", f"({content})") + "{% endfor %}"
    return before + turns + OPEN.replace("BEGIN", begin)


ALTERNATE = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/…') }}{% endif %}{% endfor %}"
)
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
TRIM = template("m['content'] | trim")
NO_THOUGHTS = template("(m['content'].split('</think>')[-1] | trim if m['role'] == 'assistant' else m['content'])")
OPENS_THOUGHTS = NO_THOUGHTS.replace("assistant\n' }}", "assistant\n<think>\n' }}")
NOW = "{{ '<|im_start|>system\nToday: ' + strftime_now('%d %b %Y %H:%M:%S.%f') + '<|im_end|>\n' }}"

USER = Message(role="user", content="hi")
SYSTEM = Message(role="system", content="be brief")
GREETING = Message(role="assistant", content="welcome")
CONFIG = TrainConfig(eval_share=0.0)


def tokenizer_with(chat_template: str) -> Any:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = chat_template
    return tokenizer


def encoded(
    chat_template: str, chosen: str, rejected: str = "no", **cut: bool
) -> tuple[EncodedPair, Callable[..., str]]:
    tokenizer = tokenizer_with(chat_template)
    pair = encode_pair(tokenizer, PreferencePair("7", (USER,), chosen, rejected, **cut), CONFIG)
    assert isinstance(pair, EncodedPair)
    assert list(pair.prompt_ids) == encode_prompt(tokenizer, [USER])
    return pair, tokenizer.decode


# -- what is trained is what was judged --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chat_template", "chosen", "verb"),
    [
        (TRIM, "\n  yes ", "trims"),
        (NO_THOUGHTS, "<think>hm</think>yes", "drops the thoughts of"),
        (template("m['content'] | replace('yes', 'no')"), "yes", "rewrites"),
        (
            template("'<think>\n\n</think>\n\n' + m['content'] if m['role'] == 'assistant' else m['content']"),
            "yes",
            "adds to",
        ),
        (template("m['content'] | upper"), "yes", None),
    ],
)
def test_the_judged_text_is_trained_on_whatever_a_template_makes_of_it(
    chat_template: str, chosen: str, verb: str | None
) -> None:
    if verb is None:  # an end of turn cannot be found where every text is changed
        refused = encode_pair(tokenizer_with(chat_template), PreferencePair("7", (USER,), chosen, "no"), CONFIG)
        assert isinstance(refused, LeftOut)
        assert "its end of a turn cannot be found" in refused.reason
        return
    pair, decode = encoded(chat_template, chosen)
    assert decode(pair.chosen_ids) == chosen + "<|im_end|>\n"
    assert decode(pair.rejected_ids) == "no<|im_end|>\n"
    assert pair.rewriting is not None
    assert (pair.rewriting.verb, pair.rewriting.judged) == (verb, chosen)


def test_an_answer_that_the_template_keeps_is_what_the_template_writes() -> None:
    pair, decode = encoded(TRIM, "yes")
    assert pair.rewriting is None
    assert decode(pair.chosen_ids) == "yes<|im_end|>\n"


def test_thoughts_that_the_opening_begins_are_not_begun_twice() -> None:
    pair, decode = encoded(OPENS_THOUGHTS, "<think>\nhm</think>yes", "ha</think>no")
    assert decode(pair.prompt_ids).endswith("assistant\n<think>\n")
    assert decode(pair.chosen_ids) == "hm</think>yes<|im_end|>\n"
    assert decode(pair.rejected_ids) == "ha</think>no<|im_end|>\n"
    cut, decode = encoded(OPENS_THOUGHTS, "<think>hm and", "ha</think>no", chosen_cut=True)
    assert decode(cut.chosen_ids) == "hm and"


def test_an_answer_without_the_thoughts_that_the_opening_begins_is_written_by_the_template() -> None:
    tokenizer = tokenizer_with(OPENS_THOUGHTS)
    pair = encode_pair(tokenizer, PreferencePair("7", (USER,), "yes", "no"), CONFIG)
    assert isinstance(pair, EncodedPair)
    assert "<think>" not in tokenizer.decode(pair.prompt_ids + pair.chosen_ids)
    assert tokenizer.decode(pair.chosen_ids) == "yes<|im_end|>\n"
    assert pair.moved == ""


WITHOUT = TrainConfig(eval_share=0.0, thoughts="without")


@pytest.mark.parametrize("cut", [("rejected",), ("chosen",), ("chosen", "rejected")])
def test_a_cut_answer_is_trained_on_without_its_thoughts_and_without_their_opening(cut: tuple[str, ...]) -> None:
    tokenizer = tokenizer_with(OPENS_THOUGHTS)
    given = PreferencePair("7", (USER,), "hm</think>\n\nGood", "<think>\nha</think>Long bad")
    given = dataclasses.replace(given, **{f"{name}_cut": True for name in cut})
    pair = encode_pair(tokenizer, given, WITHOUT)
    assert isinstance(pair, EncodedPair)
    assert tokenizer.decode(pair.prompt_ids).endswith("<|im_start|>assistant\n")
    ends = {name: "" if name in cut else "<|im_end|>\n" for name in ("chosen", "rejected")}
    assert tokenizer.decode(pair.chosen_ids) == "Good" + ends["chosen"]
    assert tokenizer.decode(pair.rejected_ids) == "Long bad" + ends["rejected"]
    assert (pair.moved, pair.rewriting) == ("", None)


@pytest.mark.parametrize(
    "inside", ["<think>\nhm and", "hm and"]
)  # the second as the model writes it behind the opening
def test_an_answer_that_was_cut_inside_its_thoughts_leaves_nothing_without_them(inside: str) -> None:
    for other, cut in (("Good", False), ("ha</think>Good", True)):
        given = PreferencePair("7", (USER,), other, inside, chosen_cut=cut, rejected_cut=True)
        assert encode_pair(tokenizer_with(OPENS_THOUGHTS), given, WITHOUT) == LeftOut("7", "an answer is empty")


def test_where_the_template_writes_empty_thoughts_they_are_part_of_the_prompt() -> None:
    """As Qwen3's thinking models have it."""
    closed = "'<think>\n\n</think>\n\n' + m['content'] if m['role'] == 'assistant' else m['content']"
    tokenizer = tokenizer_with(template(closed, begin="<think>\n"))
    given = PreferencePair("7", (USER,), "hm</think>\n\nGood", "ha</think>Long bad", rejected_cut=True)
    pair = encode_pair(tokenizer, given, WITHOUT)
    assert isinstance(pair, EncodedPair)
    assert tokenizer.decode(pair.prompt_ids).endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert tokenizer.decode(pair.chosen_ids) == "Good<|im_end|>\n"
    assert tokenizer.decode(pair.rejected_ids) == "Long bad"
    inside = dataclasses.replace(given, rejected="ha")
    assert encode_pair(tokenizer, inside, WITHOUT) == LeftOut("7", "an answer is empty")


def test_a_cut_answer_whose_form_without_thoughts_cannot_be_found_is_left_out() -> None:
    hides = OPENS_THOUGHTS.replace("if m['role'] == 'assistant'", "| upper if m['role'] == 'assistant'")
    given = PreferencePair("7", (USER,), "hm</think>GOOD", "ha</think>BAD", chosen_cut=True, rejected_cut=True)
    left_out = encode_pair(tokenizer_with(hides), given, WITHOUT)
    assert isinstance(left_out, LeftOut)
    assert "how it writes an answer without them cannot be found" in left_out.reason


def test_an_answer_without_thoughts_that_the_template_would_trim_is_not_put_behind_their_opening() -> None:
    decode = tokenizer_with(OPENS_THOUGHTS).decode
    pair = encode_pair(tokenizer_with(OPENS_THOUGHTS), PreferencePair("7", (USER,), " yes\n", "no"), CONFIG)
    assert isinstance(pair, EncodedPair)
    assert decode(pair.prompt_ids).endswith("<|im_start|>assistant\n")
    assert decode(pair.chosen_ids) == " yes\n<|im_end|>\n"
    assert pair.rewriting is not None
    assert (pair.rewriting.verb, pair.rewriting.rendered) == ("trims", "yes")


def test_what_a_template_would_change_is_told_with_an_example_before_a_run_and_in_it() -> None:
    tokenizer = tokenizer_with(NO_THOUGHTS)
    pairs = [
        PreferencePair(str(place), (Message(role="user", content=f"q{place}"),), chosen, "no")
        for place, chosen in enumerate(["yes", "<think>hm</think>sure", "<think>ha</think>so"])
    ]
    expected = (
        "The chat template would change answers of 2 pairs; they are trained on as they were judged, with an end of "
        "turn. In pair 1 it drops the thoughts of “<think>hm</think>sure” and writes “sure”."
    )
    texts = [notice.text for notice in prepare_pairs(tokenizer, pairs, CONFIG).notices()]
    # The order of the split decides which pair is the example.
    assert [text for text in texts if text.startswith(expected.partition(" In pair")[0])]
    found = preflight(tokenizer, pairs, CONFIG)
    assert found.rewritten == 2
    assert found.rewriting in texts
    assert found.rewriting in list(preflight_words(found))
    assert found.rewriting in list(preflight_warnings(found))
    plain = preflight(tiny_tokenizer(), pairs, CONFIG)
    assert (plain.rewritten, plain.rewriting) == (0, None)


def test_a_clock_in_the_template_stands_still_within_a_pair() -> None:
    tokenizer = tokenizer_with(template(before=NOW))
    pair = encode_pair(tokenizer, PreferencePair("7", (USER,), "yes", "no"), CONFIG)
    assert isinstance(pair, EncodedPair)
    assert tokenizer.decode(pair.chosen_ids) == "yes<|im_end|>\n"
    assert (pair.moved, pair.rewriting) == ("", None)


def test_pairs_beyond_the_models_positions_are_left_out_with_a_count(tmp_path: Path) -> None:
    base = load_base(str(save_tiny(tmp_path)), source="tiny", dtype="float32", device="cpu")
    pairs = [
        PreferencePair(
            str(place), (Message(role="user", content=f"q{place}"),), "yes " * (200 * (place % 2)) + "y", "no"
        )
        for place in range(4)
    ]
    found = preflight(base.tokenizer, pairs, CONFIG)
    assert found.left_out == dict.fromkeys(
        "13", "prompt and answer have 824 tokens, more than the 512 that the model reads"
    )
    assert "2 pairs left out: 2 × prompt and answer have 824 tokens" in next(preflight_warnings(found))
    cut = preflight(base.tokenizer, pairs, TrainConfig(eval_share=0.0, truncation="cut"))
    assert (cut.left_out, cut.shortened, cut.longest) == ({}, 2, 512)


# -- templates that raise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chat_template", "prompt", "words", "act"),
    [
        (template(before=NO_SYSTEM), (SYSTEM, USER), "System role not supported", "Leave out the system prompt"),
        (template(before=ALTERNATE), (GREETING, USER), "Conversation roles must alternate", "take turns"),
        (template("m['content'] + nothing.here"), (USER,), "'nothing' is undefined", "Change the prompt"),
        (template("m['content'] | no_such_filter"), (USER,), "No filter named 'no_such_filter'", "Change the prompt"),
        (template("m['content'][0] + 1"), (USER,), "can only concatenate str", "Change the prompt"),
        (template(before="{{ 1 // 0 }}"), (USER,), "by zero", "Change the prompt"),
        ("{% if %}", (USER,), "Expected an expression", "Change the prompt"),
    ],
)
def test_a_template_that_raises_is_told_in_its_words(
    chat_template: str, prompt: tuple[Message, ...], words: str, act: str
) -> None:
    tokenizer = tokenizer_with(chat_template)
    with pytest.raises(TemplateRefused) as raised:
        encode_prompt(tokenizer, prompt)
    assert isinstance(raised.value, ModelError)
    assert words in str(raised.value)
    assert act in str(raised.value)
    pair = encode_pair(tokenizer, PreferencePair("7", prompt, "yes", "no"), CONFIG)
    assert isinstance(pair, LeftOut)
    assert pair.reason.startswith("the chat template refuses it: ")
    assert words in pair.reason


def test_pairs_that_a_template_refuses_are_left_out_and_the_others_trained_on() -> None:
    tokenizer = tokenizer_with(template(before=NO_SYSTEM))
    pairs = [
        PreferencePair(str(place), (SYSTEM, USER) if place % 2 else (USER,), f"yes {place}", "no") for place in range(6)
    ]
    prepared = prepare_pairs(tokenizer, pairs, CONFIG)
    assert {pair.key for pair in prepared.train} == {"0", "2", "4"}
    assert set(prepared.left_out.values()) == {"the chat template refuses it: System role not supported"}
    said = "3 pairs left out of this run: 3 × the chat template refuses it: System role not supported."
    assert said in [notice.text for notice in prepared.notices()]
    with pytest.raises(PairsError, match="System role not supported"):
        prepare_pairs(tokenizer, pairs[1::2], CONFIG)


def test_a_template_without_a_place_for_thoughts_is_no_fault_of_the_model() -> None:
    strict = "{% if messages[-1].thinking is defined %}{{ raise_exception('no thoughts') }}{% endif %}"
    assert stop_ids_of(tiny_model(), tokenizer_with(template(before=strict))) == {2}


def test_a_model_whose_template_refuses_everything_is_told_when_it_is_loaded() -> None:
    with pytest.raises(TemplateRefused, match="never"):
        stop_ids_of(tiny_model(), tokenizer_with("{{ raise_exception('never') }}"))
