"""More prompts like those of a set, written by a model and chosen by a person. Nothing here adds one to a set."""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from db import prompt_lists as db_prompt_lists
from db.hashing import content_hash, guard_hash
from db.prompt_rows import Message, Messages, NewPrompt, StoredQuestion
from engine.errors import AnswersMissing, ModelError
from engine.requests import GenerationRequest
from engine.thoughts import without_thoughts
from tui.compute.scheduler import Job, Priority, Scheduler, WorkSteps
from tui.compute.services import Services
from tui.curation.near_prompts import similar_prompts
from tui.curation.prompt_sets import PromptSets
from tui.errors import KNOWN_ERRORS, InputError
from tui.events import PromptsGrown
from tui.generation.answer_sources import AnswerSource
from tui.generation.completion_writer import Completed, CompletionWriter, Missing, Refused, WriterEvent
from tui.generation.policies import ServedPolicy
from tui.workspace.servers import ServerList
from tui.workspace.settings_store import stored_settings

MOST_GROWN: Final = 20
"""Prompts that are asked for at once: models lose count beyond."""
_EXAMPLES: Final = 8
_LONGEST_EXAMPLE: Final = 300
_LONGEST: Final = 1000
"""Characters of a prompt that is taken from an answer."""
_ROUNDS: Final = 3
_TOKENS_EACH: Final = 48
_NUMBERED = re.compile(r"^\s*(?:\*\*)?\d{1,3}\s*[.):]\s*(.+)$")
_BULLET = re.compile(r"^\s*[-*•]\s+(.+)$")
_LETTER = re.compile(r"\w")
Write = Callable[[deque[GenerationRequest]], Generator[WriterEvent, None, None]]
"""Writes the answers to some requests: a `CompletionWriter` with its source."""


@dataclass(frozen=True)
class GrowthRequest:
    """More prompts like those of a set.

    `server` is a name of the workspace's list; None means the base model here. `field` narrows the examples, and is the
    field of what comes.
    """

    set_name: str
    number: int = 10
    server: str | None = None
    field: str | None = None


class PromptGrowth:
    """Asks a model for prompts, and leaves out those that are there already."""

    def __init__(self, services: Services, prompts: PromptSets, servers: ServerList) -> None:
        self._services, self._prompts, self._servers = services, prompts, servers
        self.came: PromptsGrown | None = None
        """What the last `ask` brought: a screen that was not shown meanwhile heard of no event."""

    def ask(self, request: GrowthRequest, beside: Iterable[str] = ()) -> Job:
        """Ask for prompts; the job's end publishes `PromptsGrown`. None is like one of `beside`, such as declined ones.

        Raises:
            InputError: the set does not exist, is held out or has no prompt of that field, or there is no such server.
            TextsStay: nobody allowed texts to be sent to the server.
        """
        self.came = None
        examples = self._examples(request)
        source, writer = self._source(request), CompletionWriter(self._services)
        steps = self._steps(request, partial(writer.write, source), examples, tuple(beside))
        priority = lambda: Priority.ASLEEP if writer.idle else Priority.WAITED_FOR  # noqa: E731
        return self._thread(request).submit("prompts", steps, priority)

    def end(self, job: Job, request: GrowthRequest) -> None:
        """End a job before its next turn; what is not complete is cancelled."""
        self._thread(request).end(job)

    def _thread(self, request: GrowthRequest) -> Scheduler:
        return self._services.thread_for(needs_model=request.server is None)

    def _examples(self, request: GrowthRequest) -> list[StoredQuestion]:
        """The prompts of the set that the model may see: never held-out ones."""
        row = self._prompts.find_set(request.set_name)
        if row.held_out:
            raise InputError(
                f"The set {row.name!r} is held out, and its prompts are shown to no model. Name a set for labelling."
            )
        stored = db_prompt_lists.stored_questions(self._services.workspace.connection)
        guarded = {each.guard_hash for each in stored if each.held_out}  # a question may be in two sets
        of_set = [each for each in stored if each.set_name == row.name and each.guard_hash not in guarded]
        found = [each for each in of_set if request.field in (None, each.field)]
        if not found:
            where = f" of the field {request.field!r}" if request.field else ""
            raise InputError(f"The set {row.name!r} has no prompt{where} to show as an example. Add a few first.")
        return found

    def _source(self, request: GrowthRequest) -> AnswerSource:
        sampling = stored_settings(self._services.workspace).sampling
        tokens = max(sampling.max_new_tokens, _TOKENS_EACH * request.number)
        sampling = replace(sampling, max_new_tokens=tokens)
        if request.server is None:
            return AnswerSource(None, sampling)
        named = self._servers.get(request.server)
        if not named.allowed:
            raise ServerList.unallowed(named)
        return AnswerSource(ServedPolicy(named), sampling)

    # -- on the compute thread -----------------------------------------------------------------------------------

    def _steps(
        self, request: GrowthRequest, write: Write, examples: Sequence[StoredQuestion], beside: tuple[str, ...]
    ) -> WorkSteps:
        """Ask up to three times, with other examples each time, until there are as many as were wanted.

        Examples and seeds are drawn by chance: asked again tomorrow, a model should write others.
        """
        kept: list[str] = []
        left_out = 0
        for _ in range(_ROUNDS):
            shown = random.sample(examples, min(_EXAMPLES, len(examples)))
            messages = _asking(shown, request.number - len(kept), request.field)
            try:
                texts = yield from _written(write, messages)
            except KNOWN_ERRORS:
                if not kept:
                    raise
                break  # what came before is worth more than the reason why no more comes
            known = db_prompt_lists.stored_questions(self._services.workspace.connection)
            fresh = fresh_prompts(texts, known, [*beside, *kept])
            left_out += len(texts) - len(fresh)
            kept = [*kept, *fresh][: request.number]
            if len(kept) == request.number:
                break
        self.came = PromptsGrown(request.set_name, tuple(kept), request.field, left_out)
        self._services.publish(self.came)


