"""`palate import` and `palate export`: preference pairs in and out."""

from dataclasses import asdict
from pathlib import Path

import click

from tui.commands.console import HerePath
from tui.commands.session import Options, as_json, emit, say


@click.command("import")
@click.argument("file", type=HerePath())
@click.option("--set", "set_name", help="Name of the prompt set. Default: the file's name.")
@as_json
@click.pass_obj
def import_command(options: Options, file: Path, set_name: str | None, as_json: bool) -> None:
    """Take in preference pairs: TRL's explicit formats (prompt, chosen, rejected), .jsonl, .json, .csv, .parquet."""
    with options.owning() as workbench:
        done = workbench.import_pairs(file, set_name=set_name or file.stem).result()
    if as_json:
        emit({"event": "import", **asdict(done)})
        return
    say(f"{done.added} pairs taken in.")
    for count, words in (
        (done.duplicates, "stood already"),
        (done.contradictions, "have another verdict here, which keeps standing"),
        (done.same_text, "had two equal answers"),
        (done.held_out, "have a question that is held out for trials"),
    ):
        if count:
            say(f"{count} were left out: they {words}.")


@click.command("export")
@click.argument("file", type=HerePath())
@click.option(
    "--format",
    "form",
    type=click.Choice(["trl", "trl-text"]),
    default="trl",
    show_default=True,
    help="TRL's explicit format, as messages or as plain text.",
)
@as_json
@click.pass_obj
def export_command(options: Options, file: Path, form: str, as_json: bool) -> None:
    """Write every preference pair to FILE, one JSON object per line; `-` is stdout."""
    with options.reading() as view:
        pairs = view.export_pairs(file, form)
    if as_json and str(file) != "-":
        emit({"event": "export", "file": str(file), "format": form, "pairs": pairs})
    else:
        say(f"{pairs} pairs written to {file}.")
