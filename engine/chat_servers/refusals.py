"""An error reply of a server → which settings it refuses, or that a prompt is too long.

What is sent next may depend on a server's words. What is stored depends on its fields and codes alone.
"""

import json
import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from engine.chat_servers.pace import RequestPace

TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
"""The two names of the limit of an answer's tokens. OpenAI's newer models take the second alone."""
_OPTIONAL = ("temperature", "top_p")
_TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"})
"""The codes and types of OpenAI, vLLM, llama.cpp and others for a prompt that, with its answer, is too long."""
_TOO_LONG_PARAMETERS = frozenset({"input_tokens"})
_TOO_LARGE = 413


@dataclass(frozen=True)
class Refusal:
    """What a server refused.

    `settings` are those of the sent settings that it names. `limit` says that it refuses the name of the token limit,
    and `too_long` that prompt and answer have too many tokens for it.
    """

    settings: frozenset[str]
    limit: bool
    too_long: bool


@dataclass
class ServerHabits:
    """What a server turned out to want while it was asked.

    `left_out` are sampling settings that it refused, so its answers do without them. `limit` is the name under which it
    takes the limit of an answer's tokens. `pace` is how many requests it takes at a time.
    """

    left_out: frozenset[str] = frozenset()
    limit: str = TOKEN_LIMITS[0]
    pace: RequestPace | None = None

    def learn(self, refusal: Refusal, sent_limit: str) -> bool:
        """Do without what was refused. Returns whether there is anything to ask again for."""
        self.left_out |= refusal.settings
        renamed = refusal.limit and sent_limit == TOKEN_LIMITS[0]
        if renamed:
            self.limit = TOKEN_LIMITS[1]
        return renamed or bool(refusal.settings)


def read_refusal(status: int, text: str, sent: Set[str]) -> Refusal:
    """What the error reply refuses of the `sent` settings: by its fields, else by the names in its words."""
    fields = _error_fields(text)
    if status == _TOO_LARGE or _is_too_long(fields):
        return Refusal(frozenset(), limit=False, too_long=True)
    parameter = _parameter(fields)
    if parameter in TOKEN_LIMITS:
        return Refusal(frozenset(), limit=parameter in sent, too_long=False)
    named = frozenset({parameter} & sent) if parameter else frozenset(name for name in sent if _names(text, name))
    extra = named - {*_OPTIONAL, *TOKEN_LIMITS}
    if extra:
        return Refusal(extra, limit=False, too_long=False)
    if named & set(TOKEN_LIMITS):
        other = next(name for name in TOKEN_LIMITS if name not in sent)
        return Refusal(frozenset(), limit=_names(text, other), too_long=False)
    together = named == set(_OPTIONAL)  # one of the two has to go
    return Refusal(frozenset({"top_p"}) if together else named, limit=False, too_long=False)


def _is_too_long(fields: dict[str, Any]) -> bool:
    words = {value for name in ("code", "type") if isinstance(value := fields.get(name), str)}
    return bool(words & _TOO_LONG) or fields.get("param") in _TOO_LONG_PARAMETERS


def _parameter(fields: dict[str, Any]) -> str | None:
    """The parameter that the reply names in a field of its own."""
    value = fields.get("param")
    return value if isinstance(value, str) and value else None


def _error_fields(text: str) -> dict[str, Any]:
    """The fields of an error: those of OpenAI's `error` object, or the place of FastAPI's first `detail`."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(body, dict):
        return {}
    detail = body.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict) and isinstance(detail[0].get("loc"), list):
        return {"param": next((part for part in reversed(detail[0]["loc"]) if isinstance(part, str)), None)}
    error = body.get("error", body)
    return error if isinstance(error, dict) else {}


def _names(text: str, parameter: str) -> bool:
    """Whether a refusal names this parameter; `seed-oss` and `random_seeds` name others."""
    return re.search(rf"(?<![\w-]){parameter}(?![\w-])", text) is not None
