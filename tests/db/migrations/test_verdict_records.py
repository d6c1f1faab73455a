"""The upgrade that widens `verdicts`: it keeps every row, can be killed anywhere, and works on a defensive SQLite."""

import ctypes
import ctypes.util
import json
import multiprocessing
import os
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import db.connection
from db.connection import connect, open_database, read_only
from db.errors import DamagedDatabase, NewerDatabase, OlderDatabase
from db.lock import LOCK_NAME
from db.migrations import runner
from db.migrations.runner import first_fault, newest_version
from tests import old_workspace
from tests.benchmarks.migration_speed import EARLIER, earlier_schema
from tests.old_workspace.restore import facts_of, restore
from tests.old_workspace.sql_text import rows_of, schema_of

KEPT = Path(old_workspace.__file__).parent / "schema_14"
WORDS = "verdict_words"
fork = multiprocessing.get_context("fork")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The database of a workspace that a killed process of the earlier code left."""
    return restore(KEPT, tmp_path / "left", model=Path("/model"), python="python") / "palate.db"


def version(path: Path) -> int:
    with closing(connect(path)) as conn:
        return int(conn.execute("PRAGMA user_version").fetchone()[0])


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as conn:
        return {name: each for name, each in rows_of(conn).items() if not name.startswith(WORDS)}


def facts(path: Path) -> dict[str, list[int]]:
    """Fact of the index of words → ids of the verdicts that have it."""
    asked = "SELECT rowid FROM verdict_words WHERE verdict_words MATCH ? ORDER BY rowid"
    with closing(connect(path)) as conn:
        wanted = ("source person", "source model", "source import", "judged once", "judged again", "verdict tie")
        return {each: [row[0] for row in conn.execute(asked, (f'facts : "{each}"',))] for each in wanted}


def expect_whole(path: Path, before: dict[str, list[tuple[Any, ...]]]) -> None:
    """The file is upgraded, sound, and has every row of `before`; columns may have been appended."""
    assert version(path) == newest_version()
    now = rows(path)
    for name, kept in before.items():
        if name not in ("_sqlite_migrations", "clean_close"):
            assert [row[: len(kept[0])] for row in now[name]] == kept, name
    with closing(connect(path)) as conn:
        assert first_fault(conn) is None
        conn.execute("INSERT INTO verdict_words (verdict_words) VALUES ('integrity-check')")


def test_an_upgraded_file_has_every_row_and_the_schema_of_a_new_one(path: Path, tmp_path: Path) -> None:
    before = rows(path)
    open_database(path)
    expect_whole(path, before)
    open_database(tmp_path / "new.db")
    with closing(sqlite3.connect(path)) as upgraded, closing(sqlite3.connect(tmp_path / "new.db")) as new:
        assert schema_of(upgraded) == schema_of(new)


def test_the_backup_before_the_upgrade_is_the_file_as_it_was(path: Path) -> None:
    before = rows(path)
    open_database(path)
    backup = path.parent / "backups" / f"palate-before-version-{newest_version()}.db"
    assert version(backup) == EARLIER
    assert rows(backup) == before


def test_verdicts_of_a_program_are_found_as_a_program_s_afterwards(path: Path) -> None:
    earlier = facts(path)
    persons = [*range(1, 13), 14, 15]  # 13 is an undo
    assert earlier["source person"] == [*persons, 26, 27, 28]
    open_database(path)
    now = facts(path)
    assert (now["source person"], now["source model"]) == (persons, [26, 27, 28])
    assert {name: now[name] for name in earlier if "source" not in name} == {
        name: ids for name, ids in earlier.items() if "source" not in name
    }
    with closing(connect(path)) as conn:
        judged = conn.execute("SELECT j.command FROM trials t JOIN judges j ON j.id = t.judged_by").fetchall()
        assert [row[0] for row in judged] == ["python inputs/judge.py"]


def test_a_copy_that_lacks_a_verdict_ends_the_upgrade_and_leaves_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, statements = next(reversed(runner.MIGRATIONS.items()))
    for halved in ("ORDER BY id", "WHERE id <> 7 ORDER BY id"), ("SELECT id, comparison", "SELECT id, comparison + 1"):
        changed = [
            each.replace(*halved) if each.startswith("INSERT INTO wider_verdicts") else each for each in statements
        ]
        assert changed != list(statements)
        monkeypatch.setitem(runner.MIGRATIONS, name, changed)
        before = rows(path)
        with pytest.raises(sqlite3.IntegrityError, match="the_copy_is_whole"):
            open_database(path)
        assert (version(path), rows(path)) == (EARLIER, before)


def test_a_row_that_refers_to_nothing_ends_the_upgrade_and_leaves_the_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("INSERT INTO answer_scores VALUES (99999, 1.0)")
        conn.commit()
    with pytest.raises(DamagedDatabase, match="row 99999 of answer_scores refers to no row of completions"):
        open_database(path)
    assert version(path) == EARLIER


def test_foreign_keys_are_on_again_behind_an_upgrade(path: Path) -> None:
    with closing(connect(path)) as conn:
        db.connection._migrate(path, conn, lambda _: None)
        assert conn.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert conn.execute("PRAGMA legacy_alter_table").fetchone()[0] == 0


def test_a_file_of_this_version_is_refused_by_the_version_before(path: Path) -> None:
    with earlier_schema(), closing(read_only(path)) as conn:
        assert conn.execute("SELECT count(*) FROM verdicts").fetchone()[0] == facts_of(KEPT)["rows"]["verdicts"]
    with pytest.raises(OlderDatabase, match="Start `palate` once; it is upgraded then"):
        read_only(path)
    open_database(path)
    with earlier_schema():
        for refused in (open_database, read_only):
            with pytest.raises(NewerDatabase, match=f"has version {newest_version() + 1}, this Palate knows up to 14"):
                refused(path)


def test_whoever_reads_beside_an_older_owner_is_told_how_to_upgrade(path: Path) -> None:
    lock = {"pid": os.getppid(), "host": socket.gethostname()}
    (path.parent / LOCK_NAME).write_text(json.dumps(lock))
    with pytest.raises(OlderDatabase, match=rf"Process {os.getppid()} has it open .* `palate --take-over`"):
        read_only(path)


def test_a_reader_of_before_sees_the_same_verdicts_beside_and_behind_the_upgrade(path: Path) -> None:
    with earlier_schema():
        reader = read_only(path)
    with closing(reader):
        asked = (
            "SELECT c.standing_verdict, v.note FROM comparisons c JOIN verdicts v ON v.id = c.standing ORDER BY c.id"
        )
        before = [tuple(row) for row in reader.execute(asked)]
        open_database(path)
        assert [tuple(row) for row in reader.execute(asked)] == before


# -- a defensive SQLite ----------------------------------------------------------------------------------------

_DBCONFIG_DEFENSIVE = 1010


def make_defensive(conn: sqlite3.Connection) -> None:
    """Set SQLite's defensive flag, as builds of some systems do for every connection. Python 3.11 has no call for it.

    A Connection object begins with Python's own head, and then holds the handle of SQLite.
    """
    library = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
    handle = ctypes.c_void_p.from_address(id(conn) + object.__basicsize__)
    assert library.sqlite3_db_config(handle, _DBCONFIG_DEFENSIVE, ctypes.c_int(1), None) == 0
    conn.execute("PRAGMA writable_schema = ON")
    with pytest.raises(sqlite3.OperationalError, match="may not be modified"):
        conn.execute("UPDATE sqlite_schema SET sql = sql")


def is_shared() -> bool:
    """Whether Python's module and this test can use the same library."""
    import _sqlite3

    found = ctypes.util.find_library("sqlite3")
    if found is None or not hasattr(_sqlite3, "__file__"):
        return False
    version_of = ctypes.CDLL(found).sqlite3_libversion
    version_of.restype = ctypes.c_char_p
    return version_of() == sqlite3.sqlite_version.encode()


