"""Opening a workspace's database: created whole, recognised, migrated with a backup, never taken from others."""

import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from db.connection import APPLICATION_ID, connect, data_version, open_database, read_only, writing
from db.errors import (
    DamagedDatabase,
    DatabaseError,
    ForeignDatabase,
    MissingDatabase,
    NewerDatabase,
    NotWritable,
    OlderDatabase,
)
from db.migrations import runner as db_runner
from db.migrations.runner import newest_version
from db.settings import get_setting, set_setting
from db.writer import Writer
from tests.db_workspace import unwritable

VERSION = newest_version()
LATER = VERSION + 1

# A process that migrates to one more version, as a later Palate would.
LATER_PALATE = """
import sys, time
from pathlib import Path
from db.migrations import runner as migrations
class Slow(tuple):
    def __iter__(self):
        yield from super().__iter__()
        time.sleep(0.3)
migrations.MIGRATIONS["999_colour"] = Slow(["ALTER TABLE runs ADD COLUMN colour TEXT"])
from db.connection import open_database
print("ready", flush=True)
sys.stdin.readline()
open_database(Path(sys.argv[1]))
print("done")
"""


def later_palate(monkeypatch: pytest.MonkeyPatch, *changes: str) -> None:
    """Make this process a Palate that knows one more migration."""
    monkeypatch.setitem(db_runner.MIGRATIONS, "999_later", changes)


