"""`palate prompts`: prompt sets."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import click

from db.interchange.sources import source_of
from db.prompt_rows import Crossing, SetCounts
from tui.commands.options import Options
from tui.commands.output import as_json, show_table
from tui.curation.prompt_sets import PromptSets, added_words, holding_out_words, release_words
from tui.ipc.console import console, emit, say
from tui.text.format import count


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def prompts(ctx: click.Context, as_json: bool) -> None:
    """Prompt sets: list them, or add a file to one."""
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
@click.option("--held-out", is_flag=True, help="Keep the prompts for trials; they are never trained on.")
@as_json
@click.pass_obj
def add(
    options: Options,
    file: str,
    set_name: str | None,
    split: str,
    config: str | None,
    held_out: bool,
    as_json: bool,
) -> None:
    """Add prompts: a .txt file with one on each line, .jsonl, .json, .csv, .parquet, or a data set (user/name)."""
    source = source_of(file, split=split, config=config, folder=console().folder)
    with options.owning() as workbench:
        taken = workbench.add_prompts(source, set_name=set_name or source.stem, held_out=held_out).result()
    if as_json:
        emit({"event": "prompts", **asdict(taken)})
        return
    say(f"{count(taken.added, 'prompt')} added to {taken.set_name!r}.")
    for left_out, words in (
        (taken.duplicates, "were there already or came twice"),
        (taken.skipped, "lines were empty"),
        (taken.in_other_set, "stand on the other side of the held-out wall and were left out"),
    ):
        if left_out:
            say(f"{left_out} {words}.")


@click.command("sets")
@as_json
@click.pass_obj
def sets(options: Options, as_json: bool) -> None:
    """Prompt sets with their prompts counted: judged, open, in trials."""
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
    """The prompts of a set that hold every one of WORDS, with their numbers."""
    with options.reading() as view:
        rows = view.prompts.prompts(view.prompts.find_set(name).id, words=words, limit=limit)
    for row in rows:
        if as_json:
            emit({"event": "prompt", **asdict(row)})
    if not as_json and rows:
        show_table([{**asdict(row), "line": row.line[:80]} for row in rows])
    if not rows:
        say("No prompt matches.")


@click.command("add-one")
@click.argument("text")
@click.option("--set", "set_name", required=True, metavar="NAME", help="The set, which must be there.")
@click.option("--field", help="Its field, such as biology.")
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
@click.option("--held-out", is_flag=True, help="For trials; its prompts are never trained on.")
@as_json
@click.pass_obj
def new_set(options: Options, name: str, held_out: bool, as_json: bool) -> None:
    """Make an empty prompt set."""
    with options.owning() as workbench:
        workbench.prompts.new_set(name, held_out=held_out).result()
    _told(as_json, {"event": "prompt_set", "set": name, "held_out": held_out}, f"The prompt set {name!r} is there.")


@click.command("rename")
@click.argument("name", metavar="SET")
@click.argument("new_name", metavar="NAME")
@as_json
@click.pass_obj
def rename(options: Options, name: str, new_name: str, as_json: bool) -> None:
    """Give a prompt set another name."""
    with options.owning() as workbench:
        workbench.prompts.rename(workbench.prompts.find_set(name).id, new_name).result()
    _told(as_json, {"event": "renamed", "set": new_name, "was": name}, f"{name!r} is called {new_name!r} now.")


@click.command("hold-out")
@click.argument("name", metavar="SET")
@click.option("--yes", is_flag=True, help="Do not only say what it means: do it.")
@as_json
@click.pass_obj
def hold_out(options: Options, name: str, yes: bool, as_json: bool) -> None:
    """Hold a prompt set out for trials. Without --yes it is only told what that means."""
    _cross(options, name, True, yes=yes, as_json=as_json)


@click.command("release")
@click.argument("name", metavar="SET")
@click.option("--yes", is_flag=True, help="Do not only say what it means: do it.")
@as_json
@click.pass_obj
def release(options: Options, name: str, yes: bool, as_json: bool) -> None:
    """Hand a held-out prompt set back to labelling. Without --yes it is only told what that means."""
    _cross(options, name, False, yes=yes, as_json=as_json)


def _cross(options: Options, name: str, held_out: bool, *, yes: bool, as_json: bool) -> None:
    if not yes:
        with options.reading() as view:
            meant = view.prompts.crossing_of_set(view.prompts.find_set(name).id)
        _tell_crossing(meant, held_out, as_json=as_json, done=False)
        return
    with options.owning() as workbench:
        meant = workbench.prompts.set_held_out(workbench.prompts.find_set(name).id, held_out).result()
    _tell_crossing(meant, held_out, as_json=as_json, done=True)


def _tell_crossing(meant: Crossing, held_out: bool, *, as_json: bool, done: bool) -> None:
    if as_json:
        emit({"event": "held_out" if held_out else "released", "done": done, **asdict(meant)})
    for sentence in holding_out_words(meant, done=done) if held_out else release_words(meant):
        say(sentence)
    if not done:
        say("Nothing was changed. Say --yes to do it.")


@click.command("move")
@click.argument("prompts", nargs=-1, type=int, required=True, metavar="ID …")
@click.option("--to", "target", required=True, metavar="SET", help="The set they go into.")
@click.option("--yes", is_flag=True, help="Also where they come to be held out, or are handed back.")
@as_json
@click.pass_obj
def move(options: Options, prompts: Sequence[int], target: str, yes: bool, as_json: bool) -> None:
    """Move prompts, by their numbers, into another set."""
    with options.owning() as workbench:
        book = workbench.prompts
        found = book.find_set(target)
        across = _across(book, prompts, found.held_out)
        if across and not yes:
            _tell_crossing(book.crossing(across), found.held_out, as_json=as_json, done=False)
            raise SystemExit(1)
        book.move(prompts, found.id).result()
    record = {"event": "moved", "prompts": list(prompts), "set": target, "across": across}
    _told(as_json, record, f"{count(len(prompts), 'prompt')} moved into {target!r}.")


def _across(book: PromptSets, prompts: Sequence[int], held_out: bool) -> list[int]:
    """Those of the prompts that would change sides."""
    return [each for each in prompts if book.prompt(each).held_out != held_out]


@click.command("remove")
@click.argument("prompt", type=int, metavar="ID")
@as_json
@click.pass_obj
def remove(options: Options, prompt: int, as_json: bool) -> None:
    """Take away a prompt that was never used."""
    with options.owning() as workbench:
        workbench.prompts.remove(prompt).result()
    _told(as_json, {"event": "removed", "prompt": prompt}, f"Prompt {prompt} is gone.")


def _told(as_json: bool, record: Mapping[str, object], words: str) -> None:
    if as_json:
        emit(record)
    else:
        say(words)


SUBCOMMANDS = (sets, show, add_one, new_set, rename, hold_out, release, move, remove)
"""What `palate prompts` gets besides `add`."""

for command in SUBCOMMANDS:
    prompts.add_command(command)
