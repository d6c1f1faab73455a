"""Adapters on a server: loaded by path under a new name, listed, unloaded, and named in requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from engine.chat_servers.calls import CallRefused, ServerCalls, value_at
from engine.chat_servers.inspection import LLAMACPP, OPENAI, SGLANG, VLLM, can_load
from engine.errors import ServerError


class AdapterNotServed(ServerError):
    """A server cannot answer with an adapter, or answers with something else."""

    title = "The server does not answer as the adapter"


_UNREADABLE = ("No adapter found", "No such file", "does not exist")
"""In the words of servers that find nothing at a path."""


@dataclass(frozen=True)
class Target:
    """Who answers a request: the name of the model at the server, what else the request has to say, and the program
    that is spoken to, a key of `PROTOCOLS`."""

    model: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    protocol: str = OPENAI


def base_target(calls: ServerCalls, protocol: str) -> Target:
    """The base of a server. llama.cpp applies the adapters that it was started with unless a request turns them off."""
    if protocol == LLAMACPP:
        return Target(calls.server.model, _scales(_files(calls), None), protocol)
    return Target(calls.server.model, protocol=protocol)


def adapter_target(calls: ServerCalls, protocol: str, name: str) -> Target:
    """An adapter that the server holds under this name.

    Raises:
        AdapterNotServed: llama.cpp was started without its file.
    """
    if protocol == SGLANG:
        return Target(f"{calls.server.model}:{name}", protocol=protocol)
    if protocol != LLAMACPP:
        return Target(name, protocol=protocol)
    files = _files(calls)
    if name not in files:
        raise AdapterNotServed(
            f"{calls.server.base_url} was started without {name}.gguf, and llama.cpp loads adapters at its start. "
            f"Write it with `palate adapters gguf`, and start the server with --lora {name}.gguf."
        )
    return Target(calls.server.model, _scales(files, name), protocol)


def held_adapters(calls: ServerCalls, protocol: str) -> list[str]:
    """The names of the adapters that the server holds, the one that was loaded first at the beginning."""
    if protocol == LLAMACPP:
        return _files(calls)
    rows = value_at(calls.get("/v1/models"), "data")
    rows = rows if isinstance(rows, list) else []
    return [str(value_at(each, "id")) for each in rows if value_at(each, "parent") is not None]


def load_adapter(calls: ServerCalls, protocol: str, name: str, path: str) -> None:
    """Load the adapter at a path, which the server reads on its own disk, under a new name.

    Raises:
        AdapterNotServed: the server loads none, cannot read the path, or refuses the adapter.
        ServerError: it cannot be reached.
    """
    if protocol not in (VLLM, SGLANG):
        return
    route = "/v1/load_lora_adapter" if protocol == VLLM else "/load_lora_adapter"
    try:
        reply = calls.post(route, {"lora_name": name, "lora_path": path})
    except CallRefused as error:
        raise AdapterNotServed(_why_not_loaded(calls, protocol, path, error)) from error
    if value_at(reply, "success") is False:  # SGLang says so with status 200 as well
        said = value_at(reply, "error_message") or "It gave no reason."
        raise AdapterNotServed(f"{calls.server.base_url} refuses the adapter: {said}")


def unload_adapter(calls: ServerCalls, protocol: str, name: str) -> None:
    """Unload an adapter; one that is gone already is no error."""
    if protocol not in (VLLM, SGLANG):
        return
    try:
        calls.post("/v1/unload_lora_adapter" if protocol == VLLM else "/unload_lora_adapter", {"lora_name": name})
    except CallRefused as error:
        if error.status not in (400, 404):
            raise


def _why_not_loaded(calls: ServerCalls, protocol: str, path: str, error: CallRefused) -> str:
    at, said = calls.server.base_url, error.said
    if any(each in said for each in _UNREADABLE):
        return (
            f"{at} cannot read {path}: {said} The adapter has to lie on the server's own disk; `palate servers folder` "
            "names a folder that both see."
        )
    can, act = can_load(calls, protocol)
    if not can:
        return f"{at} loads no adapters while it runs. {act}"
    if "rank" in said.lower():
        return f"{at} takes no adapter of this rank: {said} Start it with a larger --max-lora-rank."
    return f"{at} refuses the adapter: {said}"


def _files(calls: ServerCalls) -> list[str]:
    """The names of the files that llama.cpp was started with, by their ids."""
    rows = calls.get("/lora-adapters")
    rows = rows if isinstance(rows, list) else []
    return [PurePath(str(value_at(each, "path"))).stem for each in rows]


def _scales(files: list[str], name: str | None) -> dict[str, Any]:
    return {"lora": [{"id": place, "scale": 1.0 if each == name else 0.0} for place, each in enumerate(files)]}
