"""Room on the disk that is kept for verdicts: a file beside the database that is given up when the disk is full."""

import logging
import os
import shutil
from pathlib import Path

from db.file_identity import wal_of

SIZE = 4 * 2**20
"""Bytes. A verdict takes about 70 kB of the write-ahead log, which is emptied whenever the disk is full; see also
`index_merges`."""
LEFT_BY_IMPORTS = 32 * 2**20
"""Bytes that an import leaves free. Taking it back needs some of them."""
_SHARE = 2
"""The file is made only where the disk has this many times its size free."""

logger = logging.getLogger(__name__)


class Reserve:
    """The file `palate.reserve` beside one database. Used on the writer's thread alone."""

    def __init__(self, database: Path) -> None:
        self._file = database.with_name("palate.reserve")

    def keep(self) -> bool:
        """Make the file, unless it exists or there is little room; returns whether it is there.

        Where it cannot be made, the log says so.
        """
        try:
            if self._file.exists():
                return True
            if shutil.disk_usage(self._file.parent).free < _SHARE * SIZE:
                return False
            _fill(self._file)
        except OSError as error:
            self._file.unlink(missing_ok=True)
            logger.warning("No room is kept for verdicts in %s: %s", self._file.parent, error)
            return False
        return True

    def give_up(self) -> bool:
        """Delete the file; False when there is none."""
        if not self._file.exists():
            return False
        self._file.unlink()
        logger.warning("The disk is full. The room that was kept for verdicts in %s is used now.", self._file.parent)
        return True


def leaves_room(database: Path) -> bool:
    """Whether the disk has room for more of an import: verdicts and a checkpoint of the log still fit then."""
    log = wal_of(database)
    needed = LEFT_BY_IMPORTS + (log.stat().st_size if log.exists() else 0)
    return shutil.disk_usage(database.parent).free >= needed


def _fill(file: Path) -> None:
    """Take the room on the disk, without writing it where the system can."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, SIZE)
        else:
            os.write(handle, os.urandom(SIZE))  # zeros take no room on a disk that compresses
    finally:
        os.close(handle)
