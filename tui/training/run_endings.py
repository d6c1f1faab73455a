"""How the end of a run is recorded: at once, or later where the database cannot store it now."""

from collections.abc import Callable
from dataclasses import replace

from adapters.manifest import Adapter
from db.errors import DatabaseError
from db.run_rows import RunRow
from tui.events import WorkbenchEvent, WorkbenchFailed
from tui.training.recovery import end_run
from tui.workspace.workspace import Workspace


class RunEndings:
    """Records the ends of runs, and keeps those that the database refused until it stores them."""

    def __init__(self, workspace: Workspace, publish: Callable[[WorkbenchEvent], None]) -> None:
        self._workspace, self._publish = workspace, publish
        self._unrecorded: dict[int, tuple[str, str | None, Adapter | None]] = {}

    def record(self, run: int, status: str, error: str | None, adapter: Adapter | None) -> bool:
        """Record a run's end. Where the database refuses it, publish why, keep it for later, and return False."""
        try:
            end_run(self._workspace, run, status, error, adapter)
        except DatabaseError as refused:
            self._unrecorded[run] = (status, error, adapter)
            self._publish(WorkbenchFailed(f"The end of run {run} is not recorded", str(refused)))
            return False
        return True

    def record_late(self) -> None:
        """Record the ends that could not be stored, before another run is recorded.

        Raises:
            DatabaseError: they still cannot be stored.
        """
        for run, end in list(self._unrecorded.items()):
            end_run(self._workspace, run, *end)
            del self._unrecorded[run]

    def as_ended(self, run: RunRow) -> RunRow:
        """The run with the end that the database could not store, if it has one."""
        status, error, _ = self._unrecorded.get(run.id, (run.status, run.error, None))
        return run if status == run.status else replace(run, status=status, error=error, ended=run.heartbeat)
