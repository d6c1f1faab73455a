import hashlib
import os
import stat
from pathlib import Path

import pytest

from adapters.storage import copy_private, move_into_place, seal, sha256_of, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "palate.json"
    write_private(path, b"old")

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_private(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_copy_follows_links_and_is_private_whatever_the_umask(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"weights")
    (tmp_path / "link").symlink_to("blob")
    before = os.umask(0)
    try:
        copy_private(tmp_path / "link", tmp_path / "copy")
    finally:
        os.umask(before)
    assert (tmp_path / "copy").read_bytes() == b"weights"
    assert not (tmp_path / "copy").is_symlink()
    assert mode(tmp_path / "copy") == 0o600


def test_a_copy_never_writes_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    with pytest.raises(FileExistsError):
        copy_private(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"b"


def test_seal_takes_files_and_folders_from_everybody_else(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (inner / "file").write_bytes(b"x")
    (inner / "file").chmod(0o644)
    seal(tmp_path / "outer")
    assert [mode(each) for each in (tmp_path / "outer", inner, inner / "file")] == [0o700, 0o700, 0o600]


def test_a_move_never_replaces_a_folder_with_content(tmp_path: Path) -> None:
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    with pytest.raises(OSError, match="not empty"):
        move_into_place(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old" / "file").read_text() == "old"


def test_the_checksum_is_sha256_over_all_blocks(tmp_path: Path) -> None:
    content = b"palate" * 400_000  # more than two blocks of 1 MiB
    (tmp_path / "file").write_bytes(content)
    assert sha256_of(tmp_path / "file") == hashlib.sha256(content).hexdigest()
