"""Backups of a workspace's database: on request, and one a day while the app is open."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from db.backup import back_up_open
from db.backup_files import AUTOMATIC, BACKUPS, automatic_backups, rotate, timed_name
from db.connection import any_version
from db.errors import DatabaseError
from db.integrity import verdicts_held
from db.sqlite_errors import translated
from engine.errors import EngineError
from tui.errors import InputError
from tui.workspace.export_list import check_free, note_export
from tui.workspace.settings_store import stored_settings
from tui.workspace.workspace import NoWorkspace, Workspace

FIRST_AFTER_S, CHECK_EVERY_S = 20.0, 3600.0
"""The app has started by then; a backup is never later than this."""
EVERY = timedelta(days=1)
_ROOM = 3
"""An automatic backup is made only where the disk has this many times the database's size free."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MadeBackup:
    """A backup that was checked: the file, its bytes, and how many verdicts it holds."""

    path: Path
    bytes: int
    verdicts: int


def make_backup(
    folder: Path, target: Path, *, overwrite: bool = False, step: Callable[[], None] = lambda: None
) -> MadeBackup:
    """Copy the database of the workspace in `folder` to `target`, beside whatever process owns it.

    `step` is called while pages are copied; what it raises ends the copy. Nothing is left of a copy that failed.

    Raises:
        InputError: there is no workspace, or the target exists or has no folder.
        DatabaseError: the database is damaged or cannot be read, or the target cannot be written.
    """
    database = folder / "palate.db"
    if not database.exists():
        raise NoWorkspace(f"There is no workspace in {folder}: {database.name} is missing. Start one with `palate`.")
    _check_target(database, target, overwrite)
    with translated(database):
        connection = any_version(database)
    with translated(target), closing(connection):
        back_up_open(connection, target, step)
        verdicts = verdicts_held(connection)[0]
    if folder.absolute() not in target.absolute().parents:
        note_export(folder, target, "backup")
    return MadeBackup(target, target.stat().st_size, verdicts)


def _check_target(database: Path, target: Path, overwrite: bool) -> None:
    if target.parent != database.parent / BACKUPS and not target.parent.is_dir():
        raise InputError(f"There is no folder {target.parent}. Create it first, or write elsewhere.")
    if target.is_dir():
        raise InputError(f"{target} is a folder. Name a file in it.")
    if target.exists() and target.samefile(database):
        raise InputError(f"{target} is the database itself. Name another file.")
    check_free(target, overwrite=overwrite)


class _Closing(Exception):
    """The app ends, so the copy does too."""


class AutomaticBackups:
    """Makes a backup a day on a thread of its own, and keeps as many as the setting `backups_kept` says."""

    def __init__(self, workspace: Workspace, first_after_s: float = FIRST_AFTER_S) -> None:
        """Start the thread. `close` ends it before the workspace is closed."""
        self._workspace = workspace
        self._first_after_s = first_after_s
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="palate-backups", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; a copy in progress is deleted."""
        self._closing.set()
        self._thread.join()

    def _follow(self) -> None:
        wait = self._first_after_s
        while not self._closing.wait(wait):
            wait = CHECK_EVERY_S
            try:
                self._back_up()
            except _Closing:
                return
            except (DatabaseError, EngineError, InputError, OSError) as error:
                logger.warning("No automatic backup was made: %s", error)
        self._workspace.readers.release()

    def _back_up(self) -> None:
        folder, keep = self._workspace.folder, stored_settings(self._workspace).backups.backups_kept
        if keep > 0 and is_due(folder, datetime.now(UTC)):
            make_backup(folder, folder / BACKUPS / timed_name(AUTOMATIC), step=self._check_closing)
        # The new backup was checked, so the older ones are not needed for what it holds.
        rotate(folder, keep)

    def _check_closing(self) -> None:
        if self._closing.is_set():
            raise _Closing


def is_due(folder: Path, now: datetime) -> bool:
    """Whether the newest automatic backup is a day old, and the disk has room for another one.

    A backup never takes the room that verdicts need.
    """
    times = [_time_of(each) for each in automatic_backups(folder)]
    # A backup of the future was made while the clock was wrong, and puts off no other one.
    if any(now - EVERY < each <= now for each in times):
        return False
    if shutil.disk_usage(folder).free < _ROOM * (folder / "palate.db").stat().st_size:
        logger.warning("No automatic backup was made: the disk of %s is nearly full.", folder)
        return False
    return True


def _time_of(backup: Path) -> datetime:
    """The time in the backup's name, which a copy of the file keeps; the file's own where the name has none."""
    try:
        written = datetime.strptime(backup.stem.removeprefix(AUTOMATIC), "%Y%m%dT%H%M%SZ")
    except ValueError:
        return datetime.fromtimestamp(backup.stat().st_mtime, UTC)
    return written.replace(tzinfo=UTC)
