r"""Conversations written as one text: "\n\nHuman: …\n\nAssistant: …".

HH-RLHF: https://huggingface.co/datasets/Anthropic/hh-rlhf. The answer is the text behind the last "Assistant:". A
common beginning of two answers stays part of both.
"""

import re
from typing import Any

from db.interchange.checks import Row
from db.interchange.records import LeftOut, PairRecord
from db.prompt_rows import Message, Messages

Conversation = tuple[Messages, str]
"""A prompt and the answer to it."""

_TURN = re.compile(r"\n\n(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def conversation_of(row: Row, text: str, name: str) -> Conversation:
    """A transcript as prompt and answer.

    Raises:
        InterchangeError: it holds no turns, does not begin with "Human:", or does not end with an answer.
    """
    parts = _TURN.split(text)  # the text before the first turn, then speakers and texts in alternation
    if len(parts) < 5:
        raise row.wrong(
            f"{name!r} is a text without a prompt beside it and without 'Human:' and 'Assistant:' in it, so where its "
            "answer begins cannot be known. Give every row a 'prompt'"
        )
    turns = [
        Message(role=_ROLES[who], content=said.strip()) for who, said in zip(parts[1::2], parts[2::2], strict=True)
    ]
    prompt = tuple(turns[:-1])
    if parts[0].strip() or prompt[0]["role"] != "user" or prompt[-1]["role"] != "user":
        raise row.wrong(f"{name!r} must begin with 'Human:' and have a 'Human:' before its last 'Assistant:'")
    if turns[-1]["role"] != "assistant":
        raise row.wrong(f"{name!r} must end with what 'Assistant:' says")
    return prompt, turns[-1]["content"]


def write_transcripts(record: PairRecord) -> dict[str, Any] | LeftOut:
    """Write HH-RLHF, or give the reason why a reader would not get the same record back."""
    if record.messages[0]["role"] == "system":
        return LeftOut(record.at, "the format has no system prompt")
    turns = [*(each["content"] for each in record.messages), record.a, record.b]
    if any(_TURN.search(f" {each}") or each != each.strip() for each in turns):
        return LeftOut(record.at, "a text would change when it is read back: it has space around it, or turns in it")
    asked = "".join(f"\n\n{_name(each['role'])}: {each['content']}" for each in record.messages)
    answers = {"chosen": record.chosen, "rejected": record.rejected}
    return {name: f"{asked}\n\nAssistant: {text}" for name, text in answers.items()}


def _name(role: str) -> str:
    return "Human" if role == "user" else "Assistant"
