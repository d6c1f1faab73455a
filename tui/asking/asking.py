"""Both answers to a question that a person asked, written at once, published as they grow, and stored."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Final

from db import comparisons as db_comparisons
from db import conversations as db_conversations
from db.hashing import content_hash
from db.prompt_rows import Messages, with_system
from engine.requests import GenerationRequest
from tui.asking.choice import KEPT_UNDER, AskChoice, AskedPolicies, find_asked_policies, kept_choice
from tui.compute.scheduler import Job, Priority, Scheduler, WorkSteps
from tui.compute.seeds import seed_from
from tui.compute.services import Services
from tui.errors import KNOWN_ERRORS
from tui.events import AskedEnded, AskedGrowing, ComparisonStored, QueueChanged
from tui.generation.answer_sources import AnswerSource, find_asked_of
from tui.generation.completion_writer import Completed, CompletionWriter, Missing, Refused, TextGrew, WriterEvent
from tui.generation.pair_writer import GROWS_EVERY_S

_SIDES: Final = (0, 1)


@dataclass(frozen=True)
class AskedQuestion:
    """A conversation that ends with the person's turn, and who answers it. `again` counts earlier answers to it."""

    messages: Messages
    policies: AskedPolicies
    set_name: str
    again: int


@dataclass
class Asked:
    """A question whose answers are being written. `job` ends with them; `number` is the one of its events."""

    number: int
    question: AskedQuestion
    order: tuple[int, int]
    """Which of the two policies writes a, and which b."""
    side_seed: int
    job: Job = field(init=False)
    thread: Scheduler = field(init=False)
    """The thread of the job."""
    ended: AskedEnded | None = None
    """What was published at its end."""
    waiting: set[int] = field(default_factory=set)
    """The writers that have not ended."""
    grown_at: float = 0.0
    texts: list[str] = field(default_factory=lambda: ["", ""])
    """By policy."""
    done: dict[int, Completed] = field(default_factory=dict)
    """By policy."""
    problem: str = ""

    @property
    def left_to_right(self) -> tuple[int, int]:
        """The policies in the order in which their answers are shown."""
        a, b = self.order
        return (b, a) if db_comparisons.is_flipped(self.side_seed) else (a, b)

    def shown(self) -> tuple[str, str]:
        """Both texts so far, left and right. How fast each grows does not tell which policy writes it."""
        texts = [self.done[side].done.text if side in self.done else self.texts[side] for side in _SIDES]
        growing = [len(texts[side]) for side in _SIDES if side not in self.done]
        if self.question.policies.hidden and growing:
            texts = [text[: min(growing)] for text in texts]
        left, right = self.left_to_right
        return texts[left], texts[right]


