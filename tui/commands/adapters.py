"""`palate adapters`: what was trained or taken in, and which of them answers."""

from dataclasses import asdict
from pathlib import Path

import click

from tui.commands.console import HerePath
from tui.commands.session import Heard, Options, as_json, emit, say, show_table
from tui.words import when


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def adapters(ctx: click.Context, as_json: bool) -> None:
    """Every adapter, newest first."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.obj.reading() as view:
        rows = view.adapters()
        damaged = view.workspace.registry.damaged()
    for folder, reason in damaged:
        say(f"The adapter folder {folder} is damaged: {reason}")
    if as_json:
        for row in rows:
            emit({"event": "adapter", **asdict(row)})
    elif rows:
        show_table(
            [
                {
                    "": "●" if row.in_use else " ",
                    "name": row.name,
                    "id": row.id,
                    "lineage": " → ".join(row.lineage),
                    "run": row.run,
                    "pairs": row.pairs,
                    "made": when(row.created),
                }
                for row in rows
            ]
        )
    else:
        say("There is no adapter yet. Train one with `palate train`.")


@adapters.command()
@click.argument("adapter", metavar="NAME|base")
@as_json
@click.pass_obj
def use(options: Options, adapter: str, as_json: bool) -> None:
    """Let an adapter answer from now on; `base` goes back to the base model alone."""
    with options.working() as workbench:
        heard = Heard(workbench)
        for _ in heard.until(workbench.use_adapter(None if adapter == "base" else adapter)):
            pass
    if as_json:
        emit({"event": "in_use", "adapter": None if adapter == "base" else adapter})
    else:
        say(f"{adapter} answers from now on.")


@adapters.command()
@click.argument("folder", type=HerePath())
@click.option("--name", required=True, help="What to call it here.")
@as_json
@click.pass_obj
def add(options: Options, folder: Path, name: str, as_json: bool) -> None:
    """Take in a PEFT LoRA folder that was made for this base model."""
    with options.working() as workbench:
        added = workbench.add_adapter(folder, name=name)
    if as_json:
        emit({"event": "adapter", "id": added.manifest.id, "name": name, "folder": str(added.folder)})
    else:
        say(f"{name} is taken in. Use it with `palate adapters use {name!r}`.")
