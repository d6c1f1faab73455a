"""The workspace lock: one owner, told by name, gone with its process, not handed to children."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.errors import DatabaseError, NotWritable, WorkspaceBusy
from db.lock import LOCK_NAME, WorkspaceLock
from tests.db_workspace import unwritable

OWNER = """
import os, sys
from pathlib import Path
from db.lock import WorkspaceLock
lock = WorkspaceLock(Path(sys.argv[1]))
lock.acquire()
{more}
print(os.getpid(), flush=True)
sys.stdin.readline()
"""


def owner(folder: Path, more: str = "") -> subprocess.Popen:
    """Another process that owns the folder and waits."""
    code = OWNER.format(more=more)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=-1, stdout=-1, text=True, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    return process


def test_the_owner_is_named_and_its_death_frees_the_workspace(tmp_path):
    with owner(tmp_path) as other:
        with pytest.raises(WorkspaceBusy) as busy:
            WorkspaceLock(tmp_path).acquire()
        assert busy.value.pid == other.pid
        assert busy.value.host == os.uname().nodename
        assert busy.value.since is not None
        assert busy.value.since.endswith("Z")
        assert str(other.pid) in str(busy.value)
        other.kill()
        other.wait()
        with WorkspaceLock(tmp_path) as lock:
            assert json.loads(lock.path.read_text())["pid"] == os.getpid()


def test_whoever_reads_while_the_label_changes_reads_an_owner(tmp_path, monkeypatch):
    seen = []
    with WorkspaceLock(tmp_path) as lock:
        really = os.pwrite

        def written(*arguments):
            seen.append(json.loads(lock.path.read_text())["pid"])
            count = really(*arguments)
            seen.append(json.loads(lock.path.read_text())["pid"])
            return count

        monkeypatch.setattr(os, "pwrite", written)
        lock.name_socket("/a/long/path/of/a/socket")
        lock.name_socket(None)
    assert seen == [os.getpid()] * 4
    assert lock.path.read_text() == ""


def test_a_child_process_does_not_keep_the_lock(tmp_path):
    # A program that is started, and a bare fork: both outlive their parent.
    more = (
        "import subprocess, time\n"
        "p = subprocess.Popen(['sleep', '20'], close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)\n"
        "hear, say = os.pipe()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os.close(1); os.write(say, b'born'); time.sleep(20); os._exit(0)\n"
        "os.read(hear, 4)\n"  # from here on the child has run what a fork runs in it
        f"open({str(tmp_path / 'pids')!r}, 'w').write(f'{{p.pid}} {{child}}')"
    )
    with owner(tmp_path, more) as other:
        other.kill()
        other.wait()
        children = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        try:
            with WorkspaceLock(tmp_path):
                assert all(os.path.exists(f"/proc/{pid}") for pid in children)
        finally:
            for pid in children:
                os.kill(pid, 9)


def test_a_forked_child_does_not_unlock_for_its_parent(tmp_path):
    with WorkspaceLock(tmp_path):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        with pytest.raises(WorkspaceBusy):
            WorkspaceLock(tmp_path).acquire()


def test_released_it_can_be_had_again(tmp_path):
    lock = WorkspaceLock(tmp_path / "new")
    lock.acquire()
    with pytest.raises(DatabaseError, match="already held"):
        lock.acquire()
    lock.release()
    lock.release()
    assert (tmp_path / "new" / LOCK_NAME).read_bytes() == b""
    with WorkspaceLock(tmp_path / "new"):
        pass


def test_lock_file_and_folder_are_for_the_owner_alone(tmp_path):
    with WorkspaceLock(tmp_path / "new") as lock:
        assert lock.path.stat().st_mode & 0o777 == 0o600
        assert lock.path.parent.stat().st_mode & 0o777 == 0o700


def test_an_owner_that_has_written_nothing_yet_is_still_an_owner(tmp_path):
    with WorkspaceLock(tmp_path) as lock:
        lock.path.write_text("")
        with pytest.raises(WorkspaceBusy, match="another process") as busy:
            WorkspaceLock(tmp_path).acquire()
        assert busy.value.pid is None


def test_a_folder_that_cannot_be_written_is_said_in_words():
    with unwritable() as folder:
        for each in (folder, folder / "deeper"):
            with pytest.raises(NotWritable, match="--workspace"):
                WorkspaceLock(each).acquire()
