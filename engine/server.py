"""Answers from a server that speaks OpenAI's chat protocol: vLLM, llama.cpp, Ollama, `transformers serve`.

The network is waited for on a thread of its own. Whoever wants the answers polls, so that one who computes is never
held up by a slow server. No torch here.
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

_NO_KEY = "none"  # the client wants one; a server that asks for none ignores it
_SEEDS = 2**31  # some servers read the seed as a signed 32-bit number
_EXTRA = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""Sampling that is no part of the protocol, with the values that leave it off; vLLM and others know it."""
"""What a server may refuse to know; it is then left out, and told."""
_TOO_LONG = re.compile(r"context|too long|too many tokens|max\w*.{0,30}(length|tokens)", re.IGNORECASE)
"""How servers say that a prompt leaves no room for an answer; the protocol has no code for that."""


@dataclass(frozen=True)
class Server:
    """A server and the model that answers there.

    Args:
        url: `http` or `https`; `/v1` is added when it has no path. It must hold no password.
        model: its name at that server.
        key_env: the name of the environment variable with the key; None when the server wants none.
        timeout_s: how long the server may be silent.
        retries: how often a request is sent again after a failure that may pass.
        parallel: how many answers are asked for at a time.

    Raises:
        SettingError: the address is none that can be asked.
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
            raise SettingError(f"--server is {self.url!r}; it takes an address such as http://localhost:8000/v1.")
        if parts.username or parts.password:
            raise SettingError(
                f"--server names a user or a password for {parts.hostname}. Put the key into an environment variable "
                "and name that with --server-key-env; Palate never stores a key."
            )

    @property
    def base_url(self) -> str:
        """The address that requests are sent below."""
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
                "one with --server-key-env."
            )
        return key


class _CutStream(Exception):
    """The answer ended without saying why."""


@dataclass
class _Growing:
    """One answer being written."""

    text: str = ""
    tokens: int = 0  # as the server counts them; 0 until it says
    finish: str | None = None
    started: float = field(default_factory=time.perf_counter)


class ServerAnswers:
    """Answers that a server is writing. It is sent a request's seed modulo 2³¹.

    `on_news` is called on the network's thread whenever `events()` would tell something new.
    """

    def __init__(
        self,
        server: Server,
        requests: Sequence[GenerationRequest],
        sampling: SamplingConfig,
        on_news: Callable[[], None] = lambda: None,
    ) -> None:
        self.left_out: frozenset[str] = frozenset()
        """Sampling settings that the server refused to know, so that its answers were written without them."""
        self._server, self._requests, self._sampling, self._on_news = server, tuple(requests), sampling, on_news
        self._changed = threading.Condition()
        self._growing: dict[str, _Growing] = {}
        self._done: deque[CompletionDone] = deque()
        self._error: Exception | None = None
        self._news = self._over = False
        self._telling = False  # events() is in the middle of what it took
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="palate-server", daemon=True)

    def events(self) -> Iterator[Event]:
        """What has come since the last turn, without waiting: `CompletionDone`, and `TokensDrawn` after every turn.

        Ends when every answer is complete; closing it cancels the requests.

        Raises:
            ServerError: in words for a person. Answers that were complete were told before.
            PromptRefused: the server says that a prompt is too long for it.
        """
        if not self._thread.ident:
            self._thread.start()
        try:
            while True:
                with self._changed:
                    self._news, self._telling = False, True
                    done, over, error = list(self._done), self._over, self._error
                    self._done.clear()
                    texts = {key: each.text for key, each in self._growing.items()}
                yield from done
                if error is not None:
                    raise error
                if over:
                    return
                self._telling = False
                yield TokensDrawn(0, texts)
        finally:
            self.close()

    def has_news(self) -> bool:
        """Would `events()` tell something new?"""
        with self._changed:
            return self._news or self._telling or not self._thread.ident

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is news; says whether there is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._news or self._telling, timeout_s)

    def close(self) -> None:
        """Give up what is not complete yet."""
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
            logger.debug("The answers of %s were given up", self._server.base_url)
        except Exception as raised:  # noqa: BLE001  raised again where the answers are taken
            error = _first(raised)
        with self._changed:
            self._loop = self._task = None
            self._error, self._over = error, True
        self._tell()

    def _tell(self) -> None:
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
            for attempt in count():  # each but the last leaves something more out, or is one of the server's retries
                sent = set(self._asked())
                try:
                    growing = await self._stream(client, request)
                    break
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    refused = {name for name in sent if _names(error.response.text, name)}
                    if not refused and _TOO_LONG.search(error.response.text):
                        raise PromptRefused(request.key, f"The server says: {_said(error)}") from error
                    if not refused:
                        raise await in_words(self._server, client, error) from error
                    self.left_out |= refused
                except (_CutStream, openai.APIConnectionError) as error:
                    # Before the first word the client has tried again already; a stream that broke is ours to repeat.
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
            self._done.append(CompletionDone(request.key, _mended(growing.text), growing.tokens, cut, elapsed_s))
        self._tell()

    async def _stream(self, client: "AsyncOpenAI", request: GenerationRequest) -> _Growing:
        """One try at one answer."""
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
                self._tell()
        if growing.finish is None:
            raise _CutStream
        return growing

    def _asked(self) -> dict[str, Any]:
        """The optional parts of a request that are sent."""
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
    # Taken from the environment by the client, and nobody's business at another server.
    client.organization = client.project = None
    return client


def _names(text: str, parameter: str) -> bool:
    """Does a refusal speak of this parameter? `seed-oss` and `random_seeds` speak of others."""
    return re.search(rf"(?<![\w-]){parameter}(?![\w-])", text) is not None


def _first(error: Exception) -> Exception:
    """The first of the errors that a group of tasks raised together."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


