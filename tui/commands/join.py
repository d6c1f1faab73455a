"""`palate join` and `palate settle`: two people on one set of questions."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from db.pair_rows import SETTLED, VERDICTS, Disagreement
from tui.analysis.agreement import of_two_in_words
from tui.commands.givers import utf8_name
from tui.commands.options import Options
from tui.commands.output import as_json, show_table
from tui.curation.join_format import join_preview_words, joined_words, label_words
from tui.errors import InputError
from tui.ipc.console import CallerPath, emit, say
from tui.text.sanitize import visible


@click.command()
@click.argument("other", type=CallerPath(), metavar="OTHER_WORKSPACE")
@click.option("--as", "person", metavar="NAME", callback=utf8_name, help="Whose workspace it is, if it does not say.")
@click.option("--dry-run", is_flag=True, help="Show what would come along, and store nothing.")
@as_json
@click.pass_obj
def join(options: Options, other: Path, person: str | None, dry_run: bool, as_json: bool) -> None:
    """Take the judged pairs and verdicts of another workspace along, by who gave them; the other is only read.

    No verdict of yours changes. A pair that both have is one pair, and joining again brings only what is new.
    """
    with options.owning() as workbench:
        if dry_run:
            found = workbench.joining.preview(other, person)
            if as_json:
                emit({"event": "join_preview", **asdict(found)})
            else:
                say(visible(join_preview_words(found)))
            return
        done = workbench.joining.join(other, person)
        agreement = next((each for each in workbench.preferences.with_others() if each.second == done.person), None)
        open_ = len(workbench.joining.disagreements())
    if as_json:
        counts = asdict(done.counts) | {"left_out": dict(done.counts.left_out)}
        emit({"event": "join", "person": done.person, **counts, "to_settle": open_})
        return
    for line in joined_words(done):
        say(visible(line))
    if agreement is not None:
        say(visible(of_two_in_words(agreement)))
    if open_:
        say(f"To settle: {open_:,}. `palate settle` lists them; in the app, press D, then d.")


@click.command()
@click.argument("comparison", type=int, metavar="[ID]", required=False)
@click.argument("verdict", type=click.Choice(VERDICTS), metavar="[VERDICT]", required=False)
@click.option("--with", "name", metavar="NAME", callback=utf8_name, help="Only with this person, or with a judge.")
@as_json
@click.pass_obj
def settle(options: Options, comparison: int | None, verdict: str | None, name: str | None, as_json: bool) -> None:
    """List the pairs on which others said otherwise than you, or settle one: the verdict that you agreed on.

    A settled verdict counts like any other of yours. Agreement between people is measured without it.
    """
    if (comparison is None) != (verdict is None):
        raise click.UsageError("Give both a comparison and its verdict, or neither to list what is to be settled.")
    if comparison is not None and verdict is not None:
        with options.owning() as workbench:
            if comparison not in {each.comparison for each in workbench.joining.disagreements(name)}:
                raise InputError(f"Nobody judged comparison {comparison} otherwise. `palate settle` lists what is.")
            stored = workbench.labelling.judge(comparison, verdict, blind=False, reasons=(SETTLED,)).result()
            left = len(workbench.joining.disagreements(name))
        if as_json:
            emit({"event": "settled", "id": stored.id, "comparison": comparison, "verdict": verdict, "to_settle": left})
        else:
            say(f"Comparison {comparison}: {verdict}, settled. {left:,} to settle.")
        return
    with options.reading() as view:
        rows = view.joining.disagreements(name)
        prompts = {each.comparison: view.comparison(each.comparison).prompt.first_line for each in rows}
    if as_json:
        for row in rows:
            emit(_record(row, prompts[row.comparison]))
    elif rows:
        show_table([_summary(row, prompts[row.comparison]) for row in rows])
    if not rows:
        say("There is nothing to settle.")


def _record(row: Disagreement, prompt: str) -> dict[str, Any]:
    others = [{"by": label, "verdict": verdict} for label, verdict in row.others]
    return {"event": "disagreement", "comparison": row.comparison, "own": row.own, "others": others, "prompt": prompt}


def _summary(row: Disagreement, prompt: str) -> dict[str, Any]:
    others = ", ".join(f"{label_words(label)}: {verdict}" for label, verdict in row.others)
    return {"id": row.comparison, "you": row.own, "others": others, "prompt": prompt[:60]}
