"""The help below a form is whole in 80 columns, whichever row the cursor is on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.screens import text_of, until
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.screens.compare.trial_setup import TrialSetupScreen
from tui.widgets.form.form import Form, RowHelp


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    workbench = StillWorkbench(tmp_path / "space")
    yield workbench
    workbench.close()


@pytest.mark.parametrize("opened", ["comma", "T", TrialSetupScreen])
async def test_the_help_of_every_row_is_whole(workbench: StillWorkbench, opened: str | type[TrialSetupScreen]) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        if isinstance(opened, str):
            await pilot.press(opened)
        else:
            app.push_screen(opened("base", "base"))
        await until(pilot, lambda: bool(app.screen.query(RowHelp)) and app.screen.focused is not None)
        shown = app.screen.query_one(RowHelp)
        for row in app.screen.query_one(Form).rows:
            row.focus()
            await pilot.pause()
            assert _words(row.help) == _words(str(shown.content))
            assert _words(row.help) in _words(text_of(app)), row.key


def _words(text: str) -> str:
    return " ".join(text.split())
