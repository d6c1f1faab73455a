"""Other programs beside a live owner: they read, copy and leave, and not one acknowledged verdict is lost."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from db.connection import open_database, quick_check, read_only
from db.migrations.runner import MIGRATIONS
from db.verdicts import history
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
        self.process.communicate()


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


def counted(process: subprocess.Popen[str]) -> int:
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return int(out)


def stored(folder: Path) -> set[int]:
    """The verdicts that are there once the folder was opened again, every page of it sound."""
    open_database(folder / "palate.db")
    with closing(read_only(folder / "palate.db")) as conn:
        assert quick_check(conn) == "ok"
        return {row.id for row in history(conn, 1)}


def locks(process: int, file: Path) -> list[str]:
    """The locks that a process holds on a file, by its inode: for reading or writing, and on which bytes."""
    inode = f":{file.stat().st_ino}"
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    ours = (line for line in lines if line[1] == "POSIX" and int(line[4]) == process and line[5].endswith(inode))
    return sorted(" ".join((line[3], *line[6:])) for line in ours)


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="this system lists no locks")
@pytest.mark.parametrize("words", READING)
def test_the_owner_keeps_its_locks_through_every_way_of_reading(folder, words):
    with owning(folder) as owner:
        owner.ask("judge")
        files = [folder / "palate.db", folder / "palate.db-shm"]
        before = [locks(owner.process.pid, each) for each in files]
        assert all(before)
        assert owner.ask(words.format(folder=folder)) == "done"
        assert [locks(owner.process.pid, each) for each in files] == before


PHASES = ("idle", "read", "judge", "backup", "migrate")


def one_round(folder: Path, phase: str) -> set[int]:
    """A foreign look in one phase of an owner's life, verdicts around it, `kill -9`: what was acknowledged."""
    words = ["migrate"] if phase == "migrate" else []
    with owning(folder, *words) as owner:
        owner.ask("judge")
        if phase == "read":
            owner.ask("read")
            owner.ask("alone")
        looking = foreign(folder)
        while phase in ("judge", "backup") and looking.poll() is None:
            owner.ask(phase)
        assert counted(looking) > 0
        for _ in range(3):
            owner.ask("judge")
        owner.kill()
        return owner.acknowledged


def rounds(folder: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """So many rounds over all phases. The number of verdicts that were acknowledged; fails when one is lost."""
    acknowledged: set[int] = set()
    for at in range(number):
        phase = PHASES[at % len(PHASES)]
        fresh = folder / "migrated" if phase == "migrate" else folder
        if phase == "migrate":
            shutil.copytree(folder, fresh, ignore=shutil.ignore_patterns("migrated"))
        acknowledged |= (now := one_round(fresh, phase))
        if phase == "migrate":
            with monkeypatch.context() as later:
                later.setitem(MIGRATIONS, "999_later", ())
                assert now <= stored(fresh)
            shutil.rmtree(fresh)
            acknowledged -= now
            continue
        missing = acknowledged - stored(folder)
        assert not missing, f"round {at} ({phase}): {sorted(missing)}"
    return len(acknowledged)


def test_a_foreign_look_in_any_phase_and_a_kill_lose_no_verdict(folder, monkeypatch):
    assert rounds(folder, 10, monkeypatch) >= 30


@pytest.mark.long
def test_two_hundred_foreign_looks_and_kills_lose_no_verdict(folder, monkeypatch):
    assert rounds(folder, 200, monkeypatch) >= 600
