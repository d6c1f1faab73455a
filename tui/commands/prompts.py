"""`palate prompts`: prompt sets."""

from dataclasses import asdict

import click

from db.interchange.sources import source_of
from tui.commands.console import console
from tui.commands.prompt_sets import COMMANDS
from tui.commands.session import Options, as_json, emit, say, show_table
from tui.words import count


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def prompts(ctx: click.Context, as_json: bool) -> None:
    """Prompt sets: list them, or add a file to one."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.obj.reading() as view:
        rows = [
            {"set": each.name, "prompts": each.prompts, "held_out": each.held_out, "created": each.created}
            for each in view.prompt_sets()
        ]
    if as_json:
        for row in rows:
            emit(row)
    else:
        show_table([{**row, "held_out": "held out" if row["held_out"] else "labelling"} for row in rows])


for command in COMMANDS:
    prompts.add_command(command)


@prompts.command()
@click.argument("file", metavar="FILE|DATASET")
@click.option("--set", "set_name", help="Name of the prompt set. Default: the file's name.")
@click.option("--split", default="train", show_default=True, help="The part of a data set.")
@click.option("--config", help="The configuration of a data set, where it has several.")
@click.option("--held-out", is_flag=True, help="Keep the prompts for trials; they are never trained on.")
@as_json
@click.pass_obj
def add(
    options: Options,
    file: str,
    set_name: str | None,
    split: str,
    config: str | None,
    held_out: bool,
    as_json: bool,
) -> None:
    """Add prompts: a .txt file with one on each line, .jsonl, .json, .csv, .parquet, or a data set (user/name)."""
    source = source_of(file, split=split, config=config, folder=console().folder)
    with options.owning() as workbench:
        taken = workbench.add_prompts(source, set_name=set_name or source.stem, held_out=held_out).result()
    if as_json:
        emit({"event": "prompts", **asdict(taken)})
        return
    say(f"{count(taken.added, 'prompt')} added to {taken.set_name!r}.")
    for left_out, words in (
        (taken.duplicates, "were there already or came twice"),
        (taken.skipped, "lines were empty"),
        (taken.in_other_set, "stand on the other side of the held-out wall and were left out"),
    ):
        if left_out:
            say(f"{left_out} {words}.")
