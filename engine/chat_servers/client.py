"""Answers from a server that speaks OpenAI's chat protocol: vLLM, llama.cpp, Ollama, `transformers serve`.

A thread of its own waits for the network. The caller polls for answers, so a slow server never delays a computation.
No torch here.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.chat_servers.adapters import Target
from engine.chat_servers.address import Server
from engine.chat_servers.bounds import bound_reply, most_characters, most_seconds
from engine.chat_servers.dialects import EXTRA, as_named, extra_settings
from engine.chat_servers.pace import LONGEST_WAIT_S, RequestPace, asked_wait
from engine.chat_servers.refusals import ServerHabits, read_refusal
from engine.chat_servers.replies import Reply, read_reply
from engine.chat_servers.words import BrokenOff, in_words, reply_of
from engine.config import SamplingConfig
from engine.errors import ServerError
from engine.events import AnswerMissing, CompletionDone, Event, TokensDrawn
from engine.preference import Message
from engine.requests import GenerationRequest

if TYPE_CHECKING:
    from openai import AsyncOpenAI


logger = logging.getLogger(__name__)

_SEEDS = 2**31  # some servers read the seed as a signed 32-bit number
_PASSING, _BUSY = (408, 409, 425, 429), (429, 503)
"""The statuses of a failure that may pass, beside all from 500; and those of a server that has too much to do."""
_REFUSALS = (400, 413, 422)
"""The statuses of a request that the server understood and refuses."""


@dataclass
class _Attempts:
    """How often one request was sent again after its stream broke off or it failed, and whether it asks for one token.

    That is done after a server says that prompt and answer are too long together: if one token is too many, it is the
    prompt.
    """

    broken: int = 0
    failed: int = 0
    one_token: bool = False


@dataclass(frozen=True)
class _Outcome:
    """What became of a request: an answer, or the reason why there is none."""

    reply: Reply | None
    reason: str = ""
    too_long: bool = False


class ServerAnswers:
    """Answers that a server is writing. It is sent a request's seed modulo 2³¹.

    `find_target` says whom to ask there, such as an adapter that it publishes first. It may block, since the network's
    thread calls it.

    The network's thread calls `on_news` whenever `events()` has something new. `habits` are those of earlier requests,
    and are kept up to date.
    """

    def __init__(
        self,
        server: Server,
        requests: Sequence[GenerationRequest],
        sampling: SamplingConfig,
        on_news: Callable[[], None] = lambda: None,
        habits: ServerHabits | None = None,
        find_target: Callable[[], Target] | None = None,
        alternatives: int = 0,
    ) -> None:
        """`alternatives`: ask for this many of the likeliest first tokens, for servers that tell them; 0 for none."""
        self._alternatives = alternatives
        self.habits = habits or ServerHabits()
        self._server, self._requests, self._sampling, self._on_news = server, tuple(requests), sampling, on_news
        self._target, self._find_target = Target(server.model), find_target
        self._changed = threading.Condition()
        self._growing: dict[str, Reply] = {}
        self._done: deque[CompletionDone | AnswerMissing] = deque()
        self._too_long: list[tuple[tuple[Message, ...], str]] = []
        self._error: Exception | None = None
        self._news = self._over = self._closed = False
        self._yielding = False  # events() has not yielded all that it took
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="palate-server", daemon=True)

    @property
    def left_out(self) -> frozenset[str]:
        """Sampling settings that the server refused, so its answers do without them."""
        return self.habits.left_out

    def events(self) -> Iterator[Event]:
        """What has arrived since the last turn, without waiting.

        These are `CompletionDone` and `AnswerMissing`, and `TokensDrawn` after every turn. The generator ends when
        every request is settled; closing it cancels the requests.

        Raises:
            ServerError: the server failed. Complete answers were yielded before.
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
            self._closed = True
            loop, task = self._loop, self._task
        if loop is not None and task is not None:
            with suppress(RuntimeError):  # the loop has closed: nothing is left to cancel
                loop.call_soon_threadsafe(task.cancel)

    # -- on the network's thread -------------------------------------------------------------------------------

    def _run(self) -> None:
        error: Exception | None = None
        try:
            if self._find_target is not None:
                self._target = self._find_target()
            if not self._closed:
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
            if self._closed:  # since `_run` looked, and `close` found no task to cancel
                return
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self.habits.pace is None:
            self.habits.pace = RequestPace(self._server.parallel)
        pace = self.habits.pace
        pace.begin()
        async with _client(self._server) as client, asyncio.TaskGroup() as group:
            for request in self._requests:
                group.create_task(self._answer(client, pace, request))

    async def _answer(self, client: "AsyncOpenAI", pace: RequestPace, request: GenerationRequest) -> None:
        """Settle one request: with an answer, or with the reason why there is none."""
        async with pace.slot():
            outcome = await self._outcome(client, request, _Attempts(), pace)
        if outcome.reply is not None:
            pace.answered(outcome.reply.tokens or len(outcome.reply.text) // 4)
        reply = outcome.reply
        with self._changed:
            self._growing.pop(request.key, None)
            if reply is None:
                self._done.append(AnswerMissing(request.key, outcome.reason, outcome.too_long))
            else:
                text, elapsed_s = _without_half_pairs(reply.text), time.perf_counter() - reply.started
                self._done.append(
                    CompletionDone(request.key, text, reply.tokens, reply.cut, elapsed_s, reply.alternatives)
                )
        self._notify()

    async def _outcome(
        self, client: "AsyncOpenAI", request: GenerationRequest, attempts: _Attempts, pace: RequestPace
    ) -> _Outcome:
        """Send a request until there is an answer or a reason; each time but the last changes what was refused before.

        Raises:
            ServerError: the server failed, in a way that has nothing to do with this prompt.
        """
        import httpx2
        import openai

        while (too_long := self._why_too_long(request)) is None:
            sent, limit = frozenset(self._asked()) | {self.habits.limit}, self.habits.limit
            try:
                return self._judged(await self._bounded(client, request, attempts.one_token), attempts)
            except openai.APIStatusError as error:
                if error.status_code not in _REFUSALS:
                    await self._wait_to_try_again(client, error, attempts, pace)
                    continue
                refusal = read_refusal(error.status_code, error.response.text, sent)
                if refusal.too_long and not attempts.one_token:
                    attempts.one_token = True
                elif refusal.too_long:
                    self._too_long.append((request.messages, f"The server refused the prompt: {reply_of(error)}"))
                elif not self.habits.learn(refusal, limit):
                    return _Outcome(None, str(await in_words(self._server, client, error)))
            except (BrokenOff, openai.APIConnectionError, httpx2.HTTPError) as error:
                if request.key not in self._growing:
                    await self._wait_to_try_again(client, error, attempts, pace)
                    continue
                if attempts.broken >= self._server.retries:
                    raise await in_words(self._server, client, error) from error
                await asyncio.sleep(_pause(attempts.broken))
                attempts.broken += 1
            except (openai.OpenAIError, TimeoutError) as error:
                raise await in_words(self._server, client, error) from error
        return _Outcome(None, too_long, too_long=True)

    async def _wait_to_try_again(
        self, client: "AsyncOpenAI", error: Exception, attempts: _Attempts, pace: RequestPace
    ) -> None:
        """Wait as long as the server asks for after a failure that may pass, else a little longer each time.

        Raises:
            ServerError: it will not pass, or the request was sent often enough.
        """
        import openai

        status = error.status_code if isinstance(error, openai.APIStatusError) else None
        passes = status is None or status in _PASSING or status >= 500
        asked = (
            asked_wait(error.response.headers.get("retry-after")) if isinstance(error, openai.APIStatusError) else None
        )
        if not passes or attempts.failed >= self._server.retries or (asked or 0) > LONGEST_WAIT_S:
            raise await in_words(self._server, client, error) from error
        wait_s = _pause(attempts.failed) if asked is None else asked
        attempts.failed += 1
        if status in _BUSY:
            pace.refused(wait_s)
        await asyncio.sleep(wait_s)

    def _why_too_long(self, request: GenerationRequest) -> str | None:
        """Why the request's prompt was refused as too long; None where it was not, so far."""
        return next((reason for messages, reason in self._too_long if messages == request.messages), None)

    def _judged(self, reply: Reply, attempts: _Attempts) -> _Outcome:
        """The outcome of a request with a reply, which may hold nothing to judge."""
        if attempts.one_token:
            most = self._sampling.max_new_tokens
            return _Outcome(
                None,
                f"Prompt and {most} tokens are too long together. Lower the longest answer (`max_new_tokens`).",
            )
        if reason := reply.why_empty(self._sampling.max_new_tokens):
            return _Outcome(None, f"{self._server.base_url} sent no answer: {reason}")
        return _Outcome(reply)

    async def _bounded(self, client: "AsyncOpenAI", request: GenerationRequest, one_token: bool) -> Reply:
        """Request one answer once, within the longest time that it may take.

        Raises:
            ServerError: it took longer, or the reply is none of the protocol.
        """
        longest_s = most_seconds(self._sampling, self._server.timeout_s, self._server.retries + 1)
        try:
            async with asyncio.timeout(longest_s) as whole:
                return await self._stream(client, request, one_token)
        except TimeoutError:
            if not whole.expired():
                raise
            raise ServerError(
                f"{self._server.base_url} needed more than {longest_s:,.0f} s for one answer. Check its load, or ask "
                "for fewer tokens (`max_new_tokens`)."
            ) from None

    async def _stream(self, client: "AsyncOpenAI", request: GenerationRequest, one_token: bool) -> Reply:
        reply = Reply(self._server.base_url, most_characters(self._sampling))
        with self._changed:
            self._growing.pop(request.key, None)
        loop, silence_s = asyncio.get_running_loop(), self._server.timeout_s
        asked = client.chat.completions.with_streaming_response.create(**self._arguments(request, one_token))
        async with asked as response, asyncio.timeout(silence_s) as silence:

            def grew() -> None:
                silence.reschedule(loop.time() + silence_s)
                with self._changed:
                    self._growing[request.key] = reply
                self._notify()

            grew()
            kind = response.headers.get("content-type", "").lower()
            await read_reply(reply, kind, response.iter_bytes(), grew)
        if reply.finish is None and not reply.ended:
            raise BrokenOff
        return reply

    def _asked(self) -> dict[str, Any]:
        """The optional parts of a request, without those that the server refused."""
        asked = extra_settings(self._sampling, self._target.protocol)
        asked |= {"temperature": self._sampling.temperature, "top_p": self._sampling.top_p}
        asked |= {"seed": 0, "stream_options": {"include_usage": True}}
        if self._alternatives:
            asked |= {"logprobs": True, "top_logprobs": self._alternatives}
        return {name: value for name, value in asked.items() if name not in self.habits.left_out}

    def _arguments(self, request: GenerationRequest, one_token: bool) -> dict[str, Any]:
        asked = self._asked()
        if "seed" in asked:
            asked["seed"] = request.seed % _SEEDS
        extra = {name: asked.pop(name) for name in EXTRA if name in asked}
        return {
            **asked,
            "model": self._target.model,
            "messages": [dict(message) for message in request.messages],
            self.habits.limit: 1 if one_token else self._sampling.max_new_tokens,
            "stream": True,
            "extra_body": {**as_named(extra, self._target.protocol), **self._target.extra},
        }


def _pause(times: int) -> float:
    """The seconds before a request is sent again that failed so many times before."""
    return min(0.5 * 2.0**times, 8.0)


def _client(server: Server) -> "AsyncOpenAI":
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient  # takes over half a second to import

    client = AsyncOpenAI(
        base_url=server.base_url,
        api_key=server.key(),
        timeout=server.timeout_s,
        max_retries=0,
        default_headers={"Accept-Encoding": "identity"},
        http_client=DefaultAsyncHttpxClient(event_hooks={"response": [bound_reply]}),
    )
    # The client takes these from the environment, and they must not reach another server.
    client.organization = client.project = None
    return client


def _first(error: Exception) -> Exception:
    """The first of the errors that a group of tasks raised together."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _without_half_pairs(text: str) -> str:
    """`text` in a form that can be stored: separate halves of a surrogate pair are joined, single ones become �."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
