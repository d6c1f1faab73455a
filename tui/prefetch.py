"""Answers written ahead: comparisons that are ready before a person asks for them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from db import comparisons as db_comparisons
from db import prompts as db_prompts
from db.rows import AskedOf, PromptRow
from engine.config import SamplingConfig
from engine.errors import PromptRefused, ServerError
from engine.server import Server
from tui.asking import Asking, Side, find_asked_of, make_asking, needs_model, with_system
from tui.choosing import next_prompts
from tui.lane import AHEAD, ASLEEP, WAITED_FOR, Job, Lane, Turns
from tui.likeness import nearly_equal
from tui.policies import Policies
from tui.published import AnswersGrowing, ComparisonStored, Published, QueueChanged, WorkbenchFailed, WorkbenchNotice
from tui.queue_config import QueueConfig
from tui.queue_settings import kept_settings
from tui.workspace import Workspace
from tui.writing import Wanted, Writer, Written, hotter, seed_from, store_comparison

__all__ = ["LOW", "PROMPTS_AT_ONCE", "Prefetcher", "Written", "seed_from", "store_comparison", "with_system"]

logger = logging.getLogger(__name__)

LOW = QueueConfig().low_mark
"""Below this many ready comparisons the labeller is served before a run, unless a workspace sets another number."""
PROMPTS_AT_ONCE = 4
"""Prompts answered in one batch. The first of an empty queue is answered alone, so that it comes sooner."""
ATTEMPTS = 3
"""How often the second answer is sampled again when both are nearly the same."""
GROWS_EVERY_S = 0.25
"""Answers that grow are published at most this often: more is not read, and every frame goes over the wire."""
ASK_AGAIN_S = 30.0
"""A server that could not be asked is asked again after this time."""


@dataclass
class _Batch:
    """Prompts that are answered together."""

    asking: Asking
    asked_of: AskedOf
    prompts: list[PromptRow]
    streams: bool
    side_seeds: dict[int, int]
    written: dict[tuple[int, int], Written] = field(default_factory=dict)
    stored: set[int] = field(default_factory=set)

    def texts(self, prompt: int) -> tuple[str, str] | None:
        """Both answers to a prompt, when both are there."""
        first, second = self.written.get((prompt, 0)), self.written.get((prompt, 1))
        return (first.done.text, second.done.text) if first and second else None


class Prefetcher:
    """Keeps the queue of ready comparisons full, in the lane's spare turns."""

    def __init__(
        self,
        workspace: Workspace,
        lane: Lane,
        policies: Policies,
        publish: Callable[[Published], None],
        *,
        seed: int,
    ) -> None:
        self.settings = kept_settings(workspace)
        self.writing = False
        self.problem: tuple[str, str] | None = None
        """Title and sentence of why nothing is being written, when something keeps it."""
        self.asked_of: AskedOf | None = None
        """Who answered last, as the database knows them."""
        self._workspace, self._lane, self._policies, self._publish = workspace, lane, policies, publish
        self._seed = seed
        self._writer = Writer(policies, lane.wake)
        self._known_asking: tuple[Asking, AskedOf] | None = None
        self._told: set[object] = set()
        self._ready = 0
        self._waking = threading.Lock()
        self._job: Job | None = None
        self._wanted = self._filling = False
        self._hurried = False
        self._rests_until = 0.0
        self._grown_at = 0.0

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
    def needs_model(self) -> bool:
        """Must the base model be there for the answers that are wanted?"""
        return needs_model(self.settings.source)

    def wake(self) -> None:
        """Fill the queue in the background, from now until it is full."""
        with self._waking:
            self._wanted = True
            if self._job is None or self._job.done.done():
                self._job = self._lane.submit("answers", self._keep_filling(), self._urgency)
        self._lane.wake()

    def take_up_settings(self) -> None:
        """Go on with the settings that the workspace keeps now."""
        self.settings = kept_settings(self._workspace)
        self._rests_until = 0.0
        self._lane.wake()

    def write_pairs(self, pairs: int) -> Job:
        """Write `pairs` comparisons more than are ready now; the job's `done` tells when."""
        depth = self._count() + pairs
        urgency = lambda: ASLEEP if self._writer.idle else WAITED_FOR  # noqa: E731
        return self._lane.submit("pairs asked for", self._fill(depth), urgency)

    # -- on the lane -------------------------------------------------------------------------------------------

    def _urgency(self) -> int:
        idle = self._writer.idle or not (self._wanted or self._filling)
        if idle or time.monotonic() < self._rests_until:
            return ASLEEP
        if self._wanted:  # pairs were judged since the last turn, and while a run is alive only this brings another
            self._ready = self._count()
        if self._ready < self.settings.queue.low_mark:
            self._hurried = True
        elif self._ready >= self.settings.queue.high_mark:
            self._hurried = False
        # What a server wrote is only taken and stored, which takes no time from a run.
        return WAITED_FOR if self._hurried or self._writer.at_server else AHEAD

    def _keep_filling(self) -> Turns:
        """Fill the queue whenever that is wanted, and sleep in between; a server that fails is asked again later.

        The job does not end with the queue full: a verdict that comes just then would find it still there, and nobody
        would fill the gap.
        """
        yield  # the model's own job goes first
        try:
            while True:
                self._wanted, self._filling = False, True
                try:
                    yield from self._fill(self.depth)
                except ServerError as error:
                    self._rest(error)
                    self._wanted = True
                self._filling = False
                yield
        finally:
            self._filling = False

    def _fill(self, depth: int) -> Turns:
        """Answer prompts until `depth` comparisons are ready or none is left."""
        yield
        try:
            while (yield from self._answer_some(depth)):
                pass
        finally:
            self.writing = False
            self._publish(QueueChanged(self._ready))

    def _rest(self, error: ServerError) -> None:
        """Leave the server alone for a while; what is wrong is told once."""
        problem = (error.title, f"{error} Palate asks again by itself.")
        self.writing = False
        if problem != self.problem:
            self.problem = problem
            self._publish(WorkbenchFailed(*problem))
        self._publish(QueueChanged(self._ready))
        self._rests_until = time.monotonic() + ASK_AGAIN_S
        timer = threading.Timer(ASK_AGAIN_S, self._lane.wake)
        timer.daemon = True
        timer.start()

    def _answer_some(self, depth: int) -> Generator[None, None, bool]:
        """Answer the next prompts; says whether there may be more to do."""
        if (missing := depth - self._count_and_tell()) <= 0:
            return False
        asking = make_asking(self.settings, self._workspace, self._policies)
        if self.needs_model:
            self._policies.required()
        self.asked_of = self._find_asked_of(asking)
        limit = 1 if self._ready == 0 else min(missing, _prompts_at_once(asking))
        order = self.settings.queue.order
        prompts = next_prompts(self._workspace.connection, self.asked_of, limit, order=order, seed=self._seed)
        if not prompts:
            return False
        self._begin_writing()
        yield from self._answer(self._batch(asking, self.asked_of, prompts))
        return True

    def _find_asked_of(self, asking: Asking) -> AskedOf:
        if self._known_asking is None or self._known_asking[0] != asking:
            self._known_asking = asking, find_asked_of(asking, self._workspace, self._policies)
        return self._known_asking[1]

    def _batch(self, asking: Asking, asked_of: AskedOf, prompts: list[PromptRow]) -> _Batch:
        side_seeds = {
            each.id: seed_from(self._seed, "side", each.id, *(self._answer_seed(asking, each.id, i, 0) for i in (0, 1)))
            for each in prompts
        }
        return _Batch(asking, asked_of, prompts, asking.alike and self._ready == 0, side_seeds)

    def _answer_seed(self, asking: Asking, prompt: int, index: int, attempt: int) -> int:
        return seed_from(self._seed, prompt, index, attempt, _policy_word(asking.sides[index]))

    def _answer(self, batch: _Batch) -> Turns:
        """Two answers to each prompt; where both are nearly the same, the second is sampled again, hotter."""
        yield from self._write(batch, batch.prompts, (0, 1), attempt=0)
        for attempt in range(1, ATTEMPTS + 1):
            alike = [each for each in batch.prompts if each.id not in batch.stored]
            if not alike:
                return
            self._withdraw(batch)
            yield from self._write(batch, alike, (1,), attempt)
        for each in batch.prompts:
            if each.id not in batch.stored:
                self._pass_over(batch, each, f"The model gave nearly the same answer {ATTEMPTS + 2} times.")

    def _write(self, batch: _Batch, prompts: Sequence[PromptRow], indices: Collection[int], attempt: int) -> Turns:
        if batch.asking.alike and attempt == 0:
            yield from self._write_side(batch, batch.asking.first, [(p, i) for p in prompts for i in indices], attempt)
            return
        for index in indices:
            side = hotter(batch.asking.sides[index], attempt)
            yield from self._write_side(batch, side, [(p, index) for p in prompts], attempt)

    def _write_side(self, batch: _Batch, side: Side, asked: Sequence[tuple[PromptRow, int]], attempt: int) -> Turns:
        """One side's answers in one batch. A prompt that is too long for the model is passed over."""
        asked = [each for each in asked if each[0].id not in batch.stored and each[0] in batch.prompts]
        prompts = {str(prompt.id): prompt for prompt, _ in asked}
        wanted = [
            Wanted(
                f"{prompt.id}/{index}",
                with_system(prompt.messages, batch.asking.system),
                self._answer_seed(batch.asking, prompt.id, index, attempt),
            )
            for prompt, index in asked
        ]

        def done(written: Written) -> None:
            prompt, index = written.done.key.split("/")
            batch.written[int(prompt), int(index)] = written
            self._store_if_ready(batch, prompts[prompt])

        def grew(texts: Mapping[str, str]) -> None:
            if batch.streams and attempt == 0 and not batch.stored:
                self._grow(batch, texts)

        try:
            yield from self._writer.write(side, wanted, done, grew)
        except PromptRefused as error:
            refused = prompts[error.key.split("/")[0]]
            self._pass_over(batch, refused, str(error))
            batch.prompts.remove(refused)
            yield from self._write_side(batch, side, asked, attempt)

    # -- what became of an answer ------------------------------------------------------------------------------

    def _store_if_ready(self, batch: _Batch, prompt: PromptRow) -> None:
        texts = batch.texts(prompt.id)
        if texts is None or nearly_equal(*texts, self.settings.queue.nearly_equal):
            return
        answers = [batch.written[prompt.id, index] for index in (0, 1)]
        models = batch.asked_of.model_a, batch.asked_of.model_b
        stored = self._workspace.write(
            store_comparison, prompt.id, models, answers, batch.asking.system, batch.side_seeds[prompt.id]
        ).result()
        batch.stored.add(prompt.id)
        self.problem = None
        for each in answers:
            self._tell_left_out(each.left_out)
        self._publish(ComparisonStored(stored))
        self._count_and_tell()

    def _pass_over(self, batch: _Batch, prompt: PromptRow, reason: str) -> None:
        """Do not ask this prompt of these policies any more, here and after a restart, and say so."""
        self._workspace.write(db_prompts.pass_over, prompt.id, batch.asked_of, reason).result()
        self._withdraw(batch)
        self._publish(
            WorkbenchNotice(
                "A prompt was passed over",
                f"“{prompt.first_line}”: {reason} It is asked again once another model, adapter or sampling answers.",
            )
        )

    def _tell_left_out(self, left_out: frozenset[str]) -> None:
        names = sorted(left_out - {"stream_options"})
        if names and left_out not in self._told:
            self._told.add(left_out)
            does = "does" if len(names) == 1 else "do"
            self._publish(
                WorkbenchNotice(
                    "The server does not know every setting",
                    f"It refused {', '.join(names)}, which {does} not shape its answers. They are kept without.",
                )
            )

    # -- while answers grow ------------------------------------------------------------------------------------

    def _grow(self, batch: _Batch, texts: Mapping[str, str]) -> None:
        """Publish what is there of the two answers of an empty queue's first prompt."""
        if (now := time.monotonic()) < self._grown_at + GROWS_EVERY_S:
            return
        self._grown_at = now
        prompt = batch.prompts[0]
        both = []
        for index in (0, 1):
            written = batch.written.get((prompt.id, index))
            both.append(written.done.text if written else texts.get(f"{prompt.id}/{index}", ""))
        if db_comparisons.is_flipped(batch.side_seeds[prompt.id]):
            both.reverse()
        self._publish(AnswersGrowing(prompt, (both[0], both[1])))

    def _withdraw(self, batch: _Batch) -> None:
        """The answers that grew are no pair: take them off the screen."""
        if batch.streams:
            batch.streams = False
            self._publish(AnswersGrowing(batch.prompts[0], None))

    def _begin_writing(self) -> None:
        if not self.writing:
            self.writing = True
            self._publish(QueueChanged(self._ready))

    def _count(self) -> int:
        return db_comparisons.count_open(self._workspace.connection)

    def _count_and_tell(self) -> int:
        ready = self._count()
        if ready != self._ready:
            self._ready = ready
            self._publish(QueueChanged(ready))
        return ready


def _policy_word(side: Side) -> str | None:
    """What tells policies apart in the seed of an answer."""
    if isinstance(side.policy, Server):
        return f"{side.policy.base_url} {side.policy.model}"
    return side.policy and side.policy.manifest.id


def _prompts_at_once(asking: Asking) -> int:
    """Prompts in one batch: as many as a server takes at a time."""
    servers = [each.policy.parallel for each in asking.sides if isinstance(each.policy, Server)]
    return max(min(servers) // 2, 1) if servers else PROMPTS_AT_ONCE
