"""Which program a server is, what it serves, and what it offers beside answers. No text of a person is sent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.chat_servers.address import Server
from engine.chat_servers.calls import CallRefused, ServerCalls, silently, value_at
from engine.errors import ServerError

OPENAI, VLLM, SGLANG, LLAMACPP = "openai", "vllm", "sglang", "llamacpp"
PROTOCOLS = {OPENAI: "OpenAI's protocol", VLLM: "vLLM", SGLANG: "SGLang", LLAMACPP: "llama.cpp"}
"""How a server is spoken to → the name of the program."""
LONGEST_LOOK_S = 10.0
"""How long each question of an inspection may take."""
_ASKED = {"messages": [{"role": "user", "content": "Say yes."}], "max_tokens": 4, "temperature": 0.0}
_TEXT = "The sky is blue."
_MOST_NAMES = 100


@dataclass(frozen=True)
class ServerReport:
    """What a server said of itself.

    Attributes:
        protocol: a key of `PROTOCOLS`.
        models: the names that it serves, adapters among them.
        list_s: the seconds that its list of models took, None where it has none.
        answer_s: the seconds that an answer of at most four tokens took, None where there was none.
        adapters: whether adapters can be loaded at run time, or chosen (llama.cpp), and why not.
        logps: whether it gives the log-probabilities of a prompt, and why not.
        problem: why it does not answer, as sentences; None where it does.
    """

    protocol: str = OPENAI
    models: tuple[str, ...] = ()
    list_s: float | None = None
    answer_s: float | None = None
    adapters: tuple[bool, str] = (False, "")
    logps: tuple[bool, str] = (False, "")
    problem: str | None = None

    @property
    def is_up(self) -> bool:
        """Does it answer?"""
        return self.problem is None


def inspect_server(server: Server, *, protocol: str | None = None) -> ServerReport:
    """Ask a server what it is and what it offers, with one short answer. Takes seconds; a server that is not there
    gives a report with a problem and no error.

    Args:
        protocol: a key of `PROTOCOLS`; None finds it out.
    """
    with ServerCalls(server, timeout_s=LONGEST_LOOK_S) as calls:
        try:
            listed, list_s = _timed(lambda: silently(lambda: calls.get("/v1/models")))
            found = protocol or _protocol_of(calls, listed)
            models = names_of(listed)
            answer_s = _timed(lambda: calls.post("/v1/chat/completions", {"model": server.model, **_ASKED}))[1]
        except ServerError as error:
            return ServerReport(protocol or OPENAI, problem=_problem(error, server))
        took = None if listed is None else list_s
        return ServerReport(found, models, took, answer_s, can_load(calls, found), gives_logps(calls, found))


def names_of(listed: Any) -> tuple[str, ...]:
    """The names in a list of models; as many as a person reads."""
    rows = value_at(listed, "data")
    rows = rows if isinstance(rows, list) else []
    return tuple(str(each["id"]) for each in rows if isinstance(each, Mapping) and "id" in each)[:_MOST_NAMES]


def find_protocol(server: Server) -> str:
    """Which program a server is, by its list of models.

    Raises:
        ServerError: it cannot be reached.
    """
    with ServerCalls(server, timeout_s=LONGEST_LOOK_S) as calls:
        return _protocol_of(calls, silently(lambda: calls.get("/v1/models")))


def _protocol_of(calls: ServerCalls, listed: Any) -> str:
    rows = value_at(listed, "data")
    owners = {str(value_at(each, "owned_by")).lower() for each in (rows if isinstance(rows, list) else [])}
    for protocol in (VLLM, SGLANG, LLAMACPP):
        if protocol in owners:
            return protocol
    if isinstance(silently(lambda: calls.get("/lora-adapters")), list):
        return LLAMACPP
    return OPENAI


def can_load(calls: ServerCalls, protocol: str) -> tuple[bool, str]:
    """Whether a server takes adapters while it runs, and why not. Nothing is loaded."""
    match protocol:
        case "vllm":
            return _has_route(calls, "/v1/load_lora_adapter", _START_VLLM)
        case "sglang":
            info = silently(lambda: calls.get("/server_info")) or silently(lambda: calls.get("/get_server_info"))
            if value_at(info, "enable_lora") is False:
                return False, _START_SGLANG
            return _has_route(calls, "/load_lora_adapter", _START_SGLANG)
        case "llamacpp":
            listed = silently(lambda: calls.get("/lora-adapters"))
            return (True, "") if isinstance(listed, list) and listed else (False, _START_LLAMACPP)
    return False, "It speaks OpenAI's protocol alone, which knows no adapters."


def _has_route(calls: ServerCalls, path: str, act: str) -> tuple[bool, str]:
    try:
        calls.post(path, {})
    except CallRefused as error:  # an empty request is refused where the route is there
        return (False, act) if error.status in (404, 405) else (True, "")
    return True, ""


def gives_logps(calls: ServerCalls, protocol: str) -> tuple[bool, str]:
    """Whether a server gives the log-probabilities of a prompt's tokens, and why not."""
    if protocol == LLAMACPP:
        return (
            False,
            "llama.cpp gives one token's a request: enough for the probe, too slow for margins.",
        )
    asked = {"model": calls.server.model, "prompt": _TEXT, "max_tokens": 1, "echo": True, "logprobs": 1}
    try:
        reply = calls.post("/v1/completions", asked)
    except CallRefused as error:
        return False, f"It refused: {error.said}"
    if len(logps_in(reply)) < 2:
        return False, "Its reply holds no log-probabilities of the prompt."
    return True, ""


def logps_in(reply: Any) -> list[float | None]:
    """The log-probabilities in a reply of `/v1/completions`, one a token; the first token has none."""
    choices = value_at(reply, "choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    values = value_at(first, "logprobs", "token_logprobs")
    values = values if isinstance(values, list) else []
    return [float(each) if isinstance(each, int | float) else None for each in values]


def _problem(error: ServerError, server: Server) -> str:
    if isinstance(error, CallRefused):
        if error.status in (401, 403):
            key = f"the key in {server.key_env}" if server.key_env else "a request without a key"
            return f"It refused {key}: {error.said}"
        if error.status == 404:
            return f"It knows no model {server.model!r}, or no /v1/chat/completions: {error.said}"
    return str(error)


def _timed(call: Any) -> tuple[Any, float]:
    begun = time.perf_counter()
    result = call()
    return result, time.perf_counter() - begun


_START_VLLM = "Start it with VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 and --enable-lora to load adapters."
_START_SGLANG = "Start it with --enable-lora --max-lora-rank 64 --lora-target-modules all to load adapters."
_START_LLAMACPP = "It loads adapters at its start alone: start it with --lora FILE.gguf."
