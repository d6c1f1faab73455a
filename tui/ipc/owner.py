"""The owner's side of the socket: it describes itself, runs the clients' commands, and leaves when a client asks.

A client's command runs on the owner's own workbench as if it had been typed there: its jobs run on the scheduler, and
the workbench publishes what it stores, so that screens follow.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from tui.ipc.console import ClientGone, Console, OwnerLeaves, RemoteConsole, speaking_through
from tui.ipc.endings import command_end
from tui.ipc.protocol import VERSION, Channel, ProtocolError
from tui.ipc.socket_server import SocketServer
from tui.text.sanitize import visible
from tui.workbench import Workbench

logger = logging.getLogger(__name__)

RunCommand = Callable[[Workbench, Sequence[str]], None]
"""Runs a command line, its words without `palate`, on the owner's workbench; raises what click raises."""

Leave = Callable[[str], None]
"""Called on a client's thread, with a sentence that says why, when the owner has to leave the workspace soon."""


class OwnerServer:
    """Serves the clients of one workbench through its socket."""

    def __init__(self, workbench: Workbench, leave: Leave, run_command: RunCommand) -> None:
        self.leave = leave
        """Called when a client takes over the workspace."""
        self._workbench, self._run_command = workbench, run_command
        self._consoles: set[Console] = set()
        self._closing: str | None = None
        self._changed = threading.Lock()
        self.server = SocketServer(workbench.workspace, self._serve)
        self.server.open()

    def close(self) -> None:
        """Accept no more clients. Commands that still run for clients end, and each client gets a sentence."""
        with self._changed:
            self._closing = f"{self._who()} has left the workspace."
            for each in self._consoles:
                each.leave(f"{self._closing} The results of this command so far are stored; run it again for the rest.")
        self.server.close()

    def clients(self) -> list[threading.Thread]:
        """The threads of the clients, where any of them runs a command; else none."""
        with self._changed:
            return self.server.clients() if self._consoles else []

    # -- on a client's thread -----------------------------------------------------------------------------------

    def _serve(self, channel: Channel, ask: Mapping[str, Any]) -> None:
        match ask.get("ask"):
            case "who":
                self._describe(channel)
            case "command":
                self._command(channel, ask)
            case "leave":
                self._take_leave(channel, ask)
            case other:
                raise ProtocolError(f"A client cannot ask {other!r}, only who, command or leave.")

    def _describe(self, channel: Channel) -> None:
        """Send the owner's facts, and again each time the client asks."""
        while True:
            channel.send(self.facts())
            if channel.receive() is None:
                return

    def facts(self) -> dict[str, Any]:
        """The owner's description of itself: process, model, status and clients. The keys cross the socket."""
        lock = self._workbench.workspace.lock
        assert lock is not None
        choice, status = self._workbench.loaded_model.choice, self._workbench.status()
        machine = self._workbench.trainer.shown.machine
        with self._changed:
            clients = len(self._consoles)
        return {
            "palate": VERSION,
            **lock.owner,
            "model": asdict(choice),
            "seed": self._workbench.seed,
            "status": asdict(status),
            "gpus": machine.cards if status.run else self._workbench.loaded_model.gpu_ids(),
            "tokens_per_second": machine.speed if status.run else None,
            "visitors": clients,
        }

    def _take_leave(self, channel: Channel, ask: Mapping[str, Any]) -> None:
        who = visible(str(ask.get("who", "another process")))
        channel.send({"leaving": True, **self.facts()})
        self.leave(f"{who} took over this workspace.")
        while channel.receive() is not None:  # the client waits for the end of this connection
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
            try:
                channel.send({"exit": code})  # first: an error of a screen must not make what was stored look failed
            finally:
                self._workbench.publish_served()
        finally:
            with self._changed:
                self._consoles.discard(console)

    def _run(self, words: list[str], console: Console) -> int:
        """Run a command line and return its exit code, as click would."""
        with speaking_through(console):
            try:
                self._run_command(self._workbench, words)
            except ClientGone:
                logger.info("The client of a command went away")  # its words may hold a key
                return 1
            except (Exception, SystemExit, KeyboardInterrupt, OwnerLeaves) as error:  # noqa: BLE001  the client sees every one
                return _report_end(error, console)
        return 0

    def _who(self) -> str:
        lock = self._workbench.workspace.lock
        return f"Process {lock.owner.get('pid')}" if lock is not None else "The owner"


def _report_end(error: BaseException, console: Console) -> int:
    """Print what ended a command, as a command in its own process does; returns the exit code."""
    ending = command_end(error)
    if ending.cause is not None:
        logger.error("A client's command ended with an error", exc_info=ending.cause)
    if ending.words:
        _say(console, ending.words)
    return ending.code


def _say(console: Console, text: str) -> None:
    with suppress(ClientGone):
        console.err(text)
