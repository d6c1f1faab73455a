"""The database is removed under the app: the person reads it at once, and no verdict is acknowledged any more."""

import subprocess
import sys

import pytest

from db.errors import ReplacedDatabase
from tests.db_workspace import compared, workspace
from tests.still_workbench import StillWorkbench
from tests.visiting import wait_until
from tests.waiting import until
from tui.app import PalateApp
from tui.workspace import file_watch
from tui.workspace.workspace import own_workspace

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


READING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT count(*) FROM verdicts").fetchone()
print(flush=True)
sys.stdin.readline()
"""


def test_a_program_that_reads_without_an_end_is_named_once_and_the_log_is_emptied_after_it(tmp_path, monkeypatch):
    monkeypatch.setattr(file_watch, "CHECK_EVERY_S", 0.01)
    monkeypatch.setattr(file_watch, "EMPTY_AGAIN_AFTER_S", 0.01)
    monkeypatch.setattr(file_watch, "LONG_LOG", 200_000)
    workspace_, published = own_workspace(tmp_path), []
    watch = file_watch.FileWatch(workspace_.writer, published.append)
    command = [sys.executable, "-c", READING, str(tmp_path / "palate.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        reader.stdout.readline()
        for number in range(60):
            workspace_.keep_setting("long", "x" * 10_000 + str(number))
        wait_until(lambda: published)
        assert file_watch.log_size(tmp_path / "palate.db") > file_watch.LONG_LOG
        reader.communicate("\n")
    wait_until(lambda: file_watch.log_size(tmp_path / "palate.db") == 0)
    watch.close()
    workspace_.close()
    (told,) = published
    assert told.title == "The database's log grows"
    assert f"Process {reader.pid} (" in told.text
