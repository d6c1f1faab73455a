"""`palate runs`: past runs and the one in progress as tables, JSON and CSV, and their notes, tags and names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

import click

from db.run_rows import RunRow, SampleRow
from tui.commands.options import Options
from tui.commands.output import as_json, show_table
from tui.commands.run_output import (
    emit_run,
    json_value,
    print_run,
    record_of,
    run_event,
    run_summary,
    steps_of,
    write_csv,
)
from tui.errors import InputError
from tui.ipc.console import emit, say, show
from tui.runs.diff import SettingLine, facts_beside, settings_beside
from tui.runs.fields import FIELDS
from tui.runs.lineage import family_of
from tui.runs.query import RunQuery
from tui.text.format import count
from tui.text.sanitize import visible
from tui.tracking.trackers import TRACKERS, allow_tracker, send_run, where_words

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tui.runs.labels import RunLabels


as_csv = click.option("--csv", "as_csv", is_flag=True, help="Comma-separated values on stdout, a header first.")
run_id = click.argument("run", type=int, metavar="ID")
run_ids = click.argument("ids", type=int, nargs=-1, required=True, metavar="ID…")


class RunsGroup(click.Group):
    """A group whose first word may be a query: words that name no command are passed to `list`."""

    USUAL: ClassVar = "list"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert the usual command where none is named. The first word that a shell completes may be any command."""
        begins = ctx.resilient_parsing and not args
        if not begins and args[:1] != ["--help"] and (not args or args[0] not in self.commands):
            args = [self.USUAL, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands' names, and the completions of the usual command."""
        usual = self.commands[self.USUAL].shell_complete(ctx, incomplete)
        found = {each.value: each for each in (*super().shell_complete(ctx, incomplete), *usual)}
        return list(found.values())


@click.group(cls=RunsGroup)
def runs() -> None:
    """List the runs, newest first; a QUERY such as 'lr>=1e-4 status:finished -note:test' filters them."""


@runs.command("list", context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--sort", default="-run", metavar="FIELD", help="A field, such as lr, loss or took. -lr: the largest first."
)
@click.option("--all", "archived", is_flag=True, help="Include archived runs.")
@click.option("--to", "tracker", type=click.Choice(TRACKERS), help="Send the figures of these runs to a tracker.")
@click.option("--allow", is_flag=True, help="With --to: let figures of runs leave for there from now on.")
@as_json
@as_csv
@click.pass_obj
def list_runs(
    options: Options,
    query: tuple[str, ...],
    sort: str,
    archived: bool,
    tracker: str | None,
    allow: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List the runs that match QUERY: words and filters such as lr>=1e-4, status:finished, tag:short, -note:test."""
    if wrong := next((word for word in query if word.startswith("--")), None):
        raise click.UsageError(f"No such option: {wrong}")
    wanted = RunQuery(" ".join(query), archived=archived).sorted_by(sort)
    with options.reading() as view:
        every, owner = view.runs(), view.owner()
    rows = wanted.of(every)
    if tracker is not None:
        _send_runs(options, [row.id for row in rows], tracker, allow, as_json)
    elif as_json:
        for row in rows:
            emit({**run_event(row), "live": row.status == "running"})
    elif as_csv:
        write_csv([record_of(row) for row in rows])
    elif rows:
        show_table([run_summary(row, wanted.fields()) for row in rows])
        for row in rows:
            if row.status == "running" and owner is not None:
                say(f"Run {row.id} is alive, in process {owner['pid']} on {owner.get('host')}.")
    elif every:
        say(f"None of {count(len(every), 'run')} matches. `palate runs --all` lists every run.")
    else:
        say("There is no run yet. Start one with `palate train`.")


def _send_runs(options: Options, ids: Sequence[int], tracker: str, allow: bool, as_json: bool) -> None:
    """Give these runs to a tracker, one after the other; name each when it is there."""
    if allow:
        with options.consenting("e on a run's page") as workbench:
            allow_tracker(workbench.workspace, tracker)
    with options.reading() as view:
        for run in ids:
            row, metrics = view.run(run), view.run_metrics(run)
            send_run(view.workspace, row, metrics, tracker)
            if as_json:
                emit({"event": "sent", "run": run, "name": row.name, "tracker": tracker})
            else:
                say(f"Run {run} ({visible(row.name)}) is at {tracker}.")
        say(where_words(view.workspace, tracker) if ids else "No run matches, so nothing was sent.")


@runs.command("show")
@run_id
@click.option("--csv", "part", type=click.Choice(["metrics", "pairs"]), help="One table of the run as CSV.")
@as_json
@click.pass_obj
def show_run(options: Options, run: int, part: str | None, as_json: bool) -> None:
    """Show one run: settings, lineage, the pairs that it still ranks wrongly, metrics of every step, and its log."""
    with options.reading() as view:
        row, metrics, log = view.run(run), view.run_metrics(run), view.run_log(run)
        wrong, family = view.records.epoch_margins(run), family_of(row, view.runs(), view.adapters())
        margins = view.run_margins(run) if part == "pairs" else []
    steps = steps_of(metrics)
    if part == "metrics":
        write_csv(steps)
    elif part == "pairs":
        write_csv([asdict(margin) for margin in margins])
    elif as_json:
        emit_run(row, steps, wrong, log)
    else:
        print_run(row, steps, wrong, family, log)


@runs.command()
@run_ids
@as_json
@as_csv
@click.pass_obj
def diff(options: Options, ids: tuple[int, ...], as_json: bool, as_csv: bool) -> None:
    """Show the settings and results of two or more runs beside each other, those that differ first."""
    if len(set(ids)) < 2:
        raise InputError("`palate runs diff` needs at least two runs. Give their ids: `palate runs diff 1 2`.")
    with options.reading() as view:
        rows = [view.run(run) for run in dict.fromkeys(ids)]
    results = [SettingLine(name, tuple(getattr(row, name) for row in rows)) for name in ("loss", "margin", "accuracy")]
    lines = [*settings_beside(rows), *facts_beside(rows)]
    lines = [*sorted(lines, key=lambda line: not line.differs), *results]
    heads = [str(row.id) for row in rows]
    if as_json:
        for line in lines:
            values = {head: json_value(value) for head, value in zip(heads, line.values, strict=True)}
            emit({"event": "setting", "name": line.name, "differs": line.differs, "values": values})
    elif as_csv:
        write_csv([{"setting": line.name, **dict(zip(heads, line.values, strict=True))} for line in lines])
    else:
        show_table([
            {"": "≠" if line.differs else " ", "setting": line.name,
             **{f"run {head}": str(value) for head, value in zip(heads, line.values, strict=True)}}
            for line in lines
        ])  # fmt: skip


# -- notes, tags, names and the archive ------------------------------------------------------------------------


@contextmanager
def _labelling(options: Options, ids: Sequence[int], as_json: bool) -> Iterator[tuple[RunLabels, list[RunRow]]]:
    """The workspace's run labels and the runs; after the block, print the runs as they are then."""
    with options.owning() as workbench:
        yield workbench.run_labels, [workbench.run(run) for run in ids]
        _print_labels([workbench.run(run) for run in ids], as_json)


def _print_labels(rows: Sequence[RunRow], as_json: bool) -> None:
    if as_json:
        for row in rows:
            emit(run_event(row))
    else:
        fields = ("run", "name", "status", "tag", "note")
        show_table([{**{name: FIELDS[name].words(row) for name in fields}, "archived": row.archived} for row in rows])


@runs.command()
@run_id
@click.argument("text")
@as_json
@click.pass_obj
def note(options: Options, run: int, text: str, as_json: bool) -> None:
    """Store a run's note in place of its older one; '' removes it."""
    with _labelling(options, [run], as_json) as (run_labels, _):
        run_labels.note(run, text)


@runs.command()
@run_id
@click.argument("tags", nargs=-1, required=True, metavar="TAG…")
@click.option("--remove", is_flag=True, help="Remove these tags instead.")
@as_json
@click.pass_obj
def tag(options: Options, run: int, tags: tuple[str, ...], remove: bool, as_json: bool) -> None:
    """Add tags to those of a run."""
    from tui.runs.labels import tags_of

    named = tags_of(" ".join(tags))
    with _labelling(options, [run], as_json) as (run_labels, rows):
        had = rows[0].tags
        run_labels.tag(run, [each for each in had if each not in named] if remove else [*had, *named])


@runs.command()
@run_id
@click.argument("name")
@as_json
@click.pass_obj
def rename(options: Options, run: int, name: str, as_json: bool) -> None:
    """Give a run another name, and its adapter too where both had the same name."""
    with _labelling(options, [run], as_json) as (run_labels, _):
        run_labels.rename(run, name)


@runs.command()
@run_ids
@click.option("--undo", is_flag=True, help="Take the runs out of the archive.")
@as_json
@click.pass_obj
def archive(options: Options, ids: tuple[int, ...], undo: bool, as_json: bool) -> None:
    """Archive runs: lists leave them out without --all. Nothing is deleted."""
    with _labelling(options, ids, as_json) as (run_labels, _):
        for run in ids:
            run_labels.archive(run, not undo)


@click.command()
@click.argument("run", type=int, metavar="RUN")
@as_json
@click.pass_obj
def samples(options: Options, run: int, as_json: bool) -> None:
    """Show a run's answers to the same held-out prompts at every evaluation; step 0 is before training."""
    with options.reading() as view:
        view.run(run)
        rows = view.run_samples(run)
    if as_json:
        for row in rows:
            emit(sample_record(run, row))
        return
    if not rows:
        say(f"Run {run} has no samples. After `palate settings samples 3`, the next run samples 3 prompts.")
    for row in rows:
        show(visible(sample_words(row)))


def sample_record(run: int, row: SampleRow) -> dict[str, Any]:
    """A sample as a record for `--json`."""
    prompt = {"prompt": row.prompt, "messages": [dict(message) for message in row.messages]}
    answer = {"text": row.text, "tokens": row.tokens, "cut": row.cut}
    return {"event": "sample", "run": run, "step": row.step, **prompt, **answer}


def sample_words(row: SampleRow) -> str:
    """A sample as a person reads it: its step and prompt, and the answer below."""
    return f"step {row.step} · {row.question}\n{row.text}{' …' if row.cut else ''}\n"
