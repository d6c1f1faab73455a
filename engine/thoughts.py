"""The thoughts that some models write before an answer: separated from it, turned on and off. No torch here.

An answer with thoughts is kept as one text, `<think>…</think>` and the answer behind it, as most models write it.
gpt-oss writes two channels of one turn instead; `from_channels` and `to_channels` translate.
"""

import re
from typing import Any

from engine.preference import AS_TEMPLATE, OFF, ON

MARKS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("<seed:think>", "</seed:think>"))
"""How models begin and end their thoughts."""
CHANNEL_OPENING = "<|start|>assistant"
"""How a turn in channels begins."""

_CHANNEL = "<|channel|>"
_PART = re.compile(
    r"<\|channel\|>\s*(\w*)[^<]*<\|message\|>(.*?)(?=<\|end\|>|<\|return\|>|<\|call\|>|<\|start\|>|<\|channel\|>|\Z)",
    re.DOTALL,
)


def split_thoughts(text: str) -> tuple[str | None, str]:
    """Thoughts and answer of a text; the thoughts are None where it has none.

    A text that a model's template began to think for has the end of the thoughts alone. One that ends inside its
    thoughts has an empty answer.
    """
    for begin, end in MARKS:
        before, found, answer = text.partition(end)
        if found:
            return before.lstrip().removeprefix(begin).strip("\n"), answer.lstrip()
        if text.lstrip().startswith(begin):
            return text.lstrip().removeprefix(begin).strip("\n"), ""
    return None, text


def without_thoughts(text: str) -> str:
    """The answer alone."""
    return split_thoughts(text)[1]


def template_switch(thinking: str) -> dict[str, bool]:
    """What a chat template is given for the setting `thinking`: templates call their switch by one of two names."""
    return {} if thinking == AS_TEMPLATE else {"enable_thinking": thinking == ON, "thinking": thinking == ON}


def may_think(tokenizer: Any, thinking: str) -> bool:
    """Whether answers of this tokenizer's model may begin with thoughts under the setting `thinking`."""
    template = str(tokenizer.chat_template or "")
    return thinking != OFF and (_CHANNEL in template or any(end in template for _, end in MARKS))


def writes_channels(tokenizer: Any) -> bool:
    """Whether the model writes thoughts and answer into channels of one turn, as gpt-oss does."""
    return _CHANNEL in str(tokenizer.chat_template or "")


def from_channels(text: str) -> str:
    """A turn in channels as one text, thoughts first; `text` holds the special tokens."""
    parts = _PART.findall(text)
    thoughts = "\n".join(words for channel, words in parts if channel != "final").strip("\n")
    answer = "".join(words for channel, words in parts if channel == "final")
    if not thoughts:
        return answer
    begin, end = MARKS[0]
    ended = any(channel == "final" for channel, _ in parts)
    return f"{begin}\n{thoughts}\n{end}\n\n{answer}" if ended else f"{begin}\n{thoughts}"


def to_channels(text: str) -> str:
    """The same text as the model wrote it behind `CHANNEL_OPENING`, without the end of the turn."""
    thoughts, answer = split_thoughts(text)
    final = f"{_CHANNEL}final<|message|>{answer}"
    if thoughts is None:
        return final
    analysis = f"{_CHANNEL}analysis<|message|>{thoughts}"
    return f"{analysis}<|end|>{CHANNEL_OPENING}{final}" if answer else analysis
