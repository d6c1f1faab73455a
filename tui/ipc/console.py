"""Where a command's output goes, which folder its relative paths count from, and whether its person is still there.

A command may run in a process of its own, or in the one that owns the workspace, on a thread, for a client. It writes
through the console of its thread and asks it now and then whether to continue.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import click

from tui.ipc.protocol import Channel, ProtocolError
from tui.text.sanitize import visible


class OwnerLeaves(BaseException):
    """The process that owns the workspace leaves it, so this command ends. The message says why."""


class ClientGone(BaseException):
    """Whoever asked for this command is not there any more."""


class Console:
    """The terminal of this process."""

    folder: Path | None = None
    """From where relative paths count; None for this process's own folder."""
    environment: Mapping[str, str] | None = None
    """The environment variables of whoever asked; None for this process's own."""

    def __init__(self) -> None:
        self._leaves: str | None = None

    def out(self, text: str) -> None:
        """Write a record, or what a person asked to read."""
        print(text, end="", flush=True)

    def err(self, text: str) -> None:
        """Write what is meant for a person beside the records."""
        click.echo(text, nl=False, err=True)

    def leave(self, why: str) -> None:
        """End the command at its next `check`, because the process leaves the workspace. From any thread."""
        self._leaves = why

    def check(self) -> None:
        """Raise what the command should end with, if it should.

        Raises:
            KeyboardInterrupt: the person pressed ctrl+C.
            OwnerLeaves: the process leaves the workspace.
            VisitorGone: nobody waits for the command any more.
        """
        if self._leaves is not None:
            raise OwnerLeaves(self._leaves)


class RemoteConsole(Console):
    """The terminal of a client, at the other end of a channel."""

    def __init__(self, channel: Channel, ask: Mapping[str, Any]) -> None:
        super().__init__()
        self.folder = Path(str(ask["cwd"]))
        self.environment = {str(name): str(value) for name, value in dict(ask["environment"]).items()}
        self._channel = channel
        self._interrupted = threading.Event()
        self._gone = False
        threading.Thread(target=self._listen, name="palate-client-listener", daemon=True).start()

    def out(self, text: str) -> None:
        """Send it to the client, which writes it on stdout."""
        self._send("out", text)

    def err(self, text: str) -> None:
        """Send it to the client, which writes it on stderr."""
        self._send("err", text)

    def check(self) -> None:
        """See `Console.check`; ctrl+C counts once for each time it was pressed."""
        super().check()
        if self._gone:
            raise ClientGone
        if self._interrupted.is_set():
            self._interrupted.clear()
            raise KeyboardInterrupt

    def _send(self, name: str, text: str) -> None:
        try:
            self._channel.send_text(name, text)
        except OSError:
            self._gone = True
            raise ClientGone from None

    def _listen(self) -> None:
        try:
            while (record := self._channel.receive()) is not None:
                if "interrupt" in record:
                    self._interrupted.set()
        except ProtocolError:
            pass  # a client that sends nonsense is disconnected
        self._gone = True


_terminal = Console()
_current: ContextVar[Console] = ContextVar("console", default=_terminal)


def console() -> Console:
    """The console of the command that runs on this thread."""
    return _current.get()


@contextmanager
def speaking_through(other: Console) -> Iterator[Console]:
    """Commands on this thread use `other` inside the block."""
    token = _current.set(other)
    try:
        yield other
    finally:
        _current.reset(token)


class CallerPath(click.Path):
    """A path on the command line. A relative one counts from the folder in which the command was typed."""

    def __init__(self, **more: Any) -> None:
        super().__init__(path_type=Path, **more)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; as it was typed, unless the command runs in another process than it was typed for."""
        folder = console().folder
        return super().convert(value if folder is None or str(value) == "-" else folder / value, param, ctx)


def say(text: str) -> None:
    """Tell a person something, on stderr."""
    console().err(visible(text) + "\n")


def show(text: str = "") -> None:
    """Print a line, or several."""
    console().out(text + "\n")


def emit(record: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    show(json.dumps(record, allow_nan=False, default=str))