# -- errors in words -------------------------------------------------------------------------------------------


async def in_words(server: Server, client: "AsyncOpenAI", error: Exception) -> ServerError:
    """What went wrong at a server, for a person: the fact, the value, and the next act."""
    import openai

    at = server.base_url
    if isinstance(error, openai.APITimeoutError):
        return ServerError(
            f"{at} was silent for {server.timeout_s:g} s. See whether it is busy, or raise --server-timeout."
        )
    if isinstance(error, _CutStream):
        return ServerError(f"{at} broke an answer off, {server.retries + 1} times. See what it says in its own log.")
    if isinstance(error, openai.APIConnectionError):
        return ServerError(_unreachable(server, error))
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        key = f"the key in {server.key_env}" if server.key_env else "a request without a key"
        return ServerError(f"{at} refused {key}. Name the environment variable that holds it: --server-key-env NAME.")
    if isinstance(error, openai.NotFoundError):
        return ServerError(f"{at} knows no model {server.model!r}. {await _models_there(client)}")
    if isinstance(error, openai.RateLimitError):
        return ServerError(
            f"{at} takes no more requests for now ({server.retries + 1} were refused). Wait, or lower "
            f"--server-parallel, which is {server.parallel}."
        )
    if isinstance(error, openai.APIStatusError):
        return ServerError(f"{at} answered with status {error.status_code}: {_said(error)}")
    return ServerError(f"{at} answered what cannot be read: {_shortened(str(error))}")


def _unreachable(server: Server, error: BaseException) -> str:
    host = urlsplit(server.url).hostname
    causes = list(_causes(error))
    if any(isinstance(each, socket.gaierror) for each in causes) or "Name or service" in str(causes):
        return f"There is no host {host!r}. Check --server: {server.url}"
    if any(isinstance(each, ConnectionRefusedError) for each in causes) or "onnection attempts failed" in str(causes):
        return f"Nothing listens at {server.base_url}. Start the server, or check --server."
    if "RemoteProtocolError" in str(causes) or "ReadError" in str(causes):
        return f"{server.base_url} broke the connection off. See what it says in its own log."
    return f"{server.base_url} cannot be reached: {_shortened(str(causes[-1]) or repr(causes[-1]))}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


async def _models_there(client: "AsyncOpenAI") -> str:
    """Which names the server does know, if it tells."""
    import openai

    try:
        names = sorted(model.id for model in (await client.models.list()).data)
    except (openai.OpenAIError, AttributeError, TypeError):  # not every server has such a list
        return "Check --server-model, and that --server is the address of an OpenAI-compatible server."
    if not names:
        return "It tells of none: load one there first."
    return f"It has {', '.join(names[:8])}{' …' if len(names) > 8 else ''}: name one with --server-model."


def _said(error: "APIStatusError") -> str:
    """What the server wrote to its refusal."""
    return _shortened(error.response.text) or error.message


def _mended(text: str) -> str:
    """`text` as it can be stored: halves of a surrogate pair that came apart are joined, others become �."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else f"{text[:299]}…"
