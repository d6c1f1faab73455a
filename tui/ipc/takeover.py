"""A second `palate` on a workspace that another process owns: who that is, and what one may do. No Textual here."""

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
from tui.snapshots import WAITING, RunPhase
from tui.workbench import Workbench
from tui.workspace.workspace import read_workspace

LETS_GO_WITHIN_S: Final = 180.0
"""So long an owner that was asked to leave is waited for: a checkpoint of a large model takes its time."""

WATCH, TAKE_OVER, LEAVE = "w", "t", "q"


@dataclass(frozen=True)
class Entered:
    """The workspace is this process's now; `resume` is the run that was taken over with it."""

    workbench: Workbench
    resume: int | None = None


def enter(request: WorkspaceRequest, *, watch: bool, take_over: bool) -> Entered | WorkspaceBusy | None:
    """Own the workspace. Where another process owns it, ask the person what to do, unless a flag says so already.

    Returns:
        The workspace; or the owner that is to be watched; or None when the person leaves.

    Raises:
        WorkspaceBusy: the owner runs on another machine, or has no socket.
        InputError: there is nobody to watch.
    """
    try:
        if watch and not take_over:
            _expect_an_owner(request)
        return Entered(own(replace(request, words=())))
    except WorkspaceBusy as busy:
        if not busy.door or busy.host != socket.gethostname():
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
    raise InputError(f"Nobody has {request.folder} open, so there is nothing to watch. Open it with `palate`.")


def _ask(busy: WorkspaceBusy) -> str:
    """Tell who owns the workspace and wait for one of three keys."""
    channel = connect_to_owner(busy)
    try:
        owner = owner_of(channel)
    finally:
        channel.close()
    choices = (
        (WATCH, "watch", "look on, live; nothing is changed"),
        (TAKE_OVER, "take over", "it writes a checkpoint and leaves; you go on exactly there"),
        (LEAVE, "leave", "everything stays as it is"),
    )
    for line in ["", *owner.words(), "", *(f"  {key}  {name:<11}{words}" for key, name, words in choices), ""]:
        say(line)
    return _key([key for key, _, _ in choices])


def _key(keys: list[str]) -> str:
    """The first of these keys that is pressed; without a terminal nobody can press one."""
    if not os.isatty(0):
        say("Say which: palate --watch, or palate --take-over.")
        return LEAVE
    while (pressed := click.getchar()) not in keys:
        if pressed in ("\x1b", "\x04", ""):
            return LEAVE
    return pressed


def take_over_from(busy: WorkspaceBusy, request: WorkspaceRequest) -> Entered:
    """Ask the owner to leave, wait for that, and own the workspace with the owner's model, unless flags name another.

    Raises:
        WorkspaceBusy: it did not leave in time.
        OwnerGone, OwnerRefused, WireError.
    """
    channel = connect_to_owner(busy)
    try:
        channel.send({"palate": VERSION, "ask": "leave", "who": _who()})
        owner = Owner(receive_answer(channel))
        run = owner.status.run
        does = "writes a checkpoint and lets go" if run else "lets go"
        say(f"Process {owner.pid} {does} of the workspace …")
        while channel.receive() is not None:
            pass
    finally:
        channel.close()
    asked = request.choice
    if asked == ModelChoice():
        asked = ModelChoice(**owner.facts["model"])
    seed = owner.facts["seed"] if request.seed is None else request.seed
    workbench = own(replace(request, words=(), choice=asked, seed=seed, within_s=LETS_GO_WITHIN_S))
    goes_on = run is not None and run.phase not in (*WAITING, RunPhase.STOPPING)
    return Entered(workbench, run.run if run is not None and goes_on else None)


def _who() -> str:
    """This process, for the words of the one that leaves."""
    terminal = os.ttyname(0).removeprefix("/dev/") if os.isatty(0) else "without a terminal"
    return f"Process {os.getpid()} ({terminal})"
