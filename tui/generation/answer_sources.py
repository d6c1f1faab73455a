"""Who writes the two answers of a comparison, made out of the settings when they are asked for."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass

from adapters.manifest import Adapter
from db import models as db_models
from db.prompt_rows import AskedOf
from engine.config import SamplingConfig
from engine.server import Server
from tui.compute.loaded_model import LoadedModel
from tui.workspace.settings import BASE, IN_USE, SERVER, SourceConfig
from tui.workspace.settings_store import QueueSettings
from tui.workspace.workspace import Workspace


@dataclass(frozen=True)
class Side:
    """Who writes one of the two answers, and how. `policy` None is the base model alone."""

    policy: Adapter | Server | None
    sampling: SamplingConfig


@dataclass(frozen=True)
class Asking:
    """Who writes both answers. `system` is the system prompt that all of them are given."""

    first: Side
    second: Side
    system: str | None

    @property
    def alike(self) -> bool:
        """Is it one policy with one sampling? Then both answers come from one batch, and may stream."""
        return self.first == self.second

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both, in order."""
        return self.first, self.second


def needs_model(source: SourceConfig) -> bool:
    """Must the base model be loaded for one of the answers?"""
    return source.first != SERVER or source.second != SERVER


def make_asking(settings: QueueSettings, workspace: Workspace, loaded_model: LoadedModel) -> Asking:
    """Find what the settings name.

    Raises:
        SettingError: the server's address or model is missing, or not usable.
        AdapterError: there is no such adapter.
    """

    def find(word: str) -> Adapter | Server | None:
        if word == BASE:
            return None
        if word == IN_USE:
            return loaded_model.in_use
        return settings.source.to_server() if word == SERVER else workspace.registry.get(word)

    source = settings.source
    first = Side(find(source.first), settings.sampling)
    return Asking(first, Side(find(source.second), settings.other_sampling), source.system)


def find_asked_of(asking: Asking, workspace: Workspace, loaded_model: LoadedModel) -> AskedOf:
    """The database's ids of the models and samplings of both sides."""
    ids = []
    for side in asking.sides:
        settings = {**asdict(side.sampling), "system": asking.system}
        ids += [model_row(side, workspace, loaded_model), workspace.write(_sampling_row, settings).result()]
    return AskedOf(*ids)


def model_row(side: Side, workspace: Workspace, loaded_model: LoadedModel) -> int:
    """The database's id of who answers; nobody can tell which weights a server has, so its name stands for them."""
    if not isinstance(side.policy, Server):
        return loaded_model.model_row(side.policy)
    server = side.policy
    known = {"kind": "server", "name": server.model, "source": server.base_url, "fingerprint": server.model}
    return workspace.write(_server_row, known).result()


def _sampling_row(connection: sqlite3.Connection, settings: dict[str, object]) -> int:
    return db_models.ensure_sampling(connection, settings)


def _server_row(connection: sqlite3.Connection, known: dict[str, str]) -> int:
    return db_models.ensure_model(connection, **known)
