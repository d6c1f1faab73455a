"""A second `palate` on a workspace that another process owns: it watches, takes over or leaves. No Textual here."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, replace
from typing import Final

import click

from db.errors import WorkspaceBusy
from db.lock import WorkspaceLock
from tui.compute.loaded_model import ModelChoice
from tui.errors import InputError
from tui.ipc.client import Owner, connect_to_owner, owner_of, receive_answer
from tui.ipc.console import say
from tui.ipc.ownership import WorkspaceRequest, own
from tui.ipc.protocol import VERSION
from tui.ipc.waiting import check_awake, wait_for_news
from tui.snapshots import WAITING, RunPhase
from tui.workbench import Workbench
from tui.workspace.workspace import read_workspace

LETS_GO_WITHIN_S: Final = 180.0
"""Seconds to wait for an owner that was asked to leave: it may write a checkpoint of a large model first."""

WATCH, TAKE_OVER, LEAVE = "w", "t", "q"


@dataclass(frozen=True)
class Entered:
    """This process owns the workspace now; `resume` is the run to resume after a takeover, else None."""

    workbench: Workbench
    resume: int | None = None


def enter(request: WorkspaceRequest, *, watch: bool, take_over: bool) -> Entered | WorkspaceBusy | None:
    """Own the workspace. Where another process owns it, ask the person what to do, unless a flag says it.

    Returns:
        The workspace; or the owner to watch; or None when the person leaves.

    Raises:
        WorkspaceBusy: the owner is on another machine, is suspended, or has no socket.
        InputError: `watch` is set and no process owns the workspace.
    """
    try:
        if watch and not take_over:
            _expect_an_owner(request)
        return Entered(own(replace(request, words=())))
    except WorkspaceBusy as busy:
        if not busy.socket_path or busy.host != socket.gethostname():
            check_awake(busy)
            raise
        wanted = TAKE_OVER if take_over else WATCH if watch else _ask(busy)
        if wanted == TAKE_OVER:
            return take_over_from(busy, request)
        return busy if wanted == WATCH else None


def _expect_an_owner(request: WorkspaceRequest) -> None:
    read_workspace(request.folder).close()  # raises where there is no workspace at all
    lock = WorkspaceLock(request.folder)
    lock.acquire()
    lock.release()
    raise InputError(f"No process has {request.folder} open, so there is nothing to watch. Open it with `palate`.")


def _ask(busy: WorkspaceBusy) -> str:
    """Print which process owns the workspace, and wait for one of three keys."""
    channel = connect_to_owner(busy)
    try:
        owner = owner_of(channel)
    finally:
        channel.close()
    choices = (
        (WATCH, "watch", "see its screens live; nothing is changed"),
        (TAKE_OVER, "take over", "it writes a checkpoint and leaves; you continue exactly there"),
        (LEAVE, "leave", "everything stays as it is"),
    )
    for line in ["", *owner.words(), "", *(f"  {key}  {name:<11}{words}" for key, name, words in choices), ""]:
        say(line)
    return _key([key for key, _, _ in choices])


def _key(keys: list[str]) -> str:
    """Wait for one of these keys. Without a terminal, say which flags do the same, and leave."""
    if not os.isatty(0):
        say("There is no terminal to press a key on. Use palate --watch or palate --take-over.")
        return LEAVE
    while (pressed := click.getchar()) not in keys:
        if pressed in ("\x1b", "\x04", ""):
            return LEAVE
    return pressed


def take_over_from(busy: WorkspaceBusy, request: WorkspaceRequest) -> Entered:
    """Ask the owner to leave, wait until it has left, and own the workspace, with its model unless flags name another.

    Raises:
        WorkspaceBusy: the owner did not leave within `LETS_GO_WITHIN_S`.
        OwnerGone, OwnerRefused, ProtocolError.
    """
    check_awake(busy)
    channel = connect_to_owner(busy)
    try:
        channel.send({"palate": VERSION, "ask": "leave", "who": _who()})
        owner = Owner(receive_answer(channel))
        run = owner.status.run
        act = "writes a checkpoint and leaves" if run else "leaves"
        say(f"Process {owner.pid} {act} the workspace …")
        wait_for_news(channel, owner.pid)
        while channel.receive() is not None:
            wait_for_news(channel, owner.pid)
    finally:
        channel.close()
    choice = request.choice
    if choice == ModelChoice():
        choice = ModelChoice(**owner.facts["model"])
    seed = owner.facts["seed"] if request.seed is None else request.seed
    workbench = own(replace(request, words=(), choice=choice, seed=seed, within_s=LETS_GO_WITHIN_S))
    continues = run is not None and run.phase not in (*WAITING, RunPhase.STOPPING)
    return Entered(workbench, run.run if run is not None and continues else None)


def _who() -> str:
    """This process in words, for the message of the owner that leaves."""
    terminal = os.ttyname(0).removeprefix("/dev/") if os.isatty(0) else "without a terminal"
    return f"Process {os.getpid()} ({terminal})"
