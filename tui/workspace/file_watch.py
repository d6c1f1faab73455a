"""Looks once a second whether another program removed or replaced the workspace's database, and tells of it once."""

import logging
import threading
from collections.abc import Callable

from db.errors import DatabaseError, ReplacedDatabase
from db.writer import Writer
from tui.events import DatabaseReplaced, WorkbenchEvent

CHECK_EVERY_S = 1.0

logger = logging.getLogger(__name__)


class FileWatch:
    """A thread of its own; it ends with `close`, or once it had something to tell."""

    def __init__(self, writer: Writer, publish: Callable[[WorkbenchEvent], None]) -> None:
        """Begin to look. `publish` is called on this thread."""
        self._writer = writer
        self._publish = publish
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="palate-files", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._closing.wait(CHECK_EVERY_S):
            try:
                self._writer.check_files()
            except ReplacedDatabase as replaced:
                logger.error("%s", replaced)
                self._publish(DatabaseReplaced(replaced.title, str(replaced)))
                return
            except DatabaseError as error:
                logger.warning("The database's files could not be checked: %s", error)
