"""Answers written ahead: comparisons that are ready before a person asks for them."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from adapters.registry import Adapter
from db import comparisons as db_comparisons
from db import completions as db_completions
from db import models as db_models
from db import prompts as db_prompts
from db.rows import Message, Messages, PromptRow
from engine.config import SamplingConfig
from engine.events import CompletionDone
from tui.lane import AHEAD, WAITED_FOR, Job, Lane, Turns
from tui.policies import Policies
from tui.published import ComparisonStored, Published, QueueChanged, WorkbenchFailed
from tui.workspace import Workspace

logger = logging.getLogger(__name__)

DEPTH = 12
"""Comparisons kept ready; a person who judges one in 15 s has three minutes of them."""
LOW = 4
"""Below this many ready comparisons the labeller is served before a run."""
PROMPTS_AT_ONCE = 4
"""Prompts answered in one batch. The first of an empty queue is answered alone, so that it comes sooner."""
ATTEMPTS = 3
"""How often the second answer is sampled again when both are the same."""
HOTTER = 1.25
"""Each new attempt multiplies the temperature by this."""


def seed_from(*parts: object) -> int:
    """A 48-bit seed that depends on every part: the same parts give the same answer again."""
    text = ":".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])


@dataclass(frozen=True)
class Written:
    """One completion as it came from the engine, with what made it."""

    done: CompletionDone
    seed: int
    sampling: SamplingConfig


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
        depth: int = DEPTH,
    ) -> None:
        self.depth = depth
        self.sampling = SamplingConfig()
        self.system: str | None = None
        self.writing = False
        self._workspace, self._lane, self._policies, self._publish = workspace, lane, policies, publish
        self._seed = seed
        self._passed_over: set[int] = set()
        self._ready = 0

    def wake(self) -> None:
        """Fill the queue in the background unless that is being done already."""
        if not self._lane.busy_with("answers"):
            self._lane.submit("answers", self._turns(self.depth), self._urgency)

    def write_pairs(self, pairs: int) -> Job:
        """Write `pairs` comparisons more than are ready now; the job's `done` tells when."""
        return self._lane.submit("pairs asked for", self._turns(self._count() + pairs), lambda: WAITED_FOR)

    def _count(self) -> int:
        return db_comparisons.count_open(self._workspace.connection)

    def _urgency(self) -> int:
        return WAITED_FOR if self._ready < LOW else AHEAD

    def _turns(self, depth: int) -> Turns:
        yield  # the model's own job goes first
        self._policies.required()
        try:
            while (missing := depth - self._count_and_tell()) > 0:
                limit = 1 if self._ready == 0 else min(missing, PROMPTS_AT_ONCE)
                prompts = db_prompts.next_prompts(self._workspace.connection, limit, exclude=tuple(self._passed_over))
                if not prompts:
                    return
                self._begin_writing()
                yield from self._answer(prompts)
        finally:
            self.writing = False
            self._publish(QueueChanged(self._ready))

    def _begin_writing(self) -> None:
        if not self.writing:
            self.writing = True
            self._publish(QueueChanged(self._ready))

    def _count_and_tell(self) -> int:
        ready = self._count()
        if ready != self._ready:
            self._ready = ready
            self._publish(QueueChanged(ready))
        return ready

    def _answer(self, prompts: Sequence[PromptRow]) -> Turns:
        """Two answers to each prompt; where both are the same, the second is sampled again, hotter."""
        adapter = self._policies.in_use
        written: dict[tuple[int, int], Written] = {}
        wanted = [(prompt, index) for prompt in prompts for index in (0, 1)]
        for attempt in range(ATTEMPTS + 1):
            yield from self._sample(wanted, attempt, adapter, written)
            wanted = [(prompt, 1) for prompt in prompts if _texts_equal(written, prompt.id)]
            if not wanted:
                return
        for prompt, _ in wanted:
            self._passed_over.add(prompt.id)
            self._publish(
                WorkbenchFailed(
                    "A prompt was passed over",
                    f"The model gave the same answer {ATTEMPTS + 2} times to “{prompt.first_line}”. A higher "
                    "temperature would tell its answers apart.",
                )
            )

    def _sample(
        self,
        wanted: Sequence[tuple[PromptRow, int]],
        attempt: int,
        adapter: Adapter | None,
        written: dict[tuple[int, int], Written],
    ) -> Turns:
        from engine.generate import GenerationRequest, generate  # imports torch

        sampling = self.sampling if attempt == 0 else _hotter(self.sampling, attempt)
        prompts = {str(prompt.id): prompt for prompt, _ in wanted}
        requests, seeds = [], {}
        for prompt, index in wanted:
            key = f"{prompt.id}/{index}"
            seeds[key] = seed_from(self._seed, prompt.id, index, attempt, adapter and adapter.manifest.id)
            requests.append(GenerationRequest(key, with_system(prompt.messages, self.system), seeds[key]))
        name = self._policies.attach(adapter) if adapter else None
        for event in generate(self._policies.required(), requests, sampling, adapter=name):
            if isinstance(event, CompletionDone):
                prompt_key, index_text = event.key.split("/")
                prompt = prompts[prompt_key]
                written[prompt.id, int(index_text)] = Written(event, seeds[event.key], sampling)
                self._store_if_ready(prompt, adapter, written)
            yield

    def _store_if_ready(
        self, prompt: PromptRow, adapter: Adapter | None, written: dict[tuple[int, int], Written]
    ) -> None:
        pair = [written.get((prompt.id, index)) for index in (0, 1)]
        if None in pair or _texts_equal(written, prompt.id):
            return
        side_seed = seed_from(self._seed, "side", prompt.id, *(each.seed for each in pair if each))
        model = self._policies.model_row(adapter)
        answers = [each for each in pair if each]
        stored = self._workspace.write(store_comparison, prompt.id, (model, model), answers, self.system, side_seed)
        self._publish(ComparisonStored(stored.result()))
        self._count_and_tell()


def with_system(messages: Messages, system: str | None) -> Messages:
    """The messages that the policy sees: `system` stands first, unless the prompt brings a system prompt of its own."""
    if system is None or messages[0]["role"] == "system":
        return messages
    return (Message(role="system", content=system), *messages)


def store_comparison(
    connection: sqlite3.Connection,
    prompt: int,
    models: tuple[int, int],
    answers: Sequence[Written],
    system: str | None,
    side_seed: int,
    trial: int | None = None,
) -> int:
    """Store two completions and their comparison in one transaction; returns the comparison's id."""
    ids = []
    for model, each in zip(models, answers, strict=True):
        sampling = db_models.ensure_sampling(connection, {**asdict(each.sampling), "system": system})
        ids.append(
            db_completions.add_completion(
                connection,
                prompt=prompt,
                model=model,
                sampling=sampling,
                seed=each.seed,
                text=each.done.text,
                tokens=each.done.tokens,
                cut=each.done.cut,
                source="model",
            )
        )
    return db_comparisons.add_comparison(
        connection, prompt=prompt, a=ids[0], b=ids[1], side_seed=side_seed, trial=trial
    )


def _hotter(sampling: SamplingConfig, attempt: int) -> SamplingConfig:
    """The settings of a new attempt: also greedy sampling is warmed, since it can only repeat itself."""
    return replace(sampling, temperature=min(max(sampling.temperature, 0.5) * HOTTER**attempt, 5))


def _texts_equal(written: dict[tuple[int, int], Written], prompt: int) -> bool:
    first, second = written.get((prompt, 0)), written.get((prompt, 1))
    return first is not None and second is not None and first.done.text.strip() == second.done.text.strip()
