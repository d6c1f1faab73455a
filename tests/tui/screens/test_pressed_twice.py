"""Enter pressed twice, faster than the screen changes, does the thing once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.screen import Screen

from tests.fake_workbench import FakeWorkbench, adapter_view, run_row
from tests.label_pairs import fill
from tests.screens import until
from tests.still_workbench import StillWorkbench
from tests.tui.screens.test_two_keys import at_once
from tui.app import PalateApp
from tui.screens.compare.trial_result import TrialResultScreen
from tui.screens.compare.trial_setup import TrialSetupScreen
from tui.screens.data.filter_picker import FilterPicker


@pytest.fixture
def fake() -> FakeWorkbench:
    """With a run and its adapter."""
    made = FakeWorkbench()
    made.run_rows = [run_row(1, "taste-1")]
    made.adapter_views = [adapter_view(1, "taste-1", in_use=True)]
    return made


@pytest.fixture
def still(tmp_path: Path) -> Iterator[StillWorkbench]:
    """With judged pairs and an opened trial, which has the id 1."""
    fill(tmp_path, 1, judged=2)
    made = StillWorkbench(tmp_path)
    trial = made.begin(2)
    for _ in range(2):
        made.labelling.judge(made.answer(trial), "a").result(timeout=60)
    made.blind_trials.open(trial).result(timeout=60)
    yield made
    made.close()


class CountingApp(PalateApp):
    """Keeps which screens were opened."""

    def __init__(self, workbench: FakeWorkbench | StillWorkbench) -> None:
        super().__init__(workbench)
        self.opened: list[str] = []

    def push_screen(self, screen, *more, **named):  # type: ignore[no-untyped-def]
        self.opened.append(type(screen).__name__)
        return super().push_screen(screen, *more, **named)

    def switch_screen(self, screen):  # type: ignore[no-untyped-def]
        self.opened.append(type(screen).__name__)
        return super().switch_screen(screen)


async def opened(
    workbench: FakeWorkbench | StillWorkbench, key: str, focus: str, over: Screen[object] | None = None
) -> list[str]:
    """What two presses of enter open on the screen of a key, or on one over it."""
    app = CountingApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: bool(app.screen.query("KeyLine")) and app.current_mode != "label")
        if over is not None:
            app.push_screen(over)
        await until(pilot, lambda: bool(app.screen.query(focus)) and app.screen.query_one(focus).display)
        app.screen.query_one(focus).focus()
        await until(pilot, lambda: app.screen.focused is app.screen.query_one(focus))
        await pilot.pause(0.3)
        app.opened.clear()
        at_once(app, "enter", "enter")
        await until(pilot, lambda: bool(app.opened))
        await pilot.pause(0.3)
        return app.opened


async def test_a_row_of_a_form(fake: FakeWorkbench) -> None:
    assert await opened(fake, "C", "ActionRow") == ["TrialSetupScreen"]
    assert await opened(fake, "T", "OpenRow") == ["NamePicker"]


async def test_a_line_of_a_list(fake: FakeWorkbench, still: StillWorkbench) -> None:
    assert await opened(fake, "R", "LineList") == ["RunScreen"]
    assert await opened(still, "D", "VerdictList") == ["VerdictScreen"]
    assert await opened(still, "C", "#trials") == ["TrialResultScreen"]
    assert await opened(still, "C", "#comparisons", TrialResultScreen(1)) == ["TrialPairScreen"]
    assert await opened(still, "D", "CursorList", FilterPicker(still.data.filter_values)) == ["Pick"]


async def test_a_trial_is_begun_once(still: StillWorkbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrialSetupScreen, "_problem", lambda _: None)
    monkeypatch.setattr(still.blind_trials, "start", lambda _: still.begin(2))
    assert await opened(still, "C", "ActionRow", TrialSetupScreen("base", "base")) == ["TrialScreen"]
    assert [each.id for each in still.trials()] == [2, 1]
