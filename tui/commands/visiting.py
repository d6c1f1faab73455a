"""The visitor's side: let the owner of the workspace run this command, and speak as if it ran here."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import click

from tui.errors import WorkbenchError
from tui.wire import VERSION, Wire, peer_uid

_INTERRUPTS: Final = 3
"""The owner is told of ctrl+C; pressed so often, this process leaves by itself."""


class OwnerGone(WorkbenchError):
    """The owner ended while it ran this command."""

    title = "The owner of the workspace is gone"


class OwnerRefused(WorkbenchError):
    """The owner does not do what was asked."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(text)
        self.title = title  # type: ignore[misc]  # the owner's own words


def knock(door: str) -> Wire | None:
    """A connection to the owner behind `door`; None when nobody is there (any more)."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        link.connect(door)
    except OSError:
        link.close()
        return None
    if peer_uid(link) not in (None, os.getuid()):
        link.close()
        raise OwnerRefused("This is not your workspace", f"{door} belongs to another user. Choose another --workspace.")
    return Wire(link)


def visit(door: str, words: Sequence[str], pid: int | None) -> int | None:
    """Let the owner run `palate` with these words; returns the exit code, or None when nobody took the command.

    Raises:
        OwnerGone: the owner ended before the command did.
        OwnerRefused: it does not do that, or speaks another version.
    """
    wire = knock(door)
    if wire is None:
        return None
    try:
        ask = {"palate": VERSION, "ask": "command", "words": list(words)}
        wire.send({**ask, "cwd": os.getcwd(), "environment": dict(os.environ)})
        with _ctrl_c_passed_on(wire):
            return _follow(wire, pid)
    except (BrokenPipeError, ConnectionResetError):
        return None  # the door closed in our face
    finally:
        wire.close()


def _follow(wire: Wire, pid: int | None) -> int | None:
    begun = False
    while (said := wire.receive()) is not None:
        match said:
            case {"begun": _}:
                begun = True
            case {"out": str(text)}:
                print(text, end="", flush=True)
            case {"err": str(text)}:
                click.echo(text, nl=False, err=True)
            case {"exit": int(code)}:
                return code
            case {"again": True}:
                return None
            case {"refused": title, "text": text}:
                raise OwnerRefused(str(title), str(text))
    if not begun:
        return None
    raise OwnerGone(
        f"Process {pid} ended while it ran this command. What it had acknowledged is saved; run the command again."
    )


@contextmanager
def _ctrl_c_passed_on(wire: Wire) -> Iterator[None]:
    """Tell the owner of ctrl+C instead of ending here, a few times."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a handler
        return
    pressed = 0

    def tell(_number: int, _frame: Any) -> None:
        nonlocal pressed
        pressed += 1
        if pressed >= _INTERRUPTS:
            raise KeyboardInterrupt
        with suppress(OSError):  # if the owner is gone, the connection tells
            wire.send({"interrupt": True})

    before = signal.signal(signal.SIGINT, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
