"""The settings of a workspace: read together, changed one at a time. Only changed settings are stored."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from db import settings as db_settings
from engine.config import SamplingConfig, Setting, settings_of
from tui.errors import InputError
from tui.workspace.consent import Consents, Destination
from tui.workspace.settings import (
    SERVER,
    AppearanceConfig,
    BackupsConfig,
    LeavingConfig,
    PersonConfig,
    QueueConfig,
    RunsConfig,
    SourceConfig,
    check_key_env,
    check_server,
    hook_host,
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
    "backups": BackupsConfig,
    "person": PersonConfig,
}
"""The key of the database under which the settings of each class are stored."""
_SECRETIVE: Final[Mapping[str, Callable[[str | None], None]]] = {
    "server": check_server,
    "server_key_env": check_key_env,
}
"""Settings into which a key may be typed by mistake, and what refuses it."""
BACK = "default"
"""The word that resets a setting to its default."""


@dataclass(frozen=True)
class QueueSettings:
    """Every setting of a workspace: queue, leaving, source of answers, sampling, runs, colours, backups, the person."""

    queue: QueueConfig
    leaving: LeavingConfig
    source: SourceConfig
    sampling: SamplingConfig
    runs: RunsConfig
    look: AppearanceConfig
    backups: BackupsConfig
    person: PersonConfig

    def check(self) -> None:
        """Raise `SettingError` where the settings contradict one another."""
        parse_sampling(self.source.against_sampling or "", self.sampling)
        if SERVER in (self.source.first, self.source.second):
            self.source.to_server()

    @property
    def other_sampling(self) -> SamplingConfig:
        """The sampling of the second answer."""
        text = self.source.against_sampling
        return parse_sampling(text, self.sampling) if text else self.sampling


def stored_settings(workspace: Workspace) -> QueueSettings:
    """The settings of this workspace. Values of another version of Palate under unknown names are ignored.

    Raises:
        SettingError: a stored value is no longer usable.
    """
    return _built({part: workspace.setting(part, {}) for part in PARTS})


def list_settings(workspace: Workspace) -> Iterator[tuple[Setting, Any]]:
    """Every setting with its value in this workspace."""
    settings = stored_settings(workspace)
    for part, config in PARTS.items():
        for each in settings_of(config):
            yield each, getattr(getattr(settings, part), each.name)


def change_setting(workspace: Workspace, name: str, text: str) -> None:
    """Store a setting from the text that a person typed; `default` resets it. It is on the disk on return.

    Raises:
        InputError: there is no such setting.
        SettingError: the value is not usable, alone or together with the others.
    """
    part, each = _named(name)

    def change(kept: dict[str, dict[str, Any]]) -> None:
        kept[part].pop(each.name, None)
        if text.strip() != BACK:
            kept[part][each.name] = each.parse(text)
            if each.name in _SECRETIVE:  # one that is stored already is refused where it is used
                _SECRETIVE[each.name](kept[part][each.name])
        settings = _built(kept)
        parse_sampling(settings.source.against_sampling or "", settings.sampling)  # raises before anything is stored

    workspace.write(db_settings.update_settings, PARTS, change).result()
    hook = stored_settings(workspace).runs.hook
    if each.name == "hook" and hook is not None and (host := hook_host(hook)):
        Consents(workspace).allow(Destination("hook", host))  # typing an address names the destination


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
