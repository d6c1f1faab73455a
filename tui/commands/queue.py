"""`palate generate`, `palate queue`, `palate judge`: the labelling loop without a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from db.pair_rows import VERDICTS
from engine.config import SamplingConfig
from tui.commands.config_options import changed_config, config_options
from tui.commands.givers import utf8_name
from tui.commands.options import EventStream, Options, load_model
from tui.commands.output import after_storing, as_json
from tui.errors import InputError
from tui.events import ComparisonStored
from tui.ipc.console import emit, say, show
from tui.text.format import count
from tui.text.sanitize import visible
from tui.workspace.settings import SERVER, SourceConfig, is_served

if TYPE_CHECKING:
    from db.pair_rows import ComparisonRow
    from tui.compute.scheduler import Job
    from tui.generation.queue_filler import QueueFiller
    from tui.workbench import Workbench


def comparison_record(comparison: ComparisonRow) -> dict[str, Any]:
    """A comparison as a record for `--json`: the answers in canonical order, without the names of their policies."""
    return {
        "id": comparison.id,
        "prompt": list(comparison.prompt.messages),
        "field": comparison.prompt.field,
        "a": comparison.a.text,
        "b": comparison.b.text,
    }


def show_comparison(comparison: ComparisonRow) -> None:
    """Print a comparison for a person to read."""
    show(f"── {comparison.id} ── {visible(comparison.prompt.messages[-1]['content'])}")
    for letter, answer in (("a", comparison.a), ("b", comparison.b)):
        show(f"\n[{letter}] {visible(answer.text)}")
    show()


@click.command()
@click.option("--pairs", default=8, type=click.IntRange(min=1), show_default=True, help="How many comparisons.")
@click.option(
    "--instead-of",
    type=int,
    metavar="ID",
    help="Write one comparison on the prompt of comparison ID, and show it first; ID counts as skipped.",
)
@config_options(SamplingConfig)
@config_options(SourceConfig)
@as_json
@click.pass_obj  # type: ignore[arg-type]  # the checker does not follow **given
def generate(options: Options, pairs: int, instead_of: int | None, as_json: bool, **given: str | None) -> None:
    """Write comparisons into the queue, two answers each. `palate settings` lists the defaults of the flags."""
    if given["server"] is not None and given["policy"] is None:
        given["policy"] = SERVER
    changed_config(SamplingConfig(), given)  # a flag that cannot be used is refused before anything is opened
    changed_config(SourceConfig(), given)
    with options.owning() as workbench, options.serving_clients(workbench):
        old = None if instead_of is None else _labelled(workbench, instead_of)
        answers = _begin(workbench, given)
        written = 0
        with EventStream(workbench) as heard:
            if old is not None:
                pairs, job = 1, _write_again(workbench, answers, old)
            else:
                job = answers.write_pairs(pairs)
            for published in heard.until(job, end_with=workbench.scheduler):
                if isinstance(published, ComparisonStored):
                    comparison = workbench.comparison(published.comparison)
                    mine = comparison.id in answers.written if old is None else comparison.prompt.id == old.prompt.id
                    if not mine:
                        continue  # an open app fills its own queue at the same time
                    written += 1
                    if as_json:
                        emit({"event": "comparison", **comparison_record(comparison)})
                    else:
                        say(f"{written} of {pairs}: {comparison.prompt.first_line}")
        if written < pairs and old is not None:
            say("The new answers are those of before, or nearly. Try a higher --temperature.")
            raise SystemExit(1)
        if written < pairs:
            say(
                f"Only {written} of {pairs} comparisons were written: no prompt is left. "
                "Add some with `palate prompts add FILE`."
            )
            raise SystemExit(1)


def _labelled(workbench: Workbench, comparison: int) -> ComparisonRow:
    """The comparison of this id, which must not belong to a trial: a trial's answers are fixed when it starts."""
    pair = workbench.comparison(comparison)
    if pair.trial is not None:
        raise InputError(f"Comparison {comparison} belongs to trial {pair.trial}, whose answers are never replaced.")
    return pair


def _write_again(workbench: Workbench, answers: QueueFiller, old: ComparisonRow) -> Job:
    new_answers = workbench.new_answers.as_of(answers)
    new_answers.check()
    if old.undecided:
        workbench.labelling.judge(old.id, "skip").result()
    return new_answers.write(old.prompt)


def _begin(workbench: Workbench, given: Mapping[str, str | None]) -> QueueFiller:
    """A queue filler with the stored settings, changed by these flags. Loads the model where the answers need it."""
    answers, kept = workbench.answers_for_once(), workbench.answers.settings
    source, sampling = changed_config(kept.source, given), changed_config(kept.sampling, given)
    answers.settings = replace(kept, source=source, sampling=sampling)
    answers.settings.check()
    if answers.needs_model:
        load_model(workbench)
    else:
        workbench.start(fill_queue=False, load_model=False)
    if is_served(source.first) or is_served(source.second):
        say("Training uses the text of a server's answers under the local model's own prompt template.")
    return answers


@click.command()
@click.option("--limit", default=50, type=click.IntRange(min=1), show_default=True, help="At most this many.")
@as_json
@click.pass_obj
def queue(options: Options, limit: int, as_json: bool) -> None:
    """List the comparisons without a verdict: id, prompt and both answers."""
    with options.reading() as view:
        comparisons = view.open_comparisons(limit)
    for each in comparisons:
        if as_json:
            emit(comparison_record(each))
        else:
            show_comparison(each)
    if not comparisons:
        say("The queue is empty. Write comparisons with `palate generate`.")


_REASON_HELP = "A reason for the verdict, of those that `palate tags` lists; may be repeated."


def check_reasons(workbench: Workbench, reasons: Sequence[str]) -> None:
    """Refuse a reason that is not in the list, so that a slip of the fingers makes no new one.

    Raises:
        InputError: it is not.
    """
    offered = workbench.reasons.offered()
    for each in reasons:
        if each.strip().casefold() not in map(str.casefold, offered):
            there = ", ".join(offered) or "none"
            raise InputError(f"There is no reason {each!r}. There are: {there}; `palate tags add WORD` adds one.")


@click.command()
@click.argument("comparison", type=int, metavar="ID")
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--strength", default=1, type=click.IntRange(1, 2), show_default=True, help="2: much better.")
@click.option("--note", default="", help="A note to store with the verdict.")
@click.option("--reason", "reasons", multiple=True, metavar="WORD", callback=utf8_name, help=_REASON_HELP)
@as_json
@click.pass_obj
def judge(
    options: Options,
    comparison: int,
    verdict: str,
    strength: int,
    note: str,
    reasons: tuple[str, ...],
    as_json: bool,
) -> None:
    """Store the verdict on comparison ID."""
    with options.owning() as workbench:
        check_reasons(workbench, reasons)
        stored = workbench.labelling.judge(comparison, verdict, strength=strength, note=note, reasons=reasons).result()
        offer = 0
        with after_storing(options.folder):
            offer = workbench.status().offer
    if as_json:
        said = {"event": "verdict", "id": stored.id, "comparison": comparison, "verdict": verdict, "at": stored.at}
        emit(said | ({"reasons": list(reasons)} if reasons else {}))
    else:
        say(f"Comparison {comparison}: {verdict}.")
        if offer:
            say(f"{count(offer, 'new pair')} since the latest run; `palate train` starts one on all pairs.")
