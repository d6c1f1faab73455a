"""The errors of a workspace's database, as sentences that a person can act on.

    DatabaseError
    ├── WorkspaceBusy        another live process owns the workspace
    ├── NotWritable          the folder or a file in it may not be written
    ├── DiskFull             there is no room; every acknowledged row is safe
    ├── MissingDatabase      there is no database where one was expected
    ├── ForeignDatabase      the file belongs to another program; it was not touched
    ├── NewerDatabase        the file was written by a newer Palate
    ├── OlderDatabase        the file must be migrated by its owner before it can be read
    ├── ReplacedDatabase     the files were removed or replaced while they were open; a copy of all data is saved
    ├── DamagedDatabase      SQLite finds the file malformed
    ├── NotFound             no row has that id or name
    ├── NotAllowed           the rows would contradict one another
    └── InterchangeError     a file to import cannot be read, or one to export cannot be written

Each error has a short `title` and a message with the fact, the value and the next step.
"""

from pathlib import Path
from typing import ClassVar


class DatabaseError(Exception):
    """Root of all errors that the database layer raises on purpose."""

    title: ClassVar[str] = "The database stopped"


class WorkspaceBusy(DatabaseError):
    """Another live process owns the workspace.

    That process wrote `pid`, `host`, `since` (UTC ISO text) and `socket_path`; each is None where it
    wrote nothing yet.
    """

    title = "This workspace is in use"

    def __init__(
        self, message: str, *, pid: int | None, host: str | None, since: str | None, socket_path: str | None = None
    ) -> None:
        super().__init__(message)
        self.pid = pid
        self.host = host
        self.since = since
        self.socket_path = socket_path


class NotWritable(DatabaseError):
    """The folder or a file in it may not be written."""

    title = "The workspace cannot be written"


class DiskFull(DatabaseError):
    """There is no room on the disk. Every acknowledged row is safe."""

    title = "The disk is full"


class MissingDatabase(DatabaseError):
    """There is no database where one was expected."""

    title = "There is no workspace here"


class ForeignDatabase(DatabaseError):
    """The file belongs to another program. It was not touched."""

    title = "This is not a Palate database"


class NewerDatabase(DatabaseError):
    """The file was written by a newer Palate."""

    title = "The database is newer than this Palate"


class OlderDatabase(DatabaseError):
    """The file must be migrated by its owner before it can be read."""

    title = "The database must be upgraded first"


class DamagedDatabase(DatabaseError):
    """SQLite finds the file malformed."""

    title = "The database is damaged"


class ReplacedDatabase(DatabaseError):
    """The database's files were removed or replaced while they were open. Nothing more is stored.

    `saved` is the copy of all data, None when it could not be made.
    """

    title = "The database was replaced under Palate"

    def __init__(self, message: str, saved: Path | None) -> None:
        super().__init__(message)
        self.saved = saved


class NotFound(DatabaseError):
    """No row has that id or name."""

    title = "Not found"


class NotAllowed(DatabaseError):
    """The rows would contradict one another."""

    title = "This cannot be stored"


class InterchangeError(DatabaseError):
    """A file to import cannot be read, or one to export cannot be written. Nothing was stored."""

    title = "The file cannot be used"
