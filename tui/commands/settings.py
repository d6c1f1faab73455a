"""`palate settings`: the settings of a workspace."""

from __future__ import annotations

from typing import Any

import click

from engine.config import Setting
from tui.commands.options import Options
from tui.commands.output import after_storing, as_json, show_table
from tui.errors import InputError
from tui.ipc.console import emit, say
from tui.workspace.settings_store import BACK, list_settings


@click.command()
@click.argument("name", required=False)
@click.argument("value", required=False)
@as_json
@click.pass_obj
def settings(options: Options, name: str | None, value: str | None, as_json: bool) -> None:
    """Show the settings of the queue, its sources and its sampling, or change one: NAME VALUE.

    The value `default` restores a setting's default; `none` empties a setting that may be empty.
    """
    if name is None or value is None:
        _show(options, name, as_json=as_json)
        return
    with options.owning() as workbench:
        workbench.change_setting(name, value)
    with after_storing(options.folder):
        _show(options, name, as_json=as_json)


def _show(options: Options, name: str | None, *, as_json: bool) -> None:
    with options.reading() as view:
        rows = [_record(each, now) for each, now in list_settings(view.workspace)]
    wanted = name.removeprefix("--").replace("-", "_") if name else None
    chosen = [row for row in rows if wanted in (None, row["name"])]
    if not chosen:
        raise InputError(f"There is no setting {name!r}. There are: {', '.join(row['name'] for row in rows)}.")
    if as_json:
        for row in chosen:
            emit(row)
    elif name is None:
        show_table([{key: row[key] for key in ("name", "value", "default", "allowed")} for row in rows])
        say(f"Change one with `palate settings NAME VALUE`; the value {BACK} restores the default.")
    else:
        say(f"{chosen[0]['name']}: {chosen[0]['value']}. {chosen[0]['help']}")


def _record(each: Setting, now: Any) -> dict[str, Any]:
    return {"name": each.name, "value": now, "default": each.default, "allowed": each.range, "help": each.help}
