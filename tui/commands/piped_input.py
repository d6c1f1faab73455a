"""What comes through a pipe as a file: standard input (`-`), and `<(…)` of a shell."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from db.interchange.input_bytes import copied
from tui.commands.options import Options
from tui.ipc.console import console

PIPED_SET = "standard-input"
"""The set for prompts that came through a pipe."""


@contextmanager
def file_of(options: Options, name: str) -> Iterator[tuple[Options, str, str | None]]:
    """The options, the file to read in place of `name`, and the default name of its set (None: the file's own).

    A pipe can be read once, and only by this process; an import reads twice, perhaps in the process that owns the
    workspace. So its content is copied to a temporary file, which the command line then names.

    Raises:
        InterchangeError: the pipe's content is too long, or cannot be stored.
    """
    if console().folder is not None or not _is_pipe(name):
        yield options, name, PIPED_SET if Path(name).name.startswith("palate-input-") else None
        return
    path = _copied(name)
    try:
        words = tuple(str(path) if word == name else word for word in options.words)
        yield replace(options, words=words), str(path), PIPED_SET
    finally:
        path.unlink(missing_ok=True)


def _is_pipe(name: str) -> bool:
    if name == "-":
        return True
    try:
        mode = os.stat(Path(name).expanduser()).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _copied(name: str) -> Path:
    if name == "-":
        return copied(sys.stdin.buffer)
    with Path(name).expanduser().open("rb") as stream:
        return copied(stream)
