"""A small disk in memory, to be filled: a tmpfs, which root alone may mount."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(at: Path, megabytes: int) -> Iterator[Path]:
    """A new file system of that size; the test is skipped where none can be mounted."""
    if shutil.which("mount") is None:
        pytest.skip("A small disk cannot be mounted here: there is no `mount`.")
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(at)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"A small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path, *, leave: int = 0) -> Path:
    """A file that takes all room but `leave` bytes."""
    file = disk / "filling"
    room = shutil.disk_usage(disk).free - leave
    with file.open("wb", buffering=0) as filling:
        try:
            while room > 0:
                room -= filling.write(bytes(min(room, 1 << 20)))
            while leave == 0:
                filling.write(bytes(512))
        except OSError:
            pass  # the disk is full, as it should be
    return file
