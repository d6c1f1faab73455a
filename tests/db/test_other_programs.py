"""Other programs beside a live owner: they read, copy and leave, and not one acknowledged verdict is lost."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from db.connection import open_database, quick_check, read_only
from db.errors import InterchangeError, ReplacedDatabase
from db.file_identity import first_bytes, is_open_here
from db.interchange.sources import source_of
from db.migrations.runner import MIGRATIONS
from db.verdicts import add_verdict, history
from db.writer import Writer
from tests.db_workspace import compared, workspace

ROOT = Path(__file__).parents[2]

# What `sqlite3 palate.db 'select count(*) from verdicts'` does: opens for reading and writing, looks, closes.
FOREIGN = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1])
print(conn.execute("SELECT count(*) FROM verdicts").fetchone()[0])
conn.close()
"""

FOREIGN_BACKUP = """
import sqlite3, sys
source, copy = sqlite3.connect(sys.argv[1]), sqlite3.connect(sys.argv[2])
source.backup(copy, pages=5, sleep=0.001)
copy.close(); source.close()
"""

# As Litestream: a long read transaction keeps the WAL from starting anew, its frames are copied, then a checkpoint.
REPLICATOR = """
import shutil, sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("BEGIN")
print(conn.execute("SELECT count(*) FROM verdicts").fetchone()[0], flush=True)
sys.stdin.readline()
shutil.copy(sys.argv[1] + "-wal", sys.argv[2])
conn.execute("COMMIT")
conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
conn.close()
"""

READING = (
    "read",
    "alone",
    "check",
    "open",
    "backup",
    "command doctor",
    "command runs",
    "command export {folder}/pairs.jsonl",
)


class Owner:
    """A process that owns the workspace; see `tests.verdict_owner`."""

    def __init__(self, folder: Path, *words: str) -> None:
        command = [sys.executable, "-m", "tests.verdict_owner", str(folder), *words]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, bufsize=1
        )
        self.acknowledged: set[int] = set()
        assert self._line() == "ready"

    def begin(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def ended(self) -> str:
        line = self._line()
        if line.isdecimal():
            self.acknowledged.add(int(line))
        return line

    def ask(self, words: str) -> str:
        self.begin(words)
        return self.ended()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().removesuffix("\n")

    def kill(self) -> None:
        self.process.kill()
        with self.process:
            pass


@contextmanager
def owning(folder: Path, *words: str) -> Iterator[Owner]:
    owner = Owner(folder, *words)
    try:
        yield owner
    finally:
        owner.kill()


@pytest.fixture
def folder(tmp_path):
    with workspace(tmp_path) as conn:
        compared(conn, "Why is the sky blue?")
    return tmp_path


def foreign(folder: Path, script: str = FOREIGN, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(folder / "palate.db"), *words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str], words: str = "") -> str:
    """What it printed; it must end well."""
    out, errors = process.communicate(words, timeout=60)
    assert process.returncode == 0, errors
    return out


def stored(folder: Path) -> set[int]:
    """The verdicts that are there once the folder was opened again, every page of it sound."""
    open_database(folder / "palate.db")
    with closing(read_only(folder / "palate.db")) as conn:
        assert quick_check(conn) == "ok"
        return {row.id for row in history(conn, 1)}


def locks(process: int, file: Path) -> set[str]:
    """The locks that a process holds on a file, by its inode: for reading or writing, and on which bytes.

    The system may list one twice, where other processes lock and unlock while the list is read.
    """
    inode = f":{file.stat().st_ino}"
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    ours = (line for line in lines if line[1] == "POSIX" and int(line[4]) == process and line[5].endswith(inode))
    return {" ".join((line[3], *line[6:])) for line in ours}


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="this system lists no locks")
def test_the_owner_keeps_its_locks_through_every_way_of_reading(folder):
    with owning(folder) as owner:
        owner.ask("judge")
        files = [folder / "palate.db", folder / "palate.db-shm"]
        before = [locks(owner.process.pid, each) for each in files]
        assert all(before)
        for words in READING:
            assert owner.ask(words.format(folder=folder)) == "done"
            assert [locks(owner.process.pid, each) for each in files] == before, words


PHASES = ("idle", "read", "judge", "backup", "migrate")


def one_round(folder: Path, phase: str) -> set[int]:
    """A foreign look in one phase of an owner's life, verdicts around it, `kill -9`: what was acknowledged."""
    words = ["--migrate"] if phase == "migrate" else []
    with owning(folder, *words) as owner:
        owner.ask("judge")
        if phase == "read":
            owner.ask("read")
            owner.ask("alone")
        looking = foreign(folder)
        while phase in ("judge", "backup") and looking.poll() is None:
            owner.ask(phase)
        assert int(finished(looking)) > 0
        for _ in range(3):
            owner.ask("judge")
        owner.kill()
        return owner.acknowledged


