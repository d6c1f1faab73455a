"""`palate import` and `palate export`: read and write judged pairs in every format."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from db.interchange.columns import columns_of
from db.interchange.formats import FORMATS, WRITTEN
from db.interchange.selection import Selection
from db.interchange.sources import Source, source_of
from db.times import utc_text
from tui.commands.givers import labels_of, verdicts_of_option
from tui.commands.options import Options
from tui.commands.output import as_json, overwrite_option
from tui.commands.piped_input import file_of
from tui.curation.import_format import exported_words, preview_words, summary_words, taken_words
from tui.curation.import_source import preview_of, recognised
from tui.curation.importer import Tell
from tui.errors import InputError
from tui.ipc.console import CallerPath, console, emit, say, show
from tui.snapshots import ImportProgress
from tui.text.format import count
from tui.workspace.export_list import check_free

_LIST, _WRITTEN_LIST = (
    "\n\n\b\n" + "\n".join(f"{each.name:<22} {each.words}" for each in formats.values())
    for formats in (FORMATS, WRITTEN)
)
_LABELS = {"reading": "looking through", "storing": "storing", "taking back": "taking back"}
COLUMNS_HELP = "Which column is which: prompt=COLUMN,chosen=COLUMN,rejected=COLUMN; ignore=COLUMN need not be read."


@click.command(
    "import",
    help="Import judged pairs: a .jsonl, .json, .csv, .tsv or .parquet file, also packed (.gz, .xz, .bz2, .zst), a "
    "folder that `datasets` reads, a data set of the Hugging Face Hub (user/name), or - for standard input. Rows that "
    f"cannot be used are left out and counted. Formats:{_LIST}",
)
@click.argument("file", metavar="FILE|DATASET")
@click.option("--format", "form", type=click.Choice(["auto", *FORMATS]), default="auto", show_default=True)
@click.option("--set", "set_name", help="Name of the prompt set. Default: the file's name.")
@click.option("--split", default="train", show_default=True, help="The part of a data set.")
@click.option("--config", help="The configuration of a data set, where it has several.")
@click.option("--columns", "columns", default="", metavar="NAME=COLUMN,…", help=COLUMNS_HELP)
@click.option("--strict", is_flag=True, help="Take nothing when one row cannot be used.")
@click.option("--rejects", type=CallerPath(), metavar="FILE", help="Write the rows that cannot be used, as JSON Lines.")
@click.option("--dry-run", is_flag=True, help="Show what would be read, and store nothing.")
@as_json
@click.pass_obj
def import_command(
    options: Options,
    file: str,
    form: str,
    set_name: str | None,
    split: str,
    config: str | None,
    columns: str,
    strict: bool,
    rejects: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import judged pairs."""
    if rejects is not None and rejects.exists():
        raise InputError(f"{rejects} is there already, perhaps with rows that you corrected. Name another file.")
    with file_of(options, file) as (options, name, own_set):
        source = source_of(name, split=split, config=config, folder=console().folder, columns=columns_of(columns))
        if dry_run:
            _show_preview(options, source, form, as_json=as_json)
            return
        with options.owning() as workbench, _bars(shown=not as_json) as tell:
            done = workbench.imports.read(
                source, format=form, set_name=set_name or own_set, strict=strict, rejects=rejects, tell=tell
            )
    if as_json:
        emit({"event": "import", **asdict(done)})
        return
    say(f"{taken_words(done)} imported as {done.format}.")
    for words in summary_words(done):
        say(f"{words}.")


def _show_preview(options: Options, source: Source, form: str, *, as_json: bool) -> None:
    from tui.workspace.workspace import NoWorkspace  # help needs no workspace

    try:
        with options.reading() as view:
            found = view.import_preview(source, form)
    except NoWorkspace:  # nothing is stored, so none has to be there
        found = preview_of(*recognised(source, form))
    if as_json:
        emit(
            {"event": "preview", "rows": found.rows, **asdict(found.found), "examples": [*map(asdict, found.examples)]}
        )
        return
    for line in preview_words(found):
        show(line)


class _Stream:
    """The console's stderr as a stream. A progress bar moves only on a terminal of this process."""

    def write(self, text: str) -> None:
        """Write it as it is."""
        console().err(text)

    def flush(self) -> None:
        """Do nothing: `write` keeps nothing back."""

    def isatty(self) -> bool:
        """Whether it is a terminal of this process."""
        return console().folder is None and sys.stderr.isatty()


@contextmanager
def _bars(*, shown: bool) -> Iterator[Tell]:
    """A progress bar on stderr for each phase of an import, where `shown`."""
    bars: dict[str, Any] = {}
    stream: Any = _Stream()

    def tell(progress: ImportProgress) -> None:
        ending = progress.phase == "taking back"
        if not ending:
            console().check()
        if not shown or (ending and console().folder is not None):
            return  # printing to a client that is gone would stop the removal of what was imported
        if progress.phase not in bars:
            for each in bars.values():
                each.render_finish()
            bar = click.progressbar(length=progress.total or 0, label=f"{_LABELS[progress.phase]:<15}", file=stream)
            bars[progress.phase] = bar.__enter__()
        bar = bars[progress.phase]
        bar.update(progress.done - bar.pos)

    try:
        yield tell
    finally:
        for bar in list(bars.values())[-1:]:
            bar.render_finish()


@click.command(
    "export",
    help=f"Write judged pairs to FILE, or to stdout for `-`, in a format that other tools read:{_WRITTEN_LIST}",
)
@click.argument("file", type=CallerPath())
@click.option("--format", "form", type=click.Choice(list(WRITTEN)), default="trl", show_default=True)
@click.option("--set", "set_name", help="Only pairs whose prompt is in this set.")
@click.option("--since", type=click.DateTime(), help="Only pairs judged since this local time.")
@click.option("--not-judged", is_flag=True, help="Include pairs without a verdict, where the format can hold them.")
@verdicts_of_option
@overwrite_option
@as_json
@click.pass_obj
def export_command(
    options: Options,
    file: Path,
    form: str,
    set_name: str | None,
    since: datetime | None,
    not_judged: bool,
    verdicts_of: tuple[str, ...],
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write judged pairs to a file."""
    to_stdout = str(file) == "-"
    if not to_stdout:
        check_free(file, overwrite=overwrite)
    with options.reading() as view:
        givers = tuple(view.preferences.giver(each).giver for each in labels_of(view, verdicts_of))
        selection = Selection(set_name, utc_text(since) if since else None, not_judged, givers)
        done = view.export_pairs(sys.stdout if to_stdout else file, form, selection)
    if as_json and not to_stdout:
        emit({"event": "export", "file": str(file), "format": form, **asdict(done)})
        return
    say(f"{count(done.pairs, 'pair')} written{'' if to_stdout else f' to {file}'} as {form}.")
    for words in exported_words(done):
        say(f"{words}.")
