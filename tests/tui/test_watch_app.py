"""Watching: the screens of a workspace that another one owns, live, with everything dimmed that would write."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from db import runs as db_runs
from db.errors import WorkspaceBusy
from db.interchange.sources import source_of
from db.lock import WorkspaceLock
from engine.config import TrainConfig
from tests.still_workbench import StillWorkbench
from tests.waiting import until
from tui.cli import main
from tui.commands.options import command_runner
from tui.ipc.client import connect_to_watch
from tui.ipc.owner import OwnerServer
from tui.ipc.remote_workbench import RemoteWorkbench, WatchOnly
from tui.screens.data.data import DataScreen
from tui.screens.runs.runs import RunsScreen
from tui.terminal.signals import Signals
from tui.watch_app import WatchApp
from tui.workspace.workspace import read_workspace


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[tuple[StillWorkbench, OwnerServer]]:
    workbench = StillWorkbench(tmp_path / "space")
    host = OwnerServer(workbench, lambda _: None, command_runner(main))
    yield workbench, host
    host.close()
    workbench.close()


@pytest.fixture
def watched(owner: tuple[StillWorkbench, OwnerServer]) -> Iterator[RemoteWorkbench]:
    folder = owner[0].folder
    with pytest.raises(WorkspaceBusy) as busy:
        WorkspaceLock(folder).acquire()
    watched = RemoteWorkbench(read_workspace(folder), *connect_to_watch(busy.value))
    yield watched
    watched.close()


class NoSignals(Signals):
    """Leaves the handlers of the process that runs the tests alone."""

    def __init__(self) -> None:
        self.told_to_leave = False

    def hear(self, listener: object) -> None:
        del listener


async def test_what_the_owner_stores_is_seen_and_nothing_is_changed(
    owner: tuple[StillWorkbench, OwnerServer], watched: RemoteWorkbench, tmp_path: Path
) -> None:
    workbench, host = owner
    app = WatchApp(watched, None, NoSignals())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await until(pilot, lambda: f"watching, owner is {host.facts()['pid']}" in status_of(app))
        models = workbench.models()
        begun = {"name": "taste-9", "config": asdict(TrainConfig()), "versions": {}, "base_model": models[0]}
        workbench.workspace.write(db_runs.create_run, **begun).result()
        (tmp_path / "pairs.jsonl").write_text('{"prompt": "Hi", "chosen": "Hello", "rejected": "Go away"}\n')
        workbench.imports.read(source_of(str(tmp_path / "pairs.jsonl")), set_name="mine")
        await until(pilot, lambda: "1 verdict" in status_of(app))
        await until(pilot, lambda: "taste-9" in text_of(app))
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        import_key = app.screen.active_bindings["i"]
        assert not import_key.enabled  # dimmed
        await pilot.press("i")
        await until(pilot, lambda: told(app, "Watching changes nothing"))
        assert isinstance(app.screen, DataScreen)
        for key in ("L", "comma"):
            await pilot.press(key)
        assert isinstance(app.screen, DataScreen)
        await pilot.press("C")
        await until(pilot, lambda: app.current_mode == "compare")
        await pilot.press("T")
        await until(pilot, lambda: app.current_mode == "train")
        await pilot.press("S")
        assert len(workbench.runs()) == 1
        host.close()
        await until(pilot, lambda: told(app, "The owner has left"))
        assert "has left" in status_of(app)
        await pilot.press("t")
    assert app.wants_to_take_over


def status_of(app: WatchApp) -> str:
    from tui.widgets.frame.status_line import StatusLine

    return str(app.screen.query_one(StatusLine).render())


def text_of(app: WatchApp) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


def told(app: WatchApp, title: str) -> bool:
    return any(each.title == title for each in app._notifications)


def test_acts_are_refused_with_the_owner_s_number(
    owner: tuple[StillWorkbench, OwnerServer], watched: RemoteWorkbench
) -> None:
    pid = owner[1].facts()["pid"]
    for act in (watched.judge, watched.start_run, watched.blind_trials.attend, watched.use_adapter):
        with pytest.raises(WatchOnly, match=f"Process {pid} owns this workspace"):
            act(1)
    assert watched.runs() == []
    assert watched.status().watching == f"watching, owner is {pid}"
