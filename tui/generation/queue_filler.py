"""Answers written ahead: comparisons that are ready before a person asks for them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import replace
from functools import partial

from adapters.errors import AdapterError
from db import comparisons as db_comparisons
from db import prompts as db_prompts
from db.pair_rows import ComparisonRow
from db.prompt_rows import AskedOf, PromptRow
from engine.chat_servers.adapters import AdapterNotServed
from engine.config import SamplingConfig
from engine.errors import AnswersAlike, AnswersMissing, MemoryRanOut, ServerError, SettingError, TemplateRefused
from tui.compute.scheduler import Job, Priority, Scheduler, WorkSteps
from tui.compute.seeds import seed_from
from tui.compute.services import Services
from tui.errors import WorkbenchError, title_of
from tui.events import QueueChanged, WorkbenchFailed
from tui.generation import prompt_order
from tui.generation.answer_sources import AnswerSources, find_asked_of, find_sources, source_needs_model
from tui.generation.candidates import candidates_of
from tui.generation.pair_batch import PairBatch
from tui.generation.pair_writer import Boundary, PairStored, PairWriter
from tui.generation.policies import ServedPolicy
from tui.text.similarity import likeness
from tui.workspace.settings import QueueConfig
from tui.workspace.settings_store import stored_settings

LOW = QueueConfig().low_mark
"""Below this many ready comparisons the labeller is served before a run, unless a workspace sets another number."""
_COMPARED = 50
"""So many ready pairs are looked through for the one whose answers differ most, at a millisecond each."""
PROMPTS_AT_ONCE = 8
"""Prompts answered in one batch. The first of an empty queue is answered alone, so that it comes sooner."""
PROMPTS_IN_ALL = 96
"""Prompts that one batch answers in all, as new prompts replace those with a pair. A prompt with two answers that are
nearly the same waits for the end of the batch."""
ASK_AGAIN_S = 30.0
"""A server that could not be asked, or a model without memory for an answer, is asked again after this time."""
_RESTING = (
    ServerError, MemoryRanOut, TemplateRefused, AnswersAlike, SettingError, WorkbenchError, AdapterError,
)  # fmt: skip
"""Errors that end one attempt and not the filling: others, or the person, can change what they say."""


class QueueFiller:
    """Keeps the queue of ready comparisons full, in spare turns of the compute thread."""

    def __init__(self, services: Services, *, seed: int, beside: QueueFiller | None = None) -> None:
        """`beside`: another filler on the same thread. Neither answers a prompt that the other is answering."""
        self.settings = stored_settings(services.workspace)
        self.writing = False
        self.problem: tuple[str, str] | None = None
        """Title and sentence of why no answers are being written; None when nothing prevents it."""
        self.nobody_waits = False
        """No person is at a terminal, so a run goes before the queue, however low the queue is."""
        self.asked_of: AskedOf | None = None
        """Who answered last, as the database's ids."""
        self._services, self._seed = services, seed
        self._workspace, self._scheduler, self._publish = services.workspace, services.scheduler, services.publish
        self._pairs = PairWriter(services, seed=seed)
        self._known_sources: tuple[AnswerSources, AskedOf] | None = None
        self._being_answered: set[int] = beside._being_answered if beside else set()
        self._ready = 0
        self._waking = threading.Lock()
        self._job: Job | None = None
        self._wanted = False
        self._filling: object = None
        """A token of the job that fills the queue, so that an old job ending on another thread does not clear it."""
        self._hurried = False
        self._asked_last: PromptRow | None = None
        self._rests_until = 0.0

    # -- what is asked for -------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """How many comparisons are kept ready."""
        return self.settings.queue.depth

    @property
    def sampling(self) -> SamplingConfig:
        """How answers are sampled."""
        return self.settings.sampling

    @sampling.setter
    def sampling(self, sampling: SamplingConfig) -> None:
        self.settings = replace(self.settings, sampling=sampling)

    @property
    def written(self) -> list[int]:
        """The comparisons that were written here, the newest last."""
        return self._pairs.comparisons

    @property
    def needs_model(self) -> bool:
        """Do the answers that the settings name need the base model?"""
        return source_needs_model(self.settings.source)

    @property
    def _thread(self) -> Scheduler:
        """The thread that answers are written on, as the settings are now."""
        return self._services.thread_for(needs_model=self.needs_model)

    def wake(self) -> None:
        """Fill the queue in the background, from now until it is full."""
        with self._waking:
            self._wanted = True
            thread = self._thread
            if self._job is not None and self._job.home is not thread:
                self._move_away(self._job)
            if self._job is None or self._job.done.done():
                self._job = thread.submit("answers", self._keep_filling(), self._priority)
        self._services.wake()

    def _move_away(self, job: Job) -> None:
        """End the job and forget it: who answers has changed, so the next job belongs to another thread."""
        self._scheduler.end(job)
        self._pairs = PairWriter(self._services, seed=self._seed, comparisons=self._pairs.comparisons)
        self._filling, self._job = None, None

    def reload_settings(self) -> None:
        """Use the settings that the workspace has now."""
        self.settings = stored_settings(self._workspace)
        self.ask_again()

    def ask_again(self) -> None:
        """Try again at once: what an error waits for may have changed."""
        self._pairs.ask_again()
        self._rests_until = 0.0
        self._services.wake()

    def write_pairs(self, pairs: int) -> Job:
        """Write `pairs` comparisons, however many are ready; the job's `done` resolves at the end."""
        before = len(self.written)
        priority = lambda: Priority.ASLEEP if self._pairs.completions.idle else Priority.WAITED_FOR  # noqa: E731
        missing = lambda: before + pairs - len(self.written)  # noqa: E731
        return self._thread.submit("pairs asked for", self._fill(missing), priority)

    # -- on the compute thread -----------------------------------------------------------------------------------

    def _priority(self) -> Priority:
        idle = self._pairs.completions.idle or not (self._wanted or self._filling)
        if idle or time.monotonic() < self._rests_until:
            return Priority.ASLEEP
        if self._wanted:  # pairs were judged since the last turn; during a run, a low count alone brings the next turn
            self._ready = self._count()
        if self._ready < self.settings.queue.low_mark:
            self._hurried = True
        elif self._ready >= self.settings.queue.high_mark:
            self._hurried = False  # half-written answers wait, and continue beside the next prompts
        # Answers of a server are only received and stored, which takes no time from a run.
        hurried = self._hurried and not self.nobody_waits
        return Priority.WAITED_FOR if hurried or self._pairs.completions.at_server else Priority.IN_ADVANCE

    def _keep_filling(self) -> WorkSteps:
        """Fill the queue whenever that is wanted, and sleep in between. A failed attempt is repeated later.

        If the job ended when the queue is full, a verdict arriving just then would see it as alive, start no new one,
        and leave the gap.
        """
        yield  # the job that loads the model goes first
        mine = object()
        try:
            while True:
                self._wanted, self._filling = False, mine
                try:
                    yield from self._fill(lambda: self.depth - self._count_and_publish(), self._room)
                except _RESTING as error:
                    self._rest(error)
                    self._wanted = True
                self._filling = None
                yield
        finally:
            if self._filling is mine:
                self._filling = None

    def _room(self) -> int:
        """How many comparisons may be half written at a time.

        Normally the number missing. While a run waits, the whole queue depth, because large batches cost the run least.
        Answers that are unfinished at the high mark are kept for later.
        """
        holds_a_run = self._hurried and self._scheduler.busy_with("run")
        return self.depth if holds_a_run else self.depth - self._count_and_publish()

    def _fill(self, missing: Callable[[], int], room: Callable[[], int] | None = None) -> WorkSteps:
        """Answer prompts until no comparison is missing or no prompt is left. `room`: see `_room`; else `missing`."""
        yield
        try:
            while (yield from self._answer_some(missing, room or missing)):
                yield  # between two batches the scheduler chooses the next job
        finally:
            self.writing = False
            self._publish(QueueChanged(self._ready))

    def _rest(self, error: Exception) -> None:
        """Ask for no answers for a while, and publish the problem once. Some errors wait until a setting changes."""
        waits = isinstance(error, AnswersMissing | AdapterNotServed)
        by_itself = isinstance(error, ServerError | MemoryRanOut) and not waits
        change = "then" if isinstance(error, WorkbenchError | AdapterError) else "once a setting is changed"
        words = "Palate asks again by itself." if by_itself else f"Palate asks again {change}."
        problem = (title_of(error), f"{error} {words}")
        self.writing = False
        if problem != self.problem:
            self.problem = problem
            self._publish(WorkbenchFailed(*problem))
        self._publish(QueueChanged(self._ready))
        self._rests_until = time.monotonic() + ASK_AGAIN_S if by_itself else math.inf
        if by_itself:
            self._thread.wake_after(ASK_AGAIN_S)

    def _answer_some(self, missing: Callable[[], int], room: Callable[[], int]) -> Generator[None, None, bool]:
        """Answer the next prompts; True if there may be more to do."""
        self._count_and_publish()
        if (wanted := missing()) <= 0:
            return False
        sources = find_sources(self.settings, self._services)
        if self.needs_model:
            self._services.loaded_model.required()
        self.asked_of = self._find_asked_of(sources)
        limit = 1 if self._ready == 0 else min(wanted, _prompts_at_once(sources))
        prompts = self._choose(self.asked_of, limit)
        if not prompts:
            return False
        self._begin_writing()
        queue = self.settings.queue
        candidates = candidates_of(queue)
        streams = sources.alike and self._ready == 0 and candidates == 2  # else nobody knows which two are asked
        batch = PairBatch(sources, self.asked_of, prompts, queue.nearly_equal, streams)
        batch.candidates, batch.order, batch.random_share = candidates, queue.order, queue.random_share
        yield from self._answer(batch, room)
        return True

    def _answer(self, batch: PairBatch, room: Callable[[], int]) -> WorkSteps:
        """Answer a batch; the next prompts join while it is being written."""
        taken = self._take(batch.prompts)
        limit = PROMPTS_IN_ALL - len(taken)
        try:
            with closing(self._pairs.write(batch)) as events:
                for event in events:
                    if isinstance(event, PairStored):
                        self.problem = None
                        self._count_and_publish()
                    yield
                    room_now = min(limit, event.room) if isinstance(event, Boundary) else 0
                    if (num := self._num_joining(batch, room, room_now)) > 0:
                        batch.joining += self._choose(batch.asked_of, num)
                        taken |= self._take(batch.joining)
                        # Where there are no more, asking again at every turn would read the disk.
                        limit = PROMPTS_IN_ALL - len(taken) if batch.joining else 0
        finally:
            self._being_answered -= taken

    def _num_joining(self, batch: PairBatch, room: Callable[[], int], limit: int) -> int:
        """How many prompts may join a batch; none while a person waits for a pair or once the settings changed."""
        if limit < 1 or self._ready == 0:
            return 0  # this is asked at every turn, and most turns need nothing from the disk
        limit = min(limit, room() - len(batch.without_pair))
        return limit if limit < 1 or find_sources(self.settings, self._services) == batch.sources else 0

    def _take(self, prompts: Iterable[PromptRow]) -> set[int]:
        """Reserve prompts, so that no other filler answers them, and return their ids."""
        taken = {each.id for each in prompts}
        self._being_answered |= taken
        return taken

    def _choose(self, asked_of: AskedOf, limit: int) -> list[PromptRow]:
        """The next prompts, without those that are being answered at this moment."""
        connection, exclude = self._workspace.connection, self._being_answered | self._pairs.unanswered(asked_of)
        rows = [each for each in db_prompts.unasked_prompts(connection, asked_of) if each.id not in exclude]
        known = (rows, partial(db_prompts.field_totals, connection), limit, self._last_field())
        is_shuffled = self.settings.queue.order == "shuffled"
        ids = prompt_order.shuffled(*known, self._place) if is_shuffled else prompt_order.in_turn_by_set(*known)
        chosen = db_prompts.prompts_by_id(connection, ids)
        if chosen:
            self._asked_last = chosen[-1]
        return chosen

    def _last_field(self) -> str | None:
        """The field of the prompt that was chosen last, here or by an earlier process."""
        if self._asked_last is not None:
            return self._asked_last.field
        return db_prompts.last_asked_field(self._workspace.connection)

    def most_different(self, after: int | None) -> ComparisonRow | None:
        """The ready pair whose answers share the fewest words, of the first 50; None where none is ready.

        One that a person asked for comes first. `after` is left out.
        """
        connection = self._workspace.connection
        if (asked := db_comparisons.next_asked_first(connection, after=after)) is not None:
            return asked
        ready = [each for each in db_comparisons.open_comparisons(connection, _COMPARED) if each.id != after]
        return min(ready, key=lambda each: (likeness(each.a.text, each.b.text), each.id), default=None)

    def _place(self, prompt: int) -> int:
        """A prompt's place in the shuffled order. It depends on the seed alone, so a restart continues the order."""
        return seed_from(self._seed, "order", prompt)

    def _find_asked_of(self, sources: AnswerSources) -> AskedOf:
        if self._known_sources is None or self._known_sources[0] != sources:
            self._known_sources = sources, find_asked_of(sources, self._services)
        return self._known_sources[1]

    def _begin_writing(self) -> None:
        if not self.writing:
            self.writing = True
            self._publish(QueueChanged(self._ready))

    def _count(self) -> int:
        return db_comparisons.count_open(self._workspace.connection)

    def _count_and_publish(self) -> int:
        ready = self._count()
        if ready != self._ready:
            self._ready = ready
            self._publish(QueueChanged(ready))
        return ready


def _prompts_at_once(sources: AnswerSources) -> int:
    """Prompts in one batch: as many as a server takes at a time."""
    servers = [each.policy.server.parallel for each in sources.both if isinstance(each.policy, ServedPolicy)]
    return max(min(servers) // 2, 1) if servers else PROMPTS_AT_ONCE
