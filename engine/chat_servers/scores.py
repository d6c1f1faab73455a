"""Log-probabilities that a server gives of a text, and what they say of the adapter that answers there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.chat_servers.adapters import Target
from engine.chat_servers.calls import CallRefused, ServerCalls, value_at
from engine.chat_servers.inspection import logps_in
from engine.errors import ServerError
from engine.preference import Message

LEAST_MOVED = 0.01
"""Nats by which an adapter has to move some token; a server that repeats itself moves none by so much."""
LEAST_EXPLAINED = 0.5
"""The least share of the adapter's effect, as computed here, that the server has to show."""
_FORCING = 1e6
"""Added to a token's logit, so that llama.cpp writes this token. The log-probability in its reply is without it."""


@dataclass(frozen=True)
class PolicyScores:
    """The log-probabilities of a text's tokens under the base and under an adapter, in nats; equally many."""

    base: tuple[float, ...]
    tuned: tuple[float, ...]

    @property
    def moved(self) -> tuple[float, ...]:
        """Adapter minus base, token by token."""
        return tuple(tuned - base for base, tuned in zip(self.base, self.tuned, strict=True))

    @property
    def total(self) -> float:
        """Adapter minus base of the whole text, in nats."""
        return math.fsum(self.moved)


def score_text(calls: ServerCalls, target: Target, prompt: Sequence[int] | str, start: int) -> tuple[float, ...]:
    """The log-probabilities of a text's tokens from place `start` on.

    Args:
        prompt: token ids, or a text that the server encodes.
        start: at least 1, since the first token has none.

    Raises:
        ServerError: the server gives none.
    """
    asked: dict[str, Any] = {"model": target.model, "prompt": prompt if isinstance(prompt, str) else list(prompt)}
    asked |= {"max_tokens": 1, "temperature": 0.0, "echo": True, "logprobs": 1, **target.extra}
    try:
        found = logps_in(calls.post("/v1/completions", asked))
    except CallRefused as error:
        if error.status == 404 and target.model != calls.server.model:
            raise ServerError(
                f"{calls.server.base_url} no longer knows {target.model}: {error.said} Where replicas share "
                "an address, only one of them has it; give the address of one."
            ) from error
        raise ServerError(f"{calls.server.base_url} gives no log-probabilities: {error.said}") from error
    end = len(found) - 1 if isinstance(prompt, str) else len(prompt)  # the last one is of the token that it wrote
    values = found[start:end]
    if len(found) < end or not values or None in values:
        raise ServerError(
            f"{calls.server.base_url} gives no log-probabilities of a prompt. Choose a server that does, such as vLLM."
        )
    return tuple(float(each) for each in values if each is not None)


def score_written(calls: ServerCalls, target: Target, ids: Sequence[int], start: int) -> tuple[float, ...]:
    """The same from llama.cpp, which scores what it writes alone: it is made to write the text, one token a request.

    Raises:
        ServerError: the server gives none.
    """
    return tuple(_score_next(calls, target, ids[:place], ids[place]) for place in range(start, len(ids)))


def _score_next(calls: ServerCalls, target: Target, before: Sequence[int], token: int) -> float:
    asked = {"model": target.model, "prompt": list(before), "n_predict": 1, "temperature": 0.0, "n_probs": 1}
    asked |= {"logit_bias": [[token, _FORCING]], "cache_prompt": True, **target.extra}
    try:
        written = value_at(calls.post("/completion", asked), "completion_probabilities")
    except CallRefused as error:
        raise ServerError(f"{calls.server.base_url} gives no log-probabilities: {error.said}") from error
    first = written[0] if isinstance(written, list) and written else None
    logp = value_at(first, "logprob")
    if value_at(first, "id") != token or not isinstance(logp, int | float):
        raise ServerError(f"{calls.server.base_url} gives no log-probability of a token. Update llama.cpp's server.")
    return float(logp)


def pieces_written(
    calls: ServerCalls, messages: Sequence[Message], answers: Sequence[str]
) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """The tokens of a prompt under llama.cpp's chat template, and those of answers to it.

    Raises:
        ServerError: the server does not tell them.
    """
    try:
        prompt = value_at(calls.post("/apply-template", {"messages": [dict(each) for each in messages]}), "prompt")
        return _pieces(calls, str(prompt), begins=True), [_pieces(calls, each, begins=False) for each in answers]
    except CallRefused as error:
        raise ServerError(f"{calls.server.base_url} does not tell the tokens of a text: {error.said}") from error


def _pieces(calls: ServerCalls, text: str, *, begins: bool) -> tuple[int, ...]:
    asked = {"content": text, "add_special": begins, "parse_special": begins}
    return _tokens_in(calls, calls.post("/tokenize", asked))


def encode_chat(calls: ServerCalls, messages: Sequence[Message], *, begins_answer: bool) -> tuple[int, ...]:
    """The tokens of a conversation under the server's own chat template, which vLLM gives.

    Raises:
        ServerError: the server does not tell them.
    """
    asked = {"model": calls.server.model, "messages": [dict(each) for each in messages]}
    try:
        reply = calls.post("/tokenize", {**asked, "add_generation_prompt": begins_answer})
    except CallRefused as error:
        raise ServerError(
            f"{calls.server.base_url} does not tell the tokens of a conversation (/tokenize): {error.said} vLLM does."
        ) from error
    return _tokens_in(calls, reply)


def _tokens_in(calls: ServerCalls, reply: Any) -> tuple[int, ...]:
    ids = value_at(reply, "tokens")
    if not isinstance(ids, list) or not all(isinstance(each, int) for each in ids):
        raise ServerError(f"{calls.server.base_url} does not tell the tokens of a text (/tokenize). vLLM does.")
    return tuple(ids)


def answer_ids(calls: ServerCalls, messages: Sequence[Message], answer: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A prompt's tokens and those of an answer to it, its end of turn included, under the server's template.

    Raises:
        ServerError: the server does not tell them, or its template writes the prompt otherwise beside an answer.
    """
    prompt = encode_chat(calls, messages, begins_answer=True)
    whole = encode_chat(calls, [*messages, Message(role="assistant", content=answer)], begins_answer=False)
    if whole[: len(prompt)] != prompt:
        raise ServerError(
            f"{calls.server.base_url} writes a prompt otherwise once an answer follows, so it has no score."
        )
    return prompt, whole[len(prompt) :]


def explained(served: PolicyScores, here: PolicyScores) -> float:
    """The share of an adapter's effect that a server shows: 1 for the same adapter, 0 or less for base or another.

    It is 1 − Σ(served − here)² / Σ here², over adapter minus base of every token.
    """
    effect = math.fsum(each**2 for each in here.moved)
    missed = math.fsum((there - own) ** 2 for there, own in zip(served.moved, here.moved, strict=True))
    return 1 - missed / effect if effect else 0.0
