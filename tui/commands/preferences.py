"""`palate likes` and `palate agreement`: a person's preferences, each share with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from tui.analysis import report_format as words
from tui.analysis.agreement import in_words
from tui.analysis.report import Group, PreferenceReport
from tui.commands.options import Options
from tui.commands.output import as_json, show_table
from tui.ipc.console import emit, say
from tui.text.sanitize import visible

if TYPE_CHECKING:
    from tui.analysis.preferences import Preference


def _text(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse a name that is not UTF-8: the database cannot look it up."""
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        raise click.BadParameter(f"{value!a} holds a byte that is not UTF-8. Give another name.") from None
    return value


@click.command()
@click.option("--set", "set_name", metavar="NAME", callback=_text, help="Only pairs on the prompts of this set.")
@click.option("--field", metavar="NAME", callback=_text, help="Only pairs on prompts of this field.")
@click.option("--imported", is_flag=True, help="Imported pairs, in place of your own verdicts.")
@as_json
@click.pass_obj
def likes(options: Options, set_name: str | None, field: str | None, imported: bool, as_json: bool) -> None:
    """Show your preferences: left or right, longer, lists, slips, and the pairs that the adapter in use misranks."""
    with options.reading() as view:
        page = view.likes.read(Group(set_name, field), source="import" if imported else "person")
    if as_json:
        _emit(page)
    else:
        _show(page)


def _emit(page: PreferenceReport) -> None:
    likes = page.likes
    common = {"set": page.group.set_name, "field": page.group.field, "source": page.source}
    counts = {"decided": likes.decided, "neither": likes.neither, "questions": likes.questions}
    emit({"event": "counts", **common, **counts, "imported": page.imported})
    for equal, preferences in ((False, likes.preferences), (True, likes.equal_length)):
        for each in preferences:
            emit({"event": "preference", **common, "about_equal_length": equal, **_record(each)})
    emit({"event": "agreement", **asdict(page.agreement)})
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
    _table(page.likes.preferences)
    if page.likes.equal_length:
        print(f"\n{words.EQUAL}:\n")
        _table(page.likes.equal_length)
    print("", *words.agreement_words(page), words.flip_words(page.label_noise), sep="\n")
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
@as_json
@click.pass_obj
def agreement(options: Options, as_json: bool) -> None:
    """Show how often you agreed with yourself on pairs that were shown again, sides swapped."""
    with options.reading() as view:
        found = view.agreement()
    if as_json:
        emit(asdict(found))
    else:
        print(in_words(found))
