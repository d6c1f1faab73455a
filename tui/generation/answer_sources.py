"""Who writes the two answers of a comparison, found from the settings when answers are requested."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adapters.manifest import Adapter
from db import models as db_models
from db.prompt_rows import AskedOf
from engine.chat_servers.client import Server
from engine.config import SamplingConfig
from tui.compute.services import Services
from tui.workspace.settings import BASE, IN_USE, SERVER, SourceConfig
from tui.workspace.settings_store import QueueSettings

TEMPERATURE_FACTOR = 1.25
"""Each new attempt multiplies the temperature by this."""


@dataclass(frozen=True)
class AnswerSource:
    """Who writes an answer, and how.

    `policy` None is the base model alone. A text is PEFT's name of an adapter in memory, such as one being trained.
    """

    policy: Adapter | Server | str | None
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
    def both(self) -> tuple[AnswerSource, AnswerSource]:
        """Both, in order."""
        return self.first, self.second


def needs_model(source: SourceConfig) -> bool:
    """Must the base model be loaded for one of the answers?"""
    return source.first != SERVER or source.second != SERVER


def find_sources(settings: QueueSettings, services: Services) -> AnswerSources:
    """Find what the settings name.

    Raises:
        SettingError: the server's address or model is missing, or not usable.
        AdapterError: there is no such adapter.
    """
    source = settings.source
    first = AnswerSource(find_policy(source.first, settings, services), settings.sampling)
    second = AnswerSource(find_policy(source.second, settings, services), settings.other_sampling)
    return AnswerSources(first, second, source.system)


def find_policy(word: str, settings: QueueSettings, services: Services) -> Adapter | Server | None:
    """The policy of this name: base, in-use, server, or an adapter by its name or id; None is the base alone.

    Raises:
        SettingError: the server's address or model is missing, or not usable.
        AdapterError: there is no such adapter.
    """
    if word == BASE:
        return None
    if word == IN_USE:
        return services.loaded_model.in_use
    return settings.source.to_server() if word == SERVER else services.workspace.registry.get(word)


def find_asked_of(sources: AnswerSources, services: Services) -> AskedOf:
    """The database's ids of both models and samplings."""
    ids = []
    for each in sources.both:
        settings = {**each.sampling.record(), "system": sources.system}
        ids += [_model_row(each, services), services.workspace.write(db_models.ensure_sampling, settings).result()]
    return AskedOf(*ids)


def _model_row(source: AnswerSource, services: Services) -> int:
    """The database's id of who answers. A server does not say which weights it has, so its name identifies it."""
    server = source.policy
    if not isinstance(server, Server):
        assert not isinstance(server, str)  # settings name adapters that were published
        return services.loaded_model.model_row(server)
    known = {"kind": "server", "name": server.model, "source": server.base_url, "fingerprint": server.model}
    return services.workspace.write(db_models.ensure_model, **known).result()
