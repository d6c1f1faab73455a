"""The coordinator: ties database, adapters and engine together. No screen is needed, so the command line uses it too.

The calling thread's own connection reads, the one writer writes, and the one compute thread computes. An event is
stored first and published afterwards, on the thread that stored it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

from db.interchange.sources import Source
from db.pair_rows import ComparisonRow
from db.prompt_rows import TakenPrompts
from db.run_rows import RunRow
from engine.config import SamplingConfig
from engine.errors import EngineError
from engine.training.allocator import give_back_freed_memory
from tui.asking.asking import Asking
from tui.compute.loaded_model import LoadedModel, ModelChoice
from tui.compute.publisher import Listener, Publisher
from tui.compute.scheduler import Job, Priority, Scheduler
from tui.compute.services import Services
from tui.curation.importer import Importer
from tui.curation.joining import Joining
from tui.curation.labelling import Labelling
from tui.curation.prompt_sets import PromptSets
from tui.curation.reasons import ReasonTags
from tui.curation.verdict_list import VerdictBrowser
from tui.errors import KNOWN_ERRORS, title_of
from tui.events import (
    CommandServed,
    ComparisonStored,
    ModelChanged,
    QueueChanged,
    WorkbenchEvent,
    WorkbenchFailed,
    WorkbenchNotice,
)
from tui.export.adapter_service import AdapterService
from tui.export.forgetting import Forgetting
from tui.generation.margin_scorer import MarginScorer
from tui.generation.policies import ServedPolicy, check_policy, find_policy
from tui.generation.prompt_growth import PromptGrowth
from tui.generation.queue_filler import QueueFiller
from tui.generation.regenerate import Regeneration
from tui.judges.service import Judges
from tui.reader import WorkspaceReader
from tui.runs.labels import RunLabels
from tui.snapshots import (
    LoadState,
    MachineReading,
    ModelState,
    RunProgress,
    StudyProgress,
    WorkbenchStatus,
)
from tui.status import StatusCounter
from tui.tracking.live import LiveTracking
from tui.training.outcome import outage_in_words
from tui.training.recovery import recover
from tui.training.reference_prefetch import ReferencePrefetch
from tui.training.studies import Studies
from tui.training.trainer import Trainer
from tui.trials.blind import BlindTrials
from tui.trials.side_by_side import SideBySide
from tui.workspace.check import saved_findings
from tui.workspace.file_watch import FileWatch
from tui.workspace.servers import ServerList
from tui.workspace.settings import BASE, BY_MARGIN, is_served
from tui.workspace.settings_store import BACK, change_setting
from tui.workspace.workspace import own_workspace

logger = logging.getLogger(__name__)
_NO_POLICY = {"policy": (BACK,), "against": (BACK, "none", "")}
"""The settings that name a policy, each with the values that name none."""


class Workbench(WorkspaceReader):
    """A workspace with its model: everything that the screens and the commands can do."""

    def __init__(
        self,
        folder: Path,
        choice: ModelChoice | None = None,
        *,
        seed: int | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Open the workspace in `folder`; without a source, `choice` means the model that was used last.

        `tell` gets a sentence when the workspace needs an upgrade that takes a while.

        Raises:
            DatabaseError: the workspace is in use, not writable, or not Palate's.
        """
        super().__init__(own_workspace(folder, tell))
        with ExitStack() as on_failure:
            on_failure.callback(self.workspace.close)
            self._model_named = choice is not None and bool(choice.source)
            choice = (choice or ModelChoice()).resolved(self.workspace.setting("model"))
            seed = seed if seed is not None else int(self.workspace.setting("seed"))
            self._publisher = Publisher()
            self.scheduler = Scheduler(self._publish_crash, on_idle=give_back_freed_memory)
            self.network = Scheduler(self._publish_crash, "palate-answers")
            self.loaded_model = LoadedModel(self.workspace, choice, self._publish)
            services = self.services = Services(
                self.workspace, self.scheduler, self.loaded_model, self._publish, self.network
            )
            self.seed = seed
            self._make_generation(services)
            self._make_training(services)
            self._make_curation(services)
            self._make_trials(services)
            self.tracking = LiveTracking(self.workspace, self._publish)
            self.subscribe(self.tracking.hear)
            self.loading: Job | None = None
            self._started = self._fills = False
            recover(self.workspace)
            assert self.workspace.writer is not None
            self._files = FileWatch(self.workspace.writer, self._publish)
            on_failure.pop_all()

    def _make_generation(self, services: Services) -> None:
        self.answers = QueueFiller(services, seed=self.seed)
        self.new_answers = Regeneration(services, seed=self.seed, queue=self.answers)
        self.asking = Asking(services, seed=self.seed)
        self.margins = MarginScorer(services, seed=self.seed, served=self._scoring_policy)
        self._counter = StatusCounter(self.workspace, self.answers)

    def _make_training(self, services: Services) -> None:
        self.references = ReferencePrefetch(services)
        self.trainer = Trainer(services)
        self.previews = self.trainer.previews
        self.adapter_service = AdapterService(services)
        self.studies = Studies(services, self.trainer, self.adapter_service.remove, seed=self.seed)
        self.run_labels = RunLabels(self.workspace, self.adapter_service.rename, self._publish)

    def _make_curation(self, services: Services) -> None:
        def repeats() -> float:
            return self.answers.settings.queue.ask_again

        self.servers = ServerList(self.workspace, self._ask_again)
        self.labelling = Labelling(self.workspace, self._publish, self._wake, seed=self.seed, repeats=repeats)
        self.reasons = ReasonTags(self.workspace, self._publish)
        self.data = VerdictBrowser(self.workspace, self._publish)
        self.imports = Importer(self.workspace, self._publish)
        self.prompts = PromptSets(self.workspace, self._prompts_changed)
        self.growth = PromptGrowth(services, self.prompts, self.servers)
        self.joining = Joining(self.workspace, self._prompts_changed)
        self.forgetting = Forgetting(self.workspace, self._prompts_changed)

    def _make_trials(self, services: Services) -> None:
        self.side_by_side = SideBySide(services, seed=self.seed)
        self.blind_trials = BlindTrials(services, seed=self.seed)
        self.judges: Judges = Judges(services, seed=self.seed)

    def answers_for_once(self) -> QueueFiller:
        """A second queue filler for one command, with settings of its own beside those of `answers`."""
        return QueueFiller(self.services, seed=self.seed, beside=self.answers)

    def start(self, *, fill_queue: bool = True, load_model: bool | None = None) -> None:
        """Start to load the model and to keep the queue full, as the arguments say. Returns at once.

        `load_model` None loads it unless servers alone answer and nobody named a model. A second call only loads the
        model if the first did not, so that several apps can use one workbench, one after the other.
        """
        if not self._started:
            self.scheduler.start()
            self.network.start()
        if load_model or (load_model is None and (self._model_named or self.answers.needs_model)):
            self._load()
        elif load_model is None and self.loading is None:
            self.loaded_model.leave_unused()
        if self._started:
            return
        self._started = True
        for found in saved_findings(self.workspace):
            self._publish(WorkbenchNotice("Verdicts that are not in this database", found.text))
        self._fills = fill_queue
        if fill_queue:
            self.answers.wake()
            self.blind_trials.wake()

    def ensure_model(self) -> None:
        """Load the model if it is not loaded: something needs it now. Returns at once."""
        if self._started:
            self._load()

    def _load(self) -> None:
        if self.loading is None:
            self.loading = self.scheduler.submit("model", self.loaded_model.load_steps(), lambda: Priority.FIRST)

    def close(self) -> None:
        """Let a run in progress write a checkpoint, end the current turn, and release the workspace."""
        self.imports.leave()
        self.judges.close()
        self.studies.stop()
        self.trainer.leave()
        self.trainer.close()
        self.network.close()
        self.scheduler.close()
        self.studies.close()
        self.tracking.close()
        self._files.close()
        self.workspace.close()

    # -- publishing --------------------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with everything that is published, until the returned function is called."""
        return self._publisher.subscribe(listener)

    def publish_served(self) -> None:
        """Let screens read again, since another process may have changed something through this one."""
        self._publish(CommandServed())

    @property
    def run_progress(self) -> RunProgress | None:
        """The progress of the run; None without one. Makes no query."""
        return self.trainer.shown.progress

    def machine_readings(self) -> tuple[MachineReading, ...]:
        """The machine in the last two minutes of the latest run, one look a second, the newest last. Makes no query."""
        return self.trainer.shown.machine.readings()

    @property
    def study_progress(self) -> StudyProgress | None:
        """The progress of the search or outlook; None without one. Makes no query."""
        return self.studies.progress

    def training_over(self) -> Future[None] | None:
        """A future that resolves when the run, search or outlook in progress is over; None without one."""
        return self.studies.over if self.studies.progress is not None else self.trainer.over()

    @property
    def model_state(self) -> ModelState:
        """The base model and the adapter in use. Makes no query."""
        return self.loaded_model.snapshot

    @property
    def model_source(self) -> str:
        """The Hub id, folder or file of the base model, as a person named it. Makes no query."""
        return self.loaded_model.choice.source

    @property
    def is_writing(self) -> bool:
        """Is an answer being generated at this moment? Makes no query."""
        return self.answers.writing

    def status(self) -> WorkbenchStatus:
        """The machine's activity at this moment, and the person's progress.

        Counts are kept until something is stored. For one field alone, read `run_progress` or `model_state`.
        """
        return self._counter.status(
            self.model_state, self.run_progress, writing=self.is_writing, merging=self.adapter_service.doing
        )

    def note_offer_seen(self, offer: str) -> None:
        """A person looks at what an offer of the status line leads to: a run or a trial. See `StatusCounter`."""
        self._counter.note_seen(offer)

    # -- settings ----------------------------------------------------------------------------------------------

    def change_setting(self, name: str, text: str) -> None:
        """Set one of the queue's settings from typed text. It applies to the next answers.

        Raises:
            InputError: there is no such setting, or no server of the name in a policy.
            AdapterError: there is no adapter of the name in a policy.
            SettingError: the value is not usable.
        """
        none = _NO_POLICY.get(name.removeprefix("--"))
        if none is not None and text.strip().lower() not in none:
            check_policy(text.strip(), self.services)
        change_setting(self.workspace, name, text)
        self.answers.reload_settings()
        if self._fills and self.answers.needs_model:
            self.ensure_model()
        self._wake()

    # -- labelling ---------------------------------------------------------------------------------------------

    def next_comparison(self, after: int | None = None) -> ComparisonRow | None:
        """The comparison to judge next, or None when none is ready. `after` is skipped unless it is the only one.

        In the order "margin" it is the one with the smallest margin between its answers under the adapter in use, in
        the order "certain" the one with the largest, in the order "different" the one whose answers share the fewest
        words, and in the order "judge" the one that the judge of the queue is least sure of.
        """
        queue = self.answers.settings.queue
        if queue.order == "judge":
            return self.judges.next_comparison(after)
        if queue.order == "different":
            return self.answers.most_different(after) or super().next_comparison(after)
        if queue.order not in BY_MARGIN or self.margins.model is None:
            return super().next_comparison(after)
        farthest = queue.order == "certain"
        return self.margins.next_comparison(random_share=queue.random_share, after=after, farthest=farthest)

    # -- prompts ------------------------------------------------------------------------------------------------

    def add_prompts(
        self, source: Source | Path, *, set_name: str, held_out: bool = False, distinct: bool = False
    ) -> Future[TakenPrompts]:
        """Read a file or data set of prompts and add them to a set. See `PromptSets.read_file` for errors."""
        read = self.prompts.read_file(Source(source) if isinstance(source, Path) else source, held_out=held_out)
        return self.prompts.add_file(read, set_name, distinct=distinct)

    # -- runs and adapters -------------------------------------------------------------------------------------

    def _as_it_is(self, run: RunRow) -> RunRow:
        return self.trainer.endings.as_ended(run)

    def use_adapter(self, name_or_id: str | None) -> Job:
        """Put an adapter (None: the base alone) in use; the job's `done` resolves when it is.

        Raises:
            AdapterError: there is no such adapter.
        """
        adapter = self.workspace.registry.get(name_or_id) if name_or_id else None
        self.ensure_model()
        return self.scheduler.submit("adapter", self.loaded_model.use_steps(adapter), lambda: Priority.WAITED_FOR)

    def base_fingerprint(self) -> str | None:
        """The fingerprint of the loaded base model; None without one."""
        return self.loaded_model.base.fingerprint if self.loaded_model.base else None

    # -- base and tuned, side by side --------------------------------------------------------------------------

    def start_side_by_side(
        self,
        *,
        adapter: str | None = None,
        against: str = BASE,
        against_system: str | None = None,
        num_questions: int = 3,
        sampling: SamplingConfig | None = None,
    ) -> int:
        """Let two policies answer held-out questions; returns the id. See `SideBySide.start` for errors."""
        if not (is_served(adapter or "") and is_served(against)):
            self.ensure_model()
        return self.side_by_side.start(
            adapter=adapter,
            against=against,
            against_system=against_system,
            num_questions=num_questions,
            sampling=sampling or self.answers.sampling,
        )

    # -- inside ------------------------------------------------------------------------------------------------

    def _publish(self, published: WorkbenchEvent) -> None:
        self._publisher.publish(published)
        if isinstance(published, ComparisonStored | ModelChanged):
            self._score_margins()
        if isinstance(published, ModelChanged) and self._started:
            self.answers.ask_again()

    def _score_margins(self) -> None:
        if self._started and self.answers.settings.queue.order in BY_MARGIN:
            self.margins.wake()

    def _scoring_policy(self) -> ServedPolicy | None:
        """The adapter on a server that writes the first answer, if one does."""
        try:
            policy = find_policy(self.answers.settings.source.first, self.answers.settings, self.services)
        except KNOWN_ERRORS:  # the queue reports it
            return None
        return policy if isinstance(policy, ServedPolicy) and policy.adapter is not None else None

    def _ask_again(self) -> None:
        """Servers that may answer have changed, so that what waited for them goes on."""
        self.answers.ask_again()
        self.blind_trials.retry()
        self._wake()

    def _prompts_changed(self) -> None:
        self._publish(QueueChanged(self.ready_count()))
        self._wake()

    def _wake(self) -> None:
        if not self._fills:
            return
        if self.loaded_model.state is not LoadState.FAILED or not self.answers.needs_model:
            self.answers.wake()
        if self.model_state.is_ready:
            self.references.wake()
        self._score_margins()

    def _publish_crash(self, job: Job, error: Exception) -> None:
        known = isinstance(error, KNOWN_ERRORS)
        if not known and self.loaded_model.base is not None:
            error = outage_in_words(error, self.workspace.folder) or error
        logger.log(logging.INFO if known else logging.ERROR, "The job %r ended with an error", job.name, exc_info=error)
        if known and job.name == "pairs asked for":
            return  # the caller that requested them gets the error
        if job.name == "answers" and isinstance(error, EngineError) and self.loaded_model.error:
            return  # the model's own failure is published already
        self._publish(WorkbenchFailed(title_of(error), str(error) or repr(error)))
