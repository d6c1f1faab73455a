"""Who writes the two answers of a comparison, found from the settings when answers are requested."""

from __future__ import annotations

from dataclasses import dataclass, replace

from db import models as db_models
from db.prompt_rows import AskedOf
from engine.config import SamplingConfig
from tui.compute.services import Services
from tui.generation.policies import Policy, ServedPolicy, find_policy, model_row
from tui.workspace.settings import SourceConfig, is_served
from tui.workspace.settings_store import QueueSettings

TEMPERATURE_FACTOR = 1.25
"""Each new attempt multiplies the temperature by this."""


@dataclass(frozen=True)
class AnswerSource:
    """Who writes an answer, and how.

    `policy` None is the base model alone. A text is PEFT's name of an adapter in memory, such as one being trained.
    """

    policy: Policy | str
    sampling: SamplingConfig

    def at_attempt(self, attempt: int) -> AnswerSource:
        """The same policy with the temperature of this attempt, from 0.

        Greedy sampling gets a temperature as well, because it can only repeat itself.
        """
        if attempt == 0:
            return self
        temperature = min(max(self.sampling.temperature, 0.5) * TEMPERATURE_FACTOR**attempt, 5)
        return replace(self, sampling=replace(self.sampling, temperature=temperature))


@dataclass(frozen=True)
class AnswerSources:
    """Who writes both answers. `system` is the system prompt that both are given."""

    first: AnswerSource
    second: AnswerSource
    system: str | None

    @property
    def alike(self) -> bool:
        """Is it one policy with one sampling? Then both answers come from one batch, and may stream."""
        return self.first == self.second

    @property
    def needs_model(self) -> bool:
        """Must the base model be loaded for one of the answers?"""
        return not all(isinstance(each.policy, ServedPolicy) for each in self.both)

    @property
    def both(self) -> tuple[AnswerSource, AnswerSource]:
        """Both, in order."""
        return self.first, self.second


def source_needs_model(source: SourceConfig) -> bool:
    """Must the base model be loaded for one of the answers?"""
    return not (is_served(source.first) and is_served(source.second))


def find_sources(settings: QueueSettings, services: Services) -> AnswerSources:
    """Find what the settings name. See `find_policy` for errors."""
    source = settings.source
    first = AnswerSource(find_policy(source.first, settings, services), settings.sampling)
    second = AnswerSource(find_policy(source.second, settings, services), settings.other_sampling)
    return AnswerSources(first, second, source.system)


def find_asked_of(sources: AnswerSources, services: Services) -> AskedOf:
    """The database's ids of both models and samplings."""
    ids = []
    for each in sources.both:
        assert not isinstance(each.policy, str)  # settings name adapters that were published
        settings = {**each.sampling.record(), "system": sources.system}
        ids += [model_row(each.policy, services)]
        ids += [services.workspace.write(db_models.ensure_sampling, settings).result()]
    return AskedOf(*ids)
