"""What was asked, from any of the names that files have for it, with the system prompt and the turns before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.interchange.chat_text import (
    begins_with_template,
    has_markers,
    prompt_transcript,
    template_turns,
    worn_template,
)
from db.interchange.checks import Row, RowRefused, checked_text, is_empty, kind_of
from db.interchange.messages import asked, ending_with_user, is_messages, turns_of
from db.interchange.unfolding import unfolded, unfolded_messages
from db.prompt_rows import Message, Messages

PROMPTS = (
    "prompt",
    "question",
    "instruction",
    "messages",
    "conversations",
    "conversation",
    "query",
    "text",
    "turns",
    "context",
)
"""The names of what is asked. Where a row has several, they must ask the same."""
SYSTEMS = ("system", "system_prompt", "system_message")
ASKED = frozenset({*PROMPTS, *SYSTEMS, "input", "history"})
"""Every field that `asked_of` reads."""


@dataclass(frozen=True)
class Asked:
    """The messages of a prompt, the text that it was read from (None: from messages), and remarks on the reading."""

    messages: Messages
    text: str | None = None
    remarks: tuple[str, ...] = ()


def asked_of(row: Row, names: Sequence[str] = PROMPTS) -> Asked:
    """What a row asks.

    Raises:
        RowRefused: it has no prompt, two that differ, or one that is no text and no messages.
    """
    found = find_asked(row, names)
    if found is None:
        has = ", ".join(repr(key) for key in list(row.object())[:5]) or "nothing"
        raise row.wrong(f"there is no 'prompt' and no 'question', only {has}")
    return found


def find_asked(row: Row, names: Sequence[str] = PROMPTS) -> Asked | None:
    """What a row asks, None where it has no prompt of its own. See `asked_of` for errors."""
    value = row.object()
    there = [name for name in names if value.get(name) is not None]
    held = [name for name in there if not is_empty(value[name])]
    if there and not held:
        raise row.wrong(f"{there[0]!r} is empty")
    if not held:
        return None
    if len(held) == 1:
        return with_system_field(row, _with_history(row, _reading(row, held[0])))
    readings = [(name, _reading(row, name)) for name in held]
    name, first = max(readings, key=lambda each: len(each[1].messages))
    for other, reading in readings:
        if not _agrees(first.messages, reading.messages):
            raise row.wrong(f"{name!r} and {other!r} ask different things")
    return with_system_field(row, _with_history(row, first))


def with_system_field(row: Row, found: Asked) -> Asked:
    """The prompt with the system prompt that has a field of its own.

    Raises:
        RowRefused: there are two system prompts, and they differ.
    """
    value = row.object()
    texts = {row.text(name) for name in SYSTEMS if name in value and not is_empty(value[name])}
    if not texts:
        return found
    own = found.messages[0]["content"] if found.messages[0]["role"] == "system" else None
    if own is not None:
        texts.discard(own)
    if not texts:
        return found
    if len(texts) > 1 or own is not None:
        raise row.wrong("it has two system prompts that differ")
    messages = (Message(role="system", content=texts.pop()), *found.messages)
    return Asked(messages, found.text, found.remarks)


def with_fields_beside(row: Row, messages: Messages, name: str) -> Asked:
    """The prompt that an answer's own messages hold, with the earlier turns and the system prompt beside them.

    Raises:
        RowRefused: one of these cannot be read, or there is an `input`, for which the messages have no place.
    """
    return with_system_field(row, _with_history(row, _check_input(row, Asked(messages), name)))


def _reading(row: Row, name: str) -> Asked:
    value = unfolded_messages(row, row.get(name), name)
    value = unfolded(value, str) if name == "turns" else value
    if isinstance(value, str):
        return _of_text(row, _with_input(row, checked_text(row, value, name), name), name)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return _check_input(row, _of_questions(row, value, name), name)
    if not is_messages(value):
        raise row.wrong(f"{name!r} must be a text or a list of messages, not {_what(value)}")
    messages = turns_of(row, value, name)
    while len(messages) > 1 and messages[-1]["role"] == "assistant":
        messages = messages[:-1]  # the answer of a chat that was kept whole
    return _check_input(row, _unworn(row, ending_with_user(row, messages, name), name), name)


def _what(value: Any) -> str:
    return "a list of other things" if isinstance(value, list) and value else kind_of(value)


def _input(row: Row) -> str:
    """What a prompt is about, as Alpaca's files have it beside an instruction."""
    return "" if is_empty(row.get("input")) else row.text("input")


