"""The answers of a trial or a side by side: two policies answer the same questions from the same seeds."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields

from adapters.manifest import Adapter
from db import comparisons as db_comparisons
from db.prompt_rows import PromptRow, with_system
from db.run_rows import TrialRow
from engine.config import SamplingConfig
from engine.errors import PromptRefused
from engine.requests import GenerationRequest
from tui.compute.scheduler import WorkSteps
from tui.compute.services import Services
from tui.generation.answer_sources import AnswerSource
from tui.generation.completion_writer import Completed, CompletionWriter, Refused

TwoPolicies = tuple[Adapter | None, Adapter | None]
"""Two policies as their adapters; None is the base alone."""


@dataclass(frozen=True)
class Question:
    """A prompt with two seeds: one for both answers, so that the policies draw alike, and one for their sides."""

    prompt: PromptRow
    seed: int
    side_seed: int


def answer_questions(
    services: Services, trial: TrialRow, policies: TwoPolicies, questions: Sequence[Question]
) -> WorkSteps:
    """Let the first policy of a trial answer all questions, then the second, and then store the pairs.

    Raises:
        PromptRefused: a question is too long for the model.
        AdapterError, ModelError: a policy cannot answer.
    """
    first = yield from _answers(services, trial, policies[0], questions)
    second = yield from _answers(services, trial, policies[1], questions)
    system = trial.sampling.get("system")
    for question, a, b in zip(questions, first, second, strict=True):
        services.workspace.write(
            db_comparisons.add_pair,
            question.prompt.id,
            (a.to_store(trial.model_a, system), b.to_store(trial.model_b, system)),
            side_seed=question.side_seed,
            trial=trial.id,
        ).result()


def _answers(
    services: Services, trial: TrialRow, policy: Adapter | None, questions: Sequence[Question]
) -> Generator[None, None, list[Completed]]:
    """One answer to each question, in their order."""
    stored = {each.name: trial.sampling.get(each.name, each.default) for each in _SAMPLING}
    source = AnswerSource(policy, SamplingConfig(**stored))
    system, answers = trial.sampling.get("system"), {}
    requests = deque(
        GenerationRequest(str(place), with_system(each.prompt.messages, system), each.seed)
        for place, each in enumerate(questions)
    )
    with closing(CompletionWriter(services).write(source, requests)) as events:
        for event in events:
            if isinstance(event, Refused):
                raise PromptRefused(event.key, event.reason)
            if isinstance(event, Completed):
                answers[int(event.done.key)] = event
            yield
    return [answers[place] for place in range(len(questions))]


_SAMPLING = fields(SamplingConfig)
