"""For tests of leaving: a workspace with a run ahead of it on a tiny model, and the app on a pseudo-terminal."""

import ctypes
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect

from tests.gate import Gate
from tests.starting import Spawn, environment, run
from tests.tiny import save_tiny

ADAPTER = "adapter_model.safetensors"
PAIRS = 40
"""Three epochs of nine steps: a checkpoint falls into them, and a gate keeps a run in their midst."""
LONG_RUN = 480
"""So many pairs make a run that can be left in its midst without a gate, twice."""
LIMIT_S = 240.0
ENVIRONMENT = environment(TERM="xterm-256color")


def words(space: Path, *more: str) -> list[str]:
    """The command line of Palate on the tiny model beside `space`."""
    model = space.parent / "model"
    return ["-m", "tui", "--workspace", str(space), "--model", str(model), "--dtype", "float32", "--seed", "3", *more]


def palate(space: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end; it must succeed."""
    done = run(words(space, *more), env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    return done


def records(space: Path, *more: str) -> list[dict[str, Any]]:
    """What a command prints with --json."""
    return [json.loads(line) for line in palate(space, *more, "--json").stdout.splitlines()]


def make_workspace(space: Path, pairs: int = PAIRS) -> None:
    """A new workspace with pairs to train on, and a queue that costs little."""
    save_tiny(space.parent / "model")
    file = space.parent / "pairs.jsonl"
    rows = [
        {"prompt": f"question {n}?", "chosen": "short" + "!" * (n % 7), "rejected": f"longer {n}"} for n in range(pairs)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    palate(space, "import", str(file))
    for name, value in (("max_new_tokens", "8"), ("nearly_equal", "1")):
        palate(space, "settings", name, value)


def spawn(space: Path, *more: str, gate: Gate | None = None, ignoring: bool = False) -> "pexpect.spawn[str]":
    """The app (or a command) on a pseudo-terminal of 120×40, with signals as a shell's job has them.

    With a `gate` its run waits there. With `ignoring` it ignores what a script's background job under `nohup` does.
    """
    env = ENVIRONMENT if gate is None else {**ENVIRONMENT, **gate.environment}
    given = {"dimensions": (40, 120), "timeout": LIMIT_S, "encoding": "utf-8", "env": env}
    return Spawn(words(space, *more), ignoring=ignoring, **given)


def ask(space: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the workspace's database, read beside whoever has it open."""
    connection = sqlite3.connect(f"file:{space / 'palate.db'}?mode=ro", uri=True, timeout=20)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def until(predicate: Callable[[], object], app: "pexpect.spawn[str] | None" = None) -> None:
    """Wait for something that is to come; what the app draws meanwhile is read, or it would stall."""
    end = time.monotonic() + LIMIT_S
    while not predicate():
        assert time.monotonic() < end, "what the test waits for did not come"
        if app is not None and not app.closed and app.isalive():
            app.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.02)
        else:
            time.sleep(0.02)


def begin_run(app: "pexpect.spawn[str]", space: Path, *, step: int = 3) -> None:
    """Start a run on the Train screen and wait until it is at `step`."""
    app.expect(r"\d+ ready")
    app.send("T")
    until(lambda: press_until(app, "S", lambda: run_row(space) is not None), app)
    until(lambda: (run_row(space) or {"step": 0})["step"] >= step, app)


def press_until(app: "pexpect.spawn[str]", key: str, predicate: Callable[[], object]) -> bool:
    """Press a key, which may come too early, and look whether it did something."""
    app.send(key)
    end = time.monotonic() + 2
    while not predicate() and time.monotonic() < end:
        app.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.05)
    return bool(predicate())


def run_row(space: Path, run: int = 1) -> dict[str, Any] | None:
    """Status and newest step of a run, None while there is none."""
    sql = f"""SELECT status, ifnull((SELECT max(step) FROM metrics WHERE run = r.id AND name = 'loss'), 0), adapter
        FROM runs r WHERE id = {run}"""
    found = ask(space, sql)
    return dict(zip(("status", "step", "adapter"), found[0], strict=True)) if found else None


def owner(space: Path) -> int | None:
    """The process that owns the workspace, as the lock file says; None when nobody does."""
    text = (space / "palate.lock").read_text()
    return int(json.loads(text)["pid"]) if text else None


def is_alive(pid: int) -> bool:
    """Is it there, and not merely waiting to be buried?"""
    return state_of(pid) not in ("", "Z")


def state_of(pid: int) -> str:
    """The letter of a process's state (R, S, T, Z, …), none where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def signal_another_thread(pid: int, number: int) -> None:
    """Send a signal to a thread that is not the main one, so that it interrupts no wait of the main thread."""
    thread = next(int(each.name) for each in Path(f"/proc/{pid}/task").iterdir() if int(each.name) != pid)
    if ctypes.CDLL(None, use_errno=True).tgkill(pid, thread, number):
        raise OSError(ctypes.get_errno(), "tgkill")


def adapter_bytes(space: Path) -> bytes:
    """The weights of the one adapter there is; that it is the only one is part of the promise."""
    (folder,) = [each for each in (space / "adapters").iterdir() if not each.name.startswith(".")]
    return (folder / ADAPTER).read_bytes()


def closed_cleanly(space: Path) -> bool:
    """Did the last owner fold its log into the file and mark it?"""
    log = space / "palate.db-wal"  # a reader makes an empty one
    return ask(space, "SELECT clean FROM clean_close") == [(1,)] and not (log.exists() and log.stat().st_size)


def terminals_of(pid: int) -> list[str]:
    """The terminals that a process holds open."""
    links = [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir() if each.is_symlink()]
    return [link for link in links if re.match(r"/dev/(pts|tty)", link)]


def end(pid: int | None) -> None:
    """Whatever a test left alive ends here."""
    if pid is not None and is_alive(pid):
        os.kill(pid, signal.SIGKILL)
