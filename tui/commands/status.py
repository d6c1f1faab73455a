"""`palate status`: what Palate and the machine do now, once or every second."""

from __future__ import annotations

import shutil
import socket
import sys
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from tui.commands.options import Options
from tui.commands.output import as_json
from tui.errors import WorkbenchError
from tui.ipc.console import console, emit, show
from tui.machine.activity import Activity, activity_lines, activity_record
from tui.machine.monitor import READ_EVERY_S, REMEMBERED
from tui.machine.sampler import MachineSampler
from tui.snapshots import LoadState, MachineReading, WorkbenchStatus

if TYPE_CHECKING:
    from tui.ipc.client import Owner
    from tui.ipc.protocol import Channel
    from tui.reader import WorkspaceReader

_FIRST_LOOK_S: Final = 0.3
"""The use of a processor is between two looks: this long before the first."""


@click.command()
@click.option("--follow", is_flag=True, help="Print it every second, for a second pane. ctrl+C ends it.")
@as_json
@click.pass_obj
def status(options: Options, follow: bool, as_json: bool) -> None:
    """Show what Palate and the machine do now: queue, run, use, memory, temperature, power and tokens a second."""
    with options.reading() as view:
        follower = StatusFollower(view)
        pane = Pane()
        try:
            time.sleep(_FIRST_LOOK_S)
            while True:
                activity = follower.look()
                emit(activity_record(activity)) if as_json else pane.draw(activity_lines(activity))
                if not follow:
                    return
                time.sleep(READ_EVERY_S)
                console().check()
        except KeyboardInterrupt:
            if not follow:
                raise
        finally:
            follower.close()


class StatusFollower:
    """Asks the workspace's owner what it does, and looks at the machine. Without an owner the database is read."""

    def __init__(self, view: WorkspaceReader) -> None:
        self._view = view
        self._channel: Channel | None = None
        self._owner: Owner | None = None
        self._readings: deque[MachineReading] = deque(maxlen=REMEMBERED)
        self._ask_owner()
        self._sampler = self._new_sampler()

    def close(self) -> None:
        """End the connection to the owner."""
        if self._channel is not None:
            self._channel.close()

    def look(self) -> Activity:
        """The state now."""
        before = self._owner
        self._ask_owner()
        if _computes_on(before) != _computes_on(self._owner):
            self._sampler = self._new_sampler()
            self._readings.clear()
        speed = self._owner.tokens_per_second if self._owner is not None else None
        self._readings.append(replace(self._sampler.read(), tokens_per_second=speed))
        if self._owner is not None:
            return Activity(self._owner.status, self._owner.facts, tuple(self._readings))
        return Activity(self._stored(), self._view.owner(), tuple(self._readings))

    def _new_sampler(self) -> MachineSampler:
        owner = self._owner
        return MachineSampler(None, None) if owner is None else MachineSampler(owner.pid, owner.gpus)

    def _ask_owner(self) -> None:
        """Ask the owner once more, or another one that has the workspace open now."""
        from tui.ipc.client import connect, owner_of

        try:
            if self._channel is None:
                facts = self._view.owner() or {}
                if facts.get("host") == socket.gethostname() and facts.get("door"):
                    self._channel = connect(str(facts["door"]))
            self._owner = None if self._channel is None else owner_of(self._channel)
        except (OSError, WorkbenchError):
            self._owner = None
        if self._owner is None and self._channel is not None:
            self._channel.close()
            self._channel = None

    def _stored(self) -> WorkbenchStatus:
        counts = self._view.counts()
        return WorkbenchStatus(
            model_name="",
            model_state=LoadState.COLD,
            ready=self._view.ready_count(),
            verdicts=counts.total,
            verdicts_today=counts.today,
            pairs=counts.decisive,
        )


class Pane:
    """Draws lines over the ones before, where stdout is a terminal; elsewhere below them. Nothing is drawn twice."""

    def __init__(self) -> None:
        self._drawn: list[str] = []
        self._in_place = sys.stdout.isatty() and console().folder is None

    def draw(self, lines: list[str]) -> None:
        """Draw these lines, if they changed."""
        if not self._in_place:
            show("\n".join(lines) + ("\n" if self._drawn else ""))
            self._drawn = lines
            return
        columns, rows = shutil.get_terminal_size()
        fitting = [line[: columns - 1] for line in lines[: rows - 1]]
        if fitting != self._drawn:
            back = f"\x1b[{len(self._drawn)}A" if self._drawn else ""
            show(back + "\n".join(f"{line}\x1b[K" for line in fitting) + "\x1b[J")
            self._drawn = fitting


def _computes_on(owner: Owner | None) -> tuple[Any, ...] | None:
    return None if owner is None else (owner.pid, owner.gpus)
