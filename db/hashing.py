"""Canonical JSON, and the hashes that identify texts and prompts."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from typing import Any

from db.prompt_rows import Message


def canonical_json(value: Any) -> str:
    """`value` as JSON with sorted keys and no spaces, so that equal values give equal text.

    Raises:
        ValueError: the value holds NaN or infinity, which JSON cannot carry.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def text_hash(text: str) -> str:
    """sha256 of the text's UTF-8 bytes, as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def content_hash(messages: Iterable[Message]) -> str:
    """The hash that two equal prompts share.

    Unicode is composed (NFC), line ends are one kind, and space around a message does not count; space inside does,
    because it carries meaning in code and tables.
    """
    turns = [[message["role"], _tidy(message["content"])] for message in messages]
    return text_hash(canonical_json(turns))


def guard_hash(messages: Iterable[Message]) -> str:
    """The hash that keeps held-out prompts out of training: user and assistant turns, system prompt left out.

    It is stricter than `content_hash`, so that a question typed again is caught: letter case, width variants (NFKC)
    and every run of space count as the same.
    """
    turns = [[message["role"], loosened(message["content"])] for message in messages if message["role"] != "system"]
    return text_hash(canonical_json(turns))


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()


def loosened(text: str) -> str:
    """The text without the differences that do not count for a question: letter case, width variants, runs of space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
