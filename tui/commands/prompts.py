"""`palate prompts`: prompt sets and their prompts."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click

from db.interchange.columns import columns_of
from db.interchange.sources import source_of
from db.prompt_rows import Crossing, SetCounts, TakenPrompts, first_line
from tui.commands.grow import grow
from tui.commands.options import Options
from tui.commands.output import as_json, show_table
from tui.commands.piped_input import file_of
from tui.curation.import_format import left_out_words, remark_words
from tui.curation.prompt_sets import (
    PromptSets,
    added_words,
    holding_out_words,
    release_words,
    similar_line,
    similar_words,
)
from tui.ipc.console import console, emit, say
from tui.ipc.console import show as print_line
from tui.text.format import count, percent
from tui.text.sanitize import visible_line

_LISTED = 20


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def prompts(ctx: click.Context, as_json: bool) -> None:
    """List the prompt sets, or add a file to one."""
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


@prompts.command()
@click.argument("file", metavar="FILE|DATASET")
@click.option("--set", "set_name", help="Name of the prompt set. Default: the file's name.")
@click.option("--split", default="train", show_default=True, help="The part of a data set.")
@click.option("--config", help="The configuration of a data set, where it has several.")
@click.option("--columns", "columns", default="", metavar="NAME=COLUMN,…", help="Such as prompt=COLUMN,ignore=COLUMN.")
@click.option("--held-out", is_flag=True, help="Hold the prompts out for trials; no run trains on them.")
@click.option("--distinct", is_flag=True, help="Leave out prompts that are nearly the same as others.")
@as_json
@click.pass_obj
def add(
    options: Options,
    file: str,
    set_name: str | None,
    split: str,
    config: str | None,
    columns: str,
    held_out: bool,
    distinct: bool,
    as_json: bool,
) -> None:
    """Add prompts: a .txt file with one on each line, .jsonl, .json, .csv, .parquet, a data set (user/name), or -."""
    with file_of(options, file) as (options, name, own_set):
        said = columns_of(columns)
        source = source_of(name, split=split, config=config, folder=console().folder, columns=said)
        with options.owning() as workbench:
            set_name = set_name or own_set or source.stem
            added = workbench.add_prompts(source, set_name=set_name, held_out=held_out, distinct=distinct).result()
    if as_json:
        emit({"event": "prompts", **asdict(added)})
    else:
        _say_added(added, distinct)


def _say_added(added: TakenPrompts, distinct: bool) -> None:
    """Say what was added and what was left out; and which of them are nearly the same as others."""
    say(f"{count(added.added, 'prompt')} added to {added.set_name!r}.")
    for words in (*map(left_out_words, added.left_out), *map(remark_words, added.remarks)):
        say(f"{words}.")
    for left_out, words in (
        (added.duplicates, "were there already or were repeated"),
        (added.in_other_set, "are in a set of the other kind (labelling or held out) and were left out"),
    ):
        if left_out:
            say(f"{left_out} {words}.")
    for words in similar_words(added.similar):
        say(words)
    for each in added.similar[:_LISTED]:
        say(f"  {visible_line(similar_line(each), 400)}")
    if added.similar and not distinct:
        listing = f"`palate prompts similar {shlex.quote(added.set_name)}`"
        say(f"They were added. {listing} lists them, and `palate prompts remove` deletes one.")


@click.command("sets")
@as_json
@click.pass_obj
def sets(options: Options, as_json: bool) -> None:
    """List the prompt sets, and how many of their prompts are judged, open and in trials."""
    with options.reading() as view:
        rows = view.prompts.sets()
    if as_json:
        for each in rows:
            emit({"event": "prompt_set", **_record(each)})
    else:
        show_table([{**_record(each), "held_out": "held out" if each.row.held_out else "labelling"} for each in rows])


def _record(each: SetCounts) -> dict[str, object]:
    counts = {"judged": each.judged, "open": each.open, "in_trials": each.in_trials}
    return {"set": each.row.name, "prompts": each.row.prompts, **counts, "held_out": each.row.held_out}


@click.command("show")
@click.argument("name", metavar="SET")
@click.argument("words", nargs=-1)
@click.option("--limit", default=50, type=click.IntRange(min=1), show_default=True, help="At most this many.")
@as_json
@click.pass_obj
def show(options: Options, name: str, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List the prompts of a set that hold every one of WORDS, with their numbers."""
    with options.reading() as view:
        rows = view.prompts.prompts(view.prompts.find_set(name).id, words=words, limit=limit)
    for row in rows:
        if as_json:
            emit({"event": "prompt", **asdict(row)})
    if not as_json and rows:
        show_table([{**asdict(row), "line": row.line[:80]} for row in rows])
    if not rows:
        say("No prompt matches.")


@click.command("similar")
@click.argument("name", metavar="SET", required=False)
@as_json
@click.pass_obj
def similar(options: Options, name: str | None, as_json: bool) -> None:
    """List prompts that are nearly the same as an earlier one: of a set, or of all."""
    with options.reading() as view:
        pairs = view.prompts.similar(view.prompts.find_set(name).id if name else None)
    for later, earlier, likeness in pairs:
        record = {
            "prompt": later.id,
            "set": later.set_name,
            "line": first_line(later.messages),
            "like": earlier.id,
            "like_set": earlier.set_name,
            "like_line": first_line(earlier.messages),
            "likeness": round(likeness, 3),
        }
        if as_json:
            emit({"event": "similar", **record})
        else:
            for number, words in ((later.id, record["line"]), (earlier.id, record["like_line"])):
                print_line(f"{number:>7}  {visible_line(str(words), 400)}")
            print_line(f"         {percent(likeness)} the same\n")
    if not pairs:
        say("No two prompts are nearly the same.")