def test_a_new_database_is_ours_whole_and_private(tmp_path):
    path = tmp_path / "new" / "palate.db"
    open_database(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["palate.db"]
    with closing(read_only(path)) as conn:
        assert conn.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        assert conn.execute("PRAGMA user_version").fetchone()[0] == VERSION
        assert conn.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert conn.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_opening_again_keeps_what_is_there_and_makes_no_backup(tmp_path):
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(writing(path)) as conn:
        set_setting(conn, "theme", "dark")
        assert stat.S_IMODE((tmp_path / "palate.db-wal").stat().st_mode) == 0o600
    open_database(path)
    with closing(read_only(path)) as conn:
        assert get_setting(conn, "theme") == "dark"
    assert not (tmp_path / "backups").exists()


def test_the_writer_syncs_every_commit(tmp_path):
    open_database(tmp_path / "palate.db")
    with closing(writing(tmp_path / "palate.db")) as conn:
        assert conn.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
        assert conn.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def foreign_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE verdicts (id INTEGER)")
        conn.commit()


def foreign_wal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA application_id = 1234")
        conn.execute("CREATE TABLE places (id INTEGER)")
        conn.commit()


def foreign_text(path: Path) -> None:
    path.write_text("a shopping list\n" * 20)


@pytest.mark.parametrize("make", [foreign_sqlite, foreign_wal, foreign_text])
@pytest.mark.parametrize("open_it", [open_database, read_only])
def test_a_file_of_another_program_is_refused_and_left_as_it_was(tmp_path, make, open_it):
    path = tmp_path / "palate.db"
    make(path)
    before, names = path.read_bytes(), sorted(os.listdir(tmp_path))
    with pytest.raises(ForeignDatabase, match="--workspace"):
        open_it(path)
    assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == names


def test_a_file_with_our_number_and_without_our_tables_is_damaged(tmp_path):
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(connect(path)) as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        conn.execute("DROP TABLE clean_close")
    with pytest.raises(DamagedDatabase, match="clean_close"):
        open_database(path)


@pytest.mark.parametrize("open_it", [open_database, read_only])
def test_a_newer_file_is_refused_and_left_as_it_was(tmp_path, open_it, monkeypatch):
    path = tmp_path / "palate.db"
    open_database(path)
    with monkeypatch.context() as later:
        later_palate(later, "ALTER TABLE runs ADD COLUMN colour TEXT")
        open_database(path)
    before = path.read_bytes()
    with pytest.raises(NewerDatabase, match=f"version {LATER}, this Palate knows up to {VERSION}"):
        open_it(path)
    assert path.read_bytes() == before


def test_a_newer_version_that_is_still_in_the_wal_is_seen(tmp_path, monkeypatch):
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(writing(path)) as other, monkeypatch.context() as later:
        other.execute("SELECT count(*) FROM prompts").fetchone()  # keeps the WAL from being folded in
        later_palate(later, "ALTER TABLE runs ADD COLUMN colour TEXT")
        open_database(path)
        later.undo()
        with pytest.raises(NewerDatabase):
            open_database(path)


def test_migrating_makes_a_verified_backup_of_the_old_version_first(tmp_path, monkeypatch):
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(writing(path)) as conn:
        set_setting(conn, "theme", "dark")
        later_palate(monkeypatch, "ALTER TABLE runs ADD COLUMN colour TEXT", "DELETE FROM settings")
        with pytest.raises(OlderDatabase):
            read_only(path)
        open_database(path)
    backup = tmp_path / "backups" / f"palate-before-version-{LATER}.db"
    assert os.listdir(backup.parent) == [backup.name]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with closing(read_only(path)) as conn:
        assert get_setting(conn, "theme") is None
        assert conn.execute("PRAGMA user_version").fetchone()[0] == LATER
    with closing(sqlite3.connect(backup)) as conn:
        assert conn.execute("SELECT value FROM settings").fetchall() == [('"dark"',)]
        assert conn.execute("PRAGMA user_version").fetchone()[0] == VERSION


def test_a_migration_that_fails_leaves_the_old_version_and_its_backup(tmp_path, monkeypatch):
    path = tmp_path / "palate.db"
    open_database(path)
    with monkeypatch.context() as later:
        later_palate(later, "ALTER TABLE runs ADD COLUMN colour TEXT", "INSERT INTO nowhere VALUES (1)")
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            open_database(path)
    open_database(path)
    with closing(read_only(path)) as conn:
        columns = [row["name"] for row in conn.execute("SELECT name FROM pragma_table_info('runs')")]
        assert "colour" not in columns
    assert (tmp_path / "backups" / f"palate-before-version-{LATER}.db").exists()


def test_a_backup_that_differs_from_the_file_stops_the_migration(tmp_path, monkeypatch):
    path = tmp_path / "palate.db"
    open_database(path)
    later_palate(monkeypatch, "ALTER TABLE runs ADD COLUMN colour TEXT")
    counts = iter([{"verdicts": 4}, {"verdicts": 5}])
    monkeypatch.setattr("db.backup._row_counts", lambda _: next(counts))
    with pytest.raises(DatabaseError, match="could not be verified"):
        open_database(path)
    assert os.listdir(tmp_path / "backups") == []
    with closing(connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone()[0] == VERSION


def test_two_processes_that_migrate_at_once_migrate_once(tmp_path):
    path = tmp_path / "palate.db"
    open_database(path)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", LATER_PALATE, str(path)],
            stdin=-1,
            stdout=-1,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(2)
    ]
    for each in both:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in both:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    assert [each.communicate(timeout=30)[0] for each in both] == ["done\n", "done\n"]
    with closing(connect(path)) as conn:
        names = [row["name"] for row in conn.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
    assert names == [*list(db_runner.MIGRATIONS), "999_colour"]


def test_two_processes_that_create_at_once_make_one_database(tmp_path):
    path = tmp_path / "palate.db"
    code = f"from pathlib import Path; from db.connection import open_database; open_database(Path({str(path)!r}))"
    command = [sys.executable, "-c", code]
    both = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(2)]
    assert [each.wait(60) for each in both] == [0, 0]
    assert os.listdir(tmp_path) == ["palate.db"]


def test_a_file_that_cannot_be_created_leaves_nothing_behind(tmp_path, monkeypatch):
    def no_room(conn):
        conn.execute("PRAGMA max_page_count = 3")
        conn.execute("CREATE TABLE big AS SELECT zeroblob(100000)")

    monkeypatch.setattr("db.connection.apply_migrations", no_room)
    with pytest.raises(DatabaseError, match="no room left"):
        open_database(tmp_path / "palate.db")
    assert os.listdir(tmp_path) == []


def test_what_a_killed_creation_left_is_cleared_and_a_living_one_s_is_not(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    for name in (f"palate.db.{gone.pid}.new", f"palate.db.{gone.pid}.new-journal", f"palate.db.{os.getppid()}.new"):
        (tmp_path / name).touch()
    (tmp_path / "palate.db.my-copy.new").touch()
    open_database(tmp_path / "palate.db")
    assert sorted(os.listdir(tmp_path)) == ["palate.db", f"palate.db.{os.getppid()}.new", "palate.db.my-copy.new"]


def test_an_empty_file_is_filled_unless_backups_say_that_it_was_more(tmp_path):
    path = tmp_path / "palate.db"
    path.touch()
    open_database(path)
    assert path.stat().st_size > 0
    path.write_bytes(b"")
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / f"palate-before-version-{LATER}.db").touch()
    with pytest.raises(DamagedDatabase, match=rf"palate-before-version-{LATER}\.db"):
        open_database(path)


def test_after_an_unclean_end_the_file_is_checked(tmp_path):
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(writing(path)) as conn:
        conn.executemany(
            "INSERT INTO settings VALUES (?, ?)", [(f"key{i:04}", '"' + "x" * 100 + '"') for i in range(500)]
        )
    data = bytearray(path.read_bytes())
    at = data.rindex(b"key0250")
    page = at // 4096 * 4096
    data[page : page + 8] = b"\xff" * 8  # the page's header, which quick_check reads
    path.write_bytes(data)
    open_database(path)  # closed cleanly: not looked at
    with closing(writing(path)) as conn:
        conn.execute("UPDATE clean_close SET clean = 0")
    with pytest.raises(DamagedDatabase, match="start with a new one"):
        open_database(path)


def test_reading_where_nothing_is_says_how_to_begin(tmp_path):
    with pytest.raises(MissingDatabase, match="Start `palate` once"):
        read_only(tmp_path / "palate.db")
    assert os.listdir(tmp_path) == []


def test_a_reader_cannot_write_and_sees_a_commit_at_once(tmp_path):
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(writing(path)) as conn, closing(read_only(path)) as reader:
        assert get_setting(reader, "theme") is None
        set_setting(conn, "theme", "dark")
        assert get_setting(reader, "theme") == "dark"
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            set_setting(reader, "theme", "light")


def test_a_workspace_that_cannot_be_written_is_said_in_words_and_can_be_read():
    with unwritable("palate.db") as folder:
        path = folder / "palate.db"
        for hopeless in (folder / "deeper" / "palate.db", folder / "other.db", path):
            with pytest.raises(NotWritable, match="--workspace"):
                open_database(hopeless)
        with pytest.raises(NotWritable):
            Writer(path)
        with closing(read_only(path)) as conn:
            assert get_setting(conn, "theme", "none") == "none"


def test_a_file_is_never_read_as_one_that_nobody_changes_while_an_owner_lives():
    lock, told = {"pid": os.getppid(), "host": socket.gethostname()}, f"beside process {os.getppid()} on .* Close that"
    with unwritable("palate.db", lock=json.dumps(lock)) as folder, pytest.raises(NotWritable, match=told):
        read_only(folder / "palate.db")


def test_a_wal_and_shm_left_behind_are_taken_in(tmp_path):
    path, copy = tmp_path / "palate.db", tmp_path / "copy" / "palate.db"
    copy.parent.mkdir()
    open_database(path)
    with closing(writing(path)) as conn:
        set_setting(conn, "theme", "dark")
        # What a killed process leaves: the file, and a WAL with what it committed last.
        for end in ("", "-wal", "-shm"):
            Path(f"{copy}{end}").write_bytes(Path(f"{path}{end}").read_bytes())
    open_database(copy)
    with closing(read_only(copy)) as conn:
        assert get_setting(conn, "theme") == "dark"


def test_the_data_version_changes_when_another_connection_commits(tmp_path):
    path = tmp_path / "palate.db"
    open_database(path)
    with closing(writing(path)) as conn, closing(read_only(path)) as reader:
        before = data_version(reader)
        assert data_version(reader) == before
        set_setting(conn, "theme", "dark")
        assert data_version(reader) != before
