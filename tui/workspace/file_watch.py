"""Check once a second whether another program removed or replaced the workspace's database, and publish that once."""

import logging
import threading
from collections.abc import Callable

from db.errors import DatabaseError, ReplacedDatabase
from db.writer import Writer
from tui.events import DatabaseReplaced, WorkbenchEvent

CHECK_EVERY_S = 1.0

logger = logging.getLogger(__name__)


class FileWatch:
    """Checks on a thread of its own, which ends with `close` or after it published a replacement."""

    def __init__(self, writer: Writer, publish: Callable[[WorkbenchEvent], None]) -> None:
        """Start the checks. `publish` is called on their thread."""
        self._writer = writer
        self._publish = publish
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="palate-files", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the checks and their thread."""
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
