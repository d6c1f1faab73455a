"""The last part of a restore: a verified copy lies beside the database and takes its place.

The copy's name is the mark that the restore was decided. A process that is killed between the renames leaves the copy,
and the next owner finishes the restore before it opens the database. A database never meets the log of another one.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from db.backup import sync
from db.backup_files import BACKUPS
from db.errors import DatabaseError
from db.file_identity import identity, wal_of


def restoring(path: Path) -> Path:
    """The name of the copy that will take the database's place."""
    return path.with_name(path.name + ".restoring")


def finish_restore(path: Path) -> Path | None:
    """Move the database's files aside and give the copy their name; returns the folder with the files.

    Does nothing and returns None where no restore was begun. Only the workspace's owner may call this.

    Raises:
        OSError, DatabaseError: the files cannot be moved.
    """
    copy = restoring(path)
    if not copy.exists():
        return None
    aside = _folder_aside(path, copy)
    for each in (path.with_name(path.name + "-journal"), wal_of(path), path.with_name(path.name + "-shm"), path):
        if each.exists():
            _keep(each, aside / each.name, stays=each == path)
    sync(aside)
    copy.replace(path)
    sync(path.parent)
    return aside


def _folder_aside(path: Path, copy: Path) -> Path:
    """The folder for the files. Its name has the copy's time, so that a restore that is finished later finds it."""
    written = datetime.fromtimestamp(copy.stat().st_mtime, UTC)
    aside = path.parent / BACKUPS / f"replaced-{written:%Y%m%dT%H%M%S.%fZ}"
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    return aside


def _keep(file: Path, target: Path, *, stays: bool) -> None:
    """Give the file another name. With `stays` it keeps its own as well, so that there is always a database."""
    before = identity(file)
    if identity(target) != before:  # a killed process may have come so far
        if target.exists():
            raise DatabaseError(f"{target} is there already, and is another file. Move it away, then restore again.")
        try:
            os.link(file, target) if stays else file.rename(target)
        except OSError:
            if not stays:
                raise
            file.rename(target)  # the file system has no hard links
    if identity(target) != before:
        raise DatabaseError(f"{file} could not be kept as {target}. Nothing was replaced; check the disk.")
