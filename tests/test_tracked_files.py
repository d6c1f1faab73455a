"""What git tracks is small and no database: a workspace for tests is kept as SQL text."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LARGEST = 500_000
"""In bytes; pictures in docs/ may be larger."""
DATABASE_BEGINS = b"SQLite format 3\0"


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("this copy of the code is no git repository")
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in told.split("\0") if (ROOT / name).is_file()]


def test_git_tracks_no_large_file(tracked: list[Path]) -> None:
    pictures = {file for file in tracked if file.parts[0] == "docs" and file.suffix == ".png"}
    sizes = {str(file): (ROOT / file).stat().st_size for file in tracked if file not in pictures}
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}


def test_git_tracks_no_database(tracked: list[Path]) -> None:
    assert [str(file) for file in tracked if file.suffix == ".db" or _begins_as_database(ROOT / file)] == []


def _begins_as_database(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(DATABASE_BEGINS)) == DATABASE_BEGINS
