"""The settings of the queue on their screen: seen, changed, refused, kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.screens import text_of, until, until_shown
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.screens.dialog import AskText
from tui.screens.models import ModelsScreen
from tui.screens.settings import SettingsScreen
from tui.theme import DARK, LIGHT
from tui.widgets.form.form import Form
from tui.widgets.form.text_row import TextRow
from tui.workspace.settings_store import stored_settings


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    workbench = StillWorkbench(tmp_path / "space")
    yield workbench
    workbench.close()


async def _open(pilot: Pilot[None]) -> SettingsScreen:
    await pilot.press("comma")
    screen = pilot.app.screen
    await until(pilot, lambda: isinstance(pilot.app.screen, SettingsScreen) and bool(pilot.app.screen.query(Form)))
    screen = pilot.app.screen
    assert isinstance(screen, SettingsScreen)
    await until(pilot, lambda: screen.focused is not None)
    await pilot.press("down")  # the first row leads to the models
    return screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_setting_is_shown_and_a_change_is_kept_when_its_row_is_left(
    workbench: StillWorkbench, size: tuple[int, int]
) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await _open(pilot)
        await until_shown(pilot, "Comparisons kept ready while nothing else computes.")
        await pilot.press("2", "0")
        assert stored_settings(workbench.workspace).queue.depth == 12, "not before the row is left"
        await pilot.press("down")
        await until(pilot, lambda: stored_settings(workbench.workspace).queue.depth == 20)
        assert "default 12" in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, SettingsScreen))
        assert app.current_mode == "label"


async def test_a_choice_counts_at_once_and_what_does_not_fit_is_told(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        order = screen.query_one(Form).row("order")
        screen.set_focus(order)
        await pilot.press("right")
        await until(pilot, lambda: stored_settings(workbench.workspace).queue.order == "shuffled")
        low = screen.query_one(Form).row("low_mark")
        screen.set_focus(low)
        await pilot.press("9", "enter")
        await until_shown(pilot, "they must rise in")
        await pilot.press("escape")
        assert isinstance(app.screen, SettingsScreen), "a value that is not right stays in sight"
        assert stored_settings(workbench.workspace).queue.low_mark == 6


async def test_colours_change_at_once_and_stand_when_the_app_is_opened_again(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.theme == DARK.name
        screen = await _open(pilot)
        screen.set_focus(screen.query_one(Form).row("colours"))
        await pilot.press("right")
        await until(pilot, lambda: app.theme == LIGHT.name)
    again = PalateApp(workbench)
    async with again.run_test(size=(80, 24)) as pilot:
        assert again.theme == LIGHT.name
        again.action_other_theme()
        await until(pilot, lambda: stored_settings(workbench.workspace).look.colours == "dark")
        assert again.theme == DARK.name


async def test_a_value_that_a_line_cannot_show_stays_as_it_is_until_it_is_edited(workbench: StillWorkbench) -> None:
    prompt = "First line.\n\tSecond \x1b[2J line."
    workbench.change_setting("system", prompt)
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await _open(pilot)
        row = screen.query_one(Form).row("system")
        assert isinstance(row, TextRow)
        screen.set_focus(row)
        await pilot.press("enter")
        await until(pilot, lambda: row.is_open and row.field.value == "First line.  Second �[2J line.")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not isinstance(app.screen, SettingsScreen))
    assert stored_settings(workbench.workspace).source.system == prompt


async def test_the_first_row_leads_to_the_models_and_says_what_another_one_takes(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.models.memory_needs", lambda source: iter([f"{source}: about 2.0 GB: fits"]))
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await _open(pilot)
        await pilot.press("up", "enter")
        await until(pilot, lambda: isinstance(app.screen, ModelsScreen))
        await until_shown(pilot, "another model …")
        assert "✓ smollm2-135m-instruct" in text_of(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, AskText))
        await pilot.press(*"some/one", "enter")
        await until_shown(pilot, "some/one: about 2.0 GB: fits")
        await pilot.press("r")
        await until(pilot, lambda: app.leaving.wanted_model == "some/one")
    assert workbench.workspace.setting("model") is None, "what does not load is not kept"


async def test_the_model_in_use_is_not_restarted(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(ModelsScreen("label"))
        await until_shown(pilot, "a server …")
        await pilot.press("enter")
        await until(pilot, lambda: any(each.title == "This model is in use" for each in app._notifications))
        assert app.leaving.wanted_model == ""
