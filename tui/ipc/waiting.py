"""Wait for the owner of a workspace, as long as it makes progress, and say for which process."""

from __future__ import annotations

import socket
import time
from typing import Final

import psutil

from db.errors import WorkspaceBusy
from tui.ipc.console import say
from tui.ipc.protocol import Channel

_LOOK_EVERY_S: Final = 0.05
_NEWS_EVERY_S: Final = 1.0
"""How often a process that waits for an answer looks whether the owner is suspended."""
_SAID_AFTER_S: Final = 2.0
"""Seconds of waiting in silence: most commands that only store something take less."""
_SAID_AGAIN_AFTER_S: Final = 20.0
_LEAST_WORK_S: Final = 0.2
"""Seconds of processor time that count as progress. An app in which nothing happens takes less in `within_s`."""


class Patience:
    """One wait. It ends when nothing has happened at the owner for `within_s` seconds.

    Progress is that the owner computes, that it waits for a disk, or that another process is the owner.
    """

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._begun_at = time.monotonic()
        self._progress_at = self._begun_at
        self._said_at: float | None = None
        self._owner: tuple[int | None, str | None] | None = None
        self._worked_s = 0.0

    def wait(self, busy: WorkspaceBusy) -> None:
        """Sleep for a moment; raises `busy` when nothing happened at the owner for too long."""
        process, now = _process(busy.pid), time.monotonic()
        if self._has_progressed(busy, process):
            self._progress_at = now
        elif now > self._progress_at + self._within_s:
            raise busy
        self._say(busy, now)
        time.sleep(_LOOK_EVERY_S)

    def _has_progressed(self, busy: WorkspaceBusy, process: psutil.Process | None) -> bool:
        owner, worked_s = (busy.pid, busy.since), _worked_s(process)
        if owner != self._owner:
            self._owner, self._worked_s = owner, worked_s
            return True
        if worked_s >= self._worked_s + _LEAST_WORK_S:
            self._worked_s = worked_s
            return True
        return process is not None and _status(process) == psutil.STATUS_DISK_SLEEP

    def _say(self, busy: WorkspaceBusy, now: float) -> None:
        due = self._begun_at + _SAID_AFTER_S if self._said_at is None else self._said_at + _SAID_AGAIN_AFTER_S
        if now >= due and busy.pid is not None:
            self._said_at = now
            say(f"Waiting for process {busy.pid}, which has the workspace; ctrl+C ends the wait.")


def check_awake(busy: WorkspaceBusy) -> None:
    """Raise `WorkspaceBusy` for an owner that cannot answer: it is on another machine, or suspended."""
    if busy.host not in (None, socket.gethostname()):
        raise busy
    if is_suspended(busy.pid):
        raise _suspended(busy)


def is_suspended(pid: int | None) -> bool:
    """Whether the process was stopped, as by ctrl+Z, so that it answers nothing until it is continued."""
    process = _process(pid)
    return process is not None and _status(process) == psutil.STATUS_STOPPED


def wait_for_news(channel: Channel, pid: int | None) -> None:
    """Wait until the owner `pid` sends something or closes the channel; say so, once, where it is suspended."""
    said = False
    while not channel.has_news(_NEWS_EVERY_S):
        if not said and is_suspended(pid):
            said = True
            say(f"{suspension_of(pid)} This command waits for it; ctrl+C ends the wait.")


def suspension_of(pid: int | None) -> str:
    """Which process is suspended, and how it is continued."""
    return f"Process {pid}, which has the workspace open, is suspended. Continue it with `fg` in its shell."


def _process(pid: int | None) -> psutil.Process | None:
    try:
        return None if pid is None else psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _status(process: psutil.Process) -> str:
    try:
        return str(process.status())
    except psutil.Error:
        return str(psutil.STATUS_DEAD)


def _worked_s(process: psutil.Process | None) -> float:
    """Seconds of processor time that the process took so far."""
    try:
        times = process.cpu_times() if process is not None else None
    except psutil.Error:
        times = None
    return 0.0 if times is None else times.user + times.system


def _suspended(busy: WorkspaceBusy) -> WorkspaceBusy:
    message = (
        f"Process {busy.pid}, which has the workspace open, is suspended. Continue it with `fg` in its shell, "
        f"or end it: `kill {busy.pid}; kill -CONT {busy.pid}`."
    )
    return WorkspaceBusy(message, pid=busy.pid, host=busy.host, since=busy.since, socket_path=None)
