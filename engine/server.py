"""Answers from a server that speaks OpenAI's chat protocol: vLLM, llama.cpp, Ollama, `transformers serve`.

A thread of its own waits for the network. The caller polls for answers, so a slow server never delays a computation.
No torch here.
"""

import asyncio
import logging
import os
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from engine.config import SamplingConfig
from engine.errors import PromptRefused, ServerError, SettingError
from engine.events import CompletionDone, Event, TokensDrawn
from engine.requests import GenerationRequest

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI


logger = logging.getLogger(__name__)

_NO_KEY = "none"  # the client needs a key; a server without keys ignores it
_SEEDS = 2**31  # some servers read the seed as a signed 32-bit number
_EXTRA = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""Sampling settings that only some servers know, such as vLLM, with the values that turn them off."""
_TOO_LONG = re.compile(r"context|too long|too many tokens|max\w*.{0,30}(length|tokens)", re.IGNORECASE)
"""How servers write that a prompt leaves no room for an answer; the protocol has no code for that."""


@dataclass(frozen=True)
class Server:
    """A server and the model that answers on it.

    Args:
        url: `http` or `https`, without a password; `/v1` is added when it has no path.
        model: its name at that server.
        key_env: the name of the environment variable with the key; None when the server needs no key.
        timeout_s: how long the server may be silent.
        retries: how often a request is sent again after a failure that may pass.
        parallel: how many requests are sent at a time.

    Raises:
        SettingError: the address is not usable.
    """

    url: str
    model: str
    key_env: str | None = None
    timeout_s: float = 120.0
    retries: int = 3
    parallel: int = 4

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingError(
                f"The server (--server) takes an address such as http://localhost:8000/v1, not {self.url!r}."
            )
        if parts.username or parts.password:
            raise SettingError(
                f"The server's address (--server) holds a user or a password for {parts.hostname}, and Palate never "
                "stores a key. Put the key into an environment variable, and name that with --server-key-env."
            )

    @property
    def base_url(self) -> str:
        """The address under which requests are sent."""
        return self.url if urlsplit(self.url).path.strip("/") else f"{self.url.rstrip('/')}/v1"

    def key(self) -> str:
        """The key from the environment.

        Raises:
            ServerError: the variable is not set.
        """
        if self.key_env is None:
            return _NO_KEY
        key = os.environ.get(self.key_env)
        if not key:
            raise ServerError(
                f"The environment variable {self.key_env} is not set. Set it to the server's key, or name another "
                "variable with --server-key-env."
            )
        return key


class _CutStream(Exception):
    """The answer ended without a reason."""


@dataclass
class _Growing:
    """One answer being written."""

    text: str = ""
    tokens: int = 0  # as the server counts them; 0 until it reports them
    finish: str | None = None
    started: float = field(default_factory=time.perf_counter)


class ServerAnswers:
    """Answers that a server is writing. It is sent a request's seed modulo 2³¹.

    The network's thread calls `on_news` whenever `events()` has something new.
    """

    def __init__(
        self,
        server: Server,
        requests: Sequence[GenerationRequest],
        sampling: SamplingConfig,
        on_news: Callable[[], None] = lambda: None,
    ) -> None:
        self.left_out: frozenset[str] = frozenset()
        """Sampling settings that the server refused, so its answers do without them."""
        self._server, self._requests, self._sampling, self._on_news = server, tuple(requests), sampling, on_news
        self._changed = threading.Condition()
        self._growing: dict[str, _Growing] = {}
        self._done: deque[CompletionDone] = deque()
        self._error: Exception | None = None
        self._news = self._over = False
        self._yielding = False  # events() has not yielded all that it took
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="palate-server", daemon=True)

    def events(self) -> Iterator[Event]:
        """What has arrived since the last turn, without waiting: `CompletionDone`, and `TokensDrawn` after every turn.

        The generator ends when every answer is complete; closing it cancels the requests.

        Raises:
            ServerError: the server failed. Complete answers were yielded before.
            PromptRefused: the server refused a prompt as too long.
        """
        if not self._thread.ident:
            self._thread.start()
        try:
            while True:
                with self._changed:
                    self._news, self._yielding = False, True
                    done, over, error = list(self._done), self._over, self._error
                    self._done.clear()
                    texts = {key: each.text for key, each in self._growing.items()}
                yield from done
                if error is not None:
                    raise error
                if over:
                    return
                self._yielding = False
                yield TokensDrawn(0, texts)
        finally:
            self.close()

    def has_news(self) -> bool:
        """Whether `events()` has something new."""
        with self._changed:
            return self._news or self._yielding or not self._thread.ident

    def wait(self, timeout_s: float) -> bool:
        """Wait until `events()` has something new. Returns whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._news or self._yielding, timeout_s)

    def close(self) -> None:
        """Cancel the answers that are not complete yet."""
        with self._changed:
            loop, task = self._loop, self._task
        if loop is not None and task is not None and not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)

    # -- on the network's thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        error: Exception | None = None
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            logger.debug("The answers of %s were cancelled", self._server.base_url)
        except Exception as raised:  # noqa: BLE001  events() raises it again
            error = _first(raised)
        with self._changed:
            self._loop = self._task = None
            self._error, self._over = error, True
        self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._news = True
            self._changed.notify_all()
        self._on_news()

    async def _main(self) -> None:
        with self._changed:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        gate = asyncio.Semaphore(self._server.parallel)
        async with _client(self._server) as client, asyncio.TaskGroup() as group:
            for request in self._requests:
                group.create_task(self._answer(client, gate, request))

    async def _answer(self, client: "AsyncOpenAI", gate: asyncio.Semaphore, request: GenerationRequest) -> None:
        import openai

        async with gate:
            for attempt in count():  # each but the last leaves out one more setting, or is a retry
                sent = set(self._asked())
                try:
                    growing = await self._stream(client, request)
                    break
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    refused = {name for name in sent if _names(error.response.text, name)}
                    if not refused and _TOO_LONG.search(error.response.text):
                        raise PromptRefused(
                            request.key, f"The server refused the prompt: {_reply_of(error)}"
                        ) from error
                    if not refused:
                        raise await in_words(self._server, client, error) from error
                    self.left_out |= refused
                except (_CutStream, openai.APIConnectionError) as error:
                    # The client itself repeats a request without any reply; a stream that broke must be repeated here.
                    broken = request.key in self._growing
                    if not broken or attempt >= self._server.retries:
                        raise await in_words(self._server, client, error) from error
                    await asyncio.sleep(min(0.5 * 2**attempt, 8.0))
                except openai.OpenAIError as error:
                    raise await in_words(self._server, client, error) from error
        elapsed_s = time.perf_counter() - growing.started
        cut = growing.finish in ("length", "content_filter")
        with self._changed:
            del self._growing[request.key]
            self._done.append(
                CompletionDone(request.key, _without_half_pairs(growing.text), growing.tokens, cut, elapsed_s)
            )
        self._notify()

    async def _stream(self, client: "AsyncOpenAI", request: GenerationRequest) -> _Growing:
        """Request one answer once."""
        growing = _Growing()
        with self._changed:
            self._growing.pop(request.key, None)
        async with await client.chat.completions.create(**self._arguments(request)) as stream:
            async for chunk in stream:
                if chunk.usage is not None:
                    growing.tokens = chunk.usage.completion_tokens
                if chunk.choices:
                    growing.finish = chunk.choices[0].finish_reason or growing.finish
                    growing.text += chunk.choices[0].delta.content or ""
                with self._changed:
                    self._growing[request.key] = growing
                self._notify()
        if growing.finish is None:
            raise _CutStream
        return growing

    def _asked(self) -> dict[str, Any]:
        """The optional parts of a request, without those that the server refused."""
        extra = {name: getattr(self._sampling, name) for name in _EXTRA if hasattr(self._sampling, name)}
        asked = {name: value for name, value in extra.items() if value is not None and value != _EXTRA[name]}
        asked |= {"seed": 0, "stream_options": {"include_usage": True}}
        return {name: value for name, value in asked.items() if name not in self.left_out}

    def _arguments(self, request: GenerationRequest) -> dict[str, Any]:
        asked = self._asked()
        arguments: dict[str, Any] = {
            "model": self._server.model,
            "messages": [dict(message) for message in request.messages],
            "temperature": self._sampling.temperature,
            "top_p": self._sampling.top_p,
            "max_tokens": self._sampling.max_new_tokens,
            "stream": True,
            "extra_body": {name: value for name, value in asked.items() if name in _EXTRA},
        }
        if "seed" in asked:
            arguments["seed"] = request.seed % _SEEDS
        if "stream_options" in asked:
            arguments["stream_options"] = asked["stream_options"]
        return arguments


