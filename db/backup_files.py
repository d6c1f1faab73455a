"""The backups of a workspace: the files in its folder `backups`, and which of the automatic ones are kept."""

from datetime import UTC, datetime
from pathlib import Path

BACKUPS = "backups"
AUTOMATIC, BY_HAND, SAVED = "palate-auto-", "palate-backup-", "palate-saved-"
"""How a backup's name begins: made by Palate every day, by `palate backup`, or when the files were replaced."""

UNFINISHED = ".tmp"
"""The ending of a copy that is being written; a killed process leaves it."""


def timed_name(beginning: str) -> str:
    """A file's name with the present time in UTC, to the second."""
    return f"{beginning}{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db"


def backups_of(folder: Path) -> list[Path]:
    """The backups of the workspace in `folder`, by the time at which they were written, oldest first."""
    return sorted((folder / BACKUPS).glob("*.db"), key=lambda each: (each.stat().st_mtime_ns, each.name))


def newest_backup(folder: Path) -> Path | None:
    """The backup that was written last; None without one."""
    return next(reversed(backups_of(folder)), None)


def automatic_backups(folder: Path) -> list[Path]:
    """The automatic backups, oldest first by the time in their names."""
    return sorted((folder / BACKUPS).glob(f"{AUTOMATIC}*.db"))


def saved_copies(folder: Path) -> list[Path]:
    """The copies that an owner saved when its files were removed or replaced, oldest first."""
    return sorted((folder / BACKUPS).glob(f"{SAVED}*.db"))


def rotate(folder: Path, keep: int) -> None:
    """Delete the oldest automatic backups until `keep` are left, and the unfinished ones. No other file is touched.

    Only the workspace's owner may call this, and not while it makes a backup.
    """
    automatic = automatic_backups(folder)
    unfinished = (folder / BACKUPS).glob(f"{AUTOMATIC}*.db{UNFINISHED}")
    for each in (*automatic[: max(len(automatic) - keep, 0)], *unfinished):
        each.unlink(missing_ok=True)


def advice(path: Path) -> str:
    """What to do about a database that cannot be used."""
    newest = newest_backup(path.parent)
    if newest is None:
        return f"Keep a copy of the folder {path.parent} and start with a new one: --workspace."
    return f"Put the newest backup in its place with `palate restore {newest}`."
