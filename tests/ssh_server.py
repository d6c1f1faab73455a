"""An OpenSSH server of our own on the loopback: a high port, throw-away keys, nothing of the machine's own touched."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile {folder}/sshd.pid
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PrintMotd no
PrintLastLog no
"""


def why_no_ssh() -> str | None:
    """Why there can be no server here, None when there can."""
    missing = [name for name in ("sshd", "ssh", "ssh-keygen") if _program(name) is None]
    if missing:
        return f"{' and '.join(missing)} not found: install openssh-server and openssh-client"
    if os.geteuid() != 0 or Path("/run/sshd").is_dir():
        return None
    return None if os.access("/run", os.W_OK) else "sshd as root wants the folder /run/sshd"


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def ssh_server(folder: Path) -> Iterator[list[str]]:
    """Start a server that keeps everything in `folder`; gives the ssh command that gets a terminal there."""
    folder.chmod(0o700)
    for name in ("host_key", "user_key"):
        keygen = [_program("ssh-keygen") or "", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(keygen, check=True)
    port = _free_port()
    (folder / "sshd_config").write_text(_CONFIG.format(port=port, folder=folder))
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where its unprivileged part is locked up
    with open(folder / "sshd.log", "wb") as log:
        server = subprocess.Popen([_program("sshd") or "", "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    try:
        _wait(port, server, folder / "sshd.log")
        yield _client(folder, port)
    finally:
        server.terminate()
        server.wait()


def _client(folder: Path, port: int) -> list[str]:
    options: Sequence[str] = (
        f"UserKnownHostsFile={folder}/known_hosts",
        "StrictHostKeyChecking=yes",
        "IdentitiesOnly=yes",
        "BatchMode=yes",
    )
    flags = [word for each in options for word in ("-o", each)]
    ssh = [_program("ssh") or "", "-tt", "-F", "/dev/null", "-i", str(folder / "user_key"), "-p", str(port)]
    return [*ssh, *flags, f"{getpass.getuser()}@127.0.0.1"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"sshd did not start: {log.read_text()}")
