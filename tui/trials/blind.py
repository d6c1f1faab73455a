"""Blind trials: two policies answer held-out prompts ahead of need, a person judges, and the names stay sealed.

The database holds a trial from its start: its prompts, their order and its settings. A person can therefore continue it
days later. The missing answers are written whenever the model is loaded, and judging continues where it stopped.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.manifest import Adapter
from db import blind_trials as db_blind
from db import models as db_models
from db import trials as db_trials
from db.pair_rows import ComparisonRow, ModelRow, VerdictRow
from db.run_rows import TrialRow
from engine.config import SamplingConfig
from engine.errors import AnswersMissing
from tui.compute.scheduler import Job, Priority, WorkSteps
from tui.compute.seeds import seed_from
from tui.compute.services import Services
from tui.errors import KNOWN_ERRORS, WorkbenchError, title_of
from tui.events import QueueChanged, TrialChanged, VerdictStored, WorkbenchFailed
from tui.generation.completion_writer import CompletionWriter
from tui.generation.policies import Policy, ServedPolicy, model_row, policy_by_name, server_of
from tui.generation.queue_filler import LOW, PROMPTS_AT_ONCE
from tui.trials.prompt_limits import leave_out_prompts, leave_out_unanswerable
from tui.trials.trial_answers import Question, answer_questions, served_alone, store_samplings
from tui.workspace.servers import ServerList
from tui.workspace.settings import BASE

MOVED_TO = "from trials"
"""The prompt set for labelling that held-out prompts are moved to."""


@dataclass(frozen=True, kw_only=True)
class TrialPlan:
    """The plan of a blind trial.

    `policy` is on trial and is compared with `against`, both as `find_policy` takes them. `prompt_set` is
    the id of a held-out set, None for all of them. `samples` pairs of answers are written to each prompt. `repeats`
    pairs are repeated at the end. `may_end_early` lets it end as soon as it is settled. `judge` is the command or the
    name of the judge that judges in a person's place, and `judged_by` its id where it is in the list of judges.
    `against_system` is the system prompt of `against` alone: the prompt as rival.
    """

    policy: str
    against: str = BASE
    num_prompts: int = 20
    prompt_set: int | None = None
    sampling: SamplingConfig
    against_system: str | None = None
    samples: int = 1
    repeats: int = 0
    may_end_early: bool = False
    judge: str | None = None
    judged_by: int | None = None


class BlindTrials:
    """Starts trials, has their answers written, and ends them."""

    def __init__(self, services: Services, *, seed: int) -> None:
        self._services, self._seed = services, seed
        self._workspace, self._scheduler = services.workspace, services.scheduler
        self._loaded_model, self._publish = services.loaded_model, services.publish
        self.attended: int | None = None
        self._ready = 0
        self.problems: dict[int, tuple[str, str]] = {}
        """Trials whose answers cannot be written, with a title and a sentence; each is tried again by `attend`."""
        self._looked_through: set[int] = set()
        """Trials whose prompts all leave the model room to answer."""
        self.jobs: dict[bool, Job] = {}
        """The jobs that write answers now, or the last ones that did, by whether servers alone answer."""

    # -- starting and ending -----------------------------------------------------------------------------------

    def start(self, plan: TrialPlan) -> int:
        """Record a sealed trial and let its answers be written; returns its id.

        Raises:
            WorkbenchError: a policy would be compared with itself, or fewer prompts are held out than asked for.
            AdapterError: there is no such adapter, or it does not fit the base model that is loaded.
            ModelError: no base model is loaded.
        """
        against, policy = (policy_by_name(each, self._services) for each in (plan.against, plan.policy))
        if against == policy and not plan.against_system:
            raise WorkbenchError(f"{plan.policy} would be compared with itself. Choose another policy.")
        models = model_row(against, self._services), model_row(policy, self._services)
        prompts = self._choose(plan, models)
        sampling_a, sampling_b = store_samplings(self._workspace, plan.sampling, plan.against_system)
        trial = self._workspace.write(
            db_blind.add_blind_trial,
            model_a=models[0],
            model_b=models[1],
            server_a=server_of(against),
            server_b=server_of(policy),
            sampling=sampling_a,
            sampling_b=sampling_b,
            prompts=prompts,
            prompt_set=plan.prompt_set,
            samples=plan.samples,
            repeats=plan.repeats,
            may_end_early=plan.may_end_early,
            judge=plan.judge,
            judged_by=plan.judged_by,
        ).result()
        self._publish_progress(trial)
        self.wake()
        return trial

    def open(self, trial: int) -> Future[None]:
        """End a trial and show its names; the number of its verdicts is recorded."""
        opened = self._workspace.write(db_blind.open_trial, trial)
        opened.add_done_callback(lambda done: None if _failed(done) else self._publish_progress(trial))
        return opened

    def _choose(self, plan: TrialPlan, models: tuple[int, int]) -> list[int]:
        prompts = db_blind.choose_prompts(
            self._workspace.connection,
            plan.num_prompts,
            model_a=models[0],
            model_b=models[1],
            prompt_set=plan.prompt_set,
            seed=self._seed,
        )
        if len(prompts) < plan.num_prompts:
            raise WorkbenchError(
                f"{plan.num_prompts} prompts were asked for, {len(prompts)} are held out. Ask for fewer, or add some "
                "with `palate prompts add FILE --set NAME --held-out`."
            )
        return prompts

    # -- judging -----------------------------------------------------------------------------------------------

    def attend(self, trial: int | None) -> None:
        """Note that a person judges this trial (None: no trial), so that its answers come first when few are ready."""
        self.attended = trial
        if trial is not None:
            self.problems.pop(trial, None)
            self._ready = self.ready(trial)
            self.wake()

    def retry(self) -> None:
        """Try again to write the answers that could not be written."""
        self.problems.clear()
        self.wake()

    def next(self, trial: int, after: int | None = None) -> ComparisonRow | None:
        """The pair to judge next, None while none is ready. `after` is left out unless it is the only one."""
        return db_blind.next_in_trial(self._workspace.connection, trial, after=after)

    def ready(self, trial: int) -> int:
        """How many pairs wait for their first verdict."""
        return db_blind.count_ready(self._workspace.connection, trial)

    def place(self, pair: ComparisonRow) -> tuple[int, int]:
        """The place of this pair in its trial, from 1, if it is judged next, and the number of pairs in all."""
        assert pair.trial is not None
        row = db_trials.get_trial(self._workspace.connection, pair.trial)
        judged, asked = db_blind.count_asked(self._workspace.connection, pair.trial)
        return judged + 1, max(asked, row.total - row.same + row.repeats if row.done < row.total else asked)

    def undo(self, trial: int) -> Future[int | None]:
        """Take back the newest verdict of this trial; resolves to the pair that is open again, if any.

        The future fails with `NotAllowed` when the names were shown: what was judged blind stays as it was.
        """
        undone: Future[int | None] = self._workspace.write_verdict(db_blind.undo_in_trial, trial)
        undone.add_done_callback(self._after_undo)
        return undone

    def _after_undo(self, done: Future[int | None]) -> None:
        if not _failed(done) and (comparison := done.result()) is not None:
            self._publish(VerdictStored(comparison, "undo"))

    # -- afterwards --------------------------------------------------------------------------------------------

    def note(self, trial: int, note: str) -> Future[None]:
        """Store a note on a trial."""
        return self._workspace.write(db_blind.note_trial, trial, note)

    def note_comparison(self, comparison: int, note: str) -> Future[None]:
        """Store a note on a comparison."""
        return self._workspace.write(db_blind.note_comparison, comparison, note)

    def move_to_labelling(self, comparison: int) -> Future[VerdictRow | None]:
        """Move a comparison's prompt out of its held-out set and let its verdict be trained on. The move is recorded.

        The future fails with `NotAllowed` and the reason where that is not possible.
        """
        moved = self._workspace.write(db_blind.move_to_labelling, comparison, set_name=MOVED_TO)
        moved.add_done_callback(lambda done: None if _failed(done) else self._publish(QueueChanged(0)))
        return moved

    # -- on the compute thread -----------------------------------------------------------------------------------

    def wake(self) -> None:
        """Write the missing answers of trials, unless a job already does or no trial is in progress.

        Trials that servers alone answer have a thread of their own, and never wait for the model.
        """
        trials = [db_trials.get_trial(self._workspace.connection, each) for each in self._unfinished()]
        for served in {each.served for each in trials}:
            thread = self._services.thread_for(needs_model=not served)
            if not thread.busy_with("trial answers"):
                writer = CompletionWriter(self._services)
                steps, priority = self._work_steps(writer, served=served), partial(self._priority, writer)
                self.jobs[served] = thread.submit("trial answers", steps, priority)

    def job_of(self, trial: int) -> Job | None:
        """The job that writes the answers of this trial now, or the last one that wrote answers of its kind."""
        return self.jobs.get(db_trials.get_trial(self._workspace.connection, trial).served)

    def _unfinished(self) -> list[int]:
        return db_blind.unfinished(self._workspace.connection)

    def _priority(self, writer: CompletionWriter) -> Priority:
        """While a person judges a trial, its answers come before the labelling queue, which is not in sight then."""
        if writer.idle:
            return Priority.ASLEEP
        return Priority.FIRST if self.attended is not None and self._ready < LOW else Priority.IN_ADVANCE

    def _work_steps(self, writer: CompletionWriter, *, served: bool) -> WorkSteps:
        yield  # the job that loads the model goes first
        if not served:
            self._loaded_model.required()
        while (trial := self._next_trial(served=served)) is not None:
            try:
                yield from self._write_some(trial, writer)
            except KNOWN_ERRORS as error:
                self.problems[trial.id] = title_of(error), str(error)
                self._publish(WorkbenchFailed(title_of(error), f"Trial {trial.id} waits for its answers. {error}"))

    def _next_trial(self, *, served: bool) -> TrialRow | None:
        """The trial of this kind that still lacks answers, the attended one first."""
        connection = self._workspace.connection
        trials = [each for each in self._unfinished() if each not in self.problems]
        for each in sorted(trials, key=lambda trial: trial != self.attended):
            row = db_trials.get_trial(connection, each)
            if row.served == served and db_blind.missing_answers(connection, each, 1):
                return row
        return None

    def _write_some(self, trial: TrialRow, writer: CompletionWriter) -> WorkSteps:
        policies = self._policy_of(trial.model_a, trial.server_a), self._policy_of(trial.model_b, trial.server_b)
        if not served_alone(policies):
            self._look_through(trial)
        limit = 1 if self.ready(trial.id) == 0 else PROMPTS_AT_ONCE
        asked = db_blind.missing_answers(self._workspace.connection, trial.id, limit)
        questions = [
            Question(
                prompt,
                seed_from(self._seed, "blind", trial.id, prompt.id, sample),
                seed_from(self._seed, "side", trial.id, prompt.id, sample),
            )
            for prompt, sample in asked
        ]
        missing = yield from answer_questions(self._services, trial, policies, questions, writer)
        if reasons := [missing[prompt.id] for prompt, sample in asked if sample and prompt.id in missing]:
            raise AnswersMissing(reasons[0])  # a prompt that has pairs already cannot be left out
        leave_out_prompts(self._services, trial.id, [prompt for prompt, _ in asked], missing)
        if not db_blind.missing_answers(self._workspace.connection, trial.id, 1):
            self._workspace.write(db_blind.add_repeats, trial.id).result()
        self._publish_progress(trial.id)

    def _look_through(self, trial: TrialRow) -> None:
        """Leave out all prompts that are too long for the model at once, since one of them would hold up the others."""
        if trial.id in self._looked_through:
            return
        missing = db_blind.missing_answers(self._workspace.connection, trial.id, trial.num_questions)
        leave_out_unanswerable(self._services, trial, [prompt for prompt, _ in missing])
        self._looked_through.add(trial.id)

    def _policy_of(self, model: int, server: int | None) -> Policy:
        """The policy of a stored model, on a server or here.

        Raises:
            TextsStay: texts may no longer be sent to its server.
            WorkbenchError: the trial belongs to a base model that is not loaded, or the adapter's weights changed.
            AdapterError: the adapter is gone.
        """
        row = db_models.get_model(self._workspace.connection, model)
        if server is not None:
            named = ServerList(self._workspace).by_id(server)
            if not named.allowed:
                raise ServerList.unallowed(named)
            return ServedPolicy(named, None if row.kind == "server" else self._adapter_of(row))
        base = row if row.parent is None else db_models.get_model(self._workspace.connection, row.parent)
        if base.fingerprint != self._loaded_model.required().fingerprint:
            raise WorkbenchError(f"It compares policies of {base.name}. Start Palate with --model {base.source}.")
        return None if row.parent is None else self._adapter_of(row)

    def _adapter_of(self, row: ModelRow) -> Adapter:
        adapter = self._workspace.registry.get(row.source)
        if adapter.manifest.checksum != row.fingerprint:
            raise WorkbenchError(f"The weights of {row.name} are no longer those that the trial began with. End it.")
        return adapter

    def _publish_progress(self, trial: int) -> None:
        row = db_trials.get_trial(self._workspace.connection, trial)
        if trial == self.attended:
            self._ready = self.ready(trial)
        self._publish(TrialChanged(trial, row.done, row.total))


def _failed(done: Future[Any]) -> bool:
    """Did it fail? The caller that waits for the future gets the error."""
    return done.cancelled() or done.exception() is not None
