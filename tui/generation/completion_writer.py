"""Answers being written, by the model on the lane or by a server elsewhere, and how they are stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from adapters.manifest import Adapter
from db import comparisons as db_comparisons
from db import completions as db_completions
from db import models as db_models
from db.prompt_rows import Messages
from engine.config import SamplingConfig
from engine.errors import PromptRefused
from engine.events import CompletionDone, TokensDrawn
from engine.server import Server, ServerAnswers, ServerRequest
from tui.compute.loaded_model import LoadedModel
from tui.compute.scheduler import Turns
from tui.generation.answer_sources import Side

ROWS, ROWS_ON_CPU = 16, 24
"""Answers that are written together. A processor has memory for more of them than a GPU beside a model, and gains by
it: it reads all weights for every token of the batch."""
HOTTER = 1.25
"""Each new attempt multiplies the temperature by this."""


@dataclass(frozen=True)
class Wanted:
    """One answer to write: to whose messages, under which key, from which seed."""

    key: str
    messages: Messages
    seed: int


@dataclass(frozen=True)
class Written:
    """One completion as it came, with what made it.

    `source` is model or server; `left_out` are sampling settings that the server did not know.
    """

    done: CompletionDone
    seed: int
    sampling: SamplingConfig
    source: str = "model"
    left_out: frozenset[str] = frozenset()

    @property
    def settings(self) -> dict[str, object]:
        """The sampling that really made it."""
        return {name: value for name, value in asdict(self.sampling).items() if name not in self.left_out}


@dataclass(frozen=True)
class Joining:
    """How more answers join while others are written.

    `more` is told how many could be written beside the others, and gives them. `refused` is told the key and the reason
    of each that the model cannot write.
    """

    more: Callable[[int], Sequence[Wanted]] = lambda _: ()
    refused: Callable[[str, str], None] = lambda _key, _reason: None


class Writer:
    """Has answers written in turns of the lane; a server's are only looked for, never waited for."""

    def __init__(self, loaded_model: LoadedModel, wake: Callable[[], None]) -> None:
        self._loaded_model, self._wake = loaded_model, wake
        self._network: ServerAnswers | None = None

    @property
    def at_server(self) -> bool:
        """Is a server writing?"""
        return self._network is not None

    @property
    def idle(self) -> bool:
        """Is a server writing that has nothing new to tell?"""
        return self._network is not None and not self._network.has_news()

    def write(
        self,
        side: Side,
        wanted: Sequence[Wanted],
        on_done: Callable[[Written], None],
        on_texts: Callable[[Mapping[str, str]], None] = lambda _: None,
        joining: Joining | None = None,
    ) -> Turns:
        """Write every answer; `on_done` is told of each as it is complete, `on_texts` of those that grow.

        `joining` may give more to write while the model writes; a server is not asked for more than `wanted`.

        Raises:
            PromptRefused: a prompt is too long for the model.
            ServerError: the server could not be asked.
        """
        if isinstance(side.policy, Server):
            yield from self._from_server(side.policy, side.sampling, wanted, on_done, on_texts)
        else:
            yield from self._on_lane(side.policy, side.sampling, wanted, on_done, on_texts, joining or Joining())

    def _on_lane(
        self,
        adapter: Adapter | None,
        sampling: SamplingConfig,
        wanted: Sequence[Wanted],
        on_done: Callable[[Written], None],
        on_texts: Callable[[Mapping[str, str]], None],
        joining: Joining,
    ) -> Turns:
        from engine.generate import GenerationRequest, PromptTooLong, check_fits, generate  # imports torch

        seeds: dict[str, int] = {}
        base = self._loaded_model.required()

        def requested(wanted: Sequence[Wanted]) -> list[GenerationRequest]:
            seeds.update((each.key, each.seed) for each in wanted)
            return [GenerationRequest(each.key, each.messages, each.seed) for each in wanted]

        def more(rows: int) -> list[GenerationRequest]:
            fits = []
            for request in requested(joining.more(rows)):
                try:
                    check_fits(base, request)
                    fits.append(request)
                except PromptTooLong as error:
                    joining.refused(request.key, str(error))
            return fits

        name = self._loaded_model.attach(adapter) if adapter else None
        rows = ROWS_ON_CPU if base.device == "cpu" else ROWS
        try:
            for event in generate(base, requested(wanted), sampling, adapter=name, max_rows=rows, more=more):
                if isinstance(event, CompletionDone):
                    on_done(Written(event, seeds[event.key], sampling))
                elif isinstance(event, TokensDrawn):
                    on_texts(event.texts)
                yield
        except PromptTooLong as error:
            raise PromptRefused(error.key, str(error)) from error

    def _from_server(
        self,
        server: Server,
        sampling: SamplingConfig,
        wanted: Sequence[Wanted],
        on_done: Callable[[Written], None],
        on_texts: Callable[[Mapping[str, str]], None],
    ) -> Turns:
        requests = [ServerRequest(each.key, each.messages, each.seed) for each in wanted]
        seeds = {each.key: each.seed for each in wanted}
        answers = ServerAnswers(server, requests, sampling, self._wake)
        self._network = answers
        try:
            for event in answers.events():
                if isinstance(event, CompletionDone):
                    on_done(Written(event, seeds[event.key], sampling, "server", answers.left_out))
                elif isinstance(event, TokensDrawn):
                    on_texts(event.texts)
                yield
        finally:
            self._network = None
            answers.close()


def hotter(side: Side, attempt: int) -> Side:
    """The side in a new attempt: also greedy sampling is warmed, since it can only repeat itself."""
    if attempt == 0:
        return side
    temperature = min(max(side.sampling.temperature, 0.5) * HOTTER**attempt, 5)
    return replace(side, sampling=replace(side.sampling, temperature=temperature))


def store_comparison(
    connection: sqlite3.Connection,
    prompt: int,
    models: tuple[int, int],
    answers: Sequence[Written],
    system: str | None,
    side_seed: int,
    trial: int | None = None,
    *,
    asked_first: bool = False,
) -> int:
    """Store two completions and their comparison in one transaction; returns the comparison's id."""
    ids = []
    for model, each in zip(models, answers, strict=True):
        sampling = db_models.ensure_sampling(connection, {**each.settings, "system": system})
        ids.append(
            db_completions.add_completion(
                connection,
                prompt=prompt,
                model=model,
                sampling=sampling,
                seed=each.seed,
                text=each.done.text,
                tokens=each.done.tokens or None,  # some servers do not tell
                cut=each.done.cut,
                source=each.source,
            )
        )
    return db_comparisons.add_comparison(
        connection, prompt=prompt, a=ids[0], b=ids[1], side_seed=side_seed, trial=trial, asked_first=asked_first
    )
