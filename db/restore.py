"""Put a backup in the place of a database that is damaged, and keep the damaged files."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from db.backup import back_up_open
from db.connection import any_version
from db.errors import DamagedDatabase, MissingDatabase
from db.integrity import faults, verdicts_held
from db.restoring import finish_restore, restoring
from db.sqlite_errors import translated


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        verdicts: how many verdicts the database holds now. newest: when the last of them was given, in UTC; None
            without one. aside: the folder with the files that were in its place; None where there were none.
    """

    verdicts: int
    newest: str | None
    aside: Path | None


def restore(backup: Path, path: Path) -> Restored:
    """Replace the database at `path` by a checked copy of `backup`. Only the workspace's owner may call this.

    Its files are kept in `backups/replaced-TIME`. The backup stays, and may be of an older version: the next start
    upgrades the database.

    Raises:
        MissingDatabase: there is no such file, or it is empty.
        DamagedDatabase: the backup itself is damaged. Nothing has changed then.
        ForeignDatabase, NewerDatabase, DiskFull, DatabaseError.
    """
    if not backup.is_file() or backup.stat().st_size == 0:
        raise MissingDatabase(f"There is no backup {backup}. `palate backup --list` names those of this workspace.")
    if path.exists() and backup.samefile(path):
        raise MissingDatabase(f"{backup} is the database itself, and no backup of it. Name another file.")
    with translated(backup), closing(any_version(backup)) as copy:
        if found := faults(copy, 1):
            raise DamagedDatabase(f"{backup} is damaged: {found[0]}. Nothing was changed; restore another backup.")
        verdicts, newest = verdicts_held(copy)
        back_up_open(copy, restoring(path))
    with translated(path):
        had = path.exists()
        aside = finish_restore(path)
    return Restored(verdicts, newest, aside if had else None)
