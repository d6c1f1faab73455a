"""The settings that a workspace keeps: read whole, changed one at a time. Only what was changed is stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from db import settings as db_settings
from engine.config import SamplingConfig, Setting, settings_of
from tui.errors import InputError
from tui.workspace.settings import (
    SERVER,
    AppearanceConfig,
    LeavingConfig,
    QueueConfig,
    RunsConfig,
    SourceConfig,
    parse_sampling,
)
from tui.workspace.workspace import Workspace

PARTS: dict[str, type] = {
    "queue": QueueConfig,
    "leaving": LeavingConfig,
    "source": SourceConfig,
    "sampling": SamplingConfig,
    "runs": RunsConfig,
    "look": AppearanceConfig,
}
"""Under which key of the database the settings of a class are kept."""
BACK = "default"
"""The word that takes a setting back to its default."""


@dataclass(frozen=True)
class QueueSettings:
    """Everything that a person can set about the answers written ahead, about leaving, and about what runs tell."""

    queue: QueueConfig
    leaving: LeavingConfig
    source: SourceConfig
    sampling: SamplingConfig
    runs: RunsConfig
    look: AppearanceConfig

    def check(self) -> None:
        """Raise `SettingError` where the settings do not fit each other."""
        parse_sampling(self.source.against_sampling or "", self.sampling)
        if SERVER in (self.source.first, self.source.second):
            self.source.to_server()

    @property
    def other_sampling(self) -> SamplingConfig:
        """The sampling of the second answer."""
        text = self.source.against_sampling
        return parse_sampling(text, self.sampling) if text else self.sampling


def stored_settings(workspace: Workspace) -> QueueSettings:
    """The settings of this workspace; what another version of Palate kept under unknown names is left alone.

    Raises:
        SettingError: a kept value is not usable any more.
    """
    return _built({part: workspace.setting(part, {}) for part in PARTS})


def list_settings(workspace: Workspace) -> Iterator[tuple[Setting, Any]]:
    """Every setting with the value that it has in this workspace."""
    settings = stored_settings(workspace)
    for part, config in PARTS.items():
        for each in settings_of(config):
            yield each, getattr(getattr(settings, part), each.name)


def change_setting(workspace: Workspace, name: str, text: str) -> None:
    """Keep a setting under its name, from what a person typed. `default` takes it back. It is on disk afterwards.

    Raises:
        InputError: there is no such setting.
        SettingError: the value is not usable, alone or beside the others.
    """
    part, each = _named(name)

    def change(kept: dict[str, dict[str, Any]]) -> None:
        kept[part].pop(each.name, None)
        if text.strip() != BACK:
            kept[part][each.name] = each.parse(text)
        settings = _built(kept)
        parse_sampling(settings.source.against_sampling or "", settings.sampling)  # raises before anything is kept

    workspace.write(db_settings.update_settings, PARTS, change).result()


def _built(kept: dict[str, dict[str, Any]]) -> QueueSettings:
    parts: dict[str, Any] = {}
    for part, config in PARTS.items():
        known = {each.name for each in settings_of(config)}
        parts[part] = config(**{name: value for name, value in kept[part].items() if name in known})
    return QueueSettings(**parts)


def _named(name: str) -> tuple[str, Setting]:
    wanted = name.removeprefix("--").replace("-", "_")
    for part, config in PARTS.items():
        for each in settings_of(config):
            if each.name == wanted:
                return part, each
    names = ", ".join(each.name for config in PARTS.values() for each in settings_of(config))
    raise InputError(f"There is no setting {name!r}. There are: {names}.")
