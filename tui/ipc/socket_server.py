"""The owner's door: a Unix socket beside the lock, for the owner of the files alone, served by threads of their own.

Whatever a visitor does (stays silent, sends nonsense, vanishes) holds up nobody but itself: each has a thread, the
first line has to come in time, and no more than so many are let in.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tui.ipc.protocol import VERSION, Channel, ProtocolError, peer_uid
from tui.workspace.workspace import Workspace

logger = logging.getLogger(__name__)

DOOR_NAME: Final = "palate.sock"
MOST_VISITORS: Final = 32
FIRST_LINE_WITHIN_S: Final = 5.0
_LONGEST_PATH: Final = 100
"""Bytes. `sun_path` holds 104 on the BSDs and 108 on Linux, with a zero at its end."""

Serve = Callable[[Channel, Mapping[str, Any]], None]


class SocketServer:
    """Lets visitors in and hands each of them, with its first line, to `serve` on a thread of its own."""

    def __init__(self, workspace: Workspace, serve: Serve) -> None:
        self.path: Path | None = None
        """Where the socket is; None while the door is closed."""
        self._workspace, self._serve = workspace, serve
        self._visits: dict[threading.Thread, Channel] = {}
        self._changed = threading.Lock()

    def open(self) -> None:
        """Make the socket, name it in the lock file, and let visitors in from now on.

        Where no socket can be made, the owner works without a door; the log says why.
        """
        try:
            self._listener, self.path = _listen(self._workspace.folder)
        except OSError as error:
            logger.warning("No visitor can be let in: no socket can be made (%s)", error)
            return
        self._stop_r, self._stop_w = socket.socketpair()
        self._doorman = threading.Thread(target=self._let_in, name="palate-door", daemon=True)
        self._doorman.start()
        assert self._workspace.lock is not None
        self._workspace.lock.name_door(str(self.path))

    def visitors(self) -> list[threading.Thread]:
        """The threads of the visitors that are inside."""
        with self._changed:
            return list(self._visits)

    def close(self, within_s: float = 2.0) -> None:
        """Let nobody in any more, and show out who is still inside after `within_s`. May be called twice."""
        path, self.path = self.path, None
        if path is None:
            return
        if self._workspace.lock is not None:
            self._workspace.lock.name_door(None)
        self._stop_w.send(b"x")
        self._doorman.join()
        for end in (self._listener, self._stop_r, self._stop_w):
            end.close()
        _remove(path, self._workspace.folder)
        for visit in self.visitors():
            visit.join(within_s)
        with self._changed:
            left = list(self._visits.values())
        for channel in left:
            channel.close()

    # -- threads -------------------------------------------------------------------------------------------------

    def _let_in(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._listener, selectors.EVENT_READ)
            ready.register(self._stop_r, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in ready.select()):
                try:
                    link, _ = self._listener.accept()
                except OSError as error:  # the visitor was gone again, or there are too many open files
                    logger.warning("A visitor could not be let in: %s", error)
                    time.sleep(0.1)
                    continue
                self._begin(Channel(link), link)

    def _begin(self, channel: Channel, link: socket.socket) -> None:
        link.setblocking(True)
        with self._changed:
            full = len(self._visits) >= MOST_VISITORS
            if not full:
                visit = threading.Thread(target=self._visit, args=(channel, link), name="palate-visitor", daemon=True)
                self._visits[visit] = channel
        if not full:
            visit.start()
            return
        with contextlib.suppress(OSError):  # a line this short fits into the socket's buffer, so nobody waits here
            channel.send({"refused": "Too many visitors", "text": f"{MOST_VISITORS} are inside already. Try again."})
        channel.close()

    def _visit(self, channel: Channel, link: socket.socket) -> None:
        try:
            if _may_enter(link):
                self._hear(channel)
        except OSError:
            pass  # it vanished
        except Exception:
            logger.exception("A visit ended with an error")
        finally:
            channel.close()
            self._workspace.readers.release()  # what it opened would stay open as long as the owner
            with self._changed:
                self._visits.pop(threading.current_thread(), None)

    def _hear(self, channel: Channel) -> None:
        try:
            ask = channel.receive(FIRST_LINE_WITHIN_S)
            if ask is None:
                return
            if ask.get("palate") != VERSION:
                raise ProtocolError(
                    f"This Palate speaks version {VERSION} to its visitors, yours speaks {ask.get('palate')!r}. "
                    "Use the same Palate for both, or close the one that has the workspace open."
                )
            self._serve(channel, ask)
        except ProtocolError as error:
            channel.send({"refused": error.title, "text": str(error)})


def _may_enter(link: socket.socket) -> bool:
    """Is the visitor of the same user? The socket's mode says so already where the file system keeps modes."""
    uid = peer_uid(link)
    if uid in (None, os.getuid()):
        return True
    logger.warning("A visitor of user %s was turned away", uid)
    return False


# -- the socket ------------------------------------------------------------------------------------------------


def _listen(folder: Path) -> tuple[socket.socket, Path]:
    """A listening socket, in the workspace if its path is short enough, else in a private folder for run-time files."""
    path = folder.absolute() / DOOR_NAME
    if len(os.fsencode(path)) + 8 <= _LONGEST_PATH:
        try:
            return _bind(path), path
        except OSError as error:  # such as a network file system
            logger.info("No socket can be made in %s (%s); another folder takes it", folder, error)
    home = os.environ.get("XDG_RUNTIME_DIR")
    place = tempfile.mkdtemp(prefix="palate-", dir=home if home and os.path.isdir(home) else None)
    path = Path(place) / DOOR_NAME
    return _bind(path), path


def _bind(path: Path) -> socket.socket:
    """A socket that nobody else can reach at any moment, put in place of one that a dead owner left."""
    private = tempfile.mkdtemp(prefix=".", dir=path.parent)  # for the owner alone; between `bind` and `chmod` too
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        beside = os.path.join(private, "s")
        listener.bind(beside)
        os.chmod(beside, 0o600)
        listener.listen(MOST_VISITORS)
        os.replace(beside, path)
    except BaseException:
        listener.close()
        raise
    finally:
        shutil.rmtree(private, ignore_errors=True)
    return listener


def _remove(path: Path, workspace: Path) -> None:
    """Take the socket away, and the private folder that was made for it alone."""
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()
    if path.parent != workspace.absolute():
        shutil.rmtree(path.parent, ignore_errors=True)
