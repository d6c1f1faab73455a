"""Policies by name, for every screen and every command: the base, an adapter, or either of them on a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.manifest import Adapter
from db import models as db_models
from engine.chat_servers.address import Server
from tui.compute.loaded_model import ModelChoice
from tui.compute.services import Services
from tui.errors import InputError
from tui.snapshots import AdapterView
from tui.workspace.servers import NamedServer, ServerList
from tui.workspace.settings import AT, AUTO, BASE, IN_USE, SERVER, is_served
from tui.workspace.settings_store import QueueSettings, stored_settings


@dataclass(frozen=True)
class ServedPolicy:
    """The base of a server, or an adapter on it."""

    on: NamedServer
    adapter: Adapter | None = None

    @property
    def server(self) -> Server:
        """How the server is asked."""
        return self.on.server

    @property
    def name(self) -> str:
        """Its name, such as base@box."""
        return f"{self.adapter.manifest.name if self.adapter else BASE}{AT}{self.on.name}"


Policy = Adapter | ServedPolicy | None
"""Who answers; None is the base model here."""


def needs_model(policy: Policy) -> bool:
    """Must the base model be loaded for this policy?"""
    return not isinstance(policy, ServedPolicy)


def find_policy(word: str, settings: QueueSettings, services: Services) -> Policy:
    """The policy of this name: base, in-use, an adapter by its name or id, or one of them on a server (base@box).

    Raises:
        SettingError: the address or the model of the settings' server is missing, or not usable.
        InputError: there is no such server, or it cannot answer with an adapter.
        TextsStay: nobody allowed that texts are sent there.
        AdapterError: there is no such adapter.
    """
    if not is_served(word):
        return _find_here(word, services)
    if word == SERVER:
        return ServedPolicy(ServerList(services.workspace).of_settings(settings.source))
    name, _, at = word.rpartition(AT)
    if at == SERVER:
        return _on(ServerList(services.workspace).of_settings(settings.source), _find_here(name, services))
    return _on(ServerList(services.workspace).get(at), _find_here(name, services))


def policy_by_name(word: str, services: Services) -> Policy:
    """The same with the settings of the workspace."""
    return find_policy(word, stored_settings(services.workspace), services)


def check_policy(word: str, services: Services) -> None:
    """Check that what the policy `word` names exists; whether it can answer now is not checked.

    Raises:
        InputError: there is no such server.
        AdapterError: there is no such adapter.
    """
    name, at, server = word.rpartition(AT)
    if at and server != SERVER:
        ServerList(services.workspace).get(server)
    here = name if at else server
    if here not in (AUTO, BASE, IN_USE, SERVER, ""):
        services.workspace.registry.get(here)


def _find_here(word: str, services: Services) -> Adapter | None:
    if word in (BASE, ""):
        return None
    return in_use(services) if word == IN_USE else services.workspace.registry.get(word)


def in_use(services: Services) -> Adapter | None:
    """The adapter in use. Before the model is loaded it is the one that was in use on the model of that name."""
    if services.loaded_model.base is not None:
        return services.loaded_model.in_use
    kept = {each for each in services.workspace.setting("adapters_in_use", {}).values() if each}
    source = services.loaded_model.choice.source
    known = [each for each in services.workspace.registry.list() if each.manifest.id in kept]
    return next((each for each in known if each.manifest.base_source == source), None)


def _on(named: NamedServer, adapter: Adapter | None) -> ServedPolicy:
    if adapter is not None and not named.loads_adapters:
        raise InputError(
            f"{named.name} speaks OpenAI's protocol alone, so it cannot answer with {adapter.manifest.name}. If it is "
            f"vLLM, SGLang or llama.cpp, `palate servers try {named.name}` finds that out."
        )
    if not named.allowed:
        raise ServerList.unallowed(named)
    return ServedPolicy(named, adapter)


def policy_name(policy: Policy | str) -> str:
    """The name of a policy for people."""
    if isinstance(policy, ServedPolicy):
        return policy.name if policy.on.id is not None else policy.server.model
    if isinstance(policy, Adapter):
        return policy.manifest.name
    return policy or BASE


def server_of(policy: Policy) -> int | None:
    """The id of the server that answers as this policy; None where the model here does.

    Raises:
        InputError: it is the server of the settings, which may name another one tomorrow.
    """
    if not isinstance(policy, ServedPolicy):
        return None
    if policy.on.id is None:
        raise InputError(
            "A comparison keeps the server that answered, so it needs a name. Add it with `palate servers add`."
        )
    return policy.on.id


def model_row(policy: Policy, services: Services) -> int:
    """The database's id of the model that answers. An adapter is the same one on a server.

    The base of a server is known by its name there, since a server does not say which weights it has.

    Raises:
        ModelError: the policy needs the base model here, which is not loaded.
    """
    if not isinstance(policy, ServedPolicy):
        return services.loaded_model.model_row(policy)
    if policy.adapter is not None:
        return _adapter_row(policy.adapter, services)
    server = policy.server
    known = {"kind": "server", "name": server.model, "source": server.base_url, "fingerprint": server.model}
    return services.workspace.write(db_models.ensure_model, **known).result()


def _adapter_row(adapter: Adapter, services: Services) -> int:
    """The adapter's row, which needs no base model in memory: the manifest says which one it belongs to."""
    manifest, workspace = adapter.manifest, services.workspace
    found = db_models.find_adapter_model(workspace.connection, manifest.id, manifest.checksum)
    if found is not None:
        return found
    base = {"name": ModelChoice(manifest.base_source).name, "source": manifest.base_source}
    parent = workspace.write(
        db_models.ensure_model, kind="base", fingerprint=manifest.base_fingerprint, **base
    ).result()
    made = {"name": manifest.name, "source": manifest.id, "fingerprint": manifest.checksum, "parent": parent}
    return workspace.write(db_models.ensure_model, kind="adapter", **made).result()


@dataclass(frozen=True)
class PolicyChoice:
    """A policy that can be chosen: `word` is what commands take, `label` what a person reads."""

    word: str
    label: str
    in_use: bool = False

    @property
    def needs_model(self) -> bool:
        """Must the base model be loaded for it?"""
        return not is_served(self.word)


def policy_choices(adapters: Sequence[AdapterView], servers: Sequence[NamedServer]) -> list[PolicyChoice]:
    """Every policy that can be chosen: adapters and the base, then both on each server that texts may go to."""
    here = [each for each in adapters if each.fits]
    found = [PolicyChoice(each.id, each.name, each.in_use) for each in here] + [PolicyChoice(BASE, BASE)]
    for server in servers:
        if server.allowed and server.id is not None:
            found.append(PolicyChoice(f"{BASE}{AT}{server.name}", f"{BASE}{AT}{server.name}"))
            tuned = here if server.loads_adapters else []
            found += [PolicyChoice(f"{each.id}{AT}{server.name}", f"{each.name}{AT}{server.name}") for each in tuned]
    return found
