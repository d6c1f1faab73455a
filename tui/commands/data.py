"""`palate data`: find the verdicts in force by words and filters, take their pairs out of training or put them back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from db.errors import NotAllowed
from db.pair_rows import VerdictListRow
from tui.commands.givers import verdicts_of_option
from tui.commands.options import Options
from tui.commands.output import as_json, show_table
from tui.curation.verdict_query import FILTERS, FLAGS
from tui.ipc.console import emit, say
from tui.text.format import count, when

if TYPE_CHECKING:
    from tui.workbench import Workbench

_LISTED = 50


def _help() -> str:
    """The help text that lists the filters, one on each line."""
    rows = [f"{name + ':':<10} {words}" for name, words in FILTERS.items()]
    rows += [f"{name:<10} {words}" for name, words in FLAGS.items()]
    return "\b\nFilters; a minus before one excludes what it finds:\n" + "\n".join(f"  {row}" for row in rows)


@click.command(epilog=_help())
@click.argument("query", nargs=-1)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"At most this many. Default: {_LISTED} in a list, all that are found with --take-out and --put-back.",
)
@verdicts_of_option
@click.option("--take-out", "take_out", is_flag=True, help="Take the pairs found out of training.")
@click.option("--put-back", "put_back", is_flag=True, help="Put the pairs found back into training.")
@as_json
@click.pass_obj
def data(
    options: Options,
    query: tuple[str, ...],
    limit: int | None,
    verdicts_of: tuple[str, ...],
    take_out: bool,
    put_back: bool,
    as_json: bool,
) -> None:
    """List the verdicts in force, newest first, that hold every word and meet every filter of QUERY.

    The last word may be incomplete. Quote a phrase twice for the shell: '"in autumn"'. Write a filter that begins with
    a minus after --, as in: palate data -- -verdict:skip
    """
    text = " ".join(query)
    if take_out or put_back:
        if verdicts_of:
            raise click.UsageError("Pairs are taken out by your own verdicts. Leave --verdicts-of out.")
        _change(options, text, limit or 10**9, out=_one_of(take_out, put_back), as_json=as_json)
        return
    limit = limit or _LISTED
    with options.reading() as view:
        rows = view.data.page(text, limit=limit, givers=verdicts_of)
        total = len(rows) if len(rows) < limit else view.data.count(text, givers=verdicts_of)
    if as_json:
        for row in rows:
            emit({"event": "verdict", **_record(row)})
    elif rows:
        show_table([_summary(row) for row in rows])
    if not rows:
        say("No verdict matches." if text else "There is no verdict yet. Judge a pair first: `palate`.")
    elif total > len(rows):
        say(f"{len(rows):,} of {total:,}; --limit {total} shows all.")


def _one_of(take_out: bool, put_back: bool) -> bool:
    if take_out and put_back:
        raise click.UsageError("--take-out and --put-back exclude each other. Give one of them.")
    return take_out


def _change(options: Options, text: str, limit: int, *, out: bool, as_json: bool) -> None:
    if not text:
        raise click.UsageError("No query is given. Give a comparison's number, as in id:12, or any other query.")
    with options.owning() as workbench:
        found = [row for row in workbench.data.page(text, limit=limit) if row.trial is None]
        changed = [row.comparison for row in found if _set_out(workbench, row.comparison, out)]
    for comparison in changed:
        if as_json:
            emit({"event": "taken_out" if out else "put_back", "comparison": comparison})
    if not found:
        say("No verdict matches, so nothing has changed.")
        raise SystemExit(1)
    word = "taken out of" if out else "put back into"
    say(f"{count(len(changed), 'pair')} {word} training; {len(found) - len(changed):,} stay as they are.")


def _set_out(workbench: Workbench, comparison: int, out: bool) -> bool:
    """Whether that changed anything. A pair that was shown again is never trained on, and stays as it is."""
    try:
        return workbench.data.set_out(comparison, out).result()
    except NotAllowed:
        return False


def _record(row: VerdictListRow) -> dict[str, Any]:
    return {**asdict(row), "set": row.set_name, "prompt": row.prompt_line}


def _summary(row: VerdictListRow) -> dict[str, Any]:
    strength = " 2" if row.strength > 1 else ""
    return {
        "id": row.comparison,
        "when": when(row.at),
        "verdict": row.verdict + strength,
        **({"of": row.by} if row.by else {}),
        "training": "out" if row.out else "held out" if row.held_out else "",
        "set": row.set_name,
        "prompt": row.prompt_line[:80],
    }
