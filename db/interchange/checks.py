"""Checks of the values in a row, and the error that names the row."""

from dataclasses import dataclass
from typing import Any

from db.errors import InterchangeError
from db.prompt_rows import Message, Messages

ROLES = ("system", "user", "assistant")
NOTHING_TAKEN = "Nothing was taken from this file; fix it and try again."


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: `unit` is line, entry or row, `at` its number from 1, `value` what it holds."""

    file: str
    unit: str
    at: int
    value: Any

    def wrong(self, what: str) -> InterchangeError:
        """The error for this row. Its file is refused as a whole."""
        return InterchangeError(f"{self.file}, {self.unit} {self.at}: {what}. {NOTHING_TAKEN}")

    def has(self, *names: str) -> bool:
        """Whether the row is an object with all these names."""
        return isinstance(self.value, dict) and all(name in self.value for name in names)

    def get(self, name: str) -> Any:
        """The value under the name, None where there is none."""
        return self.object().get(name)

    def object(self) -> dict[str, Any]:
        """The row as an object.

        Raises:
            InterchangeError: it is none.
        """
        if not isinstance(self.value, dict):
            raise self.wrong(f"an object is needed, not {kind_of(self.value)}")
        return self.value

    def text(self, name: str) -> str:
        """The text under the name. See `checked_text` for errors."""
        return checked_text(self, self.get(name), name)

    def optional_text(self, name: str) -> str | None:
        """The text under the name, None where there is none or it is blank."""
        return None if self.get(name) is None else self.text(name).strip() or None

    def optional_number(self, name: str) -> float | None:
        """The number under the name, also when a table wrote it as text; None where there is none."""
        value = self.get(name)
        if value is None or value == "":
            return None
        return checked_number(self, value, name)


def checked_text(row: Row, value: Any, name: str) -> str:
    """`value` where it is a text that can be stored.

    Raises:
        InterchangeError: it is not a text, or it holds half of a surrogate pair.
    """
    if not isinstance(value, str):
        raise row.wrong(f"{name!r} must be a text, not {kind_of(value)}")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise row.wrong(f"{name!r} holds half of a surrogate pair, which is no text")
    return value


def checked_number(row: Row, value: Any, name: str) -> float:
    """`value` as a finite number.

    Raises:
        InterchangeError: it is none.
    """
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise row.wrong(f"{name!r} must be a number, not {kind_of(value)}")
    return number


def messages_of(row: Row, value: Any, name: str) -> Messages:
    """A prompt from a text or a list of chat messages.

    Raises:
        InterchangeError: it is neither, has an unknown role, or does not end with a user message.
    """
    if isinstance(value, str):
        return (Message(role="user", content=checked_text(row, value, name)),)
    messages = turns_of(row, value, name)
    if messages[-1]["role"] != "user":
        raise row.wrong(f"{name!r} ends with a message of {messages[-1]['role']!r}; a prompt ends with the user's")
    return messages


def turns_of(row: Row, value: Any, name: str) -> Messages:
    """A list of chat messages that may end with any role.

    Raises:
        InterchangeError: it is not such a list, has an unknown role, or has a system message that is not the first.
    """
    if not isinstance(value, list) or not value:
        raise row.wrong(f"{name!r} must be a text or a list of messages, not {kind_of(value)}")
    messages = tuple(_message(row, each, name) for each in value)
    if any(each["role"] == "system" for each in messages[1:]):
        raise row.wrong(f"{name!r} has a system message that is not the first")
    return messages


def same_turns(first: Messages, second: Messages) -> bool:
    """Whether two conversations are equal, apart from space around a message."""
    return [(each["role"], each["content"].strip()) for each in first] == [
        (each["role"], each["content"].strip()) for each in second
    ]


def kind_of(value: Any) -> str:
    """The kind of a JSON value in words."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _message(row: Row, value: Any, name: str) -> Message:
    if not isinstance(value, dict) or not {"role", "content"} <= value.keys():
        raise row.wrong(f"every message of {name!r} needs a 'role' and a 'content'")
    if value["role"] not in ROLES:
        raise row.wrong(f"{name!r} has the role {value['role']!r}; known are {', '.join(ROLES)}")
    return Message(role=value["role"], content=checked_text(row, value["content"], "content"))
