"""Files of a workspace that Palate opens under a name of its own: regular files, for their owner alone, never through a
link. A link under such a name would let Palate truncate or fill a file that it leads to."""

import errno
import os
import stat
from pathlib import Path


def open_private(path: Path, flags: int) -> int:
    """Open `path`, created where it is missing, and return the descriptor. Programs that are started do not inherit it.

    Raises:
        OSError: it is a link or no regular file, or cannot be opened. `strerror` says which.
    """
    try:
        # O_NONBLOCK: opening a FIFO would wait for its other end.
        handle = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, f"{path.name} is a link; remove it", str(path)) from error
        if error.errno in (errno.ENXIO, errno.EISDIR):
            raise OSError(error.errno, f"{path.name} is no file; remove it", str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, f"{path.name} is no file; remove it", str(path))
    os.set_blocking(handle, True)
    return handle