def _written(write: Write, messages: Messages) -> Generator[None, None, list[str]]:
    """The prompts of one answer.

    Raises:
        ModelError: the model cannot be asked this.
        AnswersMissing: the server gave no answer.
        ServerError: the server could not be asked.
    """
    texts: list[str] = []
    requests = deque([GenerationRequest("grow", messages, random.getrandbits(31))])
    with closing(write(requests)) as events:
        for event in events:
            match event:
                case Completed():
                    texts = prompts_in(without_thoughts(event.done.text), cut=event.done.cut)
                case Refused():
                    raise event.error or ModelError(event.reason)
                case Missing():
                    raise AnswersMissing(event.reason)
            yield
    return texts


def _asking(examples: Sequence[StoredQuestion], number: int, field: str | None) -> Messages:
    """The request to the model, as one user message."""
    shown = "\n".join(f"{place}. {_example(each.messages)}" for place, each in enumerate(examples, 1))
    about = f" All of them are about {field}." if field else ""
    text = (
        f"Here are {len(examples)} prompts that one person gave to an assistant:\n\n{shown}\n\n"
        f"Write {number} new prompts that the same person might give: of the same kind, language and length, each "
        f"about something else.{about} Write each on a line of its own, numbered, and write nothing else."
    )
    return (Message(role="user", content=text),)


def _example(messages: Messages) -> str:
    users = [each["content"] for each in messages if each["role"] == "user"]
    return " ".join((users or [""])[-1].split())[:_LONGEST_EXAMPLE]


def prompts_in(text: str, *, cut: bool = False) -> list[str]:
    """The prompts in a model's answer: its numbered lines, else its bullets, else its lines.

    The last line of an answer that its limit `cut` is left out, and so is what has no letter or is very long.

    >>> prompts_in('Sure!\\n1. "Why is ice slippery?"\\n2) What is salt?')
    ['Why is ice slippery?', 'What is salt?']
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = lines[:-1] if cut else lines
    for pattern in (_NUMBERED, _BULLET):
        if marked := [found[1] for line in lines if (found := pattern.match(line))]:
            lines = marked
            break
    plain = (line.strip().strip("*").strip().strip('"“”').strip() for line in lines)
    return [line for line in plain if _LETTER.search(line) and len(line) <= _LONGEST]


def fresh_prompts(texts: Sequence[str], known: Sequence[StoredQuestion], beside: Sequence[str]) -> list[str]:
    """Those of `texts` that are not the same, or nearly the same, as a stored prompt, one of `beside`, or one before.

    Held-out prompts count as well, so that none of what comes is like a prompt that trials ask.
    """
    hashes = {each.content_hash for each in known} | {each.guard_hash for each in known}
    prompts = [NewPrompt((Message(role="user", content=text),)) for text in (*beside, *texts)]
    near, _ = similar_prompts(prompts, known, held_out=False)
    fresh = []
    for place, prompt in enumerate(prompts):
        mine = {content_hash(prompt.messages), guard_hash(prompt.messages)}
        if place >= len(beside) and place not in near and hashes.isdisjoint(mine):
            fresh.append(texts[place - len(beside)])
        hashes |= mine
    return fresh
