"""Every token that ends a model's turn."""

from collections.abc import Iterator
from typing import Any

from engine.errors import TemplateRefused
from engine.preference import Message
from engine.template import render

# How chat models write the end of a turn. Only those count that a model's tokenizer marks as special.
_ENDINGS = (
    "<|im_end|>",  # ChatML: SmolLM, Qwen, Yi
    "<|eot_id|>",  # Llama 3
    "<|eom_id|>",  # Llama 3, before a tool's answer
    "<|eot|>",  # Llama 4
    "<end_of_turn>",  # Gemma 2 and 3
    "<turn|>",  # Gemma 4
    "<|end|>",  # Phi
    "<|return|>",  # gpt-oss
    "<|end_of_text|>",  # Llama 3 base, Granite
    "<|endoftext|>",  # GPT-2, Qwen base, SmolLM base
    "<｜end▁of▁sentence｜>",  # DeepSeek
    "<|END_OF_TURN_TOKEN|>",  # Command R
    "<|endofturn|>",  # EXAONE, HyperCLOVA
    "</s>",  # Llama 2, Mistral
)


_THOUGHT, _ANSWER = "palatethought", "palateanswer"
_THOUGHT_FIELDS = ("thinking", "reasoning_content", "reasoning", "thoughts")
"""Where templates look for the thoughts of a turn."""


def stop_ids_of(model: Any, tokenizer: Any) -> frozenset[int]:
    """The ids of all tokens that end a turn: those that the model's files name, and the known ones that it has.

    Many models name one of them in one file and another in the next. A model that runs past its own end of turn writes
    the person's next question.

    Raises:
        TemplateRefused: the chat template refuses even a question with its answer.
    """
    named = (model.generation_config, model.config, model.config.get_text_config(decoder=True))
    found = {one for holder in named for one in _ids(getattr(holder, "eos_token_id", None))}
    found.update(_ids(tokenizer.eos_token_id))
    special = {
        **tokenizer.get_added_vocab(),
        **dict(zip(tokenizer.all_special_tokens, tokenizer.all_special_ids, strict=True)),
    }
    found.update(special[text] for text in _ENDINGS if text in special)
    found.update(_turn_ends(tokenizer, special))
    return frozenset(found - _inner_ends(tokenizer, special))


def _ids(value: int | list[int] | None) -> list[int]:
    """A setting of transformers that is one id, several or none, as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, int) else list(value)


def _inner_ends(tokenizer: Any, special: dict[str, int]) -> set[int]:
    """The special tokens that the chat template writes between the thoughts of a turn and its answer.

    gpt-oss ends its analysis with `<|end|>`, and continues with the answer, whose end is another token.
    """
    if tokenizer.chat_template is None:
        return set()
    asked = {"role": "user", "content": "palate"}
    answered = {"role": "assistant", "content": _ANSWER, **dict.fromkeys(_THOUGHT_FIELDS, _THOUGHT)}
    try:
        text = render(tokenizer, [asked, answered])
    except TemplateRefused:  # it has no place for thoughts
        return set()
    between = text.partition(_THOUGHT)[2].partition(_ANSWER)[0]
    return {token for name, token in special.items() if name and name in between}


def _turn_ends(tokenizer: Any, special: dict[str, int]) -> Iterator[int]:
    """The special token that the chat template writes behind an answer, if it writes one."""
    if tokenizer.chat_template is None:
        return
    asked, answered = Message(role="user", content="palate"), Message(role="assistant", content="palate")
    ending = render(tokenizer, [asked, answered]).rpartition("palate")[2].lstrip()
    yield from (token for text, token in special.items() if text and ending.startswith(text))