def _with_input(row: Row, text: str, name: str) -> str:
    """A prompt with its `input` behind it, unless it holds that already."""
    about = _input(row)
    if not about or _holds(text, about):
        return text
    if begins_with_template(text) or (has_markers(text) and prompt_transcript(text) is not None):
        raise _no_place(row, name)
    return f"{text}\n{about}"


def _check_input(row: Row, found: Asked, name: str) -> Asked:
    """The prompt, unless there is an `input` that none of its messages holds."""
    about = _input(row)
    if about and not any(_holds(each["content"], about) for each in found.messages):
        raise _no_place(row, name)
    return found


def _holds(text: str, part: str) -> bool:
    """Whether the part stands in the text on lines of its own."""
    return f"\n{part.strip()}\n" in f"\n{text.strip()}\n"


def _no_place(row: Row, name: str) -> RowRefused:
    return row.wrong(
        f"'input' holds a part of what was asked, and {name!r} is turns, so where it belongs cannot be known; "
        "`--columns ignore=input` reads such rows without it"
    )


def _of_text(row: Row, text: str, name: str) -> Asked:
    if begins_with_template(text):
        found = template_turns(text)
        if found is None:
            raise row.wrong(f"{name!r} wears a chat template ({worn_template(text)}) that cannot be read as turns")
        return Asked(found[1], text, (f"the prompt wore the chat template {found[0]}, and was read as turns",))
    if has_markers(text):
        turns = prompt_transcript(text)
        if turns is not None:
            return Asked(turns, text, ("the prompt was a transcript, and was read as turns",))
        return Asked(asked(text), text, ("the prompt holds the speakers of a transcript, and was left as it is",))
    if (marker := worn_template(text)) is not None:
        return Asked(asked(text), text, (f"the prompt holds {marker}, and was left as it is",))
    return Asked(asked(text), text)


def _unworn(row: Row, messages: Messages, name: str) -> Asked:
    """Messages of which the only one may wear a template."""
    if len(messages) == 1 and begins_with_template(messages[0]["content"]):
        found = _of_text(row, messages[0]["content"], name)
        return Asked(found.messages, None, found.remarks)
    return Asked(messages)


def _of_questions(row: Row, questions: list[str], name: str) -> Asked:
    more = ("its later questions follow answers that are not there, so only the first was read",)
    return Asked(asked(checked_text(row, questions[0], name)), None, more if len(questions) > 1 else ())


def _with_history(row: Row, found: Asked) -> Asked:
    """The prompt behind the turns before it: pairs of a question and an answer, as LLaMA-Factory's files have them."""
    if not row.has("history"):
        return found
    history = unfolded(row.get("history"), list)
    if is_empty(history) or not isinstance(history, list):
        if not is_empty(history):
            raise row.wrong(f"'history' must be a list of questions with their answers, not {kind_of(history)}")
        return found
    turns: list[Message] = []
    for pair in history:
        if not isinstance(pair, list) or len(pair) != 2:
            raise row.wrong("'history' must be a list of questions with their answers")
        turns.append(Message(role="user", content=checked_text(row, pair[0], "history")))
        turns.append(Message(role="assistant", content=checked_text(row, pair[1], "history")))
    start = 1 if found.messages[0]["role"] == "system" else 0
    if found.messages[start : start + len(turns)] == tuple(turns):
        return found
    return Asked((*found.messages[:start], *turns, *found.messages[start:]), found.text, found.remarks)


def _agrees(richest: Messages, other: Messages) -> bool:
    """Whether the second asks what the first does, perhaps as one of its questions alone."""
    said = [each["content"].strip() for each in richest if each["role"] == "user"]
    return all(each["content"].strip() in said for each in other if each["role"] == "user")
