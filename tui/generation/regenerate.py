"""New answers for a prompt that a person is looking at: written before anything else, asked before anything else."""

from __future__ import annotations

from contextlib import closing

from db import comparisons as db_comparisons
from db.prompt_rows import PromptRow
from tui.compute.scheduler import Job, Priority, WorkSteps
from tui.compute.services import Services
from tui.errors import WorkbenchError
from tui.events import QueueChanged
from tui.generation.answer_sources import find_asked_of, find_sources
from tui.generation.pair_batch import PairBatch
from tui.generation.pair_writer import PairStored, PairWriter
from tui.generation.queue_filler import QueueFiller


class NotYet(WorkbenchError):
    """The model that would answer is not loaded yet."""

    title = "Not yet"


class Regeneration:
    """Has two new answers written for the prompt of a pair. The caller decides what becomes of the pair."""

    def __init__(self, services: Services, *, seed: int, queue: QueueFiller) -> None:
        self._services, self._seed, self._queue = services, seed, queue

    def as_of(self, queue: QueueFiller) -> Regeneration:
        """The same, with the settings of another queue."""
        return Regeneration(self._services, seed=self._seed, queue=queue)

    def check(self) -> None:
        """See whether answers can be written at all.

        Raises:
            NotYet: the model is still being loaded.
            ModelError: it could not be loaded.
            SettingError: the settings name a server that cannot be asked.
            AdapterError: they name an adapter that is not there.
        """
        find_sources(self._queue.settings, self._services)
        loaded_model = self._services.loaded_model
        if self._queue.needs_model:
            if loaded_model.base is None and loaded_model.error is None:
                raise NotYet("The model is still being loaded. Try again once it is ready.")
            loaded_model.required()

    def write(self, prompt: PromptRow) -> Job:
        """Write two answers as the settings of the queue say; `done` resolves when they are written or refused.

        Errors are published as for every job of the compute thread. Raises what `check` does.
        """
        self.check()
        pairs = PairWriter(self._services, seed=self._seed)
        priority = lambda: Priority.ASLEEP if pairs.completions.idle else Priority.WATCHED  # noqa: E731
        thread = self._services.thread_for(needs_model=self._queue.needs_model)
        return thread.submit("new answers", self._work_steps(pairs, prompt), priority)

    def _work_steps(self, pairs: PairWriter, prompt: PromptRow) -> WorkSteps:
        yield
        settings, connection = self._queue.settings, self._services.workspace.connection
        sources = find_sources(settings, self._services)
        batch = PairBatch(
            sources=sources,
            asked_of=find_asked_of(sources, self._services),
            prompts=[prompt],
            nearly_equal=settings.queue.nearly_equal,
            streams=sources.alike,
            again=db_comparisons.num_compared(connection, prompt.id),
        )
        with closing(pairs.write(batch)) as events:
            for event in events:
                if isinstance(event, PairStored):
                    self._services.publish(QueueChanged(db_comparisons.count_open(connection)))
                yield
