"""The answers of two policies to held-out questions, side by side and named: a look, not a trial."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from db import prompts as db_prompts
from db import trials as db_trials
from db.prompt_rows import PromptRow
from engine.config import SamplingConfig
from tui.compute.scheduler import Job, Priority, WorkSteps
from tui.compute.seeds import seed_from
from tui.compute.services import Services
from tui.errors import KNOWN_ERRORS, WorkbenchError, title_of
from tui.events import TrialChanged, WorkbenchFailed
from tui.generation.completion_writer import CompletionWriter
from tui.generation.policies import model_row, policy_by_name, server_of
from tui.generation.queue_filler import PROMPTS_AT_ONCE
from tui.trials.prompt_limits import leave_out_prompts, leave_out_unanswerable
from tui.trials.trial_answers import Question, TwoPolicies, answer_questions, served_alone, store_samplings
from tui.workspace.settings import BASE, IN_USE


class SideBySide:
    """Asks two policies, by default the base and an adapter, the same held-out questions with the same seeds."""

    def __init__(self, services: Services, *, seed: int) -> None:
        self.job: Job | None = None
        self._services, self._seed = services, seed
        self._workspace, self._scheduler = services.workspace, services.scheduler
        self._loaded_model, self._publish = services.loaded_model, services.publish
        self._stop = False
        self._starting = threading.Lock()

    def start(
        self,
        *,
        adapter: str | None,
        num_questions: int,
        sampling: SamplingConfig,
        against: str = BASE,
        against_system: str | None = None,
    ) -> int:
        """Record a side-by-side and submit its job; returns its id.

        Args:
            adapter: the tuned policy, as `find_policy` takes it; None for the adapter in use.
            against: the other one.
            against_system: a system prompt of the other one alone.

        Raises:
            WorkbenchError: there is no adapter to compare, answers are being written, or too few prompts are held out.
            AdapterError, InputError, TextsStay: see `find_policy`.
            ModelError: one of them needs the model, which is not loaded.
        """
        with self._starting:
            return self._start(adapter, num_questions, sampling, against, against_system)

    def _start(
        self, adapter: str | None, num_questions: int, sampling: SamplingConfig, against: str, system: str | None
    ) -> int:
        if self._services.busy_with("side by side"):
            raise WorkbenchError(
                "Answers are still being written for another comparison. Wait for its end, or stop it."
            )
        tuned = policy_by_name(adapter or IN_USE, self._services)
        if tuned is None and adapter is None:
            raise WorkbenchError("No adapter is in use, so there is nothing to compare with the base. Train one first.")
        other = policy_by_name(against, self._services)
        if other == tuned and not system:
            raise WorkbenchError(f"{against} would be compared with itself. Choose another policy.")
        if not served_alone((other, tuned)):
            self._loaded_model.required()
        prompts = self._choose(num_questions)
        sampling_a, sampling_b = store_samplings(self._workspace, sampling, system)
        trial = self._workspace.write(
            db_trials.add_trial,
            kind="side_by_side",
            model_a=model_row(other, self._services),
            model_b=model_row(tuned, self._services),
            server_a=server_of(other),
            server_b=server_of(tuned),
            sampling=sampling_a,
            sampling_b=sampling_b,
            num_questions=len(prompts),
        ).result()
        self._stop = False
        policies, writer = (other, tuned), CompletionWriter(self._services)
        steps = self._work_steps(trial, prompts, policies, writer)
        thread = self._services.thread_for(needs_model=not served_alone(policies))
        priority = lambda: Priority.ASLEEP if writer.idle else Priority.WAITED_FOR  # noqa: E731
        self.job = thread.submit("side by side", steps, priority)
        return trial

    def stop(self) -> None:
        """End after the questions that are being answered. Stored answers stay."""
        self._stop = True

    def _choose(self, num_questions: int) -> list[PromptRow]:
        prompts = db_prompts.held_out_prompts(self._workspace.connection, num_questions)
        if not prompts:
            raise WorkbenchError(
                "There is no held-out prompt. Add some with `palate prompts add FILE --set NAME --held-out`."
            )
        if len(prompts) < num_questions:
            raise WorkbenchError(
                f"{num_questions} questions were asked for, {len(prompts)} are held out. Ask for fewer, or add some."
            )
        return prompts

    # -- on the compute thread -----------------------------------------------------------------------------------

    def _work_steps(
        self, trial: int, prompts: Sequence[PromptRow], policies: TwoPolicies, writer: CompletionWriter
    ) -> WorkSteps:
        status = "stopped"
        try:
            if not served_alone(policies):
                row = db_trials.get_trial(self._workspace.connection, trial)
                prompts = leave_out_unanswerable(self._services, row, prompts)
            for start in range(0, len(prompts), PROMPTS_AT_ONCE):
                if self._stop:
                    return
                yield from self._answer(trial, prompts[start : start + PROMPTS_AT_ONCE], policies, writer)
                self._publish(TrialChanged(trial, self._done(trial), len(prompts)))
            status = "finished" if prompts else "failed"
        except KNOWN_ERRORS as error:
            status = "failed"
            self._publish(WorkbenchFailed(title_of(error), str(error)))
        finally:
            self._workspace.write(db_trials.set_trial_status, trial, status).result()
            self._publish(TrialChanged(trial, self._done(trial), len(prompts)))

    def _answer(
        self, trial: int, prompts: Sequence[PromptRow], policies: TwoPolicies, writer: CompletionWriter
    ) -> WorkSteps:
        questions = [
            Question(each, seed_from(self._seed, "trial", each.id), seed_from(self._seed, "trial", trial, each.id))
            for each in prompts
        ]
        row = db_trials.get_trial(self._workspace.connection, trial)
        missing = yield from answer_questions(self._services, row, policies, questions, writer)
        leave_out_prompts(self._services, trial, prompts, missing)

    def _done(self, trial: int) -> int:
        return db_trials.get_trial(self._workspace.connection, trial).done
