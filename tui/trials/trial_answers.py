"""The answers of a trial or a side by side: two policies answer the same questions from the same seeds."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from typing import Any

from db import comparisons as db_comparisons
from db import models as db_models
from db.prompt_rows import PromptRow, with_system
from db.run_rows import TrialRow
from engine.config import SamplingConfig
from engine.errors import AnswersMissing, PromptRefused
from engine.requests import GenerationRequest
from tui.compute.services import Services
from tui.generation.answer_sources import AnswerSource
from tui.generation.completion_writer import Completed, CompletionWriter, Missing, Refused
from tui.generation.policies import Policy, needs_model
from tui.workspace.workspace import Workspace

TwoPolicies = tuple[Policy, Policy]
"""The first policy of a trial, and the one on trial."""


@dataclass(frozen=True)
class Question:
    """A prompt with two seeds: one for both answers, so that the policies draw alike, and one for their sides."""

    prompt: PromptRow
    seed: int
    side_seed: int


def answer_questions(
    services: Services, trial: TrialRow, policies: TwoPolicies, questions: Sequence[Question], writer: CompletionWriter
) -> Generator[None, None, dict[int, str]]:
    """Let the first policy of a trial answer all questions, then the second, and then store the pairs.

    Returns why a server answered some of the questions not, by prompt: nothing is stored of those.

    Raises:
        PromptRefused: a question is too long for the model.
        AnswersMissing: none of several questions was answered.
        AdapterError, ModelError, ServerError: a policy cannot answer.
    """
    missing: dict[int, str] = {}
    sampling_a, sampling_b = trial.samplings
    first = yield from _answers(writer, sampling_a, policies[0], questions, missing)
    second = yield from _answers(
        writer, sampling_b, policies[1], [each for each in questions if _key(each) in first], missing
    )
    if missing and not second and len(questions) > 1:
        raise AnswersMissing(f"None of {len(questions)} questions was answered: {next(iter(missing.values()))}")
    system_a, system_b = sampling_a.get("system"), sampling_b.get("system")
    for question in [each for each in questions if _key(each) in second]:
        a, b = first[_key(question)], second[_key(question)]
        services.workspace.write(
            db_comparisons.add_pair,
            question.prompt.id,
            (a.to_store(trial.model_a, system_a), b.to_store(trial.model_b, system_b)),
            side_seed=question.side_seed,
            trial=trial.id,
        ).result()
    return missing


def store_samplings(
    workspace: Workspace, sampling: SamplingConfig, against_system: str | None
) -> tuple[int, int | None]:
    """The ids of the settings of both sides of a trial; the second is None where both sides have the same."""

    def store(prompt: str | None) -> int:
        stored: int = workspace.write(db_models.ensure_sampling, {**sampling.record(), "system": prompt}).result()
        return stored

    if not against_system:
        return store(None), None
    return store(against_system), store(None)


def served_alone(policies: TwoPolicies) -> bool:
    """Do servers answer as both policies?"""
    return not any(needs_model(each) for each in policies)


def _key(question: Question) -> str:
    """The name of a question in events. A prompt may be asked several times."""
    return f"{question.prompt.id}/{question.seed}"


def _answers(
    writer: CompletionWriter,
    sampling: Mapping[str, Any],
    policy: Policy,
    questions: Sequence[Question],
    missing: dict[int, str],
) -> Generator[None, None, dict[str, Completed]]:
    """The answers of one policy by question; what a server gave none to is added to `missing`."""
    if not questions:
        return {}
    stored = {each.name: sampling.get(each.name, each.default) for each in _SAMPLING}
    source = AnswerSource(policy, SamplingConfig(**stored))
    system, answers = sampling.get("system"), {}
    requests = deque(
        GenerationRequest(_key(each), with_system(each.prompt.messages, system), each.seed) for each in questions
    )
    with closing(writer.write(source, requests)) as events:
        for event in events:
            match event:
                case Refused() if needs_model(policy):
                    raise PromptRefused(event.key, event.reason)
                case Refused() | Missing():
                    missing[int(event.key.split("/")[0])] = event.reason
                case Completed():
                    answers[event.done.key] = event
            yield
    return answers


_SAMPLING = fields(SamplingConfig)
