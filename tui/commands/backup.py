"""`palate backup` and `palate restore`: a copy of the database, and its way back."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tui.commands.options import Options
from tui.commands.output import as_json, overwrite_option, show_table
from tui.errors import InputError
from tui.ipc.console import CallerPath, emit, say, show


@click.command()
@click.argument("file", required=False, type=CallerPath())
@click.option("--list", "listing", is_flag=True, help="List the backups of this workspace, and make none.")
@overwrite_option
@as_json
@click.pass_obj
def backup(options: Options, file: Path | None, listing: bool, overwrite: bool, as_json: bool) -> None:
    """Copy the database to FILE, or into the workspace's folder `backups`, and check the copy.

    Everything else continues, in another process too. The copy holds prompts, answers, verdicts, runs and
    settings; adapters are folders that never change, so any program can copy them.
    """
    from db.backup_files import BACKUPS, BY_HAND, timed_name
    from tui.workspace.backups import make_backup

    if listing:
        _list(options.folder, as_json)
        return
    target = file or options.folder / BACKUPS / timed_name(BY_HAND)
    made = make_backup(options.folder, target, overwrite=overwrite)
    if as_json:
        emit({"event": "backup", **asdict(made), "path": str(made.path)})
        return
    show(str(made.path))
    say(f"{made.verdicts:,} verdicts, {made.bytes / 1e6:.1f} MB, checked. `palate restore {made.path}` puts it back.")


@click.command()
@click.argument("file", type=CallerPath())
@as_json
@click.pass_obj
def restore(options: Options, file: Path, as_json: bool) -> None:
    """Put the backup FILE in the place of the workspace's database, and keep the files that were there.

    FILE is checked first, and may be the name of a file in the workspace's folder `backups`. No process may have the
    workspace open.
    """
    from db.backup_files import BACKUPS
    from db.lock import WorkspaceLock
    from db.restore import restore as put_back

    kept = options.folder / BACKUPS / file.name
    chosen = kept if not file.exists() and kept.is_file() else file
    if not chosen.exists():
        raise InputError(f"There is no backup {file}. `palate backup --list` names those of this workspace.")
    with WorkspaceLock(options.folder):
        done = put_back(chosen, options.folder / "palate.db")
    if as_json:
        aside = str(done.aside) if done.aside else None
        emit({"event": "restored", **asdict(done), "aside": aside, "backup": str(chosen)})
        return
    newest = f", the newest of {done.newest}" if done.newest else ""
    say(f"Restored {chosen}: {done.verdicts:,} verdicts{newest}.")
    if done.aside:
        say(f"The files that were in its place are kept in {done.aside}. Delete them when you miss nothing.")
    say("`palate doctor --check` compares the database with adapters and checkpoints.")


def _list(folder: Path, as_json: bool) -> None:
    from db.backup_files import backups_of

    rows = [_row(each) for each in backups_of(folder)]
    for row in rows if as_json else ():
        emit(row)
    if as_json:
        return
    if not rows:
        say(f"There is no backup in {folder / 'backups'} yet. `palate backup` makes one.")
        return
    show_table([{**row, "bytes": f"{row['bytes'] / 1e6:.1f} MB"} for row in rows])


def _row(backup: Path) -> dict[str, Any]:
    found = backup.stat()
    written = datetime.fromtimestamp(found.st_mtime, UTC).isoformat(timespec="seconds")
    return {"path": str(backup), "written": written, "bytes": found.st_size}
