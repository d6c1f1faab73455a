"""One process owns a workspace through an advisory lock, which the kernel releases when the owner dies.

The lock is `flock` on a file in the workspace. People and clients read the file's content: pid, host, since, and the
owner's socket. The file is never removed: a lock on a removed file guards nothing.
"""

import errno
import fcntl
import json
import os
import socket
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from db.errors import DatabaseError, NotWritable, WorkspaceBusy
from db.private_files import open_private
from db.times import utc_now

LOCK_NAME = "palate.lock"
_LABEL_BYTES = 2048  # more than a host's name and a socket's path take

_held: "weakref.WeakSet[WorkspaceLock]" = weakref.WeakSet()


class WorkspaceLock:
    """The ownership of one workspace folder. Also a context manager."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK_NAME
        self.owner: dict[str, Any] = {}
        """The lock file while this process holds the lock: pid, host, since, and the socket's path under "door"."""
        self._handle: int | None = None

    def acquire(self) -> None:
        """Own the workspace until `release` or the end of this process. A missing folder is created.

        Raises:
            WorkspaceBusy: another live process owns it.
            NotWritable: the folder or the lock file cannot be made or written.
            DatabaseError: the file system cannot lock, or this object holds the lock already.
        """
        if self._handle is not None:
            raise DatabaseError(f"{self.path} is already held by this process.")
        handle = self._open()
        try:
            self._lock(handle)
            self.owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": utc_now()}
            self._sign(handle)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        _held.add(self)

    def name_socket(self, path: str | None) -> None:
        """Write the path of the owner's socket into the lock file for clients; None when it accepts no more clients.

        Does nothing when the lock is not held.
        """
        if self._handle is not None:
            self.owner = {**self.owner, "door": path}
            self._sign(self._handle)

    def release(self) -> None:
        """Release the lock. Does nothing when the lock is not held."""
        handle, self._handle = self._handle, None
        _held.discard(self)
        if handle is not None:
            os.ftruncate(handle, 0)
            fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)

    def __enter__(self) -> "WorkspaceLock":
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def forget(self) -> None:
        """In a forked child: close the copy of the handle without releasing the parent's lock."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _open(self) -> int:
        """Open the lock file. Programs that this process starts do not inherit the handle (O_CLOEXEC)."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return open_private(self.path, os.O_RDWR)
        except OSError as error:
            raise NotWritable(
                f"{self.path.parent} cannot be written ({error.strerror}). "
                "Check the permissions, or choose another folder with --workspace."
            ) from error

    def _lock(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise self._busy(_read(handle)) from error
        except OSError as error:
            raise DatabaseError(
                f"{self.path} cannot be locked ({error.strerror}). Choose a folder on a local disk with --workspace."
            ) from error

    def _sign(self, handle: int) -> None:
        try:
            # One write of a fixed length over the old label, so that a client never reads half a label or none.
            os.pwrite(handle, json.dumps(self.owner).encode().ljust(_LABEL_BYTES), 0)
        except OSError as error:
            # The lock is valid without its label; only a full disk may prevent the label.
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise

    def _busy(self, owner: dict[str, Any]) -> WorkspaceBusy:
        pid, host, since = owner.get("pid"), owner.get("host"), owner.get("since")
        who = f"process {pid} on {host} since {since}" if pid else "another process"
        message = f"{self.path.parent} is in use by {who}. Close that one, or choose another folder with --workspace."
        return WorkspaceBusy(message, pid=pid, host=host, since=since, socket_path=owner.get("door"))


def owner_of(folder: Path) -> dict[str, Any] | None:
    """The lock file's content about the workspace's owner (pid, host, since); None when no process owns it.

    This never tries the lock itself: an owner that starts at that moment would then find the lock taken.
    """
    try:
        owner = json.loads((folder / LOCK_NAME).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(owner, dict) or not isinstance(owner.get("pid"), int):
        return None
    return None if owner.get("host") == socket.gethostname() and not _is_alive(owner["pid"]) else owner


def _is_alive(pid: int) -> bool:
    """Whether the process is alive. A zombie, which a killed process may be for a while, counts as dead."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _read(handle: int) -> dict[str, Any]:
    """The content that the owner wrote; an empty dict while it is still writing."""
    try:
        owner = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _forget_in_child() -> None:
    for lock in list(_held):
        lock.forget()
    _held.clear()


os.register_at_fork(after_in_child=_forget_in_child)
