"""Atomic writes: files are private to their owner, synced, and then renamed into place."""

import hashlib
import os
import shutil
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
BLOCK_BYTES = 1 << 20


def make_private_folder(folder: Path, *, exist_ok: bool = True) -> None:
    """Make `folder` readable by its owner alone, and missing parents; a folder that exists keeps its mode."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=exist_ok)


def sync(path: Path) -> None:
    """Force a file, or a folder's list of names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_private(path: Path, content: bytes) -> None:
    """Write `content` beside `path` for the owner alone, sync it, and rename it into place."""
    beside = path.with_name(f".{path.name}.part")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync(path.parent)


def copy_private(source: Path, target: Path) -> None:
    """Copy the bytes of `source`, following links, to a new file that only its owner can read."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with source.open("rb") as reader, os.fdopen(handle, "wb") as writer:
        shutil.copyfileobj(reader, writer, BLOCK_BYTES)


def seal(folder: Path) -> None:
    """Make `folder` and everything below it private to its owner, and force all of it to the disk."""
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent, name)
            file.chmod(PRIVATE_FILE)
            sync(file)
        Path(parent).chmod(PRIVATE_FOLDER)
        sync(Path(parent))


def move_into_place(folder: Path, target: Path) -> None:
    """Rename `folder` to `target`, on the same file system, and sync the list of names that changed."""
    folder.rename(target)
    sync(target.parent)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
