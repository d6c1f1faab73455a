"""The messages between the owner of a workspace and its clients: JSON objects, one on a line, over a Unix socket.

A client's first line holds the version of this protocol, as `palate`, and its request, as `ask`:

    {"ask": "who"}                                       owner: its facts, pid first; {"again": true} asks once more
    {"ask": "command", "words", "cwd", "environment",    owner: {"begun": true}, then {"out"} and {"err"} with text,
     "columns": of its terminal, or null}                then {"exit"} with the code; client: {"interrupt": true}.
                                                         To {"ask", "keys"} the client replies {"answer"}: a key, or ""
    {"ask": "leave", "who"}                              owner: {"leaving": true} with its facts; the connection ends
                                                         once it has left

Any request may be answered by {"refused", "text"}, a title and a sentence; with "again" the client may try again.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from tui.errors import WorkbenchError

VERSION: Final = 2
LONGEST_LINE: Final = 1 << 20
"""Bytes. Neither side sends a longer line, and neither reads one to its end."""
_LONGEST_TEXT: Final = 100_000
"""Characters of output in one line; JSON may take six bytes for each."""


class ProtocolError(WorkbenchError):
    """The other side sent no valid message, or none in time."""

    title = "The two processes do not understand one another"


class Channel:
    """One end of a connection. Any thread may send; one at a time receives."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._rest = bytearray()
        self._sending = threading.Lock()

    def send(self, record: Mapping[str, Any]) -> None:
        """Send one object.

        Raises:
            ProtocolError: it is too long for a line.
            OSError: the other side is gone.
        """
        line = json.dumps(record, default=str).encode() + b"\n"
        if len(line) > LONGEST_LINE:
            raise ProtocolError(
                f"{len(line):,} bytes are too long for a line, {LONGEST_LINE:,} are allowed. Send less."
            )
        with self._sending:
            self._link.sendall(line)

    def send_text(self, name: str, text: str) -> None:
        """Send `text` under `name`, in as many lines as it takes."""
        for start in range(0, len(text), _LONGEST_TEXT):
            self.send({name: text[start : start + _LONGEST_TEXT]})

    def has_news(self, within_s: float) -> bool:
        """Wait `within_s` seconds at most; returns whether the other side sent something or has closed."""
        if b"\n" in self._rest:
            return True
        try:
            ready, _, _ = select.select([self._link], [], [], within_s)
        except (OSError, ValueError):  # this side has closed it meanwhile
            return True
        return bool(ready)

    def receive(self, within_s: float | None = None) -> dict[str, Any] | None:
        """The next object; None when the other side has closed.

        Raises:
            ProtocolError: the line is no JSON object, is too long, or did not come within `within_s` seconds.
        """
        deadline = None if within_s is None else time.monotonic() + within_s
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > LONGEST_LINE:
                raise ProtocolError(f"A line has more than {LONGEST_LINE:,} bytes. Send less.")
            try:
                self._link.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.001))
                more = self._link.recv(1 << 16)
            except TimeoutError:
                raise ProtocolError(f"Nothing came within {within_s:g} s. Try again.") from None
            except OSError:
                more = b""
            finally:
                if deadline is not None:
                    self._link.settimeout(None)
            if not more:
                return None
            self._rest += more
        line, self._rest = bytes(self._rest[:end]), self._rest[end + 1 :]
        return _parsed(line)

    def close(self) -> None:
        """End the connection; a thread that waits in `receive` gets None."""
        with suppress(OSError):  # the other side closed it first
            self._link.shutdown(socket.SHUT_RDWR)
        self._link.close()


def peer_uid(link: socket.socket) -> int | None:
    """The id of the user at the other end of a Unix socket, from the kernel; None where the kernel has none."""
    if sys.platform == "linux":
        credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        uid: int = struct.unpack("3i", credentials)[1]
        return uid
    return _getpeereid(link)  # type: ignore[unreachable]  # mypy checks for one platform alone


def _getpeereid(link: socket.socket) -> int | None:
    """`getpeereid`, which the BSDs and macOS have."""
    import ctypes

    call = getattr(ctypes.CDLL(None), "getpeereid", None)
    uid, gid = ctypes.c_uint32(), ctypes.c_uint32()
    if call is None or call(link.fileno(), ctypes.byref(uid), ctypes.byref(gid)) != 0:
        return None
    return uid.value


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise ProtocolError(f"{line[:40]!r} is no JSON object. Use version {VERSION} of the protocol.")
    return record
