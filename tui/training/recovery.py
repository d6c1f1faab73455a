"""What a killed process left: runs that had come to their end on the disk are ended in the database too, and
side-by-sides that nobody answers any more are stopped.

An adapter's folder is the truth, its row the index: a run whose adapter stands whole in the registry is over, whatever
the database knew of it. Everything here is for the owner of the workspace, when it opens it.
"""

import logging
import shutil
from datetime import datetime
from pathlib import Path

from adapters.manifest import Adapter
from db import checkpoints as db_checkpoints
from db import runs as db_runs
from db import trials as db_trials
from db.run_rows import RunAdapter, RunRow
from tui.workspace.workspace import Workspace

logger = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.pt"


def checkpoint_folder(workspace: Workspace, run: int) -> Path:
    """Where the checkpoint of a run stands."""
    return workspace.folder / "checkpoints" / f"run-{run}"


def end_run(
    workspace: Workspace,
    run: int,
    status: str,
    error: str | None = None,
    adapter: Adapter | None = None,
    *,
    note: str | None = None,
) -> None:
    """Record a run's end, on disk afterwards. An adapter that it made answers from now on, from the same transaction.

    Raises:
        DatabaseError: it cannot be stored.
    """
    made = RunAdapter(adapter.manifest.id, adapter.manifest.base_fingerprint) if adapter else None
    workspace.write(db_runs.end_run, run, status, error, made, note=note).result()


def recover(workspace: Workspace) -> None:
    """Say of runs and side-by-sides that were alive what became of them."""
    workspace.write(db_trials.stop_left_side_by_sides).result()
    recover_runs(workspace)


def recover_runs(workspace: Workspace) -> None:
    """Mark runs that were alive as interrupted, to be resumed, unless their adapter is there: those are over."""
    for run in workspace.write(db_runs.mark_interrupted).result():
        row = db_runs.get_run(workspace.connection, run)
        if not end_if_over(workspace, row):
            know_checkpoint(workspace, row)
    for run in db_checkpoints.checkpoints_of_ended(workspace.connection):
        drop_checkpoint(workspace, run)


def drop_checkpoint(workspace: Workspace, run: int) -> None:
    """A run with an end needs no checkpoint, which is several times as large as its adapter."""
    shutil.rmtree(checkpoint_folder(workspace, run), ignore_errors=True)
    workspace.write(db_checkpoints.drop_checkpoint, run).result()


def end_if_over(workspace: Workspace, row: RunRow) -> bool:
    """End a run whose adapter stands in the registry though its end was not recorded; False when it has none."""
    adapter = _made_by(workspace, row)
    if adapter is None:
        return False
    ended_early = row.step != row.total_steps and row.config.get("early_stop") is None
    note = "This run's end could not be recorded when it came; its adapter is whole."
    end_run(workspace, row.id, "stopped" if ended_early else "finished", adapter=adapter, note=note)
    logger.info("Run %s had published its adapter before its end was recorded: it is over.", row.id)
    return True


def know_checkpoint(workspace: Workspace, row: RunRow) -> None:
    """Record a run's checkpoint where its file stands.

    The file may be newer than its row, or have none yet, when the process ended between the two.
    """
    folder = checkpoint_folder(workspace, row.id)
    if (folder / CHECKPOINT).exists():
        size = sum(file.stat().st_size for file in folder.iterdir())
        workspace.write(db_checkpoints.set_checkpoint, row.id, step=row.step, path=str(folder), size=size).result()


def _made_by(workspace: Workspace, row: RunRow) -> Adapter | None:
    """The adapter that this run published; one of an older workspace's run with the same number is none of its."""
    started = datetime.fromisoformat(row.started)
    found = [each for each in workspace.registry.list() if each.manifest.run == row.id]
    return next((each for each in found if datetime.fromisoformat(each.manifest.created) >= started), None)
