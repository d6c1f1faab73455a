"""When a new run is offered: so many pairs came since the latest one."""

from __future__ import annotations

from db import choices as db_choices
from db import runs as db_runs
from db import verdicts as db_verdicts
from tui.queue_settings import kept_settings
from tui.workspace import Workspace


class RunOffer:
    """Counts the pairs that came since the latest run that did not fail; anew when something was stored."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._counted: tuple[int, int] | None = None

    def new_pairs(self) -> int:
        """How many pairs are new, where they are enough for an offer; else 0."""
        connection = self._workspace.connection
        version = db_choices.data_version(connection)
        if self._counted is None or self._counted[0] != version:
            self._counted = version, self._count()
        return self._counted[1]

    def _count(self) -> int:
        connection = self._workspace.connection
        every = kept_settings(self._workspace).runs.offer_run_every
        if not every:
            return 0
        new = db_verdicts.count_pairs_since(connection, db_runs.latest_start(connection) or "")
        return new if new >= every else 0
