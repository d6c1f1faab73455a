"""A disk that fills up: verdicts are stored all the same, and what is refused leaves nothing."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from db.connection import quick_check, read_only
from db.errors import DiskFull
from db.import_batches import begin, going_on
from db.interchange.sources import Source
from db.reserve import FOR_IMPORTS, SIZE, Reserve
from db.writer import Writer
from tests.db_workspace import compared, workspace
from tests.small_disk import fill, small_disk
from tests.still_workbench import StillWorkbench
from tests.waiting import wait_until
from tui.snapshots import ImportProgress
from tui.workspace.backups import make_backup


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 96) as disk:
        with workspace(disk) as conn:
            conn.execute("BEGIN")
            for number in range(60):
                compared(conn, f"Why is the sky {number}?")
            conn.execute("COMMIT")
        yield disk


def judge(workbench: StillWorkbench, number: int) -> None:
    for each in workbench.open_comparisons(number):
        workbench.labelling.judge(each.id, "a", note="It is shorter. " * 40).result()


def keep_settings(workbench: StillWorkbench, number: int) -> None:
    for each in range(number):
        workbench.workspace.keep_setting(f"filler {each}", "words " * 400)


def large_file(path: Path) -> Source:
    answers = {"chosen": "yes " * 2000, "rejected": "no " * 2000}
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"prompt": f"q{at}", **answers}) + "\n" for at in range(6000))
    return Source(path)


def verdicts(database: Path) -> int:
    with closing(read_only(database)) as conn:
        assert quick_check(conn) == "ok"
        return int(conn.execute("SELECT count(*) FROM verdicts").fetchone()[0])


def test_an_import_that_the_disk_refuses_leaves_room_and_no_log(disk: Path, tmp_path: Path) -> None:
    workbench = StillWorkbench(disk)
    before = workbench.counts().total
    with pytest.raises(DiskFull, match="Nothing of the import was kept"):
        workbench.imports.read(large_file(tmp_path / "large.jsonl"))
    assert workbench.counts().total == before
    assert (disk / "palate.db-wal").stat().st_size < 2**20
    assert shutil.disk_usage(disk).free > FOR_IMPORTS - SIZE - 2**20
    fill(disk)
    judge(workbench, 40)
    workbench.close()
    assert verdicts(disk / "palate.db") == 40


@pytest.mark.parametrize("stored", [400, 800, 1200, 1600])
def test_an_import_is_taken_back_where_another_program_fills_the_disk(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: int
) -> None:
    """How much of its log the database has not got by then depends on the moment."""
    monkeypatch.setattr("tui.curation.importer.LARGEST_SLICE", 50)  # else it depends on how fast the machine is
    workbench = StillWorkbench(disk)

    def other_program(progress: ImportProgress) -> None:
        if progress.phase == "storing" and progress.done >= stored and not (disk / "filling").exists():
            fill(disk)

    with pytest.raises(DiskFull):
        workbench.imports.read(large_file(tmp_path / "large.jsonl"), tell=other_program)
    assert (disk / "filling").exists()
    assert workbench.counts().total == 0
    assert (disk / "palate.db-wal").stat().st_size < 2**20
    assert (disk / "palate.reserve").stat().st_size == SIZE  # also where taking the rows back has used it
    fill(disk)
    judge(workbench, 40)
    workbench.close()
    assert verdicts(disk / "palate.db") == 40


def test_what_an_import_that_was_killed_kept_stays_until_it_is_taken_back(disk: Path) -> None:
    workbench = StillWorkbench(disk)
    assert workbench.workspace.keep_room(FOR_IMPORTS)
    workbench.workspace.write(begin, source="large.jsonl", set_name="large", pairs=10).result()
    workbench.close()
    with closing(Writer(disk / "palate.db")):
        assert (disk / "palate.reserve").stat().st_size == FOR_IMPORTS
    workbench = StillWorkbench(disk)
    wait_until(lambda: not going_on(workbench.workspace.connection))
    workbench.close()
    StillWorkbench(disk).close()
    assert (disk / "palate.reserve").stat().st_size == SIZE


def test_an_import_does_not_begin_where_the_disk_has_too_little_room_for_verdicts(disk: Path, tmp_path: Path) -> None:
    workbench = StillWorkbench(disk)
    fill(disk, leave=FOR_IMPORTS - SIZE)
    with pytest.raises(DiskFull, match="less than 32 MB"):
        workbench.imports.read(large_file(tmp_path / "large.jsonl"))
    assert (disk / "palate.reserve").stat().st_size == SIZE
    workbench.close()


def test_verdicts_are_stored_on_a_full_disk_and_room_is_kept_again_once_there_is_some(disk: Path) -> None:
    workbench = StillWorkbench(disk)
    assert (disk / "palate.reserve").stat().st_size == SIZE
    filling = fill(disk)
    judge(workbench, 30)
    assert workbench.labelling.undo().result() is not None
    assert not (disk / "palate.reserve").exists()
    filling.unlink()
    assert workbench.workspace.writer is not None
    workbench.workspace.writer.check_files()
    assert (disk / "palate.reserve").stat().st_size == SIZE
    workbench.close()
    assert verdicts(disk / "palate.db") >= 30


def test_room_is_kept_again_as_soon_as_the_log_is_emptied(disk: Path) -> None:
    workbench = StillWorkbench(disk)
    filling = fill(disk)
    judge(workbench, 30)
    assert not (disk / "palate.reserve").exists()
    filling.unlink()
    assert workbench.workspace.writer is not None
    workbench.workspace.writer.empty_log()
    fill(disk)
    for each in workbench.open_comparisons(30):
        workbench.labelling.judge(each.id, "b", note="It is longer. " * 40).result()
    workbench.close()
    assert verdicts(disk / "palate.db") == 60


def test_a_write_that_is_no_verdict_leaves_the_room_to_them(disk: Path) -> None:
    workbench = StillWorkbench(disk)
    fill(disk)
    with pytest.raises(DiskFull):
        keep_settings(workbench, 2000)
    assert (disk / "palate.reserve").exists()
    judge(workbench, 20)
    workbench.close()
    assert verdicts(disk / "palate.db") == 20


def test_a_backup_that_does_not_fit_leaves_nothing(disk: Path) -> None:
    workbench = StillWorkbench(disk)
    (disk / "backups").mkdir(exist_ok=True)
    fill(disk, leave=64 * 1024)
    with pytest.raises(DiskFull):
        make_backup(disk, disk / "backups" / "mine.db")
    assert list((disk / "backups").iterdir()) == []
    judge(workbench, 5)
    workbench.close()


def test_a_workspace_closes_and_opens_on_a_full_disk_and_takes_verdicts(disk: Path) -> None:
    workbench = StillWorkbench(disk)
    filling = fill(disk)
    workbench.close()
    workbench = StillWorkbench(disk)
    judge(workbench, 20)
    workbench.close()
    filling.unlink()
    StillWorkbench(disk).close()
    assert verdicts(disk / "palate.db") == 20


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_file_of_palate_s_keeps_no_room_and_stays(tmp_path: Path, kind: str) -> None:
    reserve, victim = tmp_path / "palate.reserve", tmp_path / "thesis.txt"
    victim.write_bytes(bytes(2 * SIZE))
    match kind:
        case "link":
            reserve.symlink_to(victim)
        case "pipe":
            os.mkfifo(reserve)
        case _:
            reserve.mkdir()
    workbench = StillWorkbench(tmp_path)
    assert not workbench.workspace.keep_room(SIZE)
    assert not Reserve(tmp_path / "palate.db").give_up()
    workbench.close()
    assert victim.stat().st_size == 2 * SIZE
