"""`palate presets` and `palate pairs`: named settings of a run, and named sets of pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from db.errors import NotFound
from db.verdicts import count_pairs
from engine.config import TrainConfig
from tui.commands.config_options import changed_config, config_options
from tui.commands.givers import labels_of, verdicts_of_option
from tui.commands.options import Options
from tui.commands.output import as_json, show_table
from tui.errors import InputError
from tui.ipc.console import emit, say
from tui.text.format import count
from tui.training.pair_sets import ALL_PAIRS, PairSet, filter_of, pairs_of, parse_day
from tui.training.presets import ORIGINAL, Preset
from tui.workspace.named_values import NamedValues

if TYPE_CHECKING:
    from tui.reader import WorkspaceReader
    from tui.workbench import Workbench


_Command = TypeVar("_Command", bound=Callable[..., Any])


def pair_options(since: str, prompt_set: str, strong: str) -> Callable[[_Command], _Command]:
    """Add the flags that select pairs, under these names."""

    def add(command: _Command) -> _Command:
        command = verdicts_of_option(command)
        command = click.option(strong, "strong", is_flag=True, help="Only verdicts “much better”.")(command)
        words = "Only pairs on the prompts of this set."
        command = click.option(prompt_set, "prompt_set", metavar="NAME", help=words)(command)
        words = "Only verdicts from this day on, such as 2026-03-02."
        return click.option(since, "since", metavar="DATE", help=words)(command)

    return add


def chosen_pairs(
    view: WorkspaceReader,
    name: str | None,
    since: str | None,
    prompt_set: str | None,
    strong: bool,
    verdicts_of: Sequence[str],
) -> PairSet:
    """The pairs that the flags select: the set called `name`, or all pairs, narrowed by the other flags."""
    chosen = view.pair_sets.get(name) if name else PairSet()
    changes: dict[str, Any] = {"since": parse_day(since)} if since else {}
    changes |= {"prompt_set": prompt_set} if prompt_set else {}
    changes |= {"strong": True} if strong else {}
    changes |= {"verdicts_of": labels} if (labels := labels_of(view, verdicts_of)) else {}
    return replace(chosen, name=None, **changes) if changes else chosen


def train_config(
    view: WorkspaceReader, preset: str | None, given: dict[str, str | None], chosen: PairSet = ALL_PAIRS
) -> TrainConfig:
    """Settings for a run on these pairs: those of the preset, or where runs start, changed by the flags in `given`."""
    first = view.presets.get(preset or view.presets.start, _count(view, chosen)).config
    config: TrainConfig = changed_config(first, given)
    return config


def _count(view: WorkspaceReader, chosen: PairSet) -> int:
    return count_pairs(view.workspace.connection, filter_of(view.workspace, chosen))


# -- presets ---------------------------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def presets(ctx: click.Context, as_json: bool) -> None:
    """List the presets, which are named settings of a run: Palate's and your own."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.obj.reading() as view:
        rows = view.presets.all(_count(view, ALL_PAIRS))
    if as_json:
        for row in rows:
            emit(preset_record(row))
        return
    show_table([{"preset": row.name, "changes": row.words(), "for": row.sentence} for row in rows])
    say("Use one with `palate train --preset NAME`; flags beside it override it.")


@presets.command()
@click.argument("name")
@click.option("--preset", metavar="NAME", help="Start from the settings of this preset instead of the defaults.")
@config_options(TrainConfig)
@as_json
@click.pass_obj  # type: ignore[arg-type]  # the checker does not follow **given
def save(options: Options, name: str, preset: str | None, as_json: bool, **given: str | None) -> None:
    """Save settings as the preset NAME; a preset of your own with that name is replaced."""
    with options.owning() as workbench:
        saved = workbench.presets.save(name, train_config(workbench, preset or ORIGINAL.name, given))
    if as_json:
        emit(preset_record(saved))
    else:
        say(f"Saved {saved.name}: {saved.words()}.")


