"""The file that receives every copied text: a terminal's clipboard acknowledges nothing, a file always works."""

import os
from pathlib import Path

from db.private_files import open_private

COPIED = "copied.txt"


def write_copied(folder: Path, text: str) -> Path:
    """Write `text` in place of the older one into the workspace's `folder`, for its owner alone; returns the file.

    Raises:
        OSError: the file cannot be written.
    """
    file = folder / COPIED
    with os.fdopen(
        open_private(file, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8", errors="surrogatepass"
    ) as opened:
        opened.write(text)
    return file
