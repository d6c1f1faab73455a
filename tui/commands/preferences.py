"""`palate likes` and `palate agreement`: a person's preferences, each share with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import click

from tui.analysis import report_format as words
from tui.analysis.agreement import AgreementOfTwo, in_words, of_two_in_words
from tui.analysis.likes_prompt import prompt_of
from tui.analysis.report import Group, PreferenceReport, PreferenceReporter
from tui.commands.givers import labels_of, utf8_name, verdicts_of_option
from tui.commands.options import Options
from tui.commands.output import as_json, show_table
from tui.errors import InputError
from tui.ipc.console import emit, say
from tui.text.sanitize import visible

if TYPE_CHECKING:
    from tui.analysis.preferences import Preference


@click.command()
@click.option("--set", "set_name", metavar="NAME", callback=utf8_name, help="Only pairs on the prompts of this set.")
@click.option("--field", metavar="NAME", callback=utf8_name, help="Only pairs on prompts of this field.")
@click.option("--imported", is_flag=True, help="Imported pairs, in place of your own verdicts.")
@click.option("--as-prompt", is_flag=True, help="Write a system prompt that asks for what you prefer.")
@verdicts_of_option
@as_json
@click.pass_obj
def likes(
    options: Options,
    set_name: str | None,
    field: str | None,
    imported: bool,
    as_prompt: bool,
    verdicts_of: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show your preferences: left or right, longer, lists, slips, and the pairs that the adapter in use misranks.

    With --as-prompt it writes a system prompt that asks for them. `palate compare --against-system` tries one.
    """
    if imported and verdicts_of:
        raise click.UsageError("--imported and --verdicts-of exclude each other. Give one of them.")
    with options.reading() as view:
        source, givers = "import" if imported else "person", labels_of(view, verdicts_of)
        page = view.preferences.read(Group(set_name, field), source=source, givers=givers)
    if as_prompt:
        _show_prompt(page, as_json)
    elif as_json:
        _emit(page)
    else:
        _show(page)


def _show_prompt(page: PreferenceReport, as_json: bool) -> None:
    prompt = prompt_of(page)
    if as_json:
        emit({"event": "prompt", "system": prompt})
    elif prompt:
        print(visible(prompt))
    else:
        raise InputError("Your choices settle nothing yet that a prompt could ask for. Judge more pairs.")


def _emit(page: PreferenceReport) -> None:
    summary = page.summary
    common: dict[str, Any] = {"set": page.group.set_name, "field": page.group.field, "source": page.source}
    common["verdicts_of"] = list(page.givers)
    counts = {"decided": summary.decided, "neither": summary.neither, "questions": summary.questions}
    emit({"event": "counts", **common, **counts, "imported": page.imported})
    for equal, preferences in ((False, summary.preferences), (True, summary.equal_length)):
        for each in preferences:
            emit({"event": "preference", **common, "about_equal_length": equal, **_record(each)})
    for reason in page.reasons:
        said = {"decided": reason.summary.decided, "neither": reason.summary.neither}
        emit({"event": "reason", **common, "reason": reason.reason, **said})
        for each in reason.summary.preferences:
            emit({"event": "preference", **common, "reason": reason.reason, **_record(each)})
    emit({"event": "agreement", **asdict(page.agreement)})
    for two in page.with_others:
        emit(_of_two(two))
    emit({"event": "slips", **asdict(page.label_noise), "label_smoothing": page.label_noise.smoothing})
    if page.missed is not None:
        for pair in page.missed.pairs:
            emit({"event": "missed", "adapter": page.missed.adapter, "run": page.missed.run, **pair._asdict()})
    for day in page.days:
        emit({"event": "day", **asdict(day)})


def _record(each: Preference) -> dict[str, Any]:
    interval = each.interval
    return {
        "name": each.name,
        "share": each.share,
        "low": interval and interval.low,
        "high": interval and interval.high,
        "says": each.says,
        "pairs": each.pairs,
        "neither": each.neither,
        "questions": asdict(each.questions),
    }


def _show(page: PreferenceReport) -> None:
    print(visible(f"{words.group_words(page.group)}: {words.counted_words(page)}"))
    print(words.HOW + "\n")
    _table(page.summary.preferences)
    if page.summary.equal_length:
        print(f"\n{words.EQUAL}:\n")
        _table(page.summary.equal_length)
    if page.reasons:
        print("", *(visible(words.reason_words(each)) for each in page.reasons), sep="\n")
    print("", *words.agreement_words(page), words.flip_words(page.label_noise), sep="\n")
    if page.with_others:
        print("", *map(visible, words.others_words(page)), sep="\n")
    if page.label_noise.smoothing is not None:
        print(f"To train with this rate: palate train --label-smoothing {page.label_noise.smoothing:g}")
    print(visible(f"\n{words.missed_words(page.missed)}"))
    if page.missed is not None and page.missed.pairs:
        show_table([pair._asdict() for pair in page.missed.pairs[:_MOST]])
    if page.missed is not None and len(page.missed.pairs) > _MOST:
        say(f"The {_MOST} lowest of {len(page.missed.pairs):,}; --json gives all.")
    print("", *map(words.day_words, page.days), sep="\n")


_MOST = 20
_HEAD = ("the answer", "chosen", "interval", "", "pairs", "neither")


def _table(preferences: Sequence[Preference]) -> None:
    show_table([dict(zip(_HEAD, words.cells(each), strict=True)) for each in preferences])


@click.command()
@verdicts_of_option
@as_json
@click.pass_obj
def agreement(options: Options, verdicts_of: tuple[str, ...], as_json: bool) -> None:
    """Show how often you agreed with yourself on pairs that were shown again, sides swapped, and with others.

    With one name in --verdicts-of it is you and that person or judge, with several each two of them. Verdicts that were
    settled together are left out.
    """
    with options.reading() as view:
        own = None if verdicts_of else view.agreement()
        others = _chosen_twos(view.preferences, verdicts_of) if verdicts_of else view.preferences.with_others()
    if as_json:
        if own is not None:
            emit(asdict(own))
        for each in others:
            emit(_of_two(each))
        return
    if own is not None:
        print(in_words(own))
    for each in others:
        print(visible(of_two_in_words(each)))


def _chosen_twos(reporter: PreferenceReporter, names: Sequence[str]) -> list[AgreementOfTwo]:
    rows = list(dict.fromkeys(reporter.giver(each) for each in names))
    if len(rows) == 1:
        rows = [reporter.giver("me"), *rows]
    if rows[1:] == rows[:1]:
        raise click.UsageError("That name is yours: `palate agreement` alone shows how often you agree with yourself.")
    return [reporter.of_two(first, second) for first, second in combinations(rows, 2)]


def _of_two(found: AgreementOfTwo) -> dict[str, Any]:
    """The agreement of two as a record for `--json`."""
    return {"event": "agreement_of_two", "first": found.first, "second": found.second, **asdict(found.agreement)}
