"""The owner's socket: who may connect, what is refused, and that no client holds up another. Real processes."""

import json
import os
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.errors import WorkspaceBusy
from db.lock import WorkspaceLock
from tests.tiny import save_tiny
from tests.visiting import Owner, owner_of, palate, records
from tui.ipc.protocol import LONGEST_LINE, VERSION, Channel, ProtocolError, peer_uid
from tui.ipc.socket_server import MOST_CLIENTS, SocketServer
from tui.workspace.workspace import own_workspace

WHO = json.dumps({"palate": VERSION, "ask": "who"}).encode() + b"\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Owner]:
    with owner_of(tmp_path_factory.mktemp("home") / "space", model) as process:
        yield process


def answers(owner: Owner) -> bool:
    told = owner.say(WHO)  # a refusal names no pid
    return told is not None and told.get("pid") == owner.pid


# -- the socket ------------------------------------------------------------------------------------------------


def test_the_socket_is_for_its_owner_alone_and_named_in_the_lock(owner: Owner) -> None:
    mode = owner.door.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    with pytest.raises(WorkspaceBusy) as busy:
        WorkspaceLock(owner.folder).acquire()
    assert busy.value.socket_path == str(owner.door) == str(owner.folder / "palate.sock")
    assert [each.name for each in owner.folder.iterdir() if each.name.startswith(".")] == []


def test_the_kernel_says_who_is_at_the_other_end() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peer_uid(one) == os.getuid()


def test_a_path_too_long_for_a_socket_goes_to_a_private_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 25)
    workspace = own_workspace(folder)
    server = SocketServer(workspace, lambda channel, ask: channel.send({"heard": ask["ask"]}))
    server.open()
    try:
        assert server.path is not None
        assert server.path.parent != folder
        assert stat.S_IMODE(server.path.parent.stat().st_mode) == 0o700
        assert json.loads((folder / "palate.lock").read_text())["door"] == str(server.path)
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(server.path))
            channel = Channel(link)
            channel.send({"palate": VERSION, "ask": "who"})
            assert channel.receive() == {"heard": "who"}
        gone = server.path.parent
    finally:
        server.close()
        workspace.close()
    assert not gone.exists()


def test_a_socket_that_a_dead_owner_left_is_replaced(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "space"
    with owner_of(folder, model) as first:
        first.process.kill()
        first.process.wait()
        assert (folder / "palate.sock").exists()
        assert json.loads((folder / "palate.lock").read_text())["pid"] == first.pid
    told = records(palate(folder, "settings", "depth", "7", "--json"))  # nobody listens at the socket: it owns
    assert told[0]["value"] == 7
    with owner_of(folder, model) as second:
        assert answers(second)
        assert second.end() == {"said": []}
    assert not (folder / "palate.sock").exists()


# -- who gets in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"palate": 99, "ask": "who"}\n', f"version {VERSION} of the protocol, yours uses 99"),
        (b"GET / HTTP/1.1\n", "no JSON object"),
        (b"[" * 100_000 + b"\n", "no JSON object"),
        (b'{"palate": %d, "ask": "dance"}\n' % VERSION, "cannot ask 'dance'"),
        (b'{"palate": %d, "ask": "command"}\n' % VERSION, "needs words, cwd and environment"),
        (b'{"palate": %d, "ask": "command", "words": [], "cwd": 1, "environment": 2}\n' % VERSION, "needs words"),
        (b"x" * (LONGEST_LINE + 70_000), f"more than {LONGEST_LINE:,} bytes"),
    ],
)
def test_what_the_owner_does_not_understand_is_refused_with_words(owner: Owner, line: bytes, words: str) -> None:
    told = owner.say(line)
    assert told is not None
    assert words in told["text"]
    assert answers(owner)


def test_a_visitor_that_is_silent_or_gone_holds_up_nobody(owner: Owner) -> None:
    silent, half, gone = (owner.connect() for _ in range(3))
    half.sendall(b'{"palate": 1')
    gone.sendall(WHO)
    gone.close()
    with silent, half:
        assert answers(owner)
        assert json.loads(half.makefile("rb").readline())["text"].startswith("Nothing came within")
        assert json.loads(silent.makefile("rb").readline())["text"].startswith("Nothing came within")
    assert answers(owner)


def test_no_more_are_let_in_than_it_can_bear(owner: Owner) -> None:
    inside = []
    for _ in range(MOST_CLIENTS):
        link = owner.connect()
        link.sendall(WHO)
        inside.append(link)
    first_lines = [json.loads(link.makefile("rb").readline()) for link in inside]
    assert {each["pid"] for each in first_lines} == {owner.pid}
    assert owner.say(b"") == {
        "refused": "Too many commands",
        "text": f"{MOST_CLIENTS} clients are connected already. Try again in a moment.",
        "again": True,
    }
    for link in inside:
        link.close()
    while not answers(owner):  # they leave one by one
        pass


def test_who_is_answered_as_often_as_it_is_asked(owner: Owner) -> None:
    with owner.connect() as link:
        channel = Channel(link)
        channel.send({"palate": VERSION, "ask": "who"})
        first = channel.receive()
        channel.send({"again": True})
        second = channel.receive()
    assert first is not None
    assert second is not None
    assert first["host"] == socket.gethostname()
    assert first["since"].endswith("Z")
    assert second["status"]["model_state"] == "ready"
    assert first["model"]["source"] == str(owner.model)


def test_a_visit_leaves_no_file_open_in_the_owner(owner: Owner) -> None:
    def opened() -> int:
        return len(os.listdir(f"/proc/{owner.pid}/fd"))

    def command(depth: int) -> int:
        assert palate(owner.folder, "settings", "depth", str(depth)).returncode == 0
        time.sleep(0.2)  # the connection ends a moment after its answer
        return opened()

    before = command(12)  # SQLite keeps a file or two for the next connection
    for depth in (13, 14, 15):
        command(depth)
    end = time.monotonic() + 10
    while opened() > before:
        assert time.monotonic() < end, f"{opened()} files are open, {before} were"
        time.sleep(0.01)


# -- the wire --------------------------------------------------------------------------------------------------


def test_lines_come_whole_however_they_are_cut() -> None:
    one, other = socket.socketpair()
    with one, other:
        channel = Channel(other)
        for byte in b'{"a": 1}\n{"b":':
            one.send(bytes([byte]))
        assert channel.receive() == {"a": 1}
        one.sendall(b' "\xc3\xa4\\ud800"}\n')
        assert channel.receive() == {"b": "ä\ud800"}
        one.close()
        assert channel.receive() is None


def test_a_long_text_goes_in_several_lines_and_a_long_line_not_at_all() -> None:
    one, other = socket.socketpair()
    with one, other:
        sender, channel = Channel(one), Channel(other)
        text = "\u2028" * 250_000  # six bytes each as JSON
        sending = threading.Thread(target=sender.send_text, args=("out", text))
        sending.start()
        got = [channel.receive() for _ in range(3)]
        sending.join()
        assert "".join(each["out"] for each in got if each) == text
        with pytest.raises(ProtocolError, match="too long for a line"):
            sender.send({"words": "x" * LONGEST_LINE})


def test_the_folder_for_run_time_files_is_taken_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="r") as run_time:
        monkeypatch.setenv("XDG_RUNTIME_DIR", run_time)
        workspace = own_workspace(tmp_path / ("long" * 25))
        server = SocketServer(workspace, lambda *_: None)
        server.open()
        try:
            assert server.path is not None
            assert server.path.parents[1] == Path(run_time)
        finally:
            server.close()
            workspace.close()
