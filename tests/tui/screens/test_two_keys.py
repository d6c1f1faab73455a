"""Two keys read at once, as slow links and stalled machines deliver them: the second meets what the first began."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from engine.config import TrainConfig
from tests.fake_workbench import FakeWorkbench
from tests.label_pairs import fill
from tests.label_round import said
from tests.screens import until
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.screens.compare.compare import CompareScreen
from tui.screens.compare.trial import TrialScreen
from tui.screens.compare.trial_result import TrialResultScreen
from tui.screens.confirm import QuitScreen
from tui.screens.data.data import DataScreen
from tui.screens.dialog import AskText, Choose
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.verdict import VerdictScreen
from tui.screens.pairs.verdict_gate import SETTLE_S
from tui.widgets.lists.verdict_list import VerdictList

CHARACTERS = {"enter": "\r", "escape": "\x1b"}


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """A workspace with six pairs to judge."""
    fill(tmp_path / "space", 6, words=20)
    return tmp_path / "space"


@pytest.fixture
def workbench(space: Path) -> Iterator[StillWorkbench]:
    made = StillWorkbench(space)
    yield made
    made.close()


def at_once(app: PalateApp, *keys: str) -> None:
    """Let all keys be read before the first of them has done anything."""
    for key in keys:
        app.post_message(events.Key(key, CHARACTERS.get(key, key)))


async def can_judge(pilot: Pilot[None], screen: type) -> None:
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, screen) and app.screen.can_judge)  # type: ignore[attr-defined]
    await pilot.pause(2 * SETTLE_S)


async def test_the_second_answer_to_a_question_takes_nothing_else_away() -> None:
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(100, 30)) as pilot:
        workbench.trainer.start(TrainConfig())
        workbench.step(3)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitScreen))
        at_once(app, "s", "s")
        await until(pilot, lambda: isinstance(app.screen, LabelScreen))
        await can_judge(pilot, LabelScreen)
        await pilot.press("e")
        await until(pilot, lambda: type(app.screen) is Choose)
        at_once(app, "escape", "escape")
        await can_judge(pilot, LabelScreen)
        await pilot.press("c")
        await until(pilot, lambda: type(app.screen) is AskText)
        await pilot.press("x")
        at_once(app, "enter", "enter")
        await can_judge(pilot, LabelScreen)
        assert app.is_running


async def test_a_verdict_is_stored_though_the_app_is_left_with_the_next_key(
    workbench: StillWorkbench, space: Path
) -> None:
    async with PalateApp(workbench).run_test(size=(100, 30)) as pilot:
        await can_judge(pilot, LabelScreen)
        busy = workbench.workspace.write(lambda _: time.sleep(0.5))
        at_once(pilot.app, "1", "q")
        await until(pilot, lambda: not pilot.app.is_running)
    assert busy.result() is None
    workbench.close()
    assert len(list(said(space / "palate.db"))) == 1


async def test_a_second_verdict_is_stored_though_its_page_is_left_with_the_next_key(
    workbench: StillWorkbench, space: Path
) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(100, 30)) as pilot:
        await can_judge(pilot, LabelScreen)
        await pilot.press("1", "D")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and app.screen.query_one(VerdictList).rows)
        await pilot.press("enter")
        await can_judge(pilot, VerdictScreen)
        workbench.workspace.write(lambda _: time.sleep(0.5))
        at_once(app, "2", "escape")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
    workbench.close()
    assert [verdict for _, verdict in said(space / "palate.db")][-1] != "a"


async def test_who_goes_elsewhere_while_a_trial_opens_stays_there(workbench: StillWorkbench) -> None:
    trial = workbench.begin(1)
    workbench.answer(trial)
    app = PalateApp(workbench)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        app.push_screen(TrialScreen(trial))
        await can_judge(pilot, TrialScreen)
        await pilot.press("1")
        await until(pilot, lambda: workbench.trial(trial).done == 1)
        await pilot.pause()
        workbench.workspace.write(lambda _: time.sleep(0.3))
        at_once(app, "enter", "L")
        await until(pilot, lambda: not workbench.trial(trial).sealed)
        await until(pilot, lambda: isinstance(app.screen, LabelScreen))
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))  # the page to judge on is gone
        assert not [each for each in app.screen_stack if isinstance(each, TrialScreen | TrialResultScreen)]
