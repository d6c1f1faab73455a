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

from tests.leaving import (
    ENVIRONMENT,
    LIMIT_S,
    adapter_bytes,
    begin_run,
    closed_cleanly,
    is_alive,
    owner,
    terminals_of,
    until,
    words,
)
from tests.tui.terminal.test_leaving import expected, finished, prepared, space  # noqa: F401

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


def open_app(shell: "pexpect.spawn[str]", space: Path) -> None:  # noqa: F811
    environment = "OMP_NUM_THREADS=1 CUDA_VISIBLE_DEVICES="
    shell.sendline(f"cd {shlex.quote(str(ROOT))} && {environment} {shlex.join([sys.executable, *words(space)])}")


def server_of(pid: int) -> psutil.Process:
    """The server's process that holds the other end of this process's terminal."""
    return next(each for each in psutil.Process(pid).parents() if each.name().startswith("sshd"))


def test_a_link_that_is_cut_lets_the_run_go_on_to_its_end(
    server: tuple[int, Path],
    space: Path,  # noqa: F811
    expected: bytes,  # noqa: F811
) -> None:
    shell = log_in(server)
    open_app(shell, space)
    begin_run(shell, space)
    worker = owner(space)
    assert worker is not None
    os.kill(server_of(worker).pid, signal.SIGKILL)
    shell.expect(pexpect.EOF)
    until(lambda: "Without a terminal" in (space / "logs" / "palate.log").read_text())
    assert terminals_of(worker) == []  # though the end of the shell's session sends SIGCONT as well
    until(lambda: finished(space))
    until(lambda: not is_alive(worker))
    assert adapter_bytes(space) == expected
    assert closed_cleanly(space)


def test_the_link_can_be_closed_while_the_run_goes_on(
    server: tuple[int, Path],
    space: Path,  # noqa: F811
    expected: bytes,  # noqa: F811
) -> None:
    shell = log_in(server)
    open_app(shell, space)
    begin_run(shell, space)
    worker = owner(space)
    assert worker is not None
    shell.send("q")
    shell.expect("go on without a terminal")
    shell.send("g")
    shell.expect("goes on without a terminal")
    shell.expect("there> ")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)  # nothing of ours keeps the link open
    assert is_alive(worker)
    until(lambda: finished(space))
    assert adapter_bytes(space) == expected
