"""The client's side of the socket: the owner of the workspace runs this command, and its output appears here."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from db.errors import WorkspaceBusy
from tui.errors import WorkbenchError
from tui.ipc.console import Console, current_folder, terminal_columns
from tui.ipc.protocol import VERSION, Channel, peer_uid
from tui.ipc.waiting import is_suspended, wait_for_news
from tui.snapshots import LoadState, RunPhase, RunProgress, WorkbenchStatus
from tui.text.format import count, duration, when
from tui.text.sanitize import visible_line

_INTERRUPTS: Final = 3
"""This process sends each ctrl+C to the owner. At this many, it ends without waiting for the owner."""


class OwnerGone(WorkbenchError):
    """The owner ended while it ran this command."""

    title = "The owner of the workspace is gone"


class OwnerRefused(WorkbenchError):
    """The owner refused the request."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(text)
        self.title = title  # type: ignore[misc]  # the owner's own words


def connect(path: str) -> Channel | None:
    """A connection to the owner that listens at the socket `path`; None when no process listens.

    Raises:
        OwnerRefused: the process that listens belongs to another user.
    """
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.connect(path)
    except OSError:
        link.close()
        return None
    if peer_uid(link) not in (None, os.getuid()):
        link.close()
        raise OwnerRefused("This is not your workspace", f"{path} belongs to another user. Choose another --workspace.")
    return Channel(link)


def run_at_owner(
    path: str, words: Sequence[str], pid: int | None, environment: Mapping[str, str] | None = None
) -> int | None:
    """Let the owner run `palate` with these words; returns the exit code, or None when no owner began the command.

    The owner learns of this process's variables only those in `environment`.

    Raises:
        InputError: the folder that relative paths start in was removed.
        OutputLost: the command's output cannot be written here.
        OwnerGone: the owner ended before the command did.
        OwnerRefused: the owner refused the request, or uses another version of the protocol.
        ProtocolError: the owner sent something that is no message.
    """
    channel = connect(path)
    if channel is None:
        return None
    try:
        ask = {"palate": VERSION, "ask": "command", "words": list(words)}
        columns = terminal_columns()
        channel.send({**ask, "cwd": str(current_folder()), "environment": dict(environment or {}), "columns": columns})
        with _ctrl_c_forwarded(channel, pid):
            return _follow(channel, pid)
    except (BrokenPipeError, ConnectionResetError):
        return None  # the owner closed its socket at this moment
    finally:
        channel.close()


def _follow(channel: Channel, pid: int | None) -> int | None:
    begun, terminal = False, Console()
    while (said := _next(channel, pid)) is not None:
        match said:
            case {"begun": _}:
                begun = True
            case {"out": str(text)}:
                terminal.out(text)
            case {"err": str(text)}:
                terminal.err(text)
            case {"ask": str(question), "keys": str(keys)}:
                with suppress(OSError):  # the owner ended while it asked; then nothing more comes
                    channel.send({"answer": terminal.ask(question, keys)})
            case {"exit": int(code)}:
                return code
            case {"again": True}:
                return None
            case {"refused": title, "text": text}:
                raise OwnerRefused(str(title), str(text))
    if not begun:
        return None
    raise OwnerGone(
        f"Process {pid} ended while it ran this command. All that it stored is saved, perhaps its last result too: "
        "look for that before you run the command again."
    )


def _next(channel: Channel, pid: int | None) -> dict[str, Any] | None:
    wait_for_news(channel, pid)
    return channel.receive()


@contextmanager
def _ctrl_c_forwarded(channel: Channel, pid: int | None) -> Iterator[None]:
    """Send ctrl+C to the owner in place of ending here, a few times; once where the owner is suspended."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a handler
        return
    pressed = 0

    def forward(_number: int, _frame: Any) -> None:
        nonlocal pressed
        pressed += 1
        if pressed >= _INTERRUPTS:
            raise KeyboardInterrupt
        with suppress(OSError):  # if the owner is gone, the connection shows it
            channel.send({"interrupt": True})
        if is_suspended(pid):
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, forward)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True)
class Owner:
    """The process that owns the workspace, as it described itself."""

    facts: Mapping[str, Any]

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self.facts["pid"])

    @property
    def gpus(self) -> tuple[str, ...]:
        """The ids of the GPUs that hold its model."""
        return tuple(str(each) for each in self.facts.get("gpus", ()))

    @property
    def tokens_per_second(self) -> float | None:
        """The speed of its run's latest step; None without one."""
        return self.facts.get("tokens_per_second")

    @property
    def status(self) -> WorkbenchStatus:
        """Its status when it sent these facts."""
        fields = dict(self.facts["status"])
        run = fields.pop("run", None)
        pairs = {name: tuple(fields[name]) for name in ("queue_problem", "error") if fields.get(name)}
        state = LoadState(fields["model_state"])
        progress = RunProgress(**{**run, "phase": RunPhase(run["phase"])}) if run else None
        return WorkbenchStatus(**{**fields, **pairs, "model_state": state, "run": progress})

    def words(self) -> list[str]:
        """Lines that say which process it is and what it does."""
        facts, status = self.facts, self.status
        since = when(str(facts["since"]))
        return [
            f"Process {self.pid} on {visible_line(str(facts['host']), 40)} has this workspace open since {since}.",
            _doing(status),
            f"{count(status.ready, 'pair')} ready, {count(status.verdicts_today, 'verdict')} today.",
        ]


def _doing(status: WorkbenchStatus) -> str:
    if (run := status.run) is None:
        return f"No run is alive; {visible_line(status.model_name, 40)} is {status.model_state}."
    name = visible_line(run.name, 24)
    if run.phase is RunPhase.TRAINING and run.total_steps:
        left = "" if run.seconds_left is None else f", {duration(run.seconds_left)} left"
        return f"Run {run.run} ({name}) is at step {run.step} of {run.total_steps}{left}."
    return f"Run {run.run} ({name}): {run.doing}."


def owner_of(channel: Channel) -> Owner:
    """Ask the owner to describe itself.

    Raises:
        OwnerGone, OwnerRefused, ProtocolError.
    """
    channel.send({"palate": VERSION, "ask": "who"})
    return Owner(receive_answer(channel))


def connect_to_watch(busy: WorkspaceBusy) -> tuple[Channel, Owner]:
    """A connection to the owner that stays open, and the owner's description of itself.

    Raises:
        OwnerGone, OwnerRefused, ProtocolError.
    """
    channel = connect_to_owner(busy)
    return channel, owner_of(channel)


def receive_answer(channel: Channel) -> dict[str, Any]:
    """The owner's next message, which must come within 10 s.

    Raises:
        OwnerGone, OwnerRefused, ProtocolError.
    """
    answer = channel.receive(10.0)
    if answer is None:
        raise OwnerGone("The process that owned the workspace has just left. Start `palate` again.")
    if "refused" in answer:
        raise OwnerRefused(str(answer["refused"]), str(answer.get("text", "")))
    return answer


def connect_to_owner(busy: WorkspaceBusy) -> Channel:
    """A connection to the owner that `busy` names; raises `busy` when no process listens."""
    channel = connect(str(busy.socket_path))
    if channel is None:
        raise busy
    return channel