@click.command("add-one")
@click.argument("text")
@click.option("--set", "set_name", required=True, metavar="NAME", help="The prompt set, which must exist.")
@click.option("--field", help="The prompt's field, such as biology.")
@as_json
@click.pass_obj
def add_one(options: Options, text: str, set_name: str, field: str | None, as_json: bool) -> None:
    """Add one prompt, TEXT, to a set."""
    with options.owning() as workbench:
        found = workbench.prompts.find_set(set_name)
        added = workbench.prompts.add(found.id, text, field=field).result()
    if as_json:
        emit({"event": "prompts", "set_name": set_name, **asdict(added)})
    else:
        say(added_words(added, set_name))


@click.command("new-set")
@click.argument("name")
@click.option("--held-out", is_flag=True, help="Hold its prompts out for trials; no run trains on them.")
@as_json
@click.pass_obj
def new_set(options: Options, name: str, held_out: bool, as_json: bool) -> None:
    """Make an empty prompt set."""
    with options.owning() as workbench:
        workbench.prompts.new_set(name, held_out=held_out).result()
    _report(as_json, {"event": "prompt_set", "set": name, "held_out": held_out}, f"The prompt set {name!r} is made.")


@click.command("rename")
@click.argument("name", metavar="SET")
@click.argument("new_name", metavar="NAME")
@as_json
@click.pass_obj
def rename(options: Options, name: str, new_name: str, as_json: bool) -> None:
    """Give a prompt set another name."""
    with options.owning() as workbench:
        workbench.prompts.rename(workbench.prompts.find_set(name).id, new_name).result()
    _report(as_json, {"event": "renamed", "set": new_name, "was": name}, f"{name!r} is called {new_name!r} now.")


@click.command("hold-out")
@click.argument("name", metavar="SET")
@click.option("--yes", is_flag=True, help="Do it, instead of only showing what it would change.")
@as_json
@click.pass_obj
def hold_out(options: Options, name: str, yes: bool, as_json: bool) -> None:
    """Hold a prompt set out for trials. Without --yes, only show what that would change."""
    _cross(options, name, True, yes=yes, as_json=as_json)


@click.command("release")
@click.argument("name", metavar="SET")
@click.option("--yes", is_flag=True, help="Do it, instead of only showing what it would change.")
@as_json
@click.pass_obj
def release(options: Options, name: str, yes: bool, as_json: bool) -> None:
    """Release a held-out prompt set for labelling. Without --yes, only show what that would change."""
    _cross(options, name, False, yes=yes, as_json=as_json)


def _cross(options: Options, name: str, held_out: bool, *, yes: bool, as_json: bool) -> None:
    if not yes:
        with options.reading() as view:
            crossing = view.prompts.crossing_of_set(view.prompts.find_set(name).id)
        _show_crossing(crossing, held_out, as_json=as_json, done=False)
        return
    with options.owning() as workbench:
        crossing = workbench.prompts.set_held_out(workbench.prompts.find_set(name).id, held_out).result()
    _show_crossing(crossing, held_out, as_json=as_json, done=True)


def _show_crossing(crossing: Crossing, held_out: bool, *, as_json: bool, done: bool) -> None:
    if as_json:
        emit({"event": "held_out" if held_out else "released", "done": done, **asdict(crossing)})
    for sentence in holding_out_words(crossing, done=done) if held_out else release_words(crossing):
        say(sentence)
    if not done:
        say("Nothing has changed. Give --yes to do it.")


@click.command("move")
@click.argument("prompts", nargs=-1, type=int, required=True, metavar="ID …")
@click.option("--to", "target", required=True, metavar="SET", help="The set to move them into.")
@click.option("--yes", is_flag=True, help="Move them also where that holds them out or releases them.")
@as_json
@click.pass_obj
def move(options: Options, prompts: Sequence[int], target: str, yes: bool, as_json: bool) -> None:
    """Move prompts, by their numbers, into another set."""
    with options.owning() as workbench:
        sets = workbench.prompts
        found = sets.find_set(target)
        across = _across(sets, prompts, found.held_out)
        if across and not yes:
            _show_crossing(sets.crossing(across), found.held_out, as_json=as_json, done=False)
            raise SystemExit(1)
        sets.move(prompts, found.id).result()
    record = {"event": "moved", "prompts": list(prompts), "set": target, "across": across}
    _report(as_json, record, f"{count(len(prompts), 'prompt')} moved into {target!r}.")


def _across(sets: PromptSets, prompts: Sequence[int], held_out: bool) -> list[int]:
    """The prompts that the move would hold out or release."""
    return [each for each in prompts if sets.prompt(each).held_out != held_out]


@click.command("remove")
@click.argument("prompt", type=int, metavar="ID")
@as_json
@click.pass_obj
def remove(options: Options, prompt: int, as_json: bool) -> None:
    """Delete a prompt that was never used."""
    with options.owning() as workbench:
        workbench.prompts.remove(prompt).result()
    _report(as_json, {"event": "removed", "prompt": prompt}, f"Prompt {prompt} is deleted.")


def _report(as_json: bool, record: Mapping[str, object], words: str) -> None:
    if as_json:
        emit(record)
    else:
        say(words)


SUBCOMMANDS = (sets, show, similar, grow, add_one, new_set, rename, hold_out, release, move, remove)
"""The commands of `palate prompts` beside `add`."""

for command in SUBCOMMANDS:
    prompts.add_command(command)
