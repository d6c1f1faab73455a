"""Watching: the screens of a workspace that another one owns, live, with everything dimmed that would write."""

import threading
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
from tui.app import PalateApp
from tui.cli import main
from tui.commands.options import command_runner
from tui.events import MachineRead, WorkbenchNotice
from tui.ipc import remote_workbench
from tui.ipc.client import connect_to_watch
from tui.ipc.owner import OwnerServer
from tui.ipc.remote_workbench import RemoteWorkbench, WatchOnly
from tui.screens.base import PalateScreen
from tui.screens.data.data import DataScreen
from tui.screens.key_registry import bindings_of, key_classes, writes
from tui.screens.messages import FromWorkbench
from tui.screens.pairs.verdict import VerdictScreen
from tui.screens.runs.runs import RunsScreen
from tui.snapshots import RunPhase, RunProgress
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


async def test_one_thread_asks_the_owner_and_an_event_is_handled_once(watched: RemoteWorkbench) -> None:
    app = WatchApp(watched, None, NoSignals())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        assert [each.name for each in threading.enumerate()].count("palate-watch") == 1
        notices = len(app._notifications)
        app.post_message(FromWorkbench(WorkbenchNotice("Once", "and not twice.")))
        await until(pilot, lambda: len(app._notifications) > notices)
        await pilot.pause()
        assert len(app._notifications) == notices + 1


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


def test_the_machine_is_seen_while_the_owner_trains(
    owner: tuple[StillWorkbench, OwnerServer], watched: RemoteWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_workbench, "LOOK_EVERY_S", 0.01)
    read = threading.Event()
    watched.subscribe(lambda published: read.set() if published == MachineRead() else None)
    trainer = owner[0].trainer
    trainer.machine.speed = 512.0
    trainer.progress = RunProgress(4, "taste-4", 1, 9, 0.1, 60.0, RunPhase.TRAINING)
    watched.start()
    assert read.wait(60)
    newest = watched.machine_readings()[-1]
    assert newest.tokens_per_second == 512.0
    assert newest.memory is not None
    trainer.progress = None


REFUSED = """
app.label app.ask app.settings compare.trial compare.start side.stop pair.note pair.move result.note
data.open data.take-out data.note data.import likes.missed likes.smoothing
data.reasons data.settle data.join reason-list.add reason-list.rename reason-list.remove reason-list.up reason-list.down
prompts.add prompts.write prompts.grow prompts.new-set prompts.rename prompts.forget prompts.hold-out prompts.move
prompts.remove
run.resume run.train-on run.note run.tag run.rename run.archive run.wrong
adapter.use adapter.base adapter.merge adapter.remove
train.start train.stop train.pause train.presets train.pairs named.save named.rename named.remove
form.press form.open-window form.default form.default-choice
judges.add judges.remove judges.rubric judges.slips judges.sort judges.stop judges.try
servers.try servers.add servers.allow servers.remove adapter.push run.track
judges.add judges.remove judges.rubric judges.slips judges.sort judges.stop judges.try
"""
"""Every key that watching refuses on screens that it opens."""
CLOSED = {
    "AskScreen",
    "ConversationScreen",
    "PairScreen",
    "LabelScreen",
    "TrialScreen",
    "TrialSetupScreen",
    "SettingsScreen",
    "ModelsScreen",
    "VerdictScreen",
    "ReviewScreen",
    "RankingScreen",
    "SettleScreen",
    "GrowScreen",
}


def test_watching_refuses_exactly_the_keys_that_write() -> None:
    nodes = [each for each in (*key_classes(), PalateApp, WatchApp) if getattr(each, "WATCHABLE", True)]
    named = [(str(each.id), writes(node, each.action)) for node in nodes for each in bindings_of(node) if each.id]
    assert {id for id, writing in named if writing} == set(REFUSED.split())
    assert len(named) > 150


def test_watching_opens_no_screen_that_judges_or_sets() -> None:
    screens = [each for each in key_classes() if issubclass(each, PalateScreen) and not each.WATCHABLE]
    assert {each.__name__ for each in screens} == CLOSED


async def test_keys_that_write_are_dimmed_and_a_pair_is_not_opened_with_its_names(
    owner: tuple[StillWorkbench, OwnerServer], watched: RemoteWorkbench
) -> None:
    app = WatchApp(watched, None, NoSignals())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        for mode in ("runs", "train", "compare", "data"):
            await app.switch_mode(mode)
            await pilot.pause()
            keys = app.screen.active_bindings.values()
            writing = [each for each in keys if writes(type(each.node), each.binding.action)]
            assert writing
            assert not any(each.enabled for each in writing)
        app.push_screen(VerdictScreen(1))
        await until(pilot, lambda: told(app, "Watching changes nothing"))
        assert isinstance(app.screen, DataScreen)
    assert owner[0].runs() == []


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
    for act in (watched.judge, watched.trainer.start, watched.blind_trials.attend, watched.use_adapter):
        with pytest.raises(WatchOnly, match=f"Process {pid} owns this workspace"):
            act(1)
    assert watched.runs() == []
    assert watched.status().watching == f"watching, owner is {pid}"


@pytest.mark.parametrize("key", ["L", "A", "comma"])
async def test_a_dimmed_key_of_the_app_says_why(watched: RemoteWorkbench, key: str) -> None:
    app = WatchApp(watched, None, NoSignals())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await pilot.press(key)
        await until(pilot, lambda: [each.title for each in app._notifications] == [WatchOnly.title])
        assert isinstance(app.screen, RunsScreen)
