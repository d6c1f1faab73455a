"""Sampling settings beyond OpenAI's protocol, as the programs of servers take them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.chat_servers.inspection import LLAMACPP, OPENAI
from engine.config import SamplingConfig

EXTRA: Final[Mapping[str, float]] = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""The settings that only some servers know, with the values that turn them off."""
_TOP_K_OFF: Final = -1
"""What vLLM and SGLang call every token; SGLang refuses 0."""


def extra_settings(sampling: SamplingConfig, protocol: str) -> dict[str, Any]:
    """The settings of `EXTRA` that are sent.

    A program that is known is told each of them, since its own defaults are others: llama.cpp's are a top_k of 40 and a
    min_p of 0.05, and vLLM takes those of the model's folder. Any other server is told those that change something
    alone, since it may refuse what it does not know.
    """
    values = {name: getattr(sampling, name) for name in EXTRA}
    if protocol == OPENAI:
        return {name: value for name, value in values.items() if value != EXTRA[name]}
    return values


def as_named(asked: Mapping[str, Any], protocol: str) -> dict[str, Any]:
    """The same settings under the names and values of a program."""
    if protocol == LLAMACPP:
        return {"repeat_penalty" if name == "repetition_penalty" else name: value for name, value in asked.items()}
    if protocol != OPENAI and asked.get("top_k") == 0:
        return {**asked, "top_k": _TOP_K_OFF}
    return dict(asked)
