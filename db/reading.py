"""Read a file of records: its text in whatever Unicode it is in, and its JSON entries with their numbers."""

import codecs
import json
import re
from pathlib import Path
from typing import Any

from db.errors import InterchangeError
from db.rows import Message, Messages
from db.tabular import TABULAR, read_rows

ROLES = ("system", "user", "assistant")

# The longer marks first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 or UTF-32 when it begins with that encoding's mark.

    Raises:
        InterchangeError: the file cannot be read, or is in another encoding; names the first such byte and its line.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InterchangeError(
            f"{path} cannot be read: {error.strerror}. Check the name and the permissions."
        ) from None
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        text = data.decode(encoding).removeprefix("\ufeff") if encoding != "utf-8" else data[len(mark) :].decode()
    except UnicodeDecodeError as error:
        raise _undecodable(path, data, error, len(mark) if encoding == "utf-8" else 0, encoding) from None
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise InterchangeError(f"{path}, line {line}: a NUL byte. This is no text in UTF-8. {_ADVICE}")
    return text


def lines_of(text: str) -> list[str]:
    """The lines of a text file. Only line feeds and carriage returns end a line, so an answer may hold U+2028."""
    return re.split(r"\r\n|\n|\r", text)


def read_records(path: Path) -> tuple[list[tuple[int, Any]], list[int]]:
    """The JSON values of a `.jsonl` file by line, of a `.json` list by entry, or the rows of a `.csv` or `.parquet`.

    They are numbered from 1; beside them stand the numbers of empty lines.

    Raises:
        InterchangeError: a line is not JSON, or the file is of another kind; names the line.
    """
    if path.suffix.lower() in TABULAR:
        return list(read_rows(path)), []
    text = read_text(path)
    if path.suffix.lower() == ".json":
        return _list_entries(path, text), []
    if path.suffix.lower() != ".jsonl":
        raise InterchangeError(
            f"{path} ends in {path.suffix or 'nothing'}; Palate reads .jsonl, .json, .csv and .parquet here."
        )
    # JSON itself keeps line feeds out of strings, and a lone carriage return is plain space in it.
    lines = list(enumerate(text.split("\n"), 1))
    return [(at, _json(path, at, line)) for at, line in lines if line.strip()], [
        at for at, line in lines[: _without_end(lines)] if not line.strip()
    ]


def messages_of(path: Path, at: int, value: Any, name: str) -> Messages:
    """A prompt from a string or a list of chat messages.

    Raises:
        InterchangeError: it is neither, has an unknown role, or does not end with what a user says.
    """
    if isinstance(value, str):
        return (Message(role="user", content=checked_text(path, at, value, name)),)
    if not isinstance(value, list) or not value:
        raise wrong(path, at, f"{name!r} must be a text or a list of messages, not {_kind(value)}")
    messages = tuple(_message(path, at, each, name) for each in value)
    if any(each["role"] == "system" for each in messages[1:]):
        raise wrong(path, at, f"{name!r} has a system message that is not the first")
    if messages[-1]["role"] != "user":
        raise wrong(
            path, at, f"{name!r} ends with a message of {messages[-1]['role']!r}; a prompt ends with the user's"
        )
    return messages


def checked_text(path: Path, at: int, value: Any, name: str) -> str:
    """`value` when it is a text that can be stored.

    Raises:
        InterchangeError: it is no text, or holds half a surrogate pair.
    """
    if not isinstance(value, str):
        raise wrong(path, at, f"{name!r} must be a text, not {_kind(value)}")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise wrong(path, at, f"{name!r} holds half of a surrogate pair, which is no text")
    return value


def wrong(path: Path, at: int, what: str) -> InterchangeError:
    """The error for one malformed line or entry; nothing of its file is taken."""
    unit = "entry" if path.suffix.lower() == ".json" else "line"
    return InterchangeError(f"{path}, {unit} {at}: {what}. Nothing was taken from this file; mend it and try again.")


_ADVICE = "Save it as UTF-8 and try again, for one with: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"


def _undecodable(path: Path, data: bytes, error: UnicodeDecodeError, skipped: int, encoding: str) -> InterchangeError:
    at = error.start + skipped
    line = data[:at].decode(encoding, "replace").count("\n") + 1
    return InterchangeError(
        f"{path}, line {line}: byte 0x{data[at]:02x} at offset {at} is not {encoding.upper()}. {_ADVICE}"
    )


def _without_end(lines: list[tuple[int, str]]) -> int:
    """How many lines there are without the empty rest after the last line feed."""
    return len(lines) - (not lines[-1][1])


def _list_entries(path: Path, text: str) -> list[tuple[int, Any]]:
    value = _json(path, 1, text)
    if not isinstance(value, list):
        raise InterchangeError(f"{path} holds {_kind(value)}, not a list of entries. Write one entry a line as .jsonl.")
    return list(enumerate(value, 1))


def _json(path: Path, at: int, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = at + error.lineno - 1
        raise InterchangeError(
            f"{path}, line {line}: {error.msg} at column {error.colno}. "
            "Nothing was taken from this file; mend it and try again."
        ) from None
    except (RecursionError, ValueError) as error:
        # Nested thousands deep, or a number of thousands of digits.
        raise wrong(path, at, str(error)) from None


def _message(path: Path, at: int, value: Any, name: str) -> Message:
    if not isinstance(value, dict) or not {"role", "content"} <= value.keys():
        raise wrong(path, at, f"every message of {name!r} needs a 'role' and a 'content'")
    if value["role"] not in ROLES:
        raise wrong(path, at, f"{name!r} has the role {value['role']!r}; known are {', '.join(ROLES)}")
    return Message(role=value["role"], content=checked_text(path, at, value["content"], "content"))


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
