"""New answers for a prompt that a person is looking at: written before anything else, asked before anything else."""

from __future__ import annotations

from collections.abc import Callable

from db import comparisons as db_comparisons
from db.pair_rows import ComparisonRow
from db.prompt_rows import PromptRow
from tui.compute.loaded_model import LoadedModel
from tui.compute.scheduler import ASLEEP, WATCHED, Job, Scheduler, Turns
from tui.errors import WorkbenchError
from tui.events import QueueChanged, WorkbenchEvent
from tui.generation.answer_sources import find_asked_of, make_asking
from tui.generation.batch import Answering, Batch
from tui.generation.queue_filler import QueueFiller
from tui.workspace.workspace import Workspace


def may_skip(pair: ComparisonRow) -> bool:
    """Nothing was said of the pair but "not now"; any other verdict stays when new answers are asked for."""
    return pair.standing is None or pair.standing.verdict == "skip"


class NotYet(WorkbenchError):
    """What answers is not there yet."""

    title = "Not yet"


class Regeneration:
    """Has two fresh answers written for the prompt of a pair. What was said of the pair is somebody else's matter."""

    def __init__(
        self,
        workspace: Workspace,
        scheduler: Scheduler,
        loaded_model: LoadedModel,
        publish: Callable[[WorkbenchEvent], None],
        *,
        seed: int,
        queue: QueueFiller,
    ) -> None:
        self._workspace, self._scheduler, self._loaded_model, self._publish = (
            workspace,
            scheduler,
            loaded_model,
            publish,
        )
        self._seed, self._queue = seed, queue

    def as_of(self, queue: QueueFiller) -> Regeneration:
        """The same, with the settings of another queue."""
        common = (self._workspace, self._scheduler, self._loaded_model, self._publish)
        return Regeneration(*common, seed=self._seed, queue=queue)

    def check(self) -> None:
        """See whether answers can be written at all.

        Raises:
            NotYet: the model is still being loaded.
            ModelError: it could not be loaded.
            SettingError: the settings name a server that cannot be asked.
            AdapterError: they name an adapter that is not there.
        """
        make_asking(self._queue.settings, self._workspace, self._loaded_model)
        if self._queue.needs_model:
            if self._loaded_model.base is None and self._loaded_model.error is None:
                raise NotYet("The model is still being loaded. Ask again when it is there.")
            self._loaded_model.required()

    def write(self, prompt: PromptRow) -> Job:
        """Write two answers as the settings of the queue say; the job's `done` tells when the pair is there, or is not.

        What goes wrong is told as for every job of the lane. Raises what `check` does.
        """
        self.check()
        answering = Answering(
            self._workspace, self._loaded_model, self._publish, self._scheduler.wake, seed=self._seed, stored=self._tell
        )
        priority = lambda: ASLEEP if answering.writer.idle else WATCHED  # noqa: E731
        return self._scheduler.submit("new answers", self._turns(answering, prompt), priority)

    def _turns(self, answering: Answering, prompt: PromptRow) -> Turns:
        yield
        settings, connection = self._queue.settings, self._workspace.connection
        asking = make_asking(settings, self._workspace, self._loaded_model)
        batch = Batch(
            asking=asking,
            asked_of=find_asked_of(asking, self._workspace, self._loaded_model),
            prompts=[prompt],
            nearly_equal=settings.queue.nearly_equal,
            streams=asking.alike,
            again=db_comparisons.num_compared(connection, prompt.id),
        )
        yield from answering.answer(batch)

    def _tell(self) -> None:
        self._publish(QueueChanged(db_comparisons.count_open(self._workspace.connection)))
