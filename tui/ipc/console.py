"""The console of a command: where its output goes, where its relative paths start, and whether it has to end.

A command runs in its own process, or for a client on a thread of the process that owns the workspace. It writes
through the console of its thread, and calls the console's `check` now and then.
"""

from __future__ import annotations

import errno
import json
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

import click

from tui.errors import InputError
from tui.ipc.protocol import Channel, ProtocolError
from tui.text.sanitize import visible

REMOVED: Final = "The folder that you are in was removed. Change to another one: `cd`."


class OwnerLeaves(BaseException):
    """The process that owns the workspace leaves it, so this command ends. The message says why."""


class ClientGone(BaseException):
    """The client that asked for this command is gone."""


class OutputLost(OSError):
    """The command's result cannot be written on stdout: the disk is full, or nobody reads any more."""


def terminal_columns() -> int | None:
    """The width of the terminal that stdout of this process is; None where it is none."""
    shown = sys.stdout is not None and sys.stdout.isatty()  # it is None where the shell closed it
    return shutil.get_terminal_size().columns if shown else None


class Console:
    """The terminal of this process."""

    folder: Path | None = None
    """The folder in which relative paths start; None: this process's own."""
    environment: Mapping[str, str] | None = None
    """The client's environment variables; None: this process's own."""

    @property
    def columns(self) -> int | None:
        """The width of the terminal that shows what `out` writes; None where it goes to a file or a pipe."""
        return terminal_columns()

    def __init__(self) -> None:
        self._leaves: str | None = None

    def out(self, text: str) -> None:
        """Write the command's result on stdout.

        Raises:
            OutputLost: it cannot be written.
        """
        try:
            print(text, end="", flush=True)
        except OSError as error:
            raise OutputLost(error.errno, error.strerror) from error

    def err(self, text: str) -> None:
        """Write a message for a person on stderr. One that cannot be written is dropped: it decides nothing.

        Raises:
            OSError: the terminal is gone, which a run that may continue without one has to know.
        """
        try:
            click.echo(text, nl=False, err=True)
        except OSError as error:
            if error.errno == errno.EIO:
                raise

    def ask(self, question: str, keys: str) -> str:
        """Print a question and wait for one of `keys` on the terminal; empty where there is no terminal to ask."""
        if not sys.stdin.isatty():
            return ""
        self.err(question)
        try:
            while (key := click.getchar().lower()) not in keys:
                pass
        except EOFError:  # ctrl+D, or the terminal is gone
            return ""
        self.err(f"{key}\n")
        return key

    def leave(self, why: str) -> None:
        """End the command at its next `check`, because the process leaves the workspace. From any thread."""
        self._leaves = why

    def check(self) -> None:
        """Raise if the command has to end.

        Raises:
            KeyboardInterrupt: the person pressed ctrl+C.
            OwnerLeaves: the process leaves the workspace.
            ClientGone: the client is gone.
        """
        if self._leaves is not None:
            raise OwnerLeaves(self._leaves)


class RemoteConsole(Console):
    """The terminal of a client, at the other end of a channel."""

    def __init__(self, channel: Channel, ask: Mapping[str, Any]) -> None:
        super().__init__()
        self.folder = Path(str(ask["cwd"]))
        self._columns = int(ask["columns"]) if ask.get("columns") else None
        self.environment = {str(name): str(value) for name, value in dict(ask["environment"]).items()}
        self._channel = channel
        self._interrupted = threading.Event()
        self._answers: SimpleQueue[str] = SimpleQueue()
        self._gone = False
        threading.Thread(target=self._listen, name="palate-client-listener", daemon=True).start()

    @property
    def columns(self) -> int | None:
        """The width of the client's terminal."""
        return self._columns

    def out(self, text: str) -> None:
        """Send the text to the client, which writes it on stdout."""
        self._send("out", text)

    def err(self, text: str) -> None:
        """Send the text to the client, which writes it on stderr."""
        self._send("err", text)

    def ask(self, question: str, keys: str) -> str:
        """Let the client ask, and wait for the answer."""
        try:
            self._channel.send({"ask": question, "keys": keys})
        except OSError:
            self._gone = True
        while True:
            self.check()
            with suppress(Empty):
                return self._answers.get(timeout=0.2)

    def check(self) -> None:
        """See `Console.check`; the client's ctrl+C raises once."""
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
                elif "answer" in record:
                    self._answers.put(str(record["answer"]))
        except ProtocolError:
            pass  # a client whose messages cannot be read counts as gone
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


def current_folder() -> Path:
    """The folder in which this process was started.

    Raises:
        InputError: it was removed.
    """
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise InputError(REMOVED) from error


class CallerPath(click.Path):
    """A path on the command line. A relative path starts in the folder in which the command was typed."""

    def __init__(self, **more: Any) -> None:
        super().__init__(path_type=Path, **more)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; a relative one is joined to the client's folder where the command runs in another process."""
        folder = console().folder
        return super().convert(value if folder is None or str(value) == "-" else folder / value, param, ctx)


def say(text: str) -> None:
    """Print a message for a person on stderr, its control characters made visible."""
    console().err(visible(text) + "\n")


def show(text: str = "") -> None:
    """Print text and a line break on stdout, as it is."""
    console().out(text + "\n")


def emit(record: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    show(json.dumps(record, allow_nan=False, default=str))
