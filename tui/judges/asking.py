"""Asking a judge: a program, a model on a server, or a model here. Each gives judgements as they come. No Textual here.

Everything here runs on the thread of a command or of a screen's worker, never on the compute thread or the event loop:
it waits. A model here answers on the compute thread, in turns with everything else that computes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, Protocol

from adapters.manifest import Adapter
from db.pair_rows import ComparisonRow
from engine.chat_servers.adapters import Target
from engine.chat_servers.address import Server
from engine.chat_servers.client import ServerAnswers
from engine.chat_servers.refusals import ServerHabits
from engine.config import SamplingConfig
from engine.errors import TokenUnknown
from engine.events import AnswerMissing, CompletionDone
from engine.requests import GenerationRequest
from tui.compute.scheduler import Priority, WorkSteps
from tui.compute.services import Services
from tui.judges.judgement import LABELS, Choice, Judgement, Look, combine, label_shares, read_label
from tui.judges.program import ExternalJudge
from tui.judges.question import Shown, ask

if TYPE_CHECKING:
    from engine.label_scores import LabelScorer

ALTERNATIVES: Final = 20
"""So many likely first tokens are asked for: the most that OpenAI's protocol gives."""
LABEL_TOKENS: Final = 16
"""The longest answer of a model that does not think."""
PAIRS_AT_ONCE: Final = 16
"""Pairs that are sent to a server in one go. How many requests are in flight is the server's setting."""
_TICK_S: Final = 0.2


@dataclass(frozen=True)
class Judged:
    """A pair with its judgement, and the seconds that it took."""

    pair: ComparisonRow
    judgement: Judgement
    seconds: float


class Asker(Protocol):
    """Someone who judges."""

    def judge(self, pairs: Sequence[ComparisonRow], tick: Callable[[], None]) -> Iterator[Judged]:
        """Judge pairs in both orders; `tick` is called while it waits, and may raise to end it."""


@dataclass(frozen=True)
class ModelQuestions:
    """The questions of a judge that is a model: its rubric, and its examples with their labels."""

    rubric: str
    examples: Sequence[tuple[Shown, str]]

    def of(self, pair: ComparisonRow) -> tuple[GenerationRequest, ...]:
        """The requests for both orders, with the keys `ID:a` and `ID:b`; none where the pair is too long.

        A system prompt of one policy is left out: it would tell the two apart.
        """
        asked, a, b = pair.prompt.messages, pair.a.text, pair.b.text
        both = [("a", Shown(asked, a, b)), ("b", Shown(asked, b, a))]
        requests = []
        for first, shown in both:
            messages = ask(self.rubric, self.examples, shown)
            if messages is None:
                return ()
            requests.append(GenerationRequest(f"{pair.id}:{first}", messages, 0))
        return tuple(requests)


@dataclass(frozen=True)
class ProgramAsker:
    """A program that judges; see `ExternalJudge`."""

    program: ExternalJudge

    def judge(self, pairs: Sequence[ComparisonRow], tick: Callable[[], None]) -> Iterator[Judged]:
        """Run it for one pair after the other."""
        for pair in pairs:
            tick()
            started = time.monotonic()
            judgement = self.program.judge(pair)
            yield Judged(pair, judgement, time.monotonic() - started)