class Asking:
    """Asks two policies what a person wants to know. One question does not wait for another one's end."""

    def __init__(self, services: Services, *, seed: int) -> None:
        self._services, self._seed = services, seed
        self._numbers = count(1)

    def ask(self, messages: Messages, choice: AskChoice, *, set_name: str = db_conversations.ASKED_SET) -> Asked:
        """Have both policies answer; the events `AskedGrowing` and `AskedEnded` carry the number of what is returned.

        Raises:
            NotAllowed: the question is held out for trials.
            AdapterError, SettingError: a policy or the sampling of the choice is not there, or not usable.
        """
        connection = self._services.workspace.connection
        db_conversations.check_askable(connection, messages, set_name)
        policies = find_asked_policies(choice, self._services)
        again = db_conversations.count_answered(connection, messages)
        question = AskedQuestion(messages, policies, set_name, again)
        asked = Asked(next(self._numbers), question, *self._places(question))
        writers = tuple(CompletionWriter(self._services) for _ in _SIDES)
        priority = lambda: Priority.ASLEEP if _is_idle(asked, writers) else Priority.WATCHED  # noqa: E731
        asked.thread = self._services.thread_for(needs_model=policies.sources.needs_model)
        asked.job = asked.thread.submit("question", self._work_steps(asked, writers), priority)
        return asked

    @property
    def choice(self) -> AskChoice:
        """Who answers in the app, as the workspace keeps it."""
        return kept_choice(self._services.workspace.setting)

    def keep(self, choice: AskChoice) -> None:
        """Keep another choice with the workspace.

        Raises:
            AdapterError, SettingError: see `ask`.
        """
        find_asked_policies(choice, self._services)
        self._services.workspace.keep_setting(KEPT_UNDER, asdict(choice))

    def policies(self, choice: AskChoice) -> AskedPolicies:
        """The two policies of a choice, with their names. Raises what `ask` does for them."""
        return find_asked_policies(choice, self._services)

    def stop(self, asked: Asked) -> None:
        """Write no further; nothing of the answers is stored. Answers that are complete already stay."""
        asked.thread.end(asked.job)

    def _places(self, question: AskedQuestion) -> tuple[tuple[int, int], int]:
        """Which policy writes a, and the seed of the sides: by chance, or the first one left where names are shown."""
        words = ("ask", content_hash(question.messages), question.again)
        sides = (seed_from(self._seed, *words, "side", number) for number in count())
        if question.policies.named:
            return (0, 1), next(each for each in sides if not db_comparisons.is_flipped(each))
        return ((0, 1), (1, 0))[seed_from(self._seed, *words, "order") % 2], next(sides)

    # -- on the compute thread -----------------------------------------------------------------------------------

    def _work_steps(self, asked: Asked, writers: Sequence[CompletionWriter]) -> WorkSteps:
        yield  # the job that loads the model goes first
        try:
            yield from self._write(asked, writers)
            ended = AskedEnded(asked.number, problem=asked.problem) if asked.problem else self._store(asked)
        except KNOWN_ERRORS as error:
            ended = AskedEnded(asked.number, problem=str(error))
        asked.ended = ended
        self._services.publish(ended)
        if ended.comparison is not None:
            self._services.publish(ComparisonStored(ended.comparison))
            connection = self._services.workspace.connection
            self._services.publish(QueueChanged(db_comparisons.count_open(connection)))

    def _write(self, asked: Asked, writers: Sequence[CompletionWriter]) -> WorkSteps:
        """Both policies write a few tokens in turn, so that neither is ahead of the other."""
        with ExitStack() as closing:
            streams = {}
            for number, (source, requests) in enumerate(self._requests(asked)):
                streams[number] = writers[number].write(source, requests)
                closing.callback(streams[number].close)
            asked.waiting = set(streams)
            while asked.waiting and not asked.problem:
                for number in [each for each in sorted(asked.waiting) if not writers[each].idle]:
                    if self._advance(asked, streams[number]):
                        asked.waiting.discard(number)
                    yield
                if all(writers[each].idle for each in asked.waiting):
                    yield  # the job sleeps until a server has news

    def _requests(self, asked: Asked) -> list[tuple[AnswerSource, deque[GenerationRequest]]]:
        """What each writer is asked: one policy with one sampling writes both answers together."""
        question = asked.question
        sources, messages = question.policies.sources, with_system(question.messages, question.policies.sources.system)
        requests = [
            GenerationRequest(
                str(side), messages, seed_from(self._seed, "ask", content_hash(question.messages), question.again, side)
            )
            for side in _SIDES
        ]
        if sources.alike:
            return [(sources.first, deque(requests))]
        return [(source, deque([request])) for source, request in zip(sources.both, requests, strict=True)]

    def _advance(self, asked: Asked, events: Generator[WriterEvent, None, None]) -> bool:
        """Take in the next event of a writer; True at its end."""
        match next(events, None):
            case None:
                return True
            case Completed() as completed:
                asked.done[int(completed.done.key)] = completed
            case Refused(_, reason) | Missing(_, reason):
                asked.problem = reason
            case TextGrew(texts):
                for key, text in texts.items():
                    asked.texts[int(key)] = text
        self._grow(asked)
        return False

    def _grow(self, asked: Asked) -> None:
        if (now := time.monotonic()) >= asked.grown_at + GROWS_EVERY_S:
            asked.grown_at = now
            self._services.publish(AskedGrowing(asked.number, asked.shown()))

    def _store(self, asked: Asked) -> AskedEnded:
        question, sources = asked.question, asked.question.policies.sources
        ids = find_asked_of(sources, self._services)
        models = ids.model_a, ids.model_b
        first, second = (asked.done[side].to_store(models[side], sources.system) for side in asked.order)
        row = self._services.workspace.write(
            db_conversations.add_asked,
            question.messages,
            (first, second),
            side_seed=asked.side_seed,
            named=question.policies.named,
            set_name=question.set_name,
        ).result()
        return AskedEnded(asked.number, row.prompt, row.comparison)


def _is_idle(asked: Asked, writers: Sequence[CompletionWriter]) -> bool:
    """Do all writers that have not ended wait for a server?"""
    return bool(asked.waiting) and all(writers[each].idle for each in asked.waiting)
