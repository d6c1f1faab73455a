"""Answers written by the model on the compute thread or by a server elsewhere, as a generator of events."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from adapters.manifest import Adapter
from db.pair_rows import NewCompletion
from engine.config import SamplingConfig
from engine.errors import PromptRefused, TokenUnknown
from engine.events import CompletionDone, Notice, TokensDrawn
from engine.requests import GenerationRequest
from engine.server import Server, ServerAnswers
from tui.compute.services import Services
from tui.events import WorkbenchNotice
from tui.generation.answer_sources import AnswerSource

if TYPE_CHECKING:
    from engine.model import BaseModel

ROWS, ROWS_ON_CPU = 16, 24
"""Answers that are written together. A processor has memory for more of them than a GPU beside a model, and gains by
it: it reads all weights for every token of the batch."""


@dataclass(frozen=True)
class TextGrew:
    """The answers that are being written have more text. `room` is how many more could be written beside them."""

    texts: Mapping[str, str]
    room: int = 0


@dataclass(frozen=True)
class Completed:
    """One answer is whole. `sampling` holds the settings that made it.

    `source` is model or server. `left_out` names the settings that the server refused, so `sampling` lacks them.
    """

    done: CompletionDone
    seed: int
    sampling: Mapping[str, Any]
    source: str = "model"
    left_out: frozenset[str] = frozenset()

    def to_store(self, model: int, system: str | None) -> NewCompletion:
        """The answer as the database takes it: `model` is the id of who wrote it under this system prompt."""
        sampling, done = {**self.sampling, "system": system}, self.done
        return NewCompletion(model, sampling, self.seed, done.text, done.tokens or None, done.cut, self.source)


@dataclass(frozen=True)
class Refused:
    """The model or the server cannot answer this request; `reason` is a sentence."""

    key: str
    reason: str


WriterEvent = TextGrew | Completed | Refused


class CompletionWriter:
    """Writes answers. It polls a server, and never waits for it."""

    def __init__(self, services: Services) -> None:
        self._loaded_model, self._wake = services.loaded_model, services.scheduler.wake
        self._publish = services.publish
        self._network: ServerAnswers | None = None

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
        if isinstance(source.policy, Server):
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
        yield from _move_fitting(base, requests, fitting, seeds)
        rows = ROWS_ON_CPU if base.device == "cpu" else ROWS
        rows = rows if joins else min(rows, len(fitting))
        for event in generate(base, fitting, sampling, adapter=adapter, max_rows=rows):
            if isinstance(event, CompletionDone):
                yield Completed(event, seeds[event.key], asdict(sampling))
            elif isinstance(event, Notice):
                self._publish(WorkbenchNotice("Fewer answers at a time", event.text))
            elif isinstance(event, TokensDrawn):
                yield TextGrew(event.texts, event.room if joins else 0)
                yield from _move_fitting(base, requests, fitting, seeds)

    def _from_server(
        self, server: Server, sampling: SamplingConfig, requests: deque[GenerationRequest]
    ) -> Generator[WriterEvent, None, None]:
        """Ask for all answers, and ask again for those that a refusal of another prompt cancelled."""
        waiting = {each.key: each for each in requests}
        requests.clear()
        while waiting:
            refusal = yield from self._ask(server, sampling, waiting)
            if refusal is None:
                return
            messages = waiting[refusal.key].messages
            for key in [each.key for each in waiting.values() if each.messages == messages]:
                del waiting[key]
                yield Refused(key, str(refusal))

    def _ask(
        self, server: Server, sampling: SamplingConfig, waiting: dict[str, GenerationRequest]
    ) -> Generator[WriterEvent, None, PromptRefused | None]:
        """Ask for answers until all have come or a prompt is refused; what has come leaves `waiting`."""
        answers = self._network = ServerAnswers(server, tuple(waiting.values()), sampling, self._wake)
        try:
            for event in answers.events():
                if isinstance(event, CompletionDone):
                    left_out = answers.left_out
                    made_by = {name: value for name, value in asdict(sampling).items() if name not in left_out}
                    yield Completed(event, waiting.pop(event.key).seed, made_by, "server", left_out)
                elif isinstance(event, TokensDrawn):
                    yield TextGrew(event.texts)
        except PromptRefused as error:
            return error
        finally:
            self._network = None
            answers.close()
        return None


def why_too_long(base: BaseModel, request: GenerationRequest) -> str | None:
    """Why the model cannot read the prompt and answer it; None when it can."""
    from engine.generate import PromptTooLong, check_fits  # imports torch

    try:
        check_fits(base, request)
    except (PromptTooLong, TokenUnknown) as error:
        return str(error)
    return None


def _move_fitting(
    base: BaseModel, requests: deque[GenerationRequest], fitting: deque[GenerationRequest], seeds: dict[str, int]
) -> Generator[Refused, None, None]:
    """Empty `requests` into `fitting`, without those that the model has no room to answer."""
    while requests:
        request = requests.popleft()
        if reason := why_too_long(base, request):
            yield Refused(request.key, reason)
        else:
            fitting.append(request)
            seeds[request.key] = request.seed
