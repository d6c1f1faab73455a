"""What git keeps: source and pictures, and no workspace that a benchmark left lying about."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PICTURES = (".png", ".gif")
LARGEST = 500_000
"""Bytes of a tracked file; pictures of docs/ apart."""


def tracked() -> list[str]:
    """The names of all tracked files that are there."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if (ROOT / name).is_file()]


def test_no_database_is_tracked() -> None:
    starts = {name: (ROOT / name).read_bytes()[:16] for name in tracked()}
    assert [name for name, start in starts.items() if name.endswith(".db") or start.startswith(b"SQLite format")] == []


def test_no_large_file_is_tracked() -> None:
    names = [name for name in tracked() if not (name.startswith("docs/") and name.endswith(PICTURES))]
    assert {name: size for name in names if (size := (ROOT / name).stat().st_size) > LARGEST} == {}


def test_no_tracked_name_begins_with_a_minus() -> None:
    assert [name for name in tracked() if any(part.startswith("-") for part in Path(name).parts)] == []


def test_a_database_is_ignored() -> None:
    tracked()
    names = ["palate.db", "some/folder/palate.db-wal"]
    done = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == names
