"""Room on the disk that is kept for verdicts: a file beside the database that is given up when the disk is full."""

import logging
import os
import shutil
import stat
from pathlib import Path

from db.file_identity import wal_of

SIZE = 4 * 2**20
"""Bytes. A verdict takes about 70 kB of the write-ahead log, which is emptied whenever the disk is full; see also
`index_merges`."""
FOR_IMPORTS = 32 * 2**20
"""Bytes that are kept while an import is stored, and until it is taken back where it fails. Its log may hold more than
`SIZE` that the database cannot take on a full disk; no verdict could be stored before that."""

logger = logging.getLogger(__name__)


class Reserve:
    """The file `palate.reserve` beside one database. Used on the writer's thread alone."""

    def __init__(self, database: Path) -> None:
        """Nothing is made yet. A larger file of an import that was interrupted stays until `resize`."""
        self._file = _reserve_of(database)
        self._size = max(SIZE, _size(self._file))

    def resize(self, size: int) -> bool:
        """Keep `size` bytes from now on; returns whether they are kept. See `keep`."""
        self._size = size
        return self.keep()

    def keep(self) -> bool:
        """Give the file its size, unless that would leave less than `SIZE` free; returns whether it has it.

        Where it cannot be made, the log says so.
        """
        try:
            kept = _size(self._file)
            if kept < self._size and shutil.disk_usage(self._file.parent).free + kept < self._size + SIZE:
                return False
            if kept != self._size:
                _resize(self._file, kept, self._size)
        except OSError as error:
            logger.warning("No room is kept for verdicts in %s: %s", self._file.parent, error)
            return False
        return True

    def give_up(self) -> bool:
        """Delete the file; False when there is none."""
        if not _size(self._file):
            return False
        self._file.unlink()
        logger.warning("The disk is full. The room that was kept for verdicts in %s is used now.", self._file.parent)
        return True


def leaves_room(database: Path) -> bool:
    """Whether the disk has room for more of an import: a checkpoint of the log fits, and `FOR_IMPORTS` beside it."""
    free = shutil.disk_usage(database.parent).free
    return free + _size(_reserve_of(database)) >= FOR_IMPORTS + _size(wal_of(database))


def _reserve_of(database: Path) -> Path:
    return database.with_name("palate.reserve")


def _size(file: Path) -> int:
    """Bytes of a regular file; 0 for anything else, such as a link to somebody's data."""
    try:
        found = file.lstat()
    except FileNotFoundError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _resize(file: Path, kept: int, size: int) -> None:
    """Take or give back room on the disk, without writing it where the system can. What cannot be taken is given back.

    Raises:
        OSError: there is no room, or the name leads to a link or a pipe.
    """
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        if size < kept:
            os.ftruncate(handle, size)
        elif hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, kept, size - kept)
        else:
            os.pwrite(handle, os.urandom(size - kept), kept)  # zeros take no room on a disk that compresses
    except OSError:
        os.ftruncate(handle, kept)
        raise
    finally:
        os.close(handle)
