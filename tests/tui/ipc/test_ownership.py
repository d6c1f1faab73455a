"""Who may own a workspace, how long another process waits for that one, and where the owner's files may lie."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from db.connection import read_only
from db.errors import NotWritable, WorkspaceBusy
from db.lock import WorkspaceLock
from db.private_files import open_private
from tests.label_pairs import fill
from tests.starting import environment
from tests.visiting import begin, palate, wait_until
from tui.compute.loaded_model import ModelChoice
from tui.ipc.ownership import WorkspaceRequest
from tui.ipc.protocol import Channel
from tui.ipc.takeover import enter
from tui.ipc.waiting import Patience
from tui.terminal.redirect import log_to
from tui.workspace.copied import write_copied
from tui.workspace.workspace import own_workspace

HOLD = """
import sys
from pathlib import Path
from db.lock import WorkspaceLock
with WorkspaceLock(Path(sys.argv[1])):
    print(flush=True)
    input()
"""


def busy(pid: int, since: str = "2026-11-29T12:00:00Z") -> WorkspaceBusy:
    return WorkspaceBusy("in use", pid=pid, host=None, since=since)


def test_the_app_without_a_terminal_owns_nothing(tmp_path: Path) -> None:
    done = palate(tmp_path / "space")
    assert done.returncode == 1
    assert "its input is no terminal" in done.stderr
    assert not (tmp_path / "space").exists()


def test_a_wait_lasts_as_long_as_owners_follow_one_another() -> None:
    patience = Patience(0)
    for owner in range(5):
        patience.wait(busy(os.getpid(), since=str(owner)))


def test_a_wait_lasts_as_long_as_the_owner_computes() -> None:
    patience = Patience(0)
    for _ in range(3):
        patience.wait(busy(os.getpid()))
        end = time.process_time() + 0.25
        while time.process_time() < end:
            pass


def test_a_wait_for_an_owner_that_does_nothing_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as idle:
        patience = Patience(0)
        wait_until(lambda: psutil.Process(idle.pid).status() == psutil.STATUS_SLEEPING)
        patience.wait(busy(idle.pid))
        time.sleep(0.01)
        with pytest.raises(WorkspaceBusy):
            patience.wait(busy(idle.pid))
        idle.communicate(b"\n")


def test_a_long_wait_says_for_whom(capsys: pytest.CaptureFixture[str]) -> None:
    patience = Patience(60)
    patience._begun_at -= 60
    patience.wait(busy(os.getpid()))
    patience.wait(busy(os.getpid()))
    assert capsys.readouterr().err.count(f"Waiting for process {os.getpid()}") == 1


@pytest.mark.long
def test_twenty_seven_commands_at_once_are_all_served_without_an_owner(tmp_path: Path) -> None:
    count = 27
    fill(tmp_path / "space", count)
    begun = [begin(tmp_path / "space", "judge", str(at), "tie", "--json") for at in range(1, count + 1)]
    ended = [(each.communicate(timeout=600), each.returncode) for each in begun]
    assert [code for _, code in ended] == [0] * count, [said for said, code in ended if code]
    with closing(read_only(tmp_path / "space" / "palate.db")) as connection:
        assert connection.execute("SELECT count(*) FROM verdicts WHERE verdict = 'tie'").fetchone()[0] == count


@contextmanager
def suspended_owner(space: Path) -> Iterator[int]:
    """A process that has the workspace's lock and was stopped, as by ctrl+Z; gives its id."""
    own_workspace(space).close()
    command = [sys.executable, "-c", HOLD, str(space)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        os.kill(owner.pid, signal.SIGSTOP)
        wait_until(lambda: psutil.Process(owner.pid).status() == psutil.STATUS_STOPPED)
        try:
            yield owner.pid
        finally:
            os.kill(owner.pid, signal.SIGCONT)
            owner.communicate(b"\n")


def test_a_command_beside_a_suspended_owner_names_it_at_once(tmp_path: Path) -> None:
    with suspended_owner(tmp_path / "space") as pid:
        done = palate(tmp_path / "space", "settings", "depth", "7")
    assert done.returncode == 1
    assert f"Process {pid}" in done.stderr
    assert "is suspended" in done.stderr


@pytest.mark.parametrize("wish", ["watch", "take_over"])
def test_the_app_beside_a_suspended_owner_names_it_at_once(tmp_path: Path, wish: str) -> None:
    request = WorkspaceRequest(tmp_path / "space", ModelChoice(), None)
    with suspended_owner(tmp_path / "space") as pid, pytest.raises(WorkspaceBusy, match=f"{pid}.* is suspended"):
        enter(request, watch=wish == "watch", take_over=wish == "take_over")


def test_a_client_sends_the_variables_that_its_command_declares_and_no_others(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    space = tmp_path / "space"
    own_workspace(space).close()
    with WorkspaceLock(space) as held, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "door"))
        listener.listen()
        held.name_socket(str(tmp_path / "door"))
        serving = threading.Thread(target=serve, args=(listener, asked, 2))
        serving.start()
        judging = ("compare", "--judge", "true", "--judge-env", "JUDGE_KEY", "--adapter", "taste-1")
        for words in (("settings", "depth", "7"), judging):
            command = [sys.executable, "-m", "tui", "--workspace", str(space), *words]
            env = environment(SECRET="s", JUDGE_KEY="k")
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
        serving.join()
    assert asked[0]["environment"] == {}
    sent = asked[1]["environment"]
    assert sent["JUDGE_KEY"] == "k"
    assert "PATH" in sent
    assert "SECRET" not in sent


def serve(listener: socket.socket, asked: list[dict[str, Any]], clients: int) -> None:
    """Answer so many clients as an owner whose commands end at once."""
    for _ in range(clients):
        link, _address = listener.accept()
        channel = Channel(link)
        ask = channel.receive(60)
        assert ask is not None
        asked.append(ask)
        channel.send({"begun": True})
        channel.send({"exit": 0})
        channel.close()


def lock(folder: Path) -> None:
    with WorkspaceLock(folder):
        pass


OPENERS: dict[str, Callable[[Path], object]] = {
    "palate.lock": lock,
    "copied.txt": lambda folder: write_copied(folder, "text"),
    "palate.log": lambda folder: log_to(folder / "palate.log"),
}


@pytest.mark.parametrize("name", OPENERS)
def test_no_file_of_a_workspace_is_opened_through_a_link(tmp_path: Path, name: str) -> None:
    precious, space = tmp_path / "precious", tmp_path / "space"
    space.mkdir()
    precious.write_text("years of work")
    (space / name).symlink_to(precious)
    with pytest.raises((OSError, NotWritable), match="is a link; remove it"):
        OPENERS[name](space)
    assert precious.read_text() == "years of work"


def test_a_fifo_under_a_file_s_name_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "output.log")
    with pytest.raises(OSError, match="is no file; remove it"):
        open_private(tmp_path / "output.log", os.O_WRONLY)
