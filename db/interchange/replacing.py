"""Write a file under another name first, then rename it, so that an older file is replaced whole or not at all."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from db.errors import InterchangeError


def write_beside(target: Path, lines: Iterable[str]) -> None:
    """Write lines to a temporary file beside `target` and rename it into place, readable by its owner alone.

    Raises:
        InterchangeError: it cannot be written. An older file of that name is unchanged then.
    """
    with beside(target) as path, path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A temporary file that becomes `target` at the end, synced, readable by its owner alone; an error deletes it.

    Raises:
        InterchangeError: it cannot be written. An older file of that name is unchanged then.
    """
    written = None
    try:
        # mkstemp makes a file for its owner alone: other users must not read a person's answers.
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
        written = Path(name)
        yield written
        with written.open("rb") as file:
            os.fsync(file.fileno())
        written.replace(target)
        written = None
    except OSError as error:
        raise InterchangeError(f"{target} cannot be written: {error.strerror}. Choose another place.") from error
    finally:
        if written is not None:
            written.unlink(missing_ok=True)
