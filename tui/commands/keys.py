"""`palate keys`: every key, its action, and the file that changes it."""

from __future__ import annotations

import click

from tui.commands.output import as_json, show_table
from tui.errors import InputError
from tui.ipc.console import emit, say
from tui.keymap import default_file, key_path, read_key_file


@click.command()
@click.option("--write", is_flag=True, help="Write a file that lists every key, commented out, for you to edit.")
@as_json
def keys(write: bool, as_json: bool) -> None:
    """List every key by its name, and the file that changes them."""
    from tui.app import PalateApp  # Textual is imported only when its keys are wanted
    from tui.screens.key_registry import declared_keys, normal_key

    path, declared = key_path(), declared_keys(PalateApp)
    if write:
        if path.exists():
            raise InputError(f"{path} exists already. Edit it, or move it away and run this again.")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(default_file(declared), encoding="utf-8")
        say(f"Written: {path}. Remove the # before a line and change its key; the next start reads the file.")
        return
    read = read_key_file(path, declared, normal_key)
    rows = [
        {"name": each.id, "keys": " ".join(read.keys.get(each.id, each.keys)), "help": each.help} for each in declared
    ]
    if as_json:
        for row in rows:
            emit({**row, "changed": row["name"] in read.keys})
    else:
        show_table([{**row, "name": row["name"] + (" *" if row["name"] in read.keys else "")} for row in rows])
    for problem in read.problems:
        say(problem)
    where = f"Your own keys belong in {path}"
    say(f"{where}; * marks those that you changed." if path.exists() else f"{where}; `palate keys --write` makes it.")
