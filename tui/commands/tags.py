"""`palate tags`: the reasons that a verdict can be given, ten at most."""

from __future__ import annotations

import click

from tui.commands.givers import utf8_name
from tui.commands.options import Options
from tui.commands.output import as_json, show_list
from tui.ipc.console import say


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def tags(ctx: click.Context, as_json: bool) -> None:
    """List the reasons that `.` offers after a verdict, and how many verdicts have each."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.obj.reading() as view:
        counts, offered = view.reasons.counts(), view.reasons.offered()
    rows = [{"reason": each, "verdicts": counts.get(each, 0), "offered": True} for each in offered]
    rows += [{"reason": each, "verdicts": counts[each], "offered": False} for each in counts if each not in offered]
    show_list(
        rows,
        lambda row: {"event": "reason", **row},
        lambda row: {**row, "offered": "" if row["offered"] else "no"},
        empty="There is no reason yet. Add one with `palate tags add WORD`.",
        as_json=as_json,
    )


@tags.command()
@click.argument("name", callback=utf8_name)
@click.pass_obj
def add(options: Options, name: str) -> None:
    """Put a reason at the end of the list, a new one or one that was removed."""
    with options.owning() as workbench:
        workbench.reasons.add(name)
    say(f"The list has {name} now.")


@tags.command("rename")
@click.argument("name", callback=utf8_name)
@click.argument("new", callback=utf8_name)
@click.pass_obj
def rename_reason(options: Options, name: str, new: str) -> None:
    """Give a reason another name, on its verdicts too."""
    with options.owning() as workbench:
        workbench.reasons.rename(name, new)
    say(f"{name} is called {new} now.")


@tags.command("remove")
@click.argument("name", callback=utf8_name)
@click.pass_obj
def remove_reason(options: Options, name: str) -> None:
    """Take a reason off the list. Its verdicts keep it."""
    with options.owning() as workbench:
        workbench.reasons.remove(name)
    say(f"{name} is off the list; its verdicts keep it.")


@tags.command("move")
@click.argument("name", callback=utf8_name)
@click.argument("by", type=int)
@click.pass_obj
def move_reason(options: Options, name: str, by: int) -> None:
    """Move a reason BY places down the list, which changes its digit; write -- -1 to move it up."""
    with options.owning() as workbench:
        workbench.reasons.move(name, by)
        say(", ".join(workbench.reasons.offered()))