@pytest.mark.skipif(not is_shared(), reason="Python has an SQLite of its own here")
def test_a_defensive_sqlite_upgrades_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, plain = rows(path), connect

    def connected(where: Path) -> sqlite3.Connection:
        conn = plain(where)
        make_defensive(conn)
        return conn

    monkeypatch.setattr(db.connection, "connect", connected)
    open_database(path)
    monkeypatch.undo()
    expect_whole(path, before)


# -- killed ----------------------------------------------------------------------------------------------------

EVERY = 40
"""A moment is the beginning of a statement, or so many instructions of SQLite's machine later."""


@contextmanager
def counted(act: Callable[[int], None]) -> Iterator[None]:
    """Call `act` with the number of each moment of an upgrade in this process."""
    plain, seen = db.connection.connect, 0

    def moment(*_: Any) -> None:
        nonlocal seen
        seen += 1
        act(seen)

    def connected(where: Path) -> sqlite3.Connection:
        conn = plain(where)
        conn.set_trace_callback(moment)
        conn.set_progress_handler(moment, EVERY)
        return conn

    db.connection.connect = connected
    try:
        yield
    finally:
        db.connection.connect = plain


def upgrade_and_die(path: Path, at: int) -> None:
    with counted(lambda seen: os.kill(os.getpid(), signal.SIGKILL) if seen == at else None):
        open_database(path)
    os._exit(1)


def number_of_moments(path: Path) -> int:
    last = 0

    def note(seen: int) -> None:
        nonlocal last
        last = seen

    with counted(note):
        open_database(path)
    return last


def kill_at_points(path: Path, folder: Path, points: int) -> None:
    """Kill an upgrade at so many of its moments, from the first to the last, and upgrade again each time."""
    before, whole = rows(path), folder / "whole"
    left = {each.name: each.read_bytes() for each in path.parent.glob("palate.db*")}
    moments = number_of_moments(restore(KEPT, whole, model=Path("/model"), python="python") / "palate.db")
    assert moments > 100
    expected = facts(whole / "palate.db")
    versions = set()
    for point in range(points):
        for name, content in left.items():
            (path.parent / name).write_bytes(content)
        (path.parent / "palate.db-shm").unlink(missing_ok=True)
        child = fork.Process(target=upgrade_and_die, args=(path, 1 + (moments - 1) * point // (points - 1)))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        versions.add(version(path))
        open_database(path)
        expect_whole(path, before)
        assert facts(path) == expected
    assert versions == {EARLIER, newest_version()}


def test_an_upgrade_that_was_killed_is_made_again(path: Path, tmp_path: Path) -> None:
    kill_at_points(path, tmp_path, 5)


@pytest.mark.long
def test_an_upgrade_that_was_killed_at_any_of_fifty_moments_is_made_again(path: Path, tmp_path: Path) -> None:
    kill_at_points(path, tmp_path, 50)
