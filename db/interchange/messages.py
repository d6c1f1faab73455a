"""Chat messages as files have them: names of roles and members, contents in parts, what a message may not hold."""

from typing import Any

from db.interchange.checks import Row, checked_text, is_empty, kind_of
from db.interchange.fields import check_fields
from db.prompt_rows import Message, Messages

_ROLES = {
    "user": ("user", "human", "prompter", "question"),
    "assistant": ("assistant", "gpt", "bot", "chatgpt", "model", "ai", "answer"),
    "system": ("system", "developer"),
}
ROLES = {name: role for role, names in _ROLES.items() for name in names}
"""The name of a role in any file, in small letters, and the role."""
_TOOL_ROLES = ("tool", "function", "function_call", "observation", "ipython", "tool_response", "tool_call")
_USED = frozenset({"role", "from", "content", "value"})


def turns_of(row: Row, value: Any, name: str) -> Messages:
    """A message or a list of them that may end with any role.

    Raises:
        RowRefused: it is none, has an unknown role, tools, pictures, or a system message that is not the first.
    """
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not value:
        raise row.wrong(f"{name!r} must be a text or a list of messages, not {kind_of(value)}")
    messages = tuple(_message(row, each, name) for each in value)
    if any(each["role"] == "system" for each in messages[1:]):
        raise row.wrong(f"{name!r} has a system message that is not the first")
    return messages


def prompt_turns(row: Row, value: Any, name: str) -> Messages:
    """A text or messages that end with the user's. See `turns_of` for errors."""
    if isinstance(value, str):
        return asked(checked_text(row, value, name))
    return ending_with_user(row, turns_of(row, value, name), name)


def ending_with_user(row: Row, messages: Messages, name: str) -> Messages:
    """The messages, which must end with the user's.

    Raises:
        RowRefused: they do not.
    """
    if not messages or messages[-1]["role"] != "user":
        last = repr(messages[-1]["role"]) if messages else "nobody"
        raise row.wrong(f"{name!r} ends with a message of {last}; a prompt ends with the user's")
    return messages


def asked(text: str) -> Messages:
    """One question."""
    return (Message(role="user", content=text),)


def same_turns(first: Messages, second: Messages) -> bool:
    """Whether two conversations are equal, apart from space around a message."""
    return [(each["role"], each["content"].strip()) for each in first] == [
        (each["role"], each["content"].strip()) for each in second
    ]


def is_messages(value: Any) -> bool:
    """Whether a value is one message or a list of such."""
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(each, dict) and {"role", "from"} & each.keys() for each in values)


def _message(row: Row, value: Any, name: str) -> Message:
    if not isinstance(value, dict) or not {"role", "from"} & value.keys() or not {"content", "value"} & value.keys():
        raise row.wrong(f"every message of {name!r} needs a 'role' and a 'content'")
    said = value.get("role", value.get("from"))
    role = ROLES.get(said.casefold()) if isinstance(said, str) else None
    check_fields(row, _USED, value, name)
    if isinstance(said, str) and said.casefold() in _TOOL_ROLES:
        raise row.wrong(f"{name!r} holds the answer or the call of a tool")
    if role is None:
        raise row.wrong(f"{name!r} has the role {said!r}; known are user, assistant and system")
    return Message(role=role, content=content_of(row, value.get("content", value.get("value"))))


def content_of(row: Row, value: Any) -> str:
    """The text of a message, also where it comes in parts.

    Raises:
        RowRefused: it is no text, or a part of it is something else than text.
    """
    if not isinstance(value, list):
        return checked_text(row, value, "content")
    return "".join(_part(row, each) for each in value)


def _part(row: Row, part: Any) -> str:
    if isinstance(part, str):
        return checked_text(row, part, "content")
    if not isinstance(part, dict):
        raise row.wrong(f"'content' must be a text or parts of type text, not {kind_of(part)}")
    if (kind := part.get("type", "text")) not in ("text", "input_text", "output_text"):
        raise row.wrong(f"'content' holds a part of type {kind!r}; Palate judges and trains on text")
    others = {key: held for key, held in part.items() if key not in ("type", "text")}
    if any(not is_empty(held) for key, held in others.items() if key != "mimeType"):
        check_fields(row, ("type", "text", "mimeType", "cache_control", "annotations"), part, "content")
    return checked_text(row, part.get("text"), "content")


def assistant(text: str) -> Message:
    """An answer as a message."""
    return Message(role="assistant", content=text)
