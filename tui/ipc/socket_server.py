"""The owner's Unix socket, beside the lock and for the owner of the files alone.

A client that is silent, sends invalid messages or vanishes delays no other client: each client has a thread, its first
line has to come in time, and the number of clients is bounded.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from socketserver import BaseServer, ThreadingUnixStreamServer
from typing import Any, Final

from tui.ipc.protocol import VERSION, Channel, ProtocolError, peer_uid
from tui.workspace.workspace import Workspace

logger = logging.getLogger(__name__)

SOCKET_NAME: Final = "palate.sock"
MOST_CLIENTS: Final = 32
FIRST_LINE_WITHIN_S: Final = 5.0
_LONGEST_PATH: Final = 100
"""Bytes of the socket's path. `sun_path` holds 104 on the BSDs and 108 on Linux, with a zero at its end."""

Serve = Callable[[Channel, Mapping[str, Any]], None]


class SocketServer:
    """Accepts clients and calls `serve` with the channel and the first line of each, on a thread of its own."""

    def __init__(self, workspace: Workspace, serve: Serve) -> None:
        self.path: Path | None = None
        """Where the socket is; None while it is closed."""
        self._workspace, self._serve = workspace, serve
        self._clients: dict[threading.Thread, Channel] = {}
        self._changed = threading.Lock()

    def open(self) -> None:
        """Make the socket, write its path into the lock file, and accept clients from now on.

        Where no socket can be made, the owner works without one, and the log says why.
        """
        try:
            listener, self.path = _listen(self._workspace.folder)
        except OSError as error:
            logger.warning("No client can be served: no socket can be made (%s)", error)
            return
        self._server = _Server(listener, self._handle)
        self._acceptor = threading.Thread(target=self._server.serve_forever, name="palate-socket", daemon=True)
        self._acceptor.start()
        assert self._workspace.lock is not None
        self._workspace.lock.name_socket(str(self.path))

    def clients(self) -> list[threading.Thread]:
        """The threads of the clients that are connected."""
        with self._changed:
            return list(self._clients)

    def close(self, within_s: float = 2.0) -> None:
        """Accept no more clients, wait `within_s` seconds for each, and disconnect the rest. May be called twice."""
        path, self.path = self.path, None
        if path is None:
            return
        if self._workspace.lock is not None:
            self._workspace.lock.name_socket(None)
        self._server.shutdown()
        self._acceptor.join()
        self._server.server_close()
        _remove(path, self._workspace.folder)
        for client in self.clients():
            client.join(within_s)
        with self._changed:
            left = list(self._clients.values())
        for channel in left:
            channel.close()

    # -- on a client's thread ------------------------------------------------------------------------------------

    def _handle(self, link: socket.socket, _address: object, _server: BaseServer) -> None:
        """Serve one client from its first line until it is disconnected."""
        channel = Channel(link)
        try:
            if self._admit(channel):
                self._hear(channel)
        except OSError:
            pass  # the client vanished
        finally:
            channel.close()
            self._workspace.readers.release()  # else this thread's connections would stay open as long as the owner
            with self._changed:
                self._clients.pop(threading.current_thread(), None)

    def _admit(self, channel: Channel) -> bool:
        """Register the client, unless too many are connected already; returns whether it was registered."""
        with self._changed:
            full = len(self._clients) >= MOST_CLIENTS
            if not full:
                self._clients[threading.current_thread()] = channel
        if full:
            text = f"{MOST_CLIENTS} clients are connected already. Try again in a moment."
            channel.send({"refused": "Too many commands", "text": text, "again": True})
        return not full

    def _hear(self, channel: Channel) -> None:
        try:
            ask = channel.receive(FIRST_LINE_WITHIN_S)
            if ask is None:
                return
            if ask.get("palate") != VERSION:
                raise ProtocolError(
                    f"This Palate uses version {VERSION} of the protocol, yours uses {ask.get('palate')!r}. "
                    "Use the same Palate for both, or close the one that has the workspace open."
                )
            self._serve(channel, ask)
        except ProtocolError as error:
            channel.send({"refused": error.title, "text": str(error)})


class _Server(ThreadingUnixStreamServer):
    """The library's server, on a socket that listens already; it calls `handle` on a thread for each client."""

    daemon_threads = True
    block_on_close = False  # `SocketServer.close` waits for the clients, and not for ever

    def __init__(self, listener: socket.socket, handle: Callable[[socket.socket, object, BaseServer], None]) -> None:
        super().__init__(str(listener.getsockname()), handle, bind_and_activate=False)  # type: ignore[arg-type]
        self.socket.close()
        self.socket = listener

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a client. Where that fails, as with too many open files, wait: the next try would fail as well."""
        try:
            return super().get_request()
        except OSError as error:
            logger.warning("A client could not be accepted: %s", error)
            time.sleep(0.1)
            raise

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether the client is of the same user. The socket's mode ensures that too, on most file systems."""
        del client_address
        uid = peer_uid(request)
        if uid in (None, os.getuid()):
            return True
        logger.warning("A client of user %s was refused", uid)
        return False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log the error that ended a client's thread; the other clients are not affected."""
        del request, client_address
        logger.exception("A client's request ended with an error")


# -- the socket ------------------------------------------------------------------------------------------------


def _listen(folder: Path) -> tuple[socket.socket, Path]:
    """A listening socket in the workspace; in a private run-time folder where its path is too long or binding fails."""
    path = folder.absolute() / SOCKET_NAME
    if len(os.fsencode(path)) + 8 <= _LONGEST_PATH:
        try:
            return _bind(path), path
        except OSError as error:  # as on a network file system
            logger.info("No socket can be made in %s (%s); it is made in another folder", folder, error)
    home = os.environ.get("XDG_RUNTIME_DIR")
    place = tempfile.mkdtemp(prefix="palate-", dir=home if home and os.path.isdir(home) else None)
    path = Path(place) / SOCKET_NAME
    return _bind(path), path


def _bind(path: Path) -> socket.socket:
    """A listening socket at `path` that no other user can reach at any moment; it replaces one of a dead owner."""
    private = tempfile.mkdtemp(prefix=".", dir=path.parent)  # hides the socket between `bind` and `chmod`
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        beside = os.path.join(private, "s")
        listener.bind(beside)
        os.chmod(beside, 0o600)
        listener.listen(MOST_CLIENTS)
        os.replace(beside, path)
    except BaseException:
        listener.close()
        raise
    finally:
        shutil.rmtree(private, ignore_errors=True)
    return listener


def _remove(path: Path, workspace: Path) -> None:
    """Delete the socket, and the private folder if one was made for it."""
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()
    if path.parent != workspace.absolute():
        shutil.rmtree(path.parent, ignore_errors=True)
