"""The settings of the queue: checked, kept one at a time, and taken back."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from db.settings import set_setting
from engine.config import SamplingConfig, settings_of
from engine.errors import SettingError
from tests.still_workbench import StillWorkbench
from tui.errors import InputError
from tui.workspace.settings import (
    AppearanceConfig,
    BackupsConfig,
    LeavingConfig,
    PersonConfig,
    QueueConfig,
    RunsConfig,
    SourceConfig,
    parse_sampling,
)
from tui.workspace.settings_store import PARTS, change_setting, list_settings, stored_settings
from tui.workspace.workspace import Workspace, own_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = own_workspace(tmp_path / "space")
    yield workspace
    workspace.close()


def change(workspace: Workspace, name: str, text: str) -> None:
    change_setting(workspace, name, text)


def test_no_two_settings_have_one_name() -> None:
    names = [each.name for config in PARTS.values() for each in settings_of(config)]
    assert len(names) == len(set(names))


def test_a_setting_is_kept_across_restarts_and_taken_back(tmp_path: Path) -> None:
    first = own_workspace(tmp_path / "space")
    change(first, "depth", "20")
    change(first, "--max-new-tokens", "64")
    change(first, "system", "Be brief.")
    first.close()
    second = own_workspace(tmp_path / "space")
    kept = stored_settings(second)
    assert (kept.queue.depth, kept.sampling.max_new_tokens, kept.source.system) == (20, 64, "Be brief.")
    change(second, "depth", "default")
    change(second, "system", "none")
    assert stored_settings(second).queue == QueueConfig()
    assert stored_settings(second).source.system is None
    second.close()


def test_every_setting_is_listed_with_its_value(workspace: Workspace) -> None:
    change(workspace, "order", "margin")
    listed = {each.name: now for each, now in list_settings(workspace)}
    others = (
        SourceConfig(),
        SamplingConfig(),
        RunsConfig(preset="auto"),  # a new workspace
        LeavingConfig(),
        AppearanceConfig(),
        BackupsConfig(),
        PersonConfig(),
    )
    assert listed == asdict(QueueConfig(order="margin")) | {
        name: value for each in others for name, value in asdict(each).items()
    }


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("depth", "many", "--depth takes a whole number"),
        ("depth", "3", "--high-mark 6, --depth 3; they must rise"),
        ("order", "best", "in-order or shuffled or margin"),
        ("ask_again", "0.9", "0 to 0.5"),
        ("against_sampling", "heat=2", "NAME=VALUE of temperature"),
        ("against_sampling", "temperature=9", "--temperature is 9.0"),
        ("top_p", "0", "above 0"),
    ],
)
def test_what_is_not_usable_is_refused_and_not_kept(workspace: Workspace, name: str, text: str, told: str) -> None:
    before = stored_settings(workspace)
    with pytest.raises(SettingError, match=told.replace("(", r"\(")):
        change(workspace, name, text)
    assert stored_settings(workspace) == before


def test_an_unknown_name_is_told_with_those_there_are(workspace: Workspace) -> None:
    with pytest.raises(InputError, match=r"no setting 'colour'\. There are: depth, "):
        change(workspace, "colour", "red")


def test_sampling_in_words_changes_what_it_names() -> None:
    base = SamplingConfig(top_k=7)
    assert parse_sampling("temperature=1.3, top-p=1", base) == SamplingConfig(temperature=1.3, top_p=1.0, top_k=7)
    assert parse_sampling("", base) == base


def test_who_answers() -> None:
    assert (SourceConfig().first, SourceConfig().second) == ("in-use", "in-use")
    assert SourceConfig(server="http://localhost:1").first == "server"
    assert SourceConfig(server="http://localhost:1", policy="base").first == "base"
    assert SourceConfig(policy="taste-1", against="base").second == "base"
    with pytest.raises(SettingError, match="`server_model` is empty"):
        SourceConfig(server="http://localhost:1").to_server()
    with pytest.raises(SettingError, match="a user or a password"):  # before an error that might repeat the address
        SourceConfig(server="http://anna:s3cret@localhost:1").to_server()
    with pytest.raises(SettingError, match="`server` is empty"):
        SourceConfig(policy="server").to_server()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("server_key_env", "sk-s3cret", "never the key itself"),
        ("server", "https://anna:s3cret@box:8000/v1", "a user or a password for box"),
        ("server", "https://box:8000/v1?key=s3cret", "has a query"),
        ("server", "sk-s3cret", "takes an address"),
        ("server", "https://[s3cret", "takes an address"),
        ("server", "https://box:s3cret/v1", "takes an address"),
    ],
)
def test_a_key_is_not_stored_as_a_setting_and_not_repeated(
    workspace: Workspace, name: str, value: str, words: str
) -> None:
    with pytest.raises(SettingError, match=words) as raised:
        change(workspace, name, value)
    assert "s3cret" not in str(raised.value)
    assert stored_settings(workspace).source == SourceConfig()
    change(workspace, "server_key_env", "BOX_KEY")
    change(workspace, "server", "https://box:8000/v1")
    change(workspace, "server", "none")


def test_a_key_that_was_stored_once_is_refused_where_it_would_be_used_and_taken_back(tmp_path: Path) -> None:
    kept = {"server": "http://127.0.0.1:9/v1", "server_model": "m", "server_key_env": "sk-s3cret"}
    first = own_workspace(tmp_path / "space")
    first.write(set_setting, "source", kept).result()
    first.close()
    workbench = StillWorkbench(tmp_path / "space")
    workbench.status()
    assert workbench.servers.all() == []
    with pytest.raises(SettingError, match="never the key itself"):
        workbench.servers.get("server")
    with pytest.raises(SettingError, match="never the key itself"):
        stored_settings(workbench.workspace).source.to_server()
    workbench.change_setting("depth", "20")
    workbench.change_setting("server_key_env", "default")
    stored_settings(workbench.workspace).source.to_server()
    workbench.close()
