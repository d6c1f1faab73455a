"""Answers written by the model on the compute thread or by a server elsewhere, as a generator of events."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from adapters.manifest import Adapter
from db.pair_rows import NewCompletion
from engine.chat_servers.address import Server
from engine.chat_servers.client import ServerAnswers
from engine.chat_servers.refusals import ServerHabits
from engine.config import SamplingConfig
from engine.errors import ModelError
from engine.events import AnswerMissing, CompletionDone, Notice, TokensDrawn
from engine.requests import GenerationRequest
from tui.compute.services import Services
from tui.events import WorkbenchNotice
from tui.generation.answer_sources import AnswerSource
from tui.generation.policies import ServedPolicy
from tui.generation.publishing import target_of

if TYPE_CHECKING:
    from engine.model import BaseModel

ROWS, ROWS_ON_CPU = 64, 24
"""Answers that are written together, on a GPU and on a processor, as far as memory allows. Each step reads all weights
once for the whole batch, so more rows cost little: on a GPU 64 take little longer than 16."""


@dataclass(frozen=True)
class TextGrew:
    """The answers that are being written have more text. `room` is how many more could be written beside them."""

    texts: Mapping[str, str]
    room: int = 0


@dataclass(frozen=True)
class Completed:
    """One answer is whole. `sampling` holds the settings that made it.

    `source` is model or server, and `server` the id of a server of the list. `left_out` names the settings that the
    server refused, so `sampling` lacks them.
    """

    done: CompletionDone
    seed: int
    sampling: Mapping[str, Any]
    source: str = "model"
    left_out: frozenset[str] = frozenset()
    server: int | None = None

    def to_store(self, model: int, system: str | None) -> NewCompletion:
        """The answer as the database takes it: `model` is the id of who wrote it under this system prompt."""
        sampling, done = {**self.sampling, "system": system}, self.done
        tokens = done.tokens or None
        return NewCompletion(model, sampling, self.seed, done.text, tokens, done.cut, self.source, self.server)


@dataclass(frozen=True)
class Refused:
    """The model or the server cannot answer this request; `reason` is a sentence, and `error` the model's own."""

    key: str
    reason: str
    error: ModelError | None = None


@dataclass(frozen=True)
class Missing:
    """The server gave no answer to this request, which another time may be answered; `reason` is a sentence or two."""

    key: str
    reason: str


WriterEvent = TextGrew | Completed | Refused | Missing


class CompletionWriter:
    """Writes answers. It polls a server, and never waits for it."""

    def __init__(self, services: Services) -> None:
        self._loaded_model, self._wake = services.loaded_model, services.wake
        self._services, self._publish = services, services.publish
        self._network: ServerAnswers | None = None
        self._habits: dict[Server, ServerHabits] = {}

    @property
    def at_server(self) -> bool:
        """Is a server writing?"""
        return self._network is not None

    @property
    def idle(self) -> bool:
        """True while a server writes and has sent nothing new."""
        return self._network is not None and not self._network.has_news()

    def write(
        self, source: AnswerSource, requests: deque[GenerationRequest], *, joins: bool = False
    ) -> Generator[WriterEvent, None, None]:
        """Write an answer to every request, and empty `requests`.

        At each event nothing of the model is changed or open. Closing the generator cancels what is not complete.

        Args:
            joins: leave room for requests that the caller appends at `TextGrew`, as many as its `room`. A server is
                asked once, and has no room.

        Raises:
            ServerError: the server could not be asked. Answers that were complete came before.
            AdapterError: the adapter is damaged or was made for another base model.
            ModelError: no base model is loaded, or PEFT cannot load the adapter.
            MemoryRanOut: there is no memory for one answer.
        """
        if isinstance(source.policy, ServedPolicy):
            yield from self._from_server(source.policy, source.sampling, requests)
        else:
            yield from self._from_model(source.policy, source.sampling, requests, joins=joins)

    def _from_model(
        self, policy: Adapter | str | None, sampling: SamplingConfig, requests: deque[GenerationRequest], *, joins: bool
    ) -> Generator[WriterEvent, None, None]:
        base = self._loaded_model.required()
        with self._loaded_model.using(policy) if isinstance(policy, Adapter) else nullcontext(policy) as adapter:
            yield from self._generated(base, adapter, sampling, requests, joins=joins)

    def _generated(
        self,
        base: BaseModel,
        adapter: str | None,
        sampling: SamplingConfig,
        requests: deque[GenerationRequest],
        *,
        joins: bool,
    ) -> Generator[WriterEvent, None, None]:
        from engine.generate import generate  # imports torch

        fitting: deque[GenerationRequest] = deque()
        seeds: dict[str, int] = {}
        yield from _move_fitting(base, sampling, requests, fitting, seeds)
        rows = ROWS_ON_CPU if base.device == "cpu" else ROWS
        rows = rows if joins else min(rows, len(fitting))
        for event in generate(base, fitting, sampling, adapter=adapter, max_rows=rows):
            if isinstance(event, CompletionDone):
                yield Completed(event, seeds[event.key], sampling.record())
            elif isinstance(event, Notice):
                self._publish(WorkbenchNotice("Fewer answers at a time", event.text))
            elif isinstance(event, TokensDrawn):
                yield TextGrew(event.texts, event.room if joins else 0)
                yield from _move_fitting(base, sampling, requests, fitting, seeds)

    def _from_server(
        self, policy: ServedPolicy, sampling: SamplingConfig, requests: deque[GenerationRequest]
    ) -> Generator[WriterEvent, None, None]:
        server = policy.server
        seeds = {each.key: each.seed for each in requests}
        habits = self._habits.setdefault(server, ServerHabits())
        find = partial(target_of, policy, self._services)
        answers = self._network = ServerAnswers(server, tuple(requests), sampling, self._wake, habits, find)
        requests.clear()
        try:
            for event in answers.events():
                match event:
                    case CompletionDone():
                        left_out = answers.left_out
                        made_by = {name: value for name, value in sampling.record().items() if name not in left_out}
                        yield Completed(event, seeds[event.key], made_by, "server", left_out, policy.on.id)
                    case AnswerMissing():
                        refused = event.too_long
                        yield Refused(event.key, event.reason) if refused else Missing(event.key, event.reason)
                    case TokensDrawn():
                        yield TextGrew(event.texts)
        finally:
            self._network = None
            answers.close()


def why_unanswerable(base: BaseModel, request: GenerationRequest, thinking: str) -> ModelError | None:
    """Why the model cannot read the prompt and answer it under the setting `thinking`; None when it can."""
    from engine.generate import check_fits  # imports torch

    try:
        check_fits(base, request, thinking)
    except ModelError as error:
        return error
    return None


def _move_fitting(
    base: BaseModel,
    sampling: SamplingConfig,
    requests: deque[GenerationRequest],
    fitting: deque[GenerationRequest],
    seeds: dict[str, int],
) -> Generator[Refused, None, None]:
    """Empty `requests` into `fitting`, without those that the model cannot answer."""
    while requests:
        request = requests.popleft()
        if error := why_unanswerable(base, request, sampling.thinking):
            yield Refused(request.key, str(error), error)
        else:
            fitting.append(request)
            seeds[request.key] = request.seed
