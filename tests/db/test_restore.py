"""A backup takes the place of a database with every kind of damage, and what it replaced is kept."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from db.backup import back_up
from db.backup_files import automatic_backups, newest_backup, rotate
from db.connection import open_database, read_only
from db.errors import DatabaseError, MissingDatabase
from db.file_identity import wal_of
from db.integrity import verdicts_missing
from db.restore import restore
from db.restoring import finish_restore, restoring
from db.verdicts import add_verdict
from db.writer import Writer
from tests.db_workspace import compared, workspace

GIVEN = {"comparison": 1, "verdict": "a", "layout": "side", "seconds": 2.5}


def truncate(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)


def spoil_header(database: Path) -> None:
    with database.open("r+b") as file:
        file.write(b"not a database at all")


def spoil_page(database: Path) -> None:
    """Overwrite the middle of the file, and say that the last owner was killed."""
    with database.open("r+b") as file:
        for page in range(3, database.stat().st_size // 4096, 2):
            file.seek(page * 4096)
            file.write(b"\xff" * 4096)


def empty(database: Path) -> None:
    os.truncate(database, 0)


def remove(database: Path) -> None:
    database.unlink()


def spoil_log(database: Path) -> None:
    """A WAL of another database beside this one."""
    wal_of(database).write_bytes(b"\x37\x7f\x06\x82" + b"\x00" * 5000)
    truncate(database)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    with workspace(tmp_path) as conn:
        compared(conn, "Why is the sky blue?")
    judge(tmp_path / "palate.db", 5)
    back_up(tmp_path / "palate.db", tmp_path / "backups" / "palate-backup-1.db")
    return tmp_path / "palate.db"


def judge(database: Path, number: int) -> None:
    open_database(database)
    writer = Writer(database)
    for _ in range(number):
        writer.submit(add_verdict, **GIVEN).result()
    writer.close()


def newest(database: Path) -> Path:
    found = newest_backup(database.parent)
    assert found is not None
    return found


def verdicts(database: Path) -> int:
    with closing(read_only(database)) as conn:
        return int(conn.execute("SELECT count(*) FROM verdicts").fetchone()[0])


def content(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


@pytest.mark.parametrize("damage", [truncate, spoil_header, spoil_page, empty, spoil_log])
def test_a_damaged_database_is_replaced_by_the_backup_and_kept_byte_for_byte(
    database: Path, damage: Callable[[Path], None]
) -> None:
    damage(database)
    before = content(database.parent)
    done = restore(newest(database), database)
    assert (done.verdicts, verdicts(database)) == (5, 5)
    assert done.aside is not None
    assert content(done.aside) == {name: data for name, data in before.items() if name.startswith("palate.db")}
    judge(database, 1)
    assert verdicts(database) == 6


def test_a_database_that_is_missing_comes_back_and_nothing_is_kept(database: Path) -> None:
    database.unlink()
    done = restore(newest(database), database)
    assert done.aside is None
    assert verdicts(database) == 5


def test_what_was_in_a_log_that_is_gone_is_named_by_the_newer_backup(database: Path) -> None:
    """The file of a killed owner is sound without its log, and lacks what only the log held."""
    before = database.read_bytes()
    judge(database, 3)
    back_up(database, database.parent / "backups" / "palate-backup-2.db")
    database.write_bytes(before)
    newer = newest(database)
    with closing(read_only(database)) as conn:
        assert verdicts_missing(conn, newer) == 3
    restore(newer, database)
    assert verdicts(database) == 8


@pytest.mark.parametrize("damage", [truncate, spoil_header, spoil_page, empty, remove])
def test_a_backup_that_is_damaged_itself_changes_nothing(database: Path, damage: Callable[[Path], None]) -> None:
    backup = newest(database)
    damage(backup)
    before = content(database.parent)
    with pytest.raises(DatabaseError):
        restore(backup, database)
    assert content(database.parent) == before


def test_the_database_is_no_backup_of_itself(database: Path) -> None:
    with pytest.raises(MissingDatabase, match="is the database itself"):
        restore(database, database)


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("moment", range(1, 6))
def test_a_restore_that_is_killed_between_two_renames_is_finished_by_the_next_owner(
    database: Path, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database never meets the log of the one before it, and no file of the old one is lost."""
    wal_of(database).write_bytes(b"a log of the old database")
    database.with_name("palate.db-shm").write_bytes(b"shared memory of the old one")
    old = database.read_bytes()
    calls = 0

    def counting(act: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **kwargs: object) -> object:
            nonlocal calls
            calls += 1
            if calls == moment:
                raise Killed
            return act(*args, **kwargs)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr("db.restoring.os.link", counting(os.link))
        patch.setattr("db.restoring.sync", counting(lambda _: None))
        patch.setattr(Path, "rename", counting(Path.rename))
        with pytest.raises(Killed):
            restore(newest(database), database)
    finish_restore(database)
    assert not restoring(database).exists()
    open_database(database)
    assert verdicts(database) == 5
    (aside,) = (database.parent / "backups").glob("replaced-*")
    assert content(aside)["palate.db"] == old
    assert content(aside)["palate.db-wal"] == b"a log of the old database"


def test_two_restores_in_a_row_keep_both_databases(database: Path) -> None:
    first = content(database.parent)["palate.db"]
    backup, when = newest(database), 1_800_000_000_000_000_000
    for late in range(2):
        shutil.copy(backup, restoring(database))
        os.utime(restoring(database), ns=(when, when + 1000 * late))  # within one second
        finish_restore(database)
    kept = [content(each)["palate.db"] for each in sorted((database.parent / "backups").glob("replaced-*"))]
    assert kept[0] == first
    assert len(kept) == 2
    shutil.copy(backup, restoring(database))
    os.utime(restoring(database), ns=(when, when))
    with pytest.raises(DatabaseError, match="is there already, and is another file"):
        finish_restore(database)


def test_a_start_says_which_backup_to_restore(database: Path) -> None:
    truncate(database)
    with pytest.raises(DatabaseError, match=rf"palate restore {newest(database)}"):
        open_database(database)


def test_the_oldest_automatic_backups_go_and_no_other_file(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    automatic = [folder / f"palate-auto-2026010{day}T000000Z.db" for day in range(1, 6)]
    others = [folder / name for name in ("palate-backup-1.db", "palate-saved-1.db", "palate-before-version-9.db")]
    for each in (*automatic, *others, folder / "palate-auto-20260101T000000Z.db.tmp"):
        each.touch()
    rotate(tmp_path, 2)
    assert automatic_backups(tmp_path) == automatic[3:]
    assert sorted(folder.iterdir()) == sorted([*automatic[3:], *others])