def rounds(folder: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """So many rounds over all phases, each on a copy of the folder; fails when a verdict is lost.

    The number of verdicts that were acknowledged.
    """
    acknowledged = 0
    for at in range(number):
        phase = PHASES[at % len(PHASES)]
        copy = Path(shutil.copytree(folder, folder / f"round-{at}", ignore=shutil.ignore_patterns("round-*")))
        said = one_round(copy, phase)
        with monkeypatch.context() as later:
            if phase == "migrate":
                later.setitem(MIGRATIONS, "999_later", ())
            missing = said - stored(copy)
        assert not missing, f"round {at} ({phase}): {sorted(missing)}"
        acknowledged += len(said)
        shutil.rmtree(copy)
    return acknowledged


def test_a_foreign_look_in_any_phase_and_a_kill_lose_no_verdict(folder, monkeypatch):
    assert rounds(folder, 10, monkeypatch) >= 30


@pytest.mark.long
def test_two_hundred_foreign_looks_and_kills_lose_no_verdict(folder, monkeypatch):
    acknowledged = rounds(folder, 200, monkeypatch)
    sys.stdout.write(f"200 rounds, {acknowledged} acknowledged verdicts, 0 lost\n")
    assert acknowledged >= 600


def test_a_copy_by_sqlite_itself_is_whole_and_the_owner_loses_nothing(folder):
    with owning(folder) as owner:
        for _ in range(20):
            owner.ask("judge")
        known = set(owner.acknowledged)
        copying = foreign(folder, FOREIGN_BACKUP, str(folder / "copy.db"))
        while copying.poll() is None:
            owner.ask("judge")
        finished(copying)
        owner.ask("judge")
        owner.kill()
        with closing(sqlite3.connect(folder / "copy.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert known <= {row[0] for row in copy.execute("SELECT id FROM verdicts")}
        assert owner.acknowledged <= stored(folder)


def test_a_copy_of_the_files_is_whole_and_the_owner_loses_nothing(folder, tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy")
    with owning(folder) as owner:
        for _ in range(20):
            owner.ask("judge")
        known = set(owner.acknowledged)
        names = [str(folder / f"palate.db{end}") for end in ("", "-wal")]
        subprocess.run(["cp", *names, str(copy)], check=True)
        owner.ask("judge")
        owner.kill()
    assert stored(copy) == known
    assert stored(folder) == owner.acknowledged


def test_a_replicator_that_holds_the_wal_and_checkpoints_it_takes_nothing_from_the_owner(folder):
    with owning(folder) as owner:
        owner.ask("judge")
        replicator = foreign(folder, REPLICATOR, str(folder / "copied-wal"))
        assert replicator.stdout is not None
        assert int(replicator.stdout.readline()) == 1
        for _ in range(200):
            owner.ask("judge")
        finished(replicator, "now\n")
        assert (folder / "copied-wal").stat().st_size > 0
        for _ in range(3):
            assert owner.ask("judge").isdecimal()
        owner.kill()
    assert len(owner.acknowledged) == 204
    assert stored(folder) == owner.acknowledged


# -- what other programs must not do, and do -------------------------------------------------------------------


def remove_wal(folder: Path) -> None:
    (folder / "palate.db-wal").unlink()


def cut_wal(folder: Path) -> None:
    with (folder / "palate.db-wal").open("r+b") as file:
        file.truncate(0)


def replace_wal(folder: Path) -> None:
    shutil.copy(folder / "palate.db-wal", folder / "other")
    (folder / "other").rename(folder / "palate.db-wal")


def replace_file(folder: Path) -> None:
    shutil.copy(folder / "palate.db", folder / "other")
    (folder / "other").rename(folder / "palate.db")


def remove_file(folder: Path) -> None:
    (folder / "palate.db").unlink()


def remove_all(folder: Path) -> None:
    for file in folder.glob("palate.db*"):
        file.unlink()


@pytest.mark.parametrize(
    ("asked", "harm"),
    [
        *(("judge", each) for each in (remove_wal, replace_wal, replace_file, remove_file, remove_all)),
        *(("look", each) for each in (remove_wal, replace_file)),
        *(("close", each) for each in (remove_wal, replace_file)),
    ],
)
def test_files_that_are_replaced_under_the_owner_are_told_at_once_and_everything_is_saved(folder, asked, harm):
    with owning(folder) as owner:
        for _ in range(5):
            owner.ask("judge")
        harm(folder)
        before = files_of(folder)
        told = owner.ask(asked)
        assert told.startswith("ReplacedDatabase: "), told
        assert owner.ask("alone").startswith("ReplacedDatabase: ")
        (saved,) = (folder / "backups").glob("palate-saved-*.db")
        assert str(saved) in told
        assert owner.ask("close").startswith("ReplacedDatabase: " if asked != "close" else "done")
        assert list((folder / "backups").iterdir()) == [saved]
        assert owner.process.stdin is not None
        owner.process.stdin.close()
        assert owner.process.wait(30) == 0
        assert files_of(folder) == before
        restored = folder / "restored"
        restored.mkdir()
        shutil.copy(saved, restored / "palate.db")
        assert stored(restored) == owner.acknowledged


def files_of(folder: Path) -> dict[str, bytes]:
    """What is in them; -shm is left out, since it holds nothing that the others do not."""
    return {each.name: each.read_bytes() for each in folder.glob("palate.db*") if each.suffix != ".db-shm"}


def test_a_wal_that_is_cut_off_is_told_at_once(folder):
    with owning(folder) as owner:
        for _ in range(5):
            owner.ask("judge")
        cut_wal(folder)
        assert owner.ask("judge").startswith("ReplacedDatabase: ")
        assert owner.ask("judge").startswith("ReplacedDatabase: ")


def test_an_older_copy_written_over_the_file_is_told_at_once(folder):
    with workspace(folder) as conn:
        for number in range(50):
            compared(conn, "Why is the sky blue?", f"first {number} " * 200, f"second {number} " * 200)
    shutil.copy(folder / "palate.db", folder / "older.db")
    with owning(folder) as owner:
        owner.ask("judge")
        (folder / "palate.db").write_bytes((folder / "older.db").read_bytes()[: 4096 * 40])
        assert owner.ask("judge").startswith("ReplacedDatabase: ")


def test_a_copy_that_cannot_be_saved_in_the_folder_is_saved_elsewhere(folder, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    with owning(folder) as owner:
        owner.ask("judge")
        shutil.rmtree(folder)
        assert str(elsewhere) in owner.ask("judge")
    (saved,) = elsewhere.glob("palate-saved-*.db")
    with closing(sqlite3.connect(saved)) as copy:
        assert copy.execute("SELECT count(*) FROM verdicts").fetchone() == (1,)


def test_a_copy_that_could_not_be_saved_is_tried_again_with_the_next_verdict(folder, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(folder / "missing" / "folder"))
    (folder / "backups").write_text("in the way")
    writer = Writer(folder / "palate.db")
    verdict = {"comparison": 1, "verdict": "a", "layout": "side"}
    writer.submit(add_verdict, **verdict).result()
    remove_wal(folder)
    with pytest.raises(ReplacedDatabase, match="no copy of it can be saved") as told:
        writer.submit(add_verdict, **verdict).result()
    assert told.value.saved is None
    (folder / "backups").unlink()
    with pytest.raises(ReplacedDatabase, match="no copy"):
        writer.check_files()
    with pytest.raises(ReplacedDatabase, match="All that was stored is in") as told:
        writer.submit(add_verdict, **verdict).result()
    assert told.value.saved is not None
    with closing(sqlite3.connect(told.value.saved)) as copy:
        assert copy.execute("SELECT count(*) FROM verdicts").fetchone() == (1,)
    with pytest.raises(ReplacedDatabase):
        writer.close()


def test_only_sqlite_reads_a_file_that_this_process_has_open(folder):
    path = folder / "palate.db"
    assert not is_open_here(path)
    with closing(Writer(path)):
        assert is_open_here(path)
        assert is_open_here(path.with_name("palate.db-wal"))
    assert not is_open_here(path)


def test_the_database_under_another_name_is_no_source_of_pairs(folder):
    (folder / "pairs.jsonl").hardlink_to(folder / "palate.db")
    assert source_of(str(folder / "pairs.jsonl")).where == folder / "pairs.jsonl"
    with closing(Writer(folder / "palate.db")), pytest.raises(InterchangeError, match="open in Palate itself"):
        source_of(str(folder / "pairs.jsonl"))


def test_a_descriptor_that_another_part_of_the_process_holds_keeps_the_bytes_unread(folder):
    with (folder / "palate.db").open("rb"):
        assert first_bytes(folder / "palate.db", 16) is None
    assert first_bytes(folder / "palate.db", 16) == b"SQLite format 3\0"
