"""The full check of a workspace: every page, every adapter, and files that no row names. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from adapters.errors import AdapterError
from adapters.registry import REMOVED, STAGING, Adapter, Registry
from db import checkpoints as db_checkpoints
from db import import_batches as db_import_batches
from db import runs as db_runs
from db.backup_files import BACKUPS, UNFINISHED, advice, newest_backup, saved_copies
from db.connection import any_version
from db.errors import DatabaseError, MissingDatabase, OlderDatabase
from db.integrity import faults, verdicts_missing
from db.lock import owner_of
from db.restoring import restoring
from db.sqlite_errors import translated
from tui.workspace.workspace import NoWorkspace, Workspace, read_workspace

GOOD, NOTE, BAD = "ok", "note", "bad"
_MOST = 8
"""Faults of one kind that are listed."""


@dataclass(frozen=True)
class Finding:
    """One thing that was checked: `state` is ok, note or bad; `text` gives the fact and, if needed, what to do."""

    area: str
    state: str
    text: str


def check_workspace(folder: Path) -> Iterator[Finding]:
    """Check the workspace in `folder`, beside whatever process owns it. Reads all of it, so large ones take a while."""
    database, registry = folder / "palate.db", Registry(folder / "adapters")
    if not database.exists() and newest_backup(folder) is None:
        yield Finding("workspace", NOTE, f"{folder} has no database yet; `palate` makes one.")
        return
    yield from _database(database)
    yield from _adapters(registry)
    try:
        with closing(read_workspace(folder)) as workspace, translated(database):
            yield from _by_rows(workspace)
    except OlderDatabase as error:
        yield Finding("database", NOTE, str(error))
    except (DatabaseError, NoWorkspace):
        pass  # `_database` reported it
    yield from _leftovers(folder, registry)


def adapter_finding(registry: Registry, adapter: Adapter) -> Finding:
    """Whether an adapter's weights are those that were saved."""
    try:
        registry.verify(adapter.manifest.id)
    except AdapterError as error:
        return Finding("adapter", BAD, str(error))
    return Finding("adapter", GOOD, f"{adapter.manifest.name}: its weights are those that were saved")


def saved_findings(workspace: Workspace) -> Iterator[Finding]:
    """The copies that an earlier owner saved and that hold verdicts which this database lacks."""
    for each in saved_copies(workspace.folder):
        try:
            missing = verdicts_missing(workspace.connection, each)
        except DatabaseError as error:
            yield Finding("saved copy", BAD, f"{error} It was saved when the database was replaced.")
            continue
        if missing:
            words = (
                f"{each} holds {missing:,} verdicts that the database lacks: it was saved when the files were replaced "
                f"under Palate. Leave Palate, and put it back with `palate restore {each}`, or delete it."
            )
            yield Finding("saved copy", BAD, words)


# -- the database ----------------------------------------------------------------------------------------------


def _database(path: Path) -> Iterator[Finding]:
    if restoring(path).exists() and owner_of(path.parent) is None:
        yield Finding("database", NOTE, "A restore was interrupted. The next start of Palate finishes it.")
    try:
        with translated(path), closing(any_version(path)) as connection:
            found = faults(connection, _MOST)
    except MissingDatabase:
        yield Finding("database", BAD, f"{path} is missing. {advice(path)}")
        return
    except DatabaseError as error:
        words = str(error)
        yield Finding("database", BAD, words if "palate restore" in words else f"{words} {_or_restore(path)}".strip())
        return
    for fault in found:
        yield Finding("database", BAD, f"{fault}. {advice(path)}")
    if not found:
        yield Finding("database", GOOD, f"{path}: every page, index, constraint and foreign key is sound")


def _or_restore(path: Path) -> str:
    newest = newest_backup(path.parent)
    return f"If it should be Palate's, put the newest backup in its place: `palate restore {newest}`." if newest else ""