@presets.command("rename")
@click.argument("name")
@click.argument("new")
@click.pass_obj
def rename_preset(options: Options, name: str, new: str) -> None:
    """Give a preset of your own another name."""
    _rename(options, lambda workbench: workbench.presets.kept, name, new)


@presets.command("remove")
@click.argument("name")
@click.pass_obj
def remove_preset(options: Options, name: str) -> None:
    """Delete a preset of your own. Runs keep their settings."""
    _remove(options, lambda workbench: workbench.presets.kept, name)


def preset_record(preset: Preset) -> dict[str, Any]:
    """A preset as a record for `--json`."""
    changes = dict(preset.changes)
    return {"event": "preset", "name": preset.name, "own": preset.own, "for": preset.sentence, "changes": changes}


# -- sets of pairs ---------------------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def pairs(ctx: click.Context, as_json: bool) -> None:
    """List your sets of pairs for training, and how many pairs each holds now."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.obj.reading() as view:
        rows = [(chosen, _counted(view, chosen)) for chosen in (PairSet(), *view.pair_sets.all())]
    if as_json:
        for chosen, number in rows:
            emit(pairs_record(chosen, number))
        return
    show_table(
        [
            {"set": chosen.name or "all", "pairs": number, "which": replace(chosen, name=None).words()}
            for chosen, number in rows
        ]
    )
    say("Use one with `palate train --pairs NAME`.")


@pairs.command("save")
@click.argument("name")
@pair_options("--since", "--set", "--strong")
@as_json
@click.pass_obj
def save_pairs(
    options: Options,
    name: str,
    since: str | None,
    prompt_set: str | None,
    strong: bool,
    verdicts_of: tuple[str, ...],
    as_json: bool,
) -> None:
    """Save a selection of pairs as NAME; every run that uses it looks its pairs up again."""
    with options.owning() as workbench:
        chosen = chosen_pairs(workbench, None, since, prompt_set, strong, verdicts_of)
        if chosen.everything:
            flags = "--since, --set, --strong or --verdicts-of"
            raise InputError(f"No flag selects pairs, and all pairs need no name. Give {flags}.")
        number = len(pairs_of(workbench.workspace, chosen))  # raises for a prompt set that does not exist
        saved = workbench.pair_sets.save(name, chosen)
    if as_json:
        emit(pairs_record(saved, number))
    else:
        say(f"Saved {saved.words()}. It holds {count(number, 'pair')} now.")


@pairs.command("rename")
@click.argument("name")
@click.argument("new")
@click.pass_obj
def rename_pairs(options: Options, name: str, new: str) -> None:
    """Give a set of pairs another name."""
    _rename(options, lambda workbench: workbench.pair_sets.kept, name, new)


@pairs.command("remove")
@click.argument("name")
@click.pass_obj
def remove_pairs(options: Options, name: str) -> None:
    """Delete a set of pairs. Verdicts and runs stay."""
    _remove(options, lambda workbench: workbench.pair_sets.kept, name)


def pairs_record(chosen: PairSet, number: int | None) -> dict[str, Any]:
    """A set of pairs as a record for `--json`; `number` is None where its prompt set is gone."""
    which = {"since": chosen.since, "set": chosen.prompt_set, "strong": chosen.strong}
    givers = list(chosen.verdicts_of)
    return {"event": "pairs", "name": chosen.name or "all", "pairs": number, **which, "verdicts_of": givers}


def _counted(view: WorkspaceReader, chosen: PairSet) -> int | None:
    try:
        return len(pairs_of(view.workspace, chosen))
    except (InputError, NotFound):
        return None


def _rename(options: Options, kept: Callable[[Workbench], NamedValues], name: str, new: str) -> None:
    with options.owning() as workbench:
        say(f"{name} is called {kept(workbench).rename(name, new)} now.")


def _remove(options: Options, kept: Callable[[Workbench], NamedValues], name: str) -> None:
    with options.owning() as workbench:
        kept(workbench).remove(name)
    say(f"{name} is deleted.")
