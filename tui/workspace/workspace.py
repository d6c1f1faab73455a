"""The folder that holds all of a person's work: database, adapters, backups and logs.

A `Workspace` is either owned (it holds the lock and the one writer) or only read (any number of processes may read it).
"""

import secrets
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_data_path

from adapters.registry import Registry
from db import prompt_sets as db_prompt_sets
from db import prompts as db_prompts
from db import runs as db_runs
from db import settings as db_settings
from db import tags as db_tags
from db.connection import open_database, read_only
from db.errors import DatabaseError, WorkspaceBusy
from db.lock import WorkspaceLock, owner_of
from db.writer import Writer
from tui.errors import InputError, WorkbenchError
from tui.workspace.bundled_prompts import BUNDLED_SET, load_questions
from tui.workspace.settings import FIRST_REASONS

_Result = TypeVar("_Result")


def default_folder() -> Path:
    """The folder of the workspace unless a person names another one."""
    return user_data_path("palate", appauthor=False)


class Readers:
    """Read-only connections to one database, one for each thread that reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: set[sqlite3.Connection] = set()
        self._changed = threading.Lock()

    def get(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = read_only(self._path)
            with self._changed:
                self._all.add(connection)
        return connection

    def release(self) -> None:
        """Close this thread's connection, if any. A thread that ends before the workspace does calls this last."""
        connection: sqlite3.Connection | None = self._local.__dict__.pop("connection", None)
        if connection is not None:
            with self._changed:
                self._all.discard(connection)
            connection.close()

    def close(self) -> None:
        """Close every open connection."""
        with self._changed:
            for connection in self._all:
                connection.close()


@dataclass(frozen=True)
class Workspace:
    """An open workspace. `writer` is None where it is only read."""

    folder: Path
    readers: Readers
    registry: Registry
    writer: Writer | None
    _closing: ExitStack
    lock: WorkspaceLock | None = None
    """The lock that makes this process the owner; None where the workspace is only read."""

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's read-only connection."""
        return self.readers.get()

    def write(self, function: Callable[..., _Result], *args: Any, **kwargs: Any) -> Future[_Result]:
        """Run `function(connection, ...)` in one transaction on the writer's thread.

        The future resolves once the transaction is on the disk.
        """
        return self._writer().submit(function, *args, **kwargs)

    def write_verdict(self, function: Callable[..., _Result], *args: Any, **kwargs: Any) -> Future[_Result]:
        """As `write`, for what a person judged: on a full disk it may use the room that is kept for verdicts."""
        return self._writer().submit_with_reserve(function, *args, **kwargs)

    def keep_room(self, size: int) -> bool:
        """Keep `size` bytes of the disk for verdicts from now on; returns whether they are kept, see `db.reserve`."""
        return self._writer().keep_room(size)

    def empty_log(self) -> None:
        """Empty the database's write-ahead log, as far as readers and the disk allow."""
        self._writer().empty_log()

    def setting(self, key: str, default: Any = None) -> Any:
        """The value stored under `key`, or `default`."""
        return db_settings.get_setting(self.connection, key, default)

    def keep_setting(self, key: str, value: Any) -> None:
        """Store `value` under `key`; it is on the disk on return."""
        self.write(db_settings.set_setting, key, value).result()

    def owner(self) -> dict[str, Any] | None:
        """The process that owns the workspace now (pid, host, since), None when none does."""
        return owner_of(self.folder)

    def _writer(self) -> Writer:
        if self.writer is None:
            raise WorkbenchError(
                f"The workspace {self.folder} is open for reading only. Open it with `palate` to change it."
            )
        return self.writer

    def close(self) -> None:
        """Close the readers, then the writer (which truncates its WAL), then release the lock."""
        self._closing.close()


def own_workspace(folder: Path, tell: Callable[[str], None] = lambda _: None) -> Workspace:
    """Open `folder` as its one owner; a new folder gets a database and the science questions.

    `tell` receives a sentence when an upgrade of the database will take a while.

    Raises:
        WorkspaceBusy: another process owns it.
        DatabaseError: the folder or the database cannot be used.
        AdapterNotWritten: leftovers of an interrupted operation cannot be removed from the adapters' folder.
    """
    with ExitStack() as opened:
        lock = WorkspaceLock(folder)
        try:
            lock.acquire()
        except WorkspaceBusy as busy:
            busy.args = (f"{busy}{_run_words(folder)}",)
            raise
        opened.callback(lock.release)
        open_database(folder / "palate.db", tell)
        writer = Writer(folder / "palate.db")
        opened.callback(writer.close)
        readers = Readers(folder / "palate.db")
        opened.callback(readers.close)
        # Callbacks on stored rows read on the writer's thread: closing a connection under them would be a crash.
        opened.callback(writer.wait_until_done)
        registry = Registry(folder / "adapters")
        registry.clear_leftovers()
        workspace = Workspace(folder, readers, registry, writer, opened.pop_all(), lock)
    _furnish(workspace)
    return workspace


def _run_words(folder: Path) -> str:
    """The owner's running run, for the message of a process that cannot own the workspace; empty without a run."""
    try:
        with closing(read_only(folder / "palate.db")) as connection:
            running = [row for row in db_runs.list_runs(connection) if row.status == "running"]
    except DatabaseError:
        return ""
    words = ""
    for row in running:
        of = f" of {row.total_steps}" if row.total_steps else ""
        words += f" Its run {row.id} ({row.name}) is at step {row.step}{of}."
    return words


class NoWorkspace(InputError):
    """There is no workspace where one was to be read."""


def read_workspace(folder: Path) -> Workspace:
    """Open `folder` for reading, beside its owner or without one.

    Raises:
        NoWorkspace: there is no workspace in `folder`.
    """
    database = folder / "palate.db"
    if not database.exists():
        raise NoWorkspace(f"There is no workspace in {folder}: {database.name} is missing. Start one with `palate`.")
    opened = ExitStack()
    readers = Readers(database)
    opened.callback(readers.close)
    return Workspace(folder, readers, Registry(folder / "adapters"), None, opened)


def _furnish(workspace: Workspace) -> None:
    """Give a new workspace its seed, the preset auto, a list of reasons and the two bundled prompt sets."""
    if workspace.setting("seed") is None:
        workspace.keep_setting("runs", {"preset": "auto"})
        workspace.keep_setting("seed", secrets.randbelow(2**31))
    if not db_tags.list_tags(workspace.connection):
        workspace.write(db_tags.offer_first, FIRST_REASONS).result()
    if db_prompts.list_prompt_sets(workspace.connection):
        return
    for name, held_out in ((BUNDLED_SET, False), (f"{BUNDLED_SET}, held out", True)):
        prompts = load_questions(held_out=held_out)
        workspace.write(db_prompt_sets.create_prompt_set, name, held_out=held_out, prompts=prompts).result()
