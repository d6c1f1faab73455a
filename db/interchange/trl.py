"""Preferred and rejected answers: TRL's formats, UltraFeedback, and the original project's list.

TRL: https://huggingface.co/docs/trl/dataset_formats. UltraFeedback, as binarized for training:
https://huggingface.co/datasets/HuggingFaceH4/ultrafeedback_binarized.

The question is never guessed from a common beginning of two answers, because that would cut off part of the answers.
"""

import hashlib
from itertools import pairwise
from typing import Any

from db.interchange.checks import Row, checked_text, kind_of, messages_of, same_turns, turns_of
from db.interchange.records import LeftOut, PairRecord, Read
from db.interchange.sources import unfolded
from db.interchange.transcripts import Conversation, conversation_of
from db.prompt_rows import Message, Messages

# The names of a question: TRL's and Palate's, the original project's, and that of plain chat logs.
PROMPT_NAMES = ("prompt", "question", "messages")
EMPTY = "an answer is empty"
SAME = "both answers are the same"


# -- in --------------------------------------------------------------------------------------------------------


def read_explicit(row: Row, *, table: bool = False) -> Read:
    """Read a question, a chosen and a rejected answer, as texts or as messages.

    Raises:
        InterchangeError: one of them is missing or is a value of another kind.
    """
    name = prompt_name(row)
    messages = messages_of(row, cell(row, name, table), name)
    if not any(message["content"].strip() for message in messages):
        raise row.wrong(f"{name!r} is empty")
    chosen, rejected = (cell(row, each, table) for each in ("chosen", "rejected"))
    if {type(chosen), type(rejected)} == {str, list}:
        raise row.wrong("'chosen' and 'rejected' must both be texts or both be messages")
    return decided(row, messages, *(_answer(row, chosen, "chosen"), _answer(row, rejected, "rejected")))


def read_texts(row: Row, **_: Any) -> Read:
    """Read the same with texts only: even in a table, a text that looks like a list of messages stays a text."""
    return read_explicit(row)


def read_implicit(row: Row, *, table: bool = False) -> Read:
    """Read two whole conversations, as messages or as transcripts, that differ only in their last turn.

    Raises:
        InterchangeError: a text is not a transcript, or a conversation does not end with an answer.
    """
    first, second = (_conversation(row, cell(row, name, table), name) for name in ("chosen", "rejected"))
    return _split(row, first, second)


def read_ultrafeedback(row: Row, *, table: bool = False) -> Read:
    """Read two whole conversations with their scores, as UltraFeedback has them.

    Raises:
        InterchangeError: a conversation does not end with an answer, or a score is not a number.
    """
    read = read_implicit(row, table=table)
    if isinstance(read, LeftOut):
        return read
    scores = {name: row.optional_number(name) for name in ("score_chosen", "score_rejected")}
    return decided(row, read.messages, read.a, read.b, scores["score_chosen"], scores["score_rejected"])


def decided(
    row: Row,
    messages: Messages,
    chosen: str,
    rejected: str,
    score_a: float | None = None,
    score_b: float | None = None,
) -> Read:
    """A record whose first answer was chosen, or a row left out where an answer is empty or both are equal."""
    if not chosen.strip() or not rejected.strip():
        return LeftOut(row.at, EMPTY)
    if chosen == rejected:
        return LeftOut(row.at, SAME)
    return PairRecord(row.at, messages, chosen, rejected, "a", score_a=score_a, score_b=score_b)


def prompt_name(row: Row) -> str:
    """The name under which a row has its question.

    Raises:
        InterchangeError: the row has none of the known names.
    """
    name = next((each for each in PROMPT_NAMES if each in row.object()), None)
    if name is None:
        has = ", ".join(repr(key) for key in list(row.object())[:5]) or "nothing"
        raise row.wrong(f"there is no 'prompt' and no 'question', only {has}")
    return name


def cell(row: Row, name: str, table: bool) -> Any:
    """The value under a name; in a table, lists may be written as JSON text."""
    return unfolded(row.get(name)) if table else row.get(name)


def _answer(row: Row, value: Any, name: str) -> str:
    """The text of an answer. A list of messages must hold exactly one: more would contain part of the prompt."""
    if isinstance(value, list):
        if len(value) != 1 or not isinstance(value[0], dict) or value[0].get("role") != "assistant":
            raise row.wrong(f"{name!r} must hold one message of the assistant, and nothing of the prompt")
        value = value[0].get("content")
    return checked_text(row, value, name)


def _conversation(row: Row, value: Any, name: str) -> Conversation:
    if isinstance(value, str):
        return conversation_of(row, checked_text(row, value, name), name)
    if not isinstance(value, list):
        raise row.wrong(f"{name!r} must be a list of messages or a transcript, not {kind_of(value)}")
    turns = turns_of(row, value, name)
    if len(turns) < 2 or turns[-1]["role"] != "assistant":
        raise row.wrong(f"{name!r} must hold a whole conversation that ends with the assistant's answer")
    return turns[:-1], turns[-1]["content"]


def _split(row: Row, first: Conversation, second: Conversation) -> Read:
    if not same_turns(first[0], second[0]):
        return LeftOut(row.at, "the two conversations differ before their last turn")
    roles = [each["role"] for each in first[0] if each["role"] != "system"]
    if any(one == next_one for one, next_one in pairwise(roles)):
        return LeftOut(row.at, "one speaker has two turns in a row")
    return decided(row, messages_of(row, list(first[0]), "chosen"), first[1], second[1])


# -- out -------------------------------------------------------------------------------------------------------


def write_messages(record: PairRecord) -> dict[str, Any]:
    """Write TRL's explicit conversational format."""
    return {
        "prompt": list(record.messages),
        "chosen": [assistant(record.chosen)],
        "rejected": [assistant(record.rejected)],
    }


def write_texts(record: PairRecord) -> dict[str, Any]:
    """Write TRL's explicit standard format, also the original project's: texts, with empty lines between the turns."""
    return {"prompt": joined(record.messages), "chosen": record.chosen, "rejected": record.rejected}


def write_implicit(record: PairRecord) -> dict[str, Any]:
    """Write TRL's implicit format: two whole conversations."""
    return {
        "chosen": [*record.messages, assistant(record.chosen)],
        "rejected": [*record.messages, assistant(record.rejected)],
    }


def write_ultrafeedback(record: PairRecord) -> dict[str, Any]:
    """Write UltraFeedback's format. An unknown score is null."""
    prompt = next(each["content"] for each in record.messages if each["role"] == "user")
    better, worse = (record.score_a, record.score_b) if record.verdict == "a" else (record.score_b, record.score_a)
    conversations = write_implicit(record)
    return {
        "prompt": prompt,
        "prompt_id": hashlib.sha256(prompt.encode()).hexdigest(),
        **conversations,
        "messages": conversations["chosen"],
        "score_chosen": better,
        "score_rejected": worse,
    }


def assistant(text: str) -> Message:
    """An answer as a message."""
    return Message(role="assistant", content=text)


def joined(messages: Messages) -> str:
    """The texts of a prompt joined into one, as for a model without a chat template."""
    return "\n\n".join(message["content"] for message in messages)
