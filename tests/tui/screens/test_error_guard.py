"""An error in a handler, a worker or a timer is logged and told, and the app lives; a loop of errors ends it."""

import asyncio
import logging

import pytest
from textual.app import App, ScreenStackError
from textual.containers import Container
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from tests.fake_workbench import FakeWorkbench
from tests.screens import until, until_shown
from tui.app import PalateApp
from tui.screens.pairs.label import LabelScreen
from tui.screens.runs.runs import RunsScreen


class Failing(Screen[None]):
    """Fails in the way that a key names."""

    BINDINGS = [
        ("a", "fail", "in a handler"),
        ("w", "work", "in a worker"),
        ("t", "wait", "in a timer"),
        ("f", "forever", "again and again"),
        ("escape", "leave", "back"),
    ]

    def compose(self):  # type: ignore[no-untyped-def]
        yield Static("waiting")

    def action_fail(self) -> None:
        raise KeyError("pgdn")

    def action_work(self) -> None:
        async def work() -> None:
            await asyncio.sleep(0)
            raise ValueError("in the worker")

        self.run_worker(work())

    def action_wait(self) -> None:
        self.set_timer(0.001, self.action_fail)

    def action_forever(self) -> None:
        self.set_interval(0.001, self.action_fail)

    def action_leave(self) -> None:
        self.dismiss()


class FailingToMount(Failing):
    """Fails before it is shown."""

    def on_mount(self) -> None:
        raise KeyError("mount")


@pytest.fixture
def app() -> PalateApp:
    made = PalateApp(FakeWorkbench())
    made.survives_errors = True
    return made


async def shows(app: App[None], pilot: Pilot[None], screen: Screen[None]) -> None:
    app.push_screen(screen)
    await until(pilot, lambda: app.screen is screen and screen.is_mounted)


async def presses(app: PalateApp, key: str) -> None:
    """Press a key after which the app ends."""
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await shows(app, pilot, Failing())
        await pilot.press(key)
        await until(pilot, lambda: not app.is_running)


@pytest.mark.parametrize("key", ["a", "w", "t"])
async def test_an_error_is_told_and_logged_and_the_same_screen_still_hears_keys(
    app: PalateApp, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await shows(app, pilot, Failing())
        await pilot.press(key)
        await until_shown(pilot, "Something unexpected")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LabelScreen))
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        assert app.is_running
    told = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert len(told) == 1
    assert told[0].exc_info
    assert not app.return_code


async def test_a_screen_that_fails_at_its_mount_can_be_left(app: PalateApp) -> None:
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await shows(app, pilot, FailingToMount())
        await until_shown(pilot, "Something unexpected")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LabelScreen))


async def test_a_person_who_presses_on_is_not_taken_for_a_loop(app: PalateApp) -> None:
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await shows(app, pilot, Failing())
        await pilot.press(*"aaaaaaaaaaaa")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LabelScreen))


async def test_errors_without_end_end_the_app(app: PalateApp) -> None:
    with pytest.raises(KeyError):
        await presses(app, "f")
    assert app.return_code == 1


async def test_an_error_fails_a_test_that_does_not_ask_for_survival() -> None:
    app = PalateApp(FakeWorkbench())
    with pytest.raises(KeyError):
        await presses(app, "a")


async def test_an_app_that_cannot_be_mounted_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_app: PalateApp) -> None:
        raise KeyError("mount")

    monkeypatch.setattr(PalateApp, "on_mount", fail)
    app = PalateApp(FakeWorkbench())
    app.survives_errors = True
    with pytest.raises(KeyError):
        async with app.run_test(size=(100, 30), notifications=True):
            pass


class Looking(Failing):
    """Looks for a widget before it says whether a key does something."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self.query_one("#gone")) if action == "fail" else super().check_action(action, parameters)


async def test_a_key_for_a_screen_that_is_not_composed_yet_does_nothing() -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=(100, 30)):
        early = Looking()
        assert app._check_action_state("fail", early) is None
        assert not await app.run_action("fail", early)
        early._is_mounted = True
        early._attach(app)
        with pytest.raises(NoMatches):
            app._check_action_state("fail", early)


class Growing(Failing):
    """Looks into a widget that is not composed yet, as a resize may at the wrong moment."""

    def action_fail(self) -> None:
        class Pane(Container):
            def compose(self):  # type: ignore[no-untyped-def]
                yield Static("there", id="inner")

        self.mount(Pane())
        self.query_one("#inner")


async def test_a_widget_that_is_not_composed_yet_may_lack_what_it_will_hold() -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test() as pilot:
        app.push_screen(Growing())
        await pilot.pause()
        await pilot.press("a")
        await until_shown(pilot, "there")


async def test_only_a_screen_that_was_left_may_lack_its_widgets() -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=(100, 30)) as pilot:
        screen = Failing()
        await shows(app, pilot, screen)
        assert not app.outlives(NoMatches("#gone"), screen)
        await pilot.press("escape")
        await until(pilot, lambda: not screen.is_attached)
        assert app.outlives(NoMatches("#gone"), screen)
        assert not app.outlives(KeyError("#gone"), screen)


async def test_a_key_for_an_app_that_is_ending_is_no_error() -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=(80, 24)):
        assert not app.outlives(ScreenStackError("No screens on stack"), app)
        app.exit()
        assert app.outlives(ScreenStackError("No screens on stack"), app)
