"""Who answers the questions of Ask, how, and whether their names are shown; kept with the workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final

from tui.compute.services import Services
from tui.generation.answer_sources import AnswerSource, AnswerSources
from tui.generation.policies import find_policy, policy_name
from tui.workspace.settings import BASE, IN_USE, is_served, parse_sampling
from tui.workspace.settings_store import stored_settings

KEPT_UNDER: Final = "ask"
"""The key of the workspace's settings under which the choice lies."""


@dataclass(frozen=True)
class AskChoice:
    """Two policies by name, as the settings of the queue name them: base, in-use, an adapter, or these on a server.

    `sampling` changes the queue's sampling, such as "temperature=0.7"; empty: it is the same. `named` shows the names
    of two policies that differ.
    """

    first: str = BASE
    second: str = IN_USE
    sampling: str = ""
    named: bool = False

    def needs_model(self) -> bool:
        """Must the base model be loaded for one of the answers?"""
        return not (is_served(self.first) and is_served(self.second))


def kept_choice(read: Callable[[str], Any]) -> AskChoice:
    """The choice that a workspace keeps; `read` gives the value of a setting."""
    known = {each.name for each in fields(AskChoice)}
    return AskChoice(**{name: value for name, value in (read(KEPT_UNDER) or {}).items() if name in known})


@dataclass(frozen=True)
class AskedPolicies:
    """The two policies of a question with their samplings, and their names."""

    sources: AnswerSources
    names: tuple[str, str]
    named: bool

    @property
    def hidden(self) -> bool:
        """Do the policies differ, and are their names not shown? Then nothing may tell which is which."""
        return not self.sources.alike and not self.named


def find_asked_policies(choice: AskChoice, services: Services) -> AskedPolicies:
    """Find the policies that a choice names.

    Raises:
        SettingError: a sampling setting or the server of the settings is not usable.
        AdapterError, InputError, TextsStay: see `find_policy`.
    """
    settings = stored_settings(services.workspace)
    sampling = parse_sampling(choice.sampling, settings.sampling)
    first, second = (
        AnswerSource(find_policy(word, settings, services), sampling) for word in (choice.first, choice.second)
    )
    sources = AnswerSources(first, second, settings.source.system)
    names = policy_name(first.policy), policy_name(second.policy)
    return AskedPolicies(sources, names, choice.named and not sources.alike)
