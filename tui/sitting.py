"""One sitting: from opening the workspace to leaving it, with the goal that a person may have for it."""

from typing import Any

from db import verdicts as db_verdicts
from db.times import utc_now
from tui.prefetch import Prefetcher
from tui.workspace import Workspace


class Sitting:
    """Counts the verdicts since it was made. Nothing is counted while there is no goal."""

    def __init__(self, workspace: Workspace, queue: Prefetcher) -> None:
        self._workspace, self._queue, self._began = workspace, queue, utc_now()

    def status(self) -> dict[str, Any]:
        """The goal and the verdicts of this sitting that stand, under their names in `WorkbenchStatus`."""
        goal = self._queue.settings.queue.goal
        if goal is None:
            return {}
        return {"goal": goal, "verdicts_here": db_verdicts.count_since(self._workspace.connection, self._began)}