def _backups(workspace: Workspace) -> Iterator[Finding]:
    newest = newest_backup(workspace.folder)
    if newest is None:
        yield Finding("backup", NOTE, "There is no backup. `palate backup` makes one.")
        return
    try:
        with translated(newest), closing(any_version(newest)) as copy:
            found = faults(copy, 1)
        is_saved = newest in saved_copies(workspace.folder)
        missing = 0 if is_saved else verdicts_missing(workspace.connection, newest)
    except DatabaseError as error:
        yield Finding("backup", BAD, f"{newest} cannot be used: {error} Delete it, and run `palate backup`.")
        return
    if found:
        yield Finding("backup", BAD, f"{newest} is damaged: {found[0]}. Delete it, and run `palate backup`.")
    elif missing:
        words = (
            f"{newest} holds {missing:,} verdicts that the database lacks. `palate restore {newest}` brings them back."
        )
        yield Finding("backup", NOTE, words)
    else:
        yield Finding("backup", GOOD, f"the newest is {newest}, and it is sound")


# -- adapters and checkpoints ----------------------------------------------------------------------------------


def _adapters(registry: Registry) -> Iterator[Finding]:
    for adapter in registry.list():
        yield adapter_finding(registry, adapter)
    for broken, reason in registry.damaged():
        yield Finding("adapter", BAD, f"{broken}: {reason}")


def _by_rows(workspace: Workspace) -> Iterator[Finding]:
    yield from saved_findings(workspace)
    yield from _backups(workspace)
    yield from _lost_adapters(workspace)
    yield from _checkpoints(workspace)
    if db_import_batches.going_on(workspace.connection) and workspace.owner() is None:
        words = "An import was interrupted. The next start of Palate takes back what it had stored; import it again."
        yield Finding("import", NOTE, words)


def _lost_adapters(workspace: Workspace) -> Iterator[Finding]:
    """Adapters of runs whose folder is gone though nobody removed them."""
    for run, adapter in db_runs.adapters_of_runs(workspace.connection):
        folder = workspace.registry.root / adapter
        if not folder.exists():
            words = (
                f"The adapter {adapter} of run {run} is gone: {folder} is missing. Copy the folder back from a copy of "
                f"yours, or train again with the settings and pairs of run {run}."
            )
            yield Finding("adapter", BAD, words)


def _checkpoints(workspace: Workspace) -> Iterator[Finding]:
    root, connection = workspace.folder / "checkpoints", workspace.connection
    known = {root / f"run-{run}": run for run in db_checkpoints.runs_with_checkpoint(connection)}
    for path, run in known.items():
        if not any(path.glob("*")):
            words = f"Run {run} cannot be resumed: its checkpoint {path} is missing. Train again with its settings."
            yield Finding("checkpoint", BAD, words)
    alive = [row.id for row in db_runs.list_runs(connection) if row.status in ("running", "interrupted")]
    known |= {root / f"run-{run}": run for run in alive}
    for each in sorted(root.glob("run-*")):
        if each not in known:
            size = sum(file.stat().st_size for file in each.rglob("*") if file.is_file())
            words = f"{each} ({size / 1e6:.1f} MB) belongs to no run that can be resumed. Delete the folder."
            yield Finding("checkpoint", NOTE, words)


# -- what interrupted work left --------------------------------------------------------------------------------


def _leftovers(folder: Path, registry: Registry) -> Iterator[Finding]:
    if owner_of(folder) is not None:
        return  # these may be at work now
    hidden = [each for part in (STAGING, REMOVED) for each in (registry.root / part).glob("*")]
    for each in (*hidden, *folder.glob("palate.db.*.new")):
        yield Finding("leftover", NOTE, f"{each} was left by an interrupted operation. The next start deletes it.")
    for each in sorted((folder / BACKUPS).glob(f"*{UNFINISHED}")):
        yield Finding("leftover", NOTE, f"{each} is a backup that was not finished. Delete the file.")
    for each in sorted((folder / BACKUPS).glob("replaced-*")):
        yield Finding("leftover", NOTE, f"{each} holds files that a restore replaced. Delete it when you miss nothing.")