def _client(server: Server) -> "AsyncOpenAI":
    from openai import AsyncOpenAI  # takes over half a second to import

    client = AsyncOpenAI(
        base_url=server.base_url, api_key=server.key(), timeout=server.timeout_s, max_retries=server.retries
    )
    # The client takes these from the environment, and they must not reach another server.
    client.organization = client.project = None
    return client


def _names(text: str, parameter: str) -> bool:
    """Whether a refusal names this parameter; `seed-oss` and `random_seeds` name others."""
    return re.search(rf"(?<![\w-]){parameter}(?![\w-])", text) is not None


def _first(error: Exception) -> Exception:
    """The first of the errors that a group of tasks raised together."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


# -- errors in words -------------------------------------------------------------------------------------------


async def in_words(server: Server, client: "AsyncOpenAI", error: Exception) -> ServerError:
    """A failure at a server as an error for a person."""
    import openai

    at = server.base_url
    if isinstance(error, openai.APITimeoutError):
        return ServerError(
            f"{at} was silent for {server.timeout_s:g} s. Check its load, or raise the timeout (--server-timeout)."
        )
    if isinstance(error, _CutStream):
        return ServerError(f"{at} broke off an answer {server.retries + 1} times. Check the server's own log.")
    if isinstance(error, openai.APIConnectionError):
        return ServerError(_unreachable(server, error))
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        key = f"the key in {server.key_env}" if server.key_env else "a request without a key"
        return ServerError(f"{at} refused {key}. Name the environment variable that holds it: --server-key-env NAME.")
    if isinstance(error, openai.NotFoundError):
        return ServerError(f"{at} knows no model {server.model!r}. {await _models_there(client)}")
    if isinstance(error, openai.RateLimitError):
        return ServerError(
            f"{at} takes no more requests for now ({server.retries + 1} were refused). Wait, or send fewer than "
            f"{server.parallel} at a time (--server-parallel)."
        )
    if isinstance(error, openai.APIStatusError):
        return ServerError(f"{at} answered with status {error.status_code}: {_reply_of(error)}")
    return ServerError(f"The reply of {at} cannot be read: {_shortened(str(error))}")


def _unreachable(server: Server, error: BaseException) -> str:
    host = urlsplit(server.url).hostname
    causes = list(_causes(error))
    if any(isinstance(each, socket.gaierror) for each in causes) or "Name or service" in str(causes):
        return f"There is no host {host!r}. Check the server's address (--server): {server.url}"
    if any(isinstance(each, ConnectionRefusedError) for each in causes) or "onnection attempts failed" in str(causes):
        return f"Nothing listens at {server.base_url}. Start the server, or check its address (--server)."
    if "RemoteProtocolError" in str(causes) or "ReadError" in str(causes):
        return f"{server.base_url} broke off the connection. Check the server's own log."
    return f"{server.base_url} cannot be reached: {_shortened(str(causes[-1]) or repr(causes[-1]))}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


async def _models_there(client: "AsyncOpenAI") -> str:
    """A sentence with the models that the server has, if it lists them."""
    import openai

    try:
        names = sorted(model.id for model in (await client.models.list()).data)
    except (openai.OpenAIError, AttributeError, TypeError):  # not every server has such a list
        return "Check --server-model, and that --server is the address of an OpenAI-compatible server."
    if not names:
        return "It lists none: load one there first."
    return f"It has {', '.join(names[:8])}{' …' if len(names) > 8 else ''}: name one with --server-model."


def _reply_of(error: "APIStatusError") -> str:
    """The server's own text in its refusal."""
    return _shortened(error.response.text) or error.message


def _without_half_pairs(text: str) -> str:
    """`text` in a form that can be stored: separate halves of a surrogate pair are joined, single ones become �."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else f"{text[:299]}…"
