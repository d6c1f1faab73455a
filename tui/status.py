"""One sitting: from opening the workspace to leaving it, with the goal that a person may have for it."""

from typing import Any

from db import runs as db_runs
from db import verdicts as db_verdicts
from db.connection import data_version
from db.times import utc_now
from tui.generation.queue_filler import QueueFiller
from tui.workspace.settings_store import stored_settings
from tui.workspace.workspace import Workspace


class SessionGoal:
    """Counts the verdicts since it was made. Nothing is counted while there is no goal."""

    def __init__(self, workspace: Workspace, queue: QueueFiller) -> None:
        self._workspace, self._queue, self._began = workspace, queue, utc_now()

    def status(self) -> dict[str, Any]:
        """The goal and the verdicts of this sitting that stand, under their names in `WorkbenchStatus`."""
        goal = self._queue.settings.queue.goal
        if goal is None:
            return {}
        return {"goal": goal, "verdicts_here": db_verdicts.count_since(self._workspace.connection, self._began)}


class RunOffer:
    """Counts the pairs that came since the latest run that did not fail; anew when something was stored."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._counted: tuple[int, int] | None = None

    def new_pairs(self) -> int:
        """How many pairs are new, where they are enough for an offer; else 0."""
        connection = self._workspace.connection
        version = data_version(connection)
        if self._counted is None or self._counted[0] != version:
            self._counted = version, self._count()
        return self._counted[1]

    def _count(self) -> int:
        connection = self._workspace.connection
        every = stored_settings(self._workspace).runs.offer_run_every
        if not every:
            return 0
        new = db_verdicts.count_pairs_since(connection, db_runs.latest_start(connection) or "")
        return new if new >= every else 0
