"""What the owner of a workspace does for its visitors: it tells who it is, runs their commands, and lets go.

A visitor's command runs as if it had been typed here, on the owner's own workbench: what computes takes its turns on
the lane, what is stored is published, so that screens follow.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tui.commands.options import HostedOptions
from tui.ipc.console import ClientGone, Console, OwnerLeaves, RemoteConsole, speaking_through
from tui.ipc.protocol import VERSION, Channel, ProtocolError
from tui.ipc.socket_server import SocketServer
from tui.text.sanitize import visible

if TYPE_CHECKING:
    from tui.workbench import Workbench


logger = logging.getLogger(__name__)

Leave = Callable[[str], None]
"""Called on a visitor's thread with a sentence when the owner is asked to let go: it has to do so soon."""


class OwnerServer:
    """Serves the visitors of one workbench through its door."""

    def __init__(self, workbench: Workbench, leave: Leave) -> None:
        self.leave = leave
        """What is called when a visitor takes over."""
        self._workbench = workbench
        self._consoles: set[Console] = set()
        self._closing: str | None = None
        self._changed = threading.Lock()
        self.door = SocketServer(workbench.workspace, self._serve)
        self.door.open()

    def close(self) -> None:
        """Let nobody in any more; commands that still run for visitors end, and their visitors are told."""
        with self._changed:
            self._closing = f"{self._who()} has let go of the workspace."
            for each in self._consoles:
                each.leave(f"{self._closing} What this command had stored is kept; run it again for the rest.")
        self.door.close()

    def visitors(self) -> list[threading.Thread]:
        """The threads on which visitors' commands run."""
        with self._changed:
            return self.door.visitors() if self._consoles else []

    # -- on a visitor's thread -----------------------------------------------------------------------------------

    def _serve(self, channel: Channel, ask: Mapping[str, Any]) -> None:
        match ask.get("ask"):
            case "who":
                self._tell(channel)
            case "command":
                self._command(channel, ask)
            case "leave":
                self._take_leave(channel, ask)
            case other:
                raise ProtocolError(f"A visitor cannot ask {other!r}, only who, command or leave.")

    def _tell(self, channel: Channel) -> None:
        """Say who owns the workspace and what it does, as often as the visitor asks."""
        while True:
            channel.send(self.facts())
            if channel.receive() is None:
                return

    def facts(self) -> dict[str, Any]:
        """Who owns the workspace, with which model, and what it does."""
        lock = self._workbench.workspace.lock
        assert lock is not None
        choice, status = self._workbench.loaded_model.choice, self._workbench.status()
        with self._changed:
            visitors = len(self._consoles)
        return {
            "palate": VERSION,
            **lock.owner,
            "model": asdict(choice),
            "seed": self._workbench.seed,
            "status": asdict(status),
            "visitors": visitors,
        }

    def _take_leave(self, channel: Channel, ask: Mapping[str, Any]) -> None:
        who = visible(str(ask.get("who", "another process")))
        channel.send({"leaving": True, **self.facts()})
        self.leave(f"{who} took over this workspace.")
        while channel.receive() is not None:  # the visitor waits for the end of this connection
            pass

    def _command(self, channel: Channel, ask: Mapping[str, Any]) -> None:
        try:
            words, console = [str(word) for word in ask["words"]], RemoteConsole(channel, ask)
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"A command needs words, cwd and environment ({error!r}).") from error
        with self._changed:
            if self._closing is not None:
                channel.send({"refused": "The owner is leaving", "text": self._closing, "again": True})
                return
            self._consoles.add(console)
        try:
            channel.send({"begun": True})
            code = self._run(words, console)
            self._workbench.tell_visited()
            channel.send({"exit": code})
        finally:
            with self._changed:
                self._consoles.discard(console)

    def _run(self, words: list[str], console: Console) -> int:
        """Run a command line and return its exit code, as click would."""
        from tui.cli import main

        with speaking_through(console):
            try:
                context = main.make_context("palate", words, obj=HostedOptions.of(self._workbench))
                with context:
                    main.invoke(context)
            except ClientGone:
                logger.info("The visitor of `palate %s` went away", " ".join(words))
                return 1
            except (Exception, SystemExit, KeyboardInterrupt, OwnerLeaves) as error:  # noqa: BLE001  all are told
                return _told(error, console)
        return 0

    def _who(self) -> str:
        lock = self._workbench.workspace.lock
        return f"Process {lock.owner.get('pid')}" if lock is not None else "The owner"


def _told(error: BaseException, console: Console) -> int:
    """Say what ended a command, as it would be said without an owner; returns the exit code."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case click.ClickException():
            said = io.StringIO()
            error.show(said)
            _say(console, said.getvalue())
            return error.exit_code
        case KeyboardInterrupt() | click.Abort():
            _say(console, "Aborted!\n")
        case OwnerLeaves():
            _say(console, f"{error}\n")
        case _:
            logger.error("A visitor's command ended with an error", exc_info=error)
            _say(console, visible(f"Something unexpected happened: {type(error).__name__}: {error}") + "\n")
    return 1


def _say(console: Console, text: str) -> None:
    with suppress(ClientGone):
        console.err(text)
