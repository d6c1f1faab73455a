"""The writer: a future resolves after the commit, errors undo their transaction, what was acknowledged stays."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from db.connection import open_database, read_only
from db.errors import DatabaseError, DiskFull, NotAllowed
from db.settings import get_setting, set_setting
from db.verdicts import history
from db.writer import Writer
from tests.db_workspace import compared, workspace

# Judges without end, and says the id of each verdict once it is acknowledged.
JUDGE = """
import sys
from pathlib import Path
from db.verdicts import add_verdict
from db.writer import Writer
writer = Writer(Path(sys.argv[1]))
while True:
    verdict = writer.submit(add_verdict, comparison=1, verdict="ab"[len(sys.argv) % 2], layout="side", seconds=2.5)
    print(verdict.result().id, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    open_database(tmp_path / "palate.db")
    return tmp_path / "palate.db"


@pytest.fixture
def writer(path):
    writer = Writer(path)
    yield writer
    writer.close()


def setting(path: Path, key: str) -> object:
    with closing(read_only(path)) as conn:
        return get_setting(conn, key)


def test_a_result_is_on_the_disk_when_its_future_resolves(writer):
    writer.submit(set_setting, "theme", "dark").result()
    assert setting(writer.path, "theme") == "dark"


def test_what_was_submitted_is_written_though_nobody_waits_for_it_any_more(writer):
    go_on = threading.Event()
    writer.submit(lambda _: go_on.wait(10))
    stored = writer.submit(set_setting, "theme", "dark")
    assert not stored.cancel()
    go_on.set()
    stored.result()
    assert setting(writer.path, "theme") == "dark"


def test_an_error_takes_back_its_own_transaction_only(writer):
    def half(conn):
        set_setting(conn, "half", 1)
        raise KeyError("halfway")

    kept, broken, after = (
        writer.submit(set_setting, "before", 1),
        writer.submit(half),
        writer.submit(set_setting, "after", 1),
    )
    kept.result()
    after.result()
    with pytest.raises(KeyError):
        broken.result()
    assert [setting(writer.path, key) for key in ("before", "half", "after")] == [1, None, 1]


def test_everything_runs_in_order_on_one_other_thread(writer):
    seen: list[tuple[int, int]] = []

    def note(conn, number):
        assert conn.in_transaction
        seen.append((number, threading.get_ident()))

    for future in [writer.submit(note, number) for number in range(50)]:
        future.result()
    assert [number for number, _ in seen] == list(range(50))
    assert {thread for _, thread in seen} != {threading.get_ident()}
    assert len({thread for _, thread in seen}) == 1


def test_closing_finishes_what_was_submitted_and_leaves_one_file(path):
    writer = Writer(path)
    futures = [writer.submit(set_setting, f"key{number}", number) for number in range(20)]
    writer.close()
    writer.close()
    assert all(future.done() for future in futures)
    assert sorted(os.listdir(path.parent)) == ["palate.db", "palate.reserve"]
    assert setting(path, "key19") == 19
    with pytest.raises(DatabaseError, match="is closed"):
        writer.submit(set_setting, "late", 1)


def test_closing_empties_the_wal_while_a_reader_is_open(path):
    with closing(read_only(path)) as reader:
        writer = Writer(path)
        writer.submit(set_setting, "theme", "dark").result()
        assert get_setting(reader, "theme") == "dark"
        writer.close()
        assert (path.parent / "palate.db-wal").stat().st_size == 0


def clean_mark(path: Path) -> int:
    with closing(read_only(path)) as conn:
        return int(conn.execute("SELECT clean FROM clean_close").fetchone()["clean"])


def test_the_mark_tells_a_clean_end_from_an_unclean_one(path):
    assert clean_mark(path) == 1
    writer = Writer(path)
    assert clean_mark(path) == 0
    writer.close()
    assert clean_mark(path) == 1


def test_a_full_disk_loses_nothing_acknowledged_and_works_again_with_room(writer):
    def limit(conn, pages):
        return conn.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0]

    def size(conn):
        return conn.execute("PRAGMA page_count").fetchone()[0]

    writer.submit(set_setting, "kept", "yes").result()
    # max_page_count is SQLite's own way to make a disk that has no room for one page more.
    writer.submit(limit, writer.submit(size).result()).result()
    with pytest.raises(DiskFull, match="free some space"):
        writer.submit(set_setting, "big", "x" * 100_000).result()
    assert setting(writer.path, "kept") == "yes"
    assert setting(writer.path, "big") is None
    writer.submit(limit, 100_000).result()
    writer.submit(set_setting, "big", "x" * 100_000).result()
    assert setting(writer.path, "big") == "x" * 100_000


def test_a_file_that_is_not_there_is_an_error_in_words(tmp_path):
    with pytest.raises(DatabaseError, match="cannot be opened"):
        Writer(tmp_path / "palate.db")


def test_a_mistake_in_sql_stays_what_it_is(writer):
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        writer.submit(lambda conn: conn.execute("SELECT * FROM nowhere")).result()


@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=pytest.mark.long)])
def test_kills_lose_no_acknowledged_verdict(tmp_path, kills):
    with workspace(tmp_path) as conn:
        compared(conn, "Why is the sky blue?")
    path, acknowledged = tmp_path / "palate.db", set()
    for _ in range(kills):
        open_database(path)
        acknowledged |= acknowledged_before_kill(path)
        with closing(read_only(path)) as conn:
            stored = {row.id for row in history(conn, 1)}
        assert acknowledged <= stored
    assert len(acknowledged) >= kills
    open_database(path)
    assert clean_mark(path) == 0


def acknowledged_before_kill(path: Path) -> set[int]:
    """Let another process judge, and kill it straight after its first acknowledged verdict."""
    judge = subprocess.Popen(
        [sys.executable, "-c", JUDGE, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    with judge:
        assert judge.stdout is not None
        first = judge.stdout.readline()
        judge.send_signal(signal.SIGKILL)
        # What it had acknowledged until the signal came; a line cut in the middle was not.
        rest = [line for line in judge.stdout if line.endswith("\n")]
    return {int(line) for line in (first, *rest)}


def test_half_a_surrogate_pair_is_told_in_words_and_nothing_is_kept(tmp_path):
    open_database(tmp_path / "palate.db")
    with closing(Writer(tmp_path / "palate.db")) as writer:
        with pytest.raises(NotAllowed, match=r"half of a surrogate pair"):
            writer.submit(set_setting, "note", "half \udcff").result()
        writer.submit(set_setting, "note", "whole").result()


def test_waiting_until_done_waits_for_what_is_told_after_the_commit(tmp_path):
    open_database(tmp_path / "palate.db")
    writer, told = Writer(tmp_path / "palate.db"), []
    stored, heard = threading.Event(), threading.Event()
    try:
        done = writer.submit(lambda _: stored.wait(10))
        done.add_done_callback(lambda _: told.append(heard.wait(10)))
        stored.set()
        waiting = threading.Thread(target=writer.wait_until_done)
        waiting.start()
        assert told == []
        heard.set()
        waiting.join(10)
        assert told == [True]
    finally:
        writer.close()
    writer.wait_until_done()  # nothing is left to wait for
