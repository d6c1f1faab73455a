"""Samples of a run: its policy answers the same few held-out prompts at every evaluation, between the run's events.

Answers are greedy, so they need no random numbers, and a change in them is a change in the model.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from db import prompts as db_prompts
from db import runs as db_runs
from db import samples as db_samples
from db.prompt_rows import PromptRow, with_system
from engine.config import SamplingConfig
from engine.errors import MemoryRanOut, ModelError
from engine.events import CompletionDone, EvalDone, Event, MarginsKnown, RunPlanned
from engine.requests import GenerationRequest
from tui.compute.scheduler import WorkSteps
from tui.compute.services import Services
from tui.events import RunChanged, SamplesStored
from tui.generation.answer_sources import AnswerSource
from tui.generation.completion_writer import Completed, CompletionWriter, Refused
from tui.training.run_task import RunTask
from tui.workspace.settings_store import QueueSettings, stored_settings


def _sampling(settings: QueueSettings) -> SamplingConfig:
    """Greedy sampling, with thoughts as in other answers. Thoughts and answer share the length of a sample."""
    most, thinking = settings.runs.sample_tokens, settings.sampling.thinking
    return SamplingConfig(temperature=0, max_new_tokens=most, thinking=thinking, thinking_tokens=most)


class Sampler:
    """Takes the samples of one run. `adapter` is PEFT's name of the policy that is trained.

    Sampling stops once `broken_off` returns True; incomplete samples are not stored. `sampled` is called with the
    number of answers that are done, and with their total.
    """

    def __init__(
        self,
        services: Services,
        run: int,
        adapter: str,
        settings: QueueSettings,
        *,
        resumed: bool,
        broken_off: Callable[[], bool],
        sampled: Callable[[int, int], None],
    ) -> None:
        self._workspace, self._publish = services.workspace, services.publish
        self._writer = CompletionWriter(services)
        self._run = run
        self._resumed, self._broken_off, self._sampled = resumed, broken_off, sampled
        self._source = AnswerSource(adapter, _sampling(settings))
        self._prompts = self._choose(settings.runs.samples, settings.source.system)
        self._taken = -1
        self.seconds = 0.0
        """How long the model wrote samples in this run, without the turns of other jobs."""

    @classmethod
    def of_run(
        cls,
        services: Services,
        task: RunTask,
        adapter: str,
        *,
        broken_off: Callable[[], bool],
        sampled: Callable[[int, int], None],
    ) -> Sampler:
        """The sampler of this run, by the workspace's settings; a run of a study takes no samples."""
        settings = stored_settings(services.workspace)
        if task.for_study:
            settings = replace(settings, runs=replace(settings.runs, samples=0))
        resumed = task.resumed
        return cls(services, task.run, adapter, settings, resumed=resumed, broken_off=broken_off, sampled=sampled)

    def _choose(self, number: int, system: str | None) -> list[PromptRow]:
        """The prompts that the run answered before, else the first held-out ones, so that runs can be compared too."""
        connection = self._workspace.connection
        before = db_samples.sampled_prompts(connection, self._run) if number else []
        chosen = db_prompts.prompts_by_id(connection, before) if before else []
        chosen = chosen or db_prompts.held_out_prompts(connection, number)
        return [replace(prompt, messages=with_system(prompt.messages, system)) for prompt in chosen]

    @property
    def num_prompts(self) -> int:
        """How many prompts are answered each time."""
        return len(self._prompts)

    def is_due(self, event: Event, step: int) -> bool:
        """Are samples taken after this event of the run, which is at `step`?"""
        begins = isinstance(event, RunPlanned) and not self._resumed
        is_moment = begins or isinstance(event, EvalDone | MarginsKnown)
        return is_moment and bool(self._prompts) and step != self._taken and not self._broken_off()

    def after(self, event: Event, step: int) -> WorkSteps:
        """Take the samples that are due after this event of the run, which is at `step`."""
        if self.is_due(event, step):
            self._taken = step
            yield from self._take(step)
            self._sampled(len(self._prompts), len(self._prompts))

    def _take(self, step: int) -> WorkSteps:
        done: list[CompletionDone] = []
        requests = deque(GenerationRequest(str(prompt.id), prompt.messages, seed=0) for prompt in self._prompts)
        with closing(self._writer.write(self._source, requests)) as events:
            while not self._broken_off():
                started = time.perf_counter()
                try:
                    event = next(events, None)
                except (ModelError, MemoryRanOut) as error:
                    event = Refused("", str(error))
                self.seconds += time.perf_counter() - started
                match event:
                    case None:
                        self._store(step, done)
                        return
                    case Refused():
                        self._give_up(event.reason)
                        return
                    case Completed():
                        done.append(event.done)
                        self._sampled(len(done), len(self._prompts))
                        self._publish(RunChanged(self._run, event.done))
                yield

    def _give_up(self, reason: str) -> None:
        """Take no more samples of this run: the model cannot read a prompt, or memory ran out for an answer."""
        self._prompts = []
        self._workspace.write(db_runs.add_log, self._run, "warning", f"No samples are taken: {reason}").result()
        self._publish(RunChanged(self._run))

    def _store(self, step: int, done: list[CompletionDone]) -> None:
        rows = [(int(each.key), each.text, each.tokens, each.cut) for each in done]
        self._workspace.write(db_samples.add_samples, self._run, step, rows).result()
        self._publish(SamplesStored(self._run, step))
