"""A second `palate` on a workspace that another process owns: who that is, and what one may do. No Textual here."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import click

from db.errors import WorkspaceBusy
from db.lock import WorkspaceLock
from tui.commands.session import Options, own, say
from tui.commands.visiting import OwnerGone, OwnerRefused, knock
from tui.errors import InputError
from tui.policies import ModelChoice
from tui.published import WAITING, RunProgress, WorkbenchStatus
from tui.visible import visible_line
from tui.wire import VERSION, Wire
from tui.words import count, duration, when
from tui.workbench import Workbench

LETS_GO_WITHIN_S: Final = 180.0
"""So long an owner that was asked to leave is waited for: a checkpoint of a large model takes its time."""

WATCH, TAKE_OVER, LEAVE = "w", "t", "q"


@dataclass(frozen=True)
class Owner:
    """The process that owns the workspace, as it told of itself."""

    facts: Mapping[str, Any]

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self.facts["pid"])

    @property
    def status(self) -> WorkbenchStatus:
        """What it does."""
        told = dict(self.facts["status"])
        run = told.pop("run", None)
        pairs = {name: tuple(told[name]) for name in ("queue_problem", "error") if told.get(name)}
        return WorkbenchStatus(**{**told, **pairs, "run": RunProgress(**run) if run else None})

    def words(self) -> list[str]:
        """Who it is and what it does, in lines."""
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
    if run.phase == "training" and run.total_steps:
        left = "" if run.seconds_left is None else f", {duration(run.seconds_left)} left"
        return f"Run {run.run} ({name}) is at step {run.step} of {run.total_steps}{left}."
    return f"Run {run.run} ({name}): {run.phase}."


@dataclass(frozen=True)
class Entered:
    """The workspace is this process's now; `resume` is the run that was taken over with it."""

    workbench: Workbench
    resume: int | None = None


def enter(options: Options, *, watch: bool, take_over: bool) -> Entered | WorkspaceBusy | None:
    """Own the workspace; where another process does, ask the person, unless a flag says it already.

    Returns:
        The workspace; or the owner that is to be watched; or None when the person leaves.

    Raises:
        WorkspaceBusy: the owner lives on another machine, or has no door.
        InputError: there is nobody to watch.
    """
    try:
        if watch and not take_over:
            _expect_an_owner(options)
        return Entered(own(replace(options, words=())))
    except WorkspaceBusy as busy:
        if not busy.door or busy.host != socket.gethostname():
            raise
        wanted = TAKE_OVER if take_over else WATCH if watch else _ask(busy)
        if wanted == TAKE_OVER:
            return take_over_from(busy, options)
        return busy if wanted == WATCH else None


def _expect_an_owner(options: Options) -> None:
    with options.reading():  # there is a workspace at all
        lock = WorkspaceLock(options.folder)
        lock.acquire()
        lock.release()
    raise InputError(f"Nobody has {options.folder} open, so there is nothing to watch. Open it with `palate`.")


def owner_of(wire: Wire) -> Owner:
    """Ask who is at the other end.

    Raises:
        OwnerGone, OwnerRefused, WireError.
    """
    wire.send({"palate": VERSION, "ask": "who"})
    return Owner(_answer(wire))


def visit_to_watch(busy: WorkspaceBusy) -> tuple[Wire, Owner]:
    """A connection to the owner that stays, and what it told of itself.

    Raises:
        OwnerGone, OwnerRefused, WireError.
    """
    wire = _knock(busy)
    return wire, owner_of(wire)


def _answer(wire: Wire) -> dict[str, Any]:
    told = wire.receive(10.0)
    if told is None:
        raise OwnerGone("The process that owned the workspace has just left. Start `palate` again.")
    if "refused" in told:
        raise OwnerRefused(str(told["refused"]), str(told.get("text", "")))
    return told


def _knock(busy: WorkspaceBusy) -> Wire:
    wire = knock(str(busy.door))
    if wire is None:
        raise busy
    return wire


def _ask(busy: WorkspaceBusy) -> str:
    """Tell who owns the workspace and wait for one of three keys."""
    wire = _knock(busy)
    try:
        owner = owner_of(wire)
    finally:
        wire.close()
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


def take_over_from(busy: WorkspaceBusy, options: Options) -> Entered:
    """Ask the owner to let go, wait for that, and own the workspace with the owner's model, unless flags say another.

    Raises:
        WorkspaceBusy: it did not let go in time.
        OwnerGone, OwnerRefused, WireError.
    """
    wire = _knock(busy)
    try:
        wire.send({"palate": VERSION, "ask": "leave", "who": _who()})
        owner = Owner(_answer(wire))
        run = owner.status.run
        does = "writes a checkpoint and lets go" if run else "lets go"
        say(f"Process {owner.pid} {does} of the workspace …")
        while wire.receive() is not None:
            pass
    finally:
        wire.close()
    asked = options.choice
    if asked == ModelChoice():
        asked = ModelChoice(**owner.facts["model"])
    seed = owner.facts["seed"] if options.seed is None else options.seed
    workbench = own(replace(options, words=(), choice=asked, seed=seed, within_s=LETS_GO_WITHIN_S))
    goes_on = run is not None and run.phase not in (*WAITING, "stopping")
    return Entered(workbench, run.run if run is not None and goes_on else None)


def _who() -> str:
    """This process, for the words of the one that leaves."""
    terminal = os.ttyname(0).removeprefix("/dev/") if os.isatty(0) else "without a terminal"
    return f"Process {os.getpid()} ({terminal})"
