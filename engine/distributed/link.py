"""A worker's connection to the owner of the workspace. Where the owner is gone, the worker ends at once.

Both write lines of JSON. The worker says `hello` (its number), that it appended `line` number n to the run's events,
`ask` (keys of reference logps), `failed` with an error, and `over`. The owner says what it `want`s (a `Wish`), how many
events it has `consumed`, which reference logps are `known`, and `leave` before it closes the connection.
"""

import json
import os
import shutil
import signal
import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from typing import Any


class Wish(StrEnum):
    """What the owner wants of a run at its next boundary."""

    NOTHING = "nothing"
    CHECKPOINT = "checkpoint"
    STOP = "stop"


class Link:
    """Connects worker `rank` to the owner at `address`.

    Attributes:
        wish: what the owner wants now.
    """

    def __init__(self, address: str, rank: int) -> None:
        self.wish = Wish.NOTHING
        self._address, self._launcher = address, os.getppid()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(address)
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._consumed = 0
        self._heard_leave = False
        self._known: SimpleQueue[dict[str, tuple[float, float]]] = SimpleQueue()
        self.say(hello=rank, pid=os.getpid())
        threading.Thread(target=self._listen, name="palate-owner", daemon=True).start()

    def say(self, **message: Any) -> None:
        """Send a message to the owner."""
        with self._sending:
            self._socket.sendall((json.dumps(message) + "\n").encode())

    def wait_until_consumed(self, number: int, ahead: int) -> None:
        """Wait until the owner has consumed event `number - ahead`; while it has a wish, event `number` itself."""
        with self._changed:
            self._changed.wait_for(lambda: self._consumed >= number - (ahead if self.wish is Wish.NOTHING else 0))

    def look_up(self, keys: Sequence[str]) -> Mapping[str, tuple[float, float]]:
        """The reference logps that the owner has under these keys."""
        self.say(ask=list(keys))
        return self._known.get()

    def _listen(self) -> None:
        try:
            for line in self._socket.makefile(encoding="utf-8"):
                self._take(json.loads(line))
        except OSError:
            pass  # the connection broke, which like the end of the file means that the owner is gone
        self._end_all()

    def _end_all(self) -> None:
        """Kill the launcher, which would otherwise wait minutes for the rendezvous, and end this process."""
        if os.getppid() == self._launcher:
            with suppress(ProcessLookupError):
                os.kill(self._launcher, signal.SIGKILL)
        if not self._heard_leave:  # an owner that said `leave` deletes the folder itself, and may still read it
            shutil.rmtree(Path(self._address).parent, ignore_errors=True)
        os._exit(0)  # another thread may be deep inside a computation, whose result nobody waits for

    def _take(self, message: Mapping[str, Any]) -> None:
        if "leave" in message:
            self._heard_leave = True
            return
        if "known" in message:
            self._known.put({key: (chosen, rejected) for key, (chosen, rejected) in message["known"].items()})
            return
        with self._changed:
            self.wish = Wish(message["want"])
            self._consumed = max(self._consumed, message["consumed"])
            self._changed.notify_all()
