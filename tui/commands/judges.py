"""`palate judges`: programs and models that judge in a person's place, and what each is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.commands.judge_options import JUDGE_ENVIRONMENT, asker_of, judge_env
from tui.commands.options import Options, load_model
from tui.commands.output import as_json, show_list
from tui.errors import InputError
from tui.ipc.console import CallerPath, console, emit, say, show
from tui.judges.asking import LABEL_TOKENS
from tui.judges.examples import DEFAULT, MOST_EXAMPLES
from tui.judges.figures import slips as slips_of
from tui.judges.figures import sureness
from tui.judges.format import figure_lines, list_record, verdict_of
from tui.judges.judgement import NO_PERSON
from tui.judges.service import TRY_PAIRS, NewJudge
from tui.text.sanitize import visible, visible_line
from tui.workspace.settings import BASE, is_served

if TYPE_CHECKING:
    from tui.analysis.agreement import Agreement
    from tui.judges.asking import Asker, Judged
    from tui.judges.records import JudgeView
    from tui.workbench import Workbench


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def judges(ctx: click.Context, as_json: bool) -> None:
    """List the judges: how far each agrees with you, and whether it may decide a trial."""
    if ctx.invoked_subcommand is None:
        _list(ctx.obj, as_json)


@judges.command("list")
@as_json
@click.pass_obj
def list_command(options: Options, as_json: bool) -> None:
    """List the judges: how far each agrees with you, and whether it may decide a trial."""
    _list(options, as_json)


def _list(options: Options, as_json: bool) -> None:
    with options.reading() as view:
        rows = view.judges.listed()
        own = view.judges.own_agreement()
    empty = "There is no judge yet. Add one with `palate judges add NAME`."
    show_list(rows, lambda each: judge_record(each, own), list_record, empty=empty, as_json=as_json)


@judges.command()
@click.argument("name")
@click.option("--server", metavar="NAME", help="The server whose model judges. Default: the model that is loaded here.")
@click.option(
    "--policy", metavar="NAME", default=BASE, show_default=True, help="Base or an adapter, here or NAME@SERVER."
)
@click.option("--command", metavar="COMMAND", help="A program that judges, in place of a model (see docs/JUDGES.md).")
@click.option("--rubric", type=CallerPath(), metavar="FILE", help="The rubric. Default: begun from your choices.")
@click.option(
    "--examples",
    default=DEFAULT,
    type=click.IntRange(0, MOST_EXAMPLES),
    show_default=True,
    help="How many of your verdicts it is shown: corrections first.",
)
@click.option(
    "--answer-tokens",
    default=LABEL_TOKENS,
    type=click.IntRange(min=1),
    show_default=True,
    help="The longest answer of a server's model; more for one that thinks first.",
)
@as_json
@click.pass_obj
def add(options: Options, /, name: str, rubric: Path | None, as_json: bool, **given: Any) -> None:
    """Add a judge NAME; one of that name that differs is archived, and keeps its verdicts."""
    text = None if rubric is None else read_rubric(rubric)
    new = NewJudge(name=name, rubric=text, **given)
    with options.owning() as workbench:
        if new.command is None and new.server is None and not is_served(new.policy):
            load_model(workbench)
        added = workbench.judges.add(new)
        own = workbench.judges.own_agreement()
    if as_json:
        emit(judge_record(added, own))
        return
    say(f"Judge {added.name} is added. {NO_PERSON}")
    say(f"Read its rubric with `palate judges rubric {added.name}`, measure it with `palate judges try {added.name}`.")


@judges.command()
@click.argument("name")
@click.argument("file", type=CallerPath(), required=False)
@as_json
@click.pass_obj
def rubric(options: Options, name: str, file: Path | None, as_json: bool) -> None:
    """Print the rubric of judge NAME, or replace it by FILE; with another rubric it is measured again."""
    if file is None:
        with options.reading() as view:
            row = view.judges.named(name).row
        if as_json:
            emit({"event": "rubric", "judge": row.name, "rubric": row.rubric})
        else:
            show(visible(row.rubric.rstrip("\n")))
        return
    with options.owning() as workbench:
        changed = workbench.judges.change_rubric(name, read_rubric(file))
    if as_json:
        emit({"event": "rubric", "judge": changed.name, "rubric": changed.row.rubric})
    else:
        say(f"{changed.name} has another rubric. Measure it: `palate judges try {changed.name}`.")


@judges.command("try")
@click.argument("name")
@click.option(
    "--pairs", default=TRY_PAIRS, type=click.IntRange(min=1), show_default=True, help="The pairs to measure it on."
)
@judge_env
@as_json
@click.pass_obj
def try_command(options: Options, name: str, pairs: int, judge_env: tuple[str, ...], as_json: bool) -> None:
    """Measure judge NAME on pairs that you judged and that it never saw; what was measured before counts too."""
    with judging(options, name, judge_env) as (workbench, judge, asker):
        judged = workbench.judges.measure(judge, asker, pairs=pairs, tick=console().check)
        follow(judged, pairs - judge.figures.pairs, as_json)
        judge, own = workbench.judges.by_id(judge.row.id), workbench.judges.own_agreement()
        if judge.figures.pairs < pairs:
            say(f"There are only {judge.figures.pairs} questions that you judged blind and that are no examples of it.")
        if as_json:
            emit(judge_record(judge, own))
        else:
            show_figures(judge, own)


@judges.command()
@click.argument("name")
@click.option("--pairs", default=0, type=click.IntRange(min=0), show_default=True, help="Pairs to judge first.")
@judge_env
@as_json
@click.pass_obj
def slips(options: Options, name: str, pairs: int, judge_env: tuple[str, ...], as_json: bool) -> None:
    """List the pairs on which judge NAME surely chose the other answer than you, for a second look."""
    if pairs:
        with judging(options, name, judge_env) as (workbench, judge, asker):
            follow(workbench.judges.look_for_slips(judge, asker, pairs=pairs, tick=console().check), pairs, False)
    with options.reading() as view:
        rows = slips_of(view.judges.measured(view.judges.named(name).row))
        found = [(each, view.comparison(each.comparison)) for each in rows]
    for row, pair in found:
        if as_json:
            record = {"comparison": row.comparison, "yours": row.own, "judge": row.said, "confidence": row.confidence}
            emit({"event": "slip", **record})
        else:
            words = visible(pair.prompt.first_line[:60])
            said = f"you {row.own}, {visible_line(name, 24)} {row.said} ({sureness(row):.2f} sure)"
            show(f"{row.comparison:>6}  {said}  {words}")
    if not found:
        say(f"There is no pair on which {name} surely chose the other answer.")


@judges.command()
@click.argument("name")
@judge_env
@as_json
@click.pass_obj
def sort(options: Options, name: str, judge_env: tuple[str, ...], as_json: bool) -> None:
    """Let judge NAME judge the queue, and ask you first what it is least sure of, from now on (order judge)."""
    with judging(options, name, judge_env) as (workbench, judge, asker):
        number = follow(workbench.judges.sort_queue(judge, asker, tick=console().check), None, as_json)
        workbench.change_setting("order", "judge")
    say(f"{number} pairs judged; the surest come last. `palate settings order in-order` takes that back.")


@judges.command()
@click.argument("name")
@as_json
@click.pass_obj
def remove(options: Options, name: str, as_json: bool) -> None:
    """Offer judge NAME no longer; its verdicts stay."""
    with options.owning() as workbench:
        workbench.judges.remove(name)
    if as_json:
        emit({"event": "removed", "judge": name})
    else:
        say(f"{name} is offered no longer; its verdicts stay.")


# -- what several share ----------------------------------------------------------------------------------------


@contextmanager
def judging(options: Options, name: str, names: Iterable[str]) -> Iterator[tuple[Workbench, JudgeView, Asker]]:
    """A workbench with the judge of that name, ready to be asked; the model is loaded where the judge is one here."""
    options = replace(options, environment=(*JUDGE_ENVIRONMENT, *names))
    with options.owning() as workbench, options.serving_clients(workbench):
        judge = workbench.judges.named(name)
        if workbench.judges.needs_model(judge):
            load_model(workbench)
        yield workbench, judge, asker_of(workbench, judge)


def follow(judged: Iterable[Judged], expected: int | None, as_json: bool) -> int:
    """Print judgements as they come, and return how many came."""
    number = 0
    for number, each in enumerate(judged, 1):
        if as_json:
            emit(judged_record(each))
        elif number % 10 == 0 or number == expected:
            say(f"{number} of {expected} judged" if expected else f"{number} judged")
    return number


def judged_record(judged: Judged) -> dict[str, Any]:
    """One judgement as a record for `--json`."""
    judgement = judged.judgement
    orders = {"a_first": judgement.a_first, "b_first": judgement.b_first}
    said = {"verdict": judgement.verdict, "confidence": judgement.confidence}
    return {"event": "judged", "comparison": judged.pair.id, **said, **orders}


def judge_record(view: JudgeView, own: Agreement) -> dict[str, Any]:
    """A judge with its figures as a record for `--json`."""
    figures, row = view.figures, view.row
    kappa = figures.kappa
    place = figures.first
    about = {"judge": row.name, "kind": row.kind, "where": view.where, "model": view.model, "examples": view.examples}
    agrees = {"pairs": figures.pairs, "same": figures.same, "kappa": kappa and kappa.value}
    ends = {"kappa_low": kappa and kappa.low, "kappa_high": kappa and kappa.high, "own_kappa": own.kappa}
    biases = {
        "first_share": place.win_rate if place.prompts else None,
        "first_low": place.interval.low if place.prompts else None,
        "first_high": place.interval.high if place.prompts else None,
        "longer": figures.longer,
        "own_longer": figures.own_longer,
    }
    counts = {"disagreed": figures.disagreed, "no_label": figures.no_label, "seconds": figures.seconds}
    return {"event": "judge", **about, **agrees, **ends, **biases, **counts, "trials": view.problem is None}


def show_figures(view: JudgeView, own: Agreement) -> None:
    """Print a judge's figures for a person to read."""
    show(f"{visible(view.name)}: {visible(view.model)}, {visible(view.where)}\n")
    for name, words, _ in figure_lines(view, own):
        show(f"{name:<22}{words}")
    show(f"\n{visible(verdict_of(view))}")


def read_rubric(file: Path) -> str:
    """The text of a rubric's file.

    Raises:
        InputError: it cannot be read, or is no UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}. Name another file.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is no UTF-8. Save it as UTF-8.") from error
