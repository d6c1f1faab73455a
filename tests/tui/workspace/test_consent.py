"""Where texts may be sent: asked once for a destination, kept with the workspace, and taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db import servers as db_servers
from tui.workspace.consent import Consents, Destination, TextsStay
from tui.workspace.workspace import Workspace, own_workspace, read_workspace

TRACKER = Destination("tracker", "wandb taste")
BOX = Destination.at("https://Box:8000/v1")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = own_workspace(tmp_path / "space")
    yield workspace
    workspace.close()


def test_what_was_allowed_once_stays_allowed_and_can_be_taken_back(workspace: Workspace, tmp_path: Path) -> None:
    consents = Consents(workspace)
    assert not consents.may_go_to(TRACKER)
    consents.allow(TRACKER)
    since = consents.listed()[0].since
    consents.allow(TRACKER)
    watched = read_workspace(tmp_path / "space")
    assert [(each.destination, each.since) for each in Consents(watched).listed()] == [(TRACKER, since)]
    watched.close()
    consents.withdraw(TRACKER)
    assert (consents.may_go_to(TRACKER), consents.listed()) == (False, [])


def test_a_server_is_one_destination_under_all_its_names(workspace: Workspace) -> None:
    consents = Consents(workspace)
    for name in ("box", "box-70b"):
        workspace.write(db_servers.add_server, name, "https://box:8000/v1", model=name).result()
    workspace.write(db_servers.add_server, "other", "https://box:9000/v1", model="m").result()
    consents.allow(BOX)
    rows = {each.name: each.allowed for each in db_servers.list_servers(workspace.connection)}
    assert [name for name, allowed in rows.items() if allowed] == ["box", "box-70b"]
    assert [each.destination for each in consents.listed()] == [Destination("server", "https://box:8000")]
    consents.withdraw(BOX)
    assert not consents.may_go_to(BOX)


def test_a_server_without_a_name_is_remembered_as_well(workspace: Workspace) -> None:
    Consents(workspace).allow(BOX)
    assert Consents(workspace).may_go_to(Destination.at("https://box:8000/other"))
    assert not Consents(workspace).may_go_to(Destination.at("http://box:8000/v1"))


def test_an_error_names_the_place_and_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(TextsStay, match=r"https://box:8000, and .* Allow it so\."):
        Consents(workspace).require(BOX, "Allow it so.")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://localhost.evil.org", False),
        ("http://10.0.0.3:8000", False),
        ("https://box", False),
    ],
)
def test_texts_to_this_machine_go_nowhere(workspace: Workspace, url: str, here: bool) -> None:
    assert Destination.at(url).is_this_machine is here
    assert Consents(workspace).may_go_to(Destination.at(url)) is here
