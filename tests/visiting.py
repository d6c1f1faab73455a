"""Owners and clients as real processes, for tests of the socket."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.starting import ROOT, Process

SHORT = ("--max-new-tokens", "10")
QUICK = ("--epochs", "2", "--lora-r", "4", "--lora-alpha", "8", "--lora-dropout", "0", "--eval-share", "0.2")


class Owner:
    """A process of `tests.owner_process`."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder, self.model = folder, model
        self.process = Process(["-m", "tests.owner_process", str(folder), str(model)], stderr=2)
        told = json.loads(self.process.stdout.readline())
        self.pid, self.door = int(told["pid"]), Path(told["door"])

    def end(self) -> dict[str, Any]:
        """Let it leave, and give what it said at its end."""
        said, _ = self.process.communicate("\n", timeout=60)
        return json.loads(said) if said else {}

    def connect(self) -> socket.socket:
        """A connection to its socket, to send any bytes."""
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(60)
        link.connect(str(self.door))
        return link

    def say(self, line: bytes) -> dict[str, Any] | None:
        """Say one line and give the answer's first one; None when the socket closes without an answer."""
        with self.connect() as link:
            with suppress(BrokenPipeError):  # of a line that is too long the owner does not read the end
                link.sendall(line)
            answer = link.makefile("rb").readline()
        return json.loads(answer) if answer else None


@contextmanager
def owner_of(folder: Path, model: Path) -> Iterator[Owner]:
    """An owner that is gone afterwards."""
    owner = Owner(folder, model)
    try:
        yield owner
    finally:
        owner.process.close()


def begin(folder: Path, *words: str, cwd: Path = ROOT) -> Process:
    """Start `palate` on the workspace `folder` in a process of its own."""
    return Process(["-m", "tui", "--workspace", str(folder), *words], cwd=cwd)


def palate(folder: Path, *words: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Run `palate` on the workspace `folder` to its end."""
    with begin(folder, *words, cwd=cwd) as process:
        out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def records(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    """The JSON objects of a command that went well."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def wait_until(predicate: Callable[[], object], limit_s: float = 60.0) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + limit_s
    while not predicate():
        assert time.monotonic() < end, "what the test waits for did not come"
        time.sleep(0.02)
