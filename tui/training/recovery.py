"""Recovery after a killed process: runs that had ended on the disk end in the database too, side-by-sides are stopped.

An adapter's folder decides, and its row is only an index. So a run whose complete adapter is in the registry is over,
whatever the database says. The owner of the workspace recovers it when it opens it.
"""

import logging
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from adapters.manifest import Adapter
from db import checkpoints as db_checkpoints
from db import forgetting as db_forgetting
from db import held_out as db_held_out
from db import runs as db_runs
from db import trials as db_trials
from db.pair_rows import PairRow
from db.run_rows import CheckpointRow, RunAdapter, RunRow
from tui.errors import WorkbenchError
from tui.text.format import count
from tui.training.study import is_of_study
from tui.workspace.workspace import Workspace

logger = logging.getLogger(__name__)
CHECKPOINT = "checkpoint.pt"


def checkpoint_folder(workspace: Workspace, run: int) -> Path:
    """The folder of a run's checkpoint."""
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
    """Record a run's end; it is on the disk when this returns. The same transaction puts the run's adapter in use.

    The adapter of a run of a search or an outlook is never put in use.

    Raises:
        DatabaseError: it cannot be stored.
    """
    if adapter is not None and is_of_study(db_runs.get_run(workspace.connection, run).tags):
        workspace.write(db_runs.set_run_adapter, run, adapter.manifest.id).result()
        adapter = None
    made = RunAdapter(adapter.manifest.id, adapter.manifest.base_fingerprint) if adapter else None
    workspace.write(db_runs.end_run, run, status, error, made, note=note).result()


def recover(workspace: Workspace) -> None:
    """Record the end of runs and side-by-sides that a killed process left in progress."""
    workspace.write(db_trials.stop_left_side_by_sides).result()
    recover_runs(workspace)


def recover_runs(workspace: Workspace) -> None:
    """Mark runs that were in progress as interrupted, to be resumed; end those that had published their adapter."""
    for run in workspace.write(db_runs.mark_interrupted).result():
        row = db_runs.get_run(workspace.connection, run)
        if not end_if_over(workspace, row):
            know_checkpoint(workspace, row)
    for run in db_checkpoints.checkpoints_of_ended(workspace.connection):
        drop_checkpoint(workspace, run)


def drop_checkpoint(workspace: Workspace, run: int) -> None:
    """Delete the checkpoint of a run that has ended. It is several times as large as the run's adapter."""
    shutil.rmtree(checkpoint_folder(workspace, run), ignore_errors=True)
    workspace.write(db_checkpoints.drop_checkpoint, run).result()


def end_if_over(workspace: Workspace, row: RunRow) -> bool:
    """End a run whose adapter is in the registry though its end is not recorded; False when it has no adapter."""
    adapter = _made_by(workspace, row)
    if adapter is None:
        return False
    ended_early = row.step != row.total_steps and row.config.get("early_stop") is None
    note = "The end of this run could not be recorded at the time. Its adapter is complete."
    end_run(workspace, row.id, "stopped" if ended_early else "finished", adapter=adapter, note=note)
    logger.info("Run %s published its adapter before its end could be recorded, so it is ended now.", row.id)
    return True


def know_checkpoint(workspace: Workspace, row: RunRow) -> None:
    """Record a run's checkpoint if its file exists.

    When the process ended between writing the file and the row, the file is newer than its row, or has no row yet.
    """
    folder = checkpoint_folder(workspace, row.id)
    if (folder / CHECKPOINT).exists():
        size = (folder / CHECKPOINT).stat().st_size
        workspace.write(db_checkpoints.set_checkpoint, row.id, step=row.step, path=str(folder), size=size).result()


def checkpoint_of(workspace: Workspace, row: RunRow) -> CheckpointRow | None:
    """The run's checkpoint. One that could not be recorded while the disk was full is recorded now."""
    if db_checkpoints.get_checkpoint(workspace.connection, row.id) is None:
        know_checkpoint(workspace, row)
    return db_checkpoints.get_checkpoint(workspace.connection, row.id)


def _made_by(workspace: Workspace, row: RunRow) -> Adapter | None:
    """The adapter that this run published. An older adapter belongs to another run that had the same number."""
    started = datetime.fromisoformat(row.started)
    found = [each for each in workspace.registry.list() if each.manifest.run == row.id]
    return next((each for each in found if datetime.fromisoformat(each.manifest.created) >= started), None)


def check_resumable(workspace: Workspace, row: RunRow, pairs: Sequence[PairRow]) -> None:
    """Check that a run was interrupted and may still train on its recorded pairs.

    Raises:
        WorkbenchError: the run has ended, its pairs were not recorded, or a prompt of theirs is held out or forgotten.
    """
    if row.status != "interrupted":
        raise WorkbenchError(f"Run {row.id} is {row.status}; only an interrupted run can be resumed.")
    if not pairs:
        raise WorkbenchError(f"Run {row.id} ended before its pairs were recorded. Start a new run; nothing is lost.")
    if forgotten := db_forgetting.forgotten_in_run(workspace.connection, row.id):
        raise WorkbenchError(
            f"Run {row.id} has {count(forgotten, 'pair')} whose texts were forgotten. Start a new run."
        )
    if held_out := db_held_out.held_out_in_run(workspace.connection, row.id):
        raise WorkbenchError(
            f"Run {row.id} has {count(held_out, 'pair')} whose prompts are held out for trials now. Start a new run, "
            "or return those prompts to labelling."
        )
