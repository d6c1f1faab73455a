"""The database is removed under the app: the person reads it at once, and no verdict is acknowledged any more."""

import pytest

from db.errors import ReplacedDatabase
from tests.db_workspace import compared, workspace
from tests.still_workbench import StillWorkbench
from tests.waiting import until
from tui.app import PalateApp

A_DAY_S = 86_400


@pytest.fixture
def workbench(tmp_path):
    with workspace(tmp_path) as conn:
        for number in range(3):
            compared(conn, f"Why is the sky {number}?")
    workbench = StillWorkbench(tmp_path)
    yield workbench
    with pytest.raises(ReplacedDatabase, match="All that was stored is in"):
        workbench.close()


def notices(app: PalateApp) -> list[tuple[str, str, bool]]:
    """Title, words, and whether it stays."""
    return [(each.title, each.message, each.timeout > A_DAY_S) for each in app._notifications]


async def test_an_idle_app_tells_that_its_database_was_removed_and_keeps_it_in_sight(workbench, tmp_path):
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        (tmp_path / "palate.db-wal").unlink()
        await until(pilot, lambda: notices(app))
        ((title, words, stays),) = notices(app)
        assert (title, stays) == (ReplacedDatabase.title, True)
        (saved,) = (tmp_path / "backups").iterdir()
        assert str(saved) in words


async def test_a_verdict_key_is_refused_and_the_pair_stays(workbench, tmp_path, monkeypatch):
    monkeypatch.setattr("tui.workspace.file_watch.CHECK_EVERY_S", A_DAY_S)
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.screen.can_judge)
        pair = app.screen.pair.id
        (tmp_path / "palate.db").rename(tmp_path / "moved.db")
        await pilot.press("1")
        await until(pilot, lambda: notices(app))
        assert any(title == ReplacedDatabase.title and stays for title, _, stays in notices(app))
        assert app.screen.pair.id == pair
        assert workbench.history(pair) == []


async def test_data_says_why_nothing_can_be_read(workbench, tmp_path, monkeypatch):
    monkeypatch.setattr("tui.workspace.file_watch.CHECK_EVERY_S", A_DAY_S)
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        (tmp_path / "palate.db").rename(tmp_path / "moved.db")
        await pilot.press("D")  # a screen whose first query opens a connection of its own
        await until(pilot, lambda: "replaced it" in str(app.screen.query_one("#verdicts").border_subtitle))
