"""Failures at a server as errors for a person."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.chat_servers.address import HOW_TO_NAME_KEY, Server
from engine.chat_servers.replies import message_of, sentence, shortened
from engine.errors import ServerError

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

_LISTING_S = 10.0
"""How long a list of models may take, which only makes an error's words better."""


class BrokenOff(Exception):
    """An answer ended without a reason."""


async def in_words(server: Server, client: AsyncOpenAI, error: Exception) -> ServerError:
    """A failure at a server as an error for a person."""
    import httpx2
    import openai

    at = server.base_url
    for each in _causes(error):
        if isinstance(each, ServerError):
            return each
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException | TimeoutError):
        return ServerError(f"{at} was silent for {server.timeout_s:g} s. Check its load, or raise `server_timeout`.")
    if isinstance(error, BrokenOff):
        return ServerError(f"{at} broke off an answer {server.retries + 1} times. Check the server's own log.")
    if isinstance(error, openai.APIConnectionError | httpx2.HTTPError):
        return ServerError(unreachable(server, error))
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        key = f"the key in {server.key_env}" if server.key_env else "a request without a key"
        return ServerError(f"{at} refused {key}. {HOW_TO_NAME_KEY}")
    if isinstance(error, openai.NotFoundError):
        return ServerError(f"{at} knows no model {server.model!r}. {await _models_there(client)}")
    if isinstance(error, openai.RateLimitError):
        return ServerError(
            f"{at} takes no more requests for now ({server.retries + 1} were refused). Wait, or send fewer than "
            f"{server.parallel} at a time (`server_parallel`)."
        )
    if isinstance(error, openai.APIStatusError):
        act = (
            "Check the server's own log."
            if error.status_code >= 500
            else "Change what it names, or ask another server."
        )
        return ServerError(f"{at} answered with status {error.status_code}: {reply_of(error)} {act}")
    return ServerError(f"The reply of {at} cannot be read: {shortened(str(error))}")


def unreachable(server: Server, error: BaseException) -> str:
    """Why a server cannot be reached, and what to do."""
    host = urlsplit(server.url).hostname
    causes = list(_causes(error))
    if any(isinstance(each, socket.gaierror) for each in causes) or "Name or service" in str(causes):
        return f"There is no host {host!r}. Check the server's address: {server.url}"
    if any(isinstance(each, ConnectionRefusedError) for each in causes) or "onnection attempts failed" in str(causes):
        return f"Nothing listens at {server.base_url}. Start the server, or check its address."
    if "RemoteProtocolError" in str(causes) or "ReadError" in str(causes):
        return f"{server.base_url} broke off the connection. Check the server's own log."
    if "LocalProtocolError" in str(causes):  # its words quote a header, perhaps the one with the key
        return f"{server.base_url} cannot be asked: the request is no valid one. Check the address and the key."
    return f"{server.base_url} cannot be reached: {shortened(str(causes[-1]) or repr(causes[-1]))}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


async def _models_there(client: AsyncOpenAI) -> str:
    """A sentence with the models that the server has, if it lists them."""
    import openai

    try:
        async with asyncio.timeout(_LISTING_S):
            listed = await client.models.with_raw_response.list()
            names = sorted(str(each["id"]) for each in json.loads(listed.text)["data"])
    except (openai.OpenAIError, ServerError, TimeoutError, LookupError, TypeError, ValueError, RecursionError):
        # not every server has such a list
        return "Check the name of the model, and that this is the address of an OpenAI-compatible server."
    if not names:
        return "It lists none: load one there first."
    return f"It has {shortened(', '.join(names[:8]))}{' …' if len(names) > 8 else ''}: name one of these."


def reply_of(error: APIStatusError) -> str:
    """The server's own words in its refusal, as a sentence."""
    return sentence(message_of(error.response.text) or error.response.text or error.message)
