"""Structure that was written as text: lists and objects as JSON or as Python writes them, in a table or inside JSON."""

import ast
import json
import re
from types import UnionType
from typing import Any

from db.interchange.checks import Row

# A longer cell is no list of messages that a person would judge.
_LONGEST = 4 << 20
_MESSAGES = re.compile(r"\s*[\[({]+\s*['\"](role|from|content|value)['\"]\s*:")
# Python's own writing has no other escapes; what has is no such text, and parsing it would only warn.
_FOREIGN_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\[^\\'\"abfnrtvxuUN0-7\n]")


def unfolded(value: Any, kinds: type | UnionType = dict) -> Any:
    """A text that writes a list of values of `kinds`, as that list; anything else unchanged."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        found = _parsed(value)
        if isinstance(found, list) and found and all(isinstance(each, kinds) for each in found):
            return found
    return value


def unfolded_object(value: Any) -> Any:
    """A text that writes an object, as that object; anything else unchanged."""
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        found = _parsed(value)
        return found if isinstance(found, dict) else value
    return value


def unfolded_messages(row: Row, value: Any, name: str) -> Any:
    """The same for messages: a list of them or a single one, from a text that writes such.

    Raises:
        RowRefused: the text looks like messages and cannot be read as such.
    """
    if not isinstance(value, str) or not _MESSAGES.match(value):
        return value
    found = _parsed(value)
    messages = found if isinstance(found, list) else [found]
    if messages and all(isinstance(each, dict) and ({"role", "from"} & each.keys()) for each in messages):
        return found
    raise row.wrong(f"{name!r} is a list of messages written as text, which cannot be read back. Write it as JSON")


def writes_messages(text: str) -> bool:
    """Whether a text would be taken for messages."""
    return _MESSAGES.match(text) is not None


def _parsed(text: str) -> Any:
    """The value that a text writes as JSON or as Python does; None where it writes none."""
    if len(text) > _LONGEST:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if _FOREIGN_ESCAPE.search(text):
        return None
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