@dataclass(frozen=True)
class ServerAsker:
    """A model on a server."""

    server: Server
    questions: ModelQuestions
    max_tokens: int = LABEL_TOKENS
    find_target: Callable[[], Target] | None = None
    """Whom to ask there: llama.cpp applies the adapters of its start unless a request turns them off."""
    habits: ServerHabits = field(default_factory=ServerHabits)
    """What the server refused, and how much it takes at a time: learned once, not for each batch."""

    def judge(self, pairs: Sequence[ComparisonRow], tick: Callable[[], None]) -> Iterator[Judged]:
        """Send a batch of pairs at a time.

        Raises:
            ServerError: the server failed. Judgements that were complete came before.
        """
        for at in range(0, len(pairs), PAIRS_AT_ONCE):
            yield from self._judge_batch(pairs[at : at + PAIRS_AT_ONCE], tick)

    def _judge_batch(self, pairs: Sequence[ComparisonRow], tick: Callable[[], None]) -> Iterator[Judged]:
        requests = [request for pair in pairs for request in self.questions.of(pair)]
        by_id = {pair.id: pair for pair in pairs}
        looks: dict[int, dict[str, Look]] = {pair.id: {} for pair in pairs}
        started = time.monotonic()
        sent = {request.key.partition(":")[0] for request in requests}
        for pair in pairs:
            if str(pair.id) not in sent:
                yield Judged(pair, Judgement(None, None, None), 0.0)
        if not requests:
            return
        for key, look in self._looks(requests, tick):
            number, first = int(key.partition(":")[0]), key.partition(":")[2]
            looks[number][first] = look
            if len(looks[number]) == 2:
                seconds = (time.monotonic() - started) / len(pairs)
                yield Judged(by_id[number], combine(looks[number]["a"], looks[number]["b"]), seconds)

    def _looks(self, requests: Sequence[GenerationRequest], tick: Callable[[], None]) -> Iterator[tuple[str, Look]]:
        sampling = SamplingConfig(temperature=0.0, top_p=1.0, top_k=0, max_new_tokens=self.max_tokens)
        answers = ServerAnswers(
            self.server,
            requests,
            sampling,
            habits=self.habits,
            find_target=self.find_target,
            alternatives=ALTERNATIVES,
        )
        try:
            for event in answers.events():
                match event:
                    case CompletionDone():
                        yield event.key, Look(read_label(event.text), label_shares(event.alternatives))
                    case AnswerMissing():
                        yield event.key, Look(None)
                    case _:
                        tick()
                        answers.wait(_TICK_S)
        finally:
            answers.close()


@dataclass(frozen=True)
class LocalAsker:
    """The model that is loaded here, with an adapter or alone. It is not asked to write: its labels are scored."""

    services: Services
    adapter: Adapter | None
    questions: ModelQuestions

    def judge(self, pairs: Sequence[ComparisonRow], tick: Callable[[], None]) -> Iterator[Judged]:
        """Judge on the compute thread, one pair after the other.

        Raises:
            ModelError: no model is loaded, or it cannot tell the labels apart.
            AdapterError: the adapter is damaged or does not fit.
        """
        done: SimpleQueue[Judged] = SimpleQueue()
        scheduler = self.services.scheduler
        job = scheduler.submit("judge", self._steps(pairs, done), lambda: Priority.WAITED_FOR)
        given = 0
        try:
            while given < len(pairs):
                tick()
                over = job.done.done()
                try:
                    judged = done.get(timeout=0 if over else _TICK_S)
                except Empty:
                    if over:
                        job.done.result()
                        return
                    continue
                given += 1
                yield judged
        finally:
            scheduler.end(job)

    def _steps(self, pairs: Sequence[ComparisonRow], done: SimpleQueue[Judged]) -> WorkSteps:
        yield  # the job that loads the model goes first
        from engine.label_scores import LabelScorer  # imports torch

        model = self.services.loaded_model
        base = model.required()
        with model.using(self.adapter) if self.adapter is not None else nullcontext(None) as name:
            scorer = LabelScorer(base, name, tuple(LABELS))
            for pair in pairs:
                started, looks = time.monotonic(), {}
                for request in self.questions.of(pair):
                    looks[request.key.partition(":")[2]] = _look(scorer, request)
                    yield
                judgement = combine(looks["a"], looks["b"]) if looks else Judgement(None, None, None)
                done.put(Judged(pair, judgement, time.monotonic() - started))


def _look(scorer: LabelScorer, request: GenerationRequest) -> Look:
    try:
        scores = scorer.score(request.messages)
    except TokenUnknown:  # of this pair's texts; the next pair may be readable
        scores = None
    return Look(None) if scores is None else _likeliest(scores)


def _likeliest(scores: Mapping[str, float]) -> Look:
    """The label that the model would write if it had to write one."""
    best = max(scores, key=lambda label: scores[label])
    highest = scores[best]
    shares = label_shares({label: score - highest for label, score in scores.items()})
    choice: Choice = LABELS[best]
    return Look(choice, shares)
