"""A run is left over a real ssh, on loopback, when the server's process for the link is killed.

Skipped where OpenSSH's server is not installed (Debian: `apt-get install openssh-server`).
"""

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import psutil
import pytest

from tests.gate import Gate
from tests.leaving import (
    ENVIRONMENT,
    LIMIT_S,
    LONG_RUN,
    adapter_bytes,
    begin_run,
    closed_cleanly,
    is_alive,
    make_workspace,
    owner,
    palate,
    terminals_of,
    until,
    words,
)
from tests.tui.terminal.test_leaving import expected, finished, gate, knows, prepared, space  # noqa: F401

ROOT = Path(__file__).parents[3]
SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")

pytestmark = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None, reason="OpenSSH's server (sshd) or client is not installed"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Port and key of an ssh server for this user alone."""
    place = tmp_path / "ssh"
    place.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name)], check=True)
    shutil.copy(place / "user.pub", place / "authorized")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # its service makes it where there is one
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "Port": str(port),
        "ListenAddress": "127.0.0.1",
        "HostKey": str(place / "host"),
        "AuthorizedKeysFile": str(place / "authorized"),
        "PidFile": "none",
        "StrictModes": "no",  # the folder of the tests may be writable for others
        "UsePAM": "no",
        "PermitRootLogin": "yes",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    assert SSHD is not None
    process = subprocess.Popen([SSHD, "-D", "-f", "/dev/null", "-E", str(place / "log"), *options])
    until(lambda: "listening" in _text(place / "log"))
    yield port, place / "user"
    process.terminate()
    process.wait()


def _text(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def log_in(server: tuple[int, Path]) -> "pexpect.spawn[str]":
    """A shell over ssh."""
    port, key = server
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "IdentitiesOnly=yes"]
    command = ["-tt", "-p", str(port), "-i", str(key), *(word for each in options for word in ("-o", each))]
    command += [f"{getpass.getuser()}@127.0.0.1", "env PS1='there> ' sh"]
    shell = pexpect.spawn("ssh", command, dimensions=(40, 120), encoding="utf-8", timeout=LIMIT_S, env=ENVIRONMENT)
    shell.expect("there> ")
    return shell


def open_app(shell: "pexpect.spawn[str]", space: Path, gate: Gate | None = None) -> None:  # noqa: F811
    """Start `palate`, or the same with a gate for its run."""
    variables = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}
    line = words(space)
    if gate is not None:
        variables, line = {**variables, **gate.environment}, ["-m", "tests.gate", *line[2:]]
    command = ["env", *(f"{name}={value}" for name, value in variables.items()), sys.executable, *line]
    shell.sendline(f"cd {shlex.quote(str(ROOT))} && {shlex.join(command)}")


def server_of(pid: int) -> psutil.Process:
    """The server's process that holds the other end of this process's terminal."""
    return next(each for each in psutil.Process(pid).parents() if each.name().startswith("sshd"))


def cut_the_link(shell: "pexpect.spawn[str]", space: Path) -> int:  # noqa: F811
    """Kill the server's process for the link in the midst of a run; the process that goes on without it."""
    begin_run(shell, space)
    worker = owner(space)
    assert worker is not None
    os.kill(server_of(worker).pid, signal.SIGKILL)
    shell.expect(pexpect.EOF)
    until(lambda: knows(space))
    assert terminals_of(worker) == []  # though the end of the shell's session sends SIGCONT as well
    return worker


def test_a_link_that_is_cut_lets_the_run_go_on_to_its_end(
    server: tuple[int, Path],
    space: Path,  # noqa: F811
    expected: bytes,  # noqa: F811
    gate: Gate,  # noqa: F811
) -> None:
    shell = log_in(server)
    open_app(shell, space, gate)
    worker = cut_the_link(shell, space)
    gate.open()
    until(lambda: finished(space))
    until(lambda: not is_alive(worker))
    assert adapter_bytes(space) == expected
    assert closed_cleanly(space)


def test_the_link_can_be_closed_while_the_run_goes_on(
    server: tuple[int, Path],
    space: Path,  # noqa: F811
    expected: bytes,  # noqa: F811
    gate: Gate,  # noqa: F811
) -> None:
    shell = log_in(server)
    open_app(shell, space, gate)
    begin_run(shell, space)
    worker = owner(space)
    assert worker is not None
    shell.send("q")
    shell.expect("continue without a terminal")
    shell.send("g")
    shell.expect("continues without a terminal")
    shell.expect("there> ")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)  # nothing of ours keeps the link open
    assert is_alive(worker)
    gate.open()
    until(lambda: finished(space))
    assert adapter_bytes(space) == expected


@pytest.mark.long
def test_a_long_run_of_palate_itself_outlives_its_link(server: tuple[int, Path], tmp_path: Path) -> None:
    alone, space = tmp_path / "alone" / "space", tmp_path / "cut" / "space"  # noqa: F811
    alone.parent.mkdir()
    make_workspace(alone, LONG_RUN)
    shutil.copytree(alone.parent, space.parent)
    palate(alone, "train")
    shell = log_in(server)
    open_app(shell, space)
    worker = cut_the_link(shell, space)
    until(lambda: finished(space))
    until(lambda: not is_alive(worker))
    assert adapter_bytes(space) == adapter_bytes(alone)
    assert closed_cleanly(space)
