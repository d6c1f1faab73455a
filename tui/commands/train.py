"""`palate train`: one run, reported step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from db.run_rows import RunRow
from engine.config import TrainConfig, settings_of
from engine.events import Event
from tui.commands.config_options import build_config, config_options
from tui.commands.options import EventStream, HostedOptions, Options, load_model
from tui.commands.output import as_json
from tui.commands.presets import chosen_pairs, pair_options, train_config
from tui.commands.runs import sample_record
from tui.commands.studies import run_study
from tui.detached import follow_detachable
from tui.errors import InputError
from tui.events import RunChanged, SamplesStored, WorkbenchEvent
from tui.ipc.console import OwnerLeaves, emit, say, show
from tui.text.sanitize import visible, visible_line
from tui.training.event_format import event_record, event_words
from tui.training.preflight_format import preflight_words
from tui.training.presets import AUTO, changes_of, changes_words
from tui.training.study import Kind

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight
    from tui.workbench import Workbench


_FREE = {each.name: each for each in settings_of(TrainConfig) if each.free_at_resume}
"""The settings that a resumed run may have otherwise than at its start."""


@click.command()
@config_options(TrainConfig)
@click.option(
    "--preset",
    metavar="NAME",
    help="Start from the settings of this preset instead of the workspace's (`palate settings preset`; a new one has "
    "auto). Flags override them.",
)
@click.option("--pairs", metavar="NAME", help="Train on this set of pairs (`palate pairs`) instead of all.")
@pair_options("--pairs-since", "--pairs-set", "--pairs-strong")
@click.option("--from", "from_adapter", metavar="ADAPTER", help="Start from this adapter instead of a new one.")
@click.option("--resume", type=int, metavar="RUN", help="Continue an interrupted run, with its own settings.")
@click.option(
    "--search", is_flag=True, help="Try a few learning rates, betas and epochs first, and train with the best."
)
@click.option("--outlook", is_flag=True, help="Estimate what 50 more verdicts would bring, from parts of your pairs.")
@click.option("--preflight", "look", is_flag=True, help="Show what the run would do and need, without training.")
@click.option(
    "--on-interrupt",
    type=click.Choice(["keep", "leave", "discard"]),
    default="keep",
    show_default=True,
    help="The effect of ctrl+C. keep: end the run and save its adapter. leave: write a checkpoint, to resume from. "
    "discard: end the run without an adapter.",
)
@click.option("--name", help="Name of the run and its adapter. Default: taste-1, taste-2, …")
@as_json
@click.pass_obj  # type: ignore[arg-type]  # the checker does not follow **given
def train(
    options: Options,
    preset: str | None,
    pairs: str | None,
    since: str | None,
    prompt_set: str | None,
    strong: bool,
    verdicts_of: tuple[str, ...],
    from_adapter: str | None,
    resume: int | None,
    search: bool,
    outlook: bool,
    look: bool,
    on_interrupt: str,
    name: str | None,
    as_json: bool,
    **given: str | None,
) -> None:
    """Train an adapter on your preference pairs. Ctrl+C ends the run and keeps its adapter (--on-interrupt)."""
    studied = _studied(search, outlook, alone=from_adapter is None and not look)
    if resume is not None:
        selected = (preset, pairs, since, prompt_set, strong or None, verdicts_of or None)
        fixed = (text for name, text in given.items() if name not in _FREE)
        _check_resume(resume, (from_adapter, name, look or None, studied, *selected, *fixed))
    build_config(TrainConfig, given)  # a flag that cannot be used is refused before anything is opened
    changed = {name: each.parse(given[name] or "") for name, each in _FREE.items() if given[name] is not None}
    devices = changed.get("devices")  # "none" takes away those of a resumed run
    if devices is not None and not isinstance(options, HostedOptions):
        options = _beside_run(options, devices)
    with options.owning() as workbench, options.serving_clients(workbench):
        chosen = chosen_pairs(workbench, pairs, since, prompt_set, strong, verdicts_of)
        config = train_config(workbench, preset, given, chosen)
        if preset is None and resume is None and workbench.presets.start == AUTO and not as_json:
            flags = " and your flags" if any(given.values()) else ""
            say(f"Settings, from the preset auto{flags}: {changes_words(changes_of(config))}.")
        load_model(workbench)
        if look:
            print_preflight(workbench.previews.preflight(config, chosen), as_json)
            return
        if studied is not None:
            run_study(workbench, studied, config, chosen, name, as_json)
            return
        with EventStream(workbench) as heard:
            if resume is not None:
                workbench.trainer.resume(resume, changed)
            run = resume or workbench.trainer.start(config, name=name, from_adapter=from_adapter, pairs=chosen)
            _follow(workbench, heard, run, as_json, on_interrupt)
        row = workbench.run(run)
    _check_end(row, on_interrupt)


def _studied(search: bool, outlook: bool, *, alone: bool) -> Kind | None:
    """The study that is asked for. `alone` says that no other flag asks for something else."""
    if (search or outlook) and not (alone and search != outlook):
        raise InputError("A search or an outlook starts from the base, alone. Leave the other of --search, --outlook, "
                         "--from and --preflight out.")  # fmt: skip
    return "search" if search else "outlook" if outlook else None


def _check_end(row: RunRow, on_interrupt: str) -> None:
    """Let the command fail where its run failed, or was interrupted without being asked to."""
    if row.error:
        raise click.ClickException(row.error)
    if row.status == "interrupted" and on_interrupt != "leave":
        raise click.ClickException(f"Run {row.id} was interrupted. `palate train --resume {row.id}` continues it.")


def _beside_run(options: Options, devices: str) -> Options:
    """The options with a place for the model that takes no memory of the devices of the run.

    Raises:
        InputError: `--device` names a place for the model as well.
        SettingError: this machine lacks one of the devices.
    """
    from engine.devices import beside  # imports torch

    if options.choice.device != "auto":
        raise InputError(
            f"--device {options.choice.device} is for the model that answers, and --devices {devices} for a run. "
            "Leave --device out: beside a run on GPUs the model answers where it takes no memory of theirs."
        )
    device, dtype = beside(devices, options.choice.dtype)
    return replace(options, choice=replace(options.choice, device=device, dtype=dtype))


def _check_resume(run: int, others: Sequence[object]) -> None:
    """Refuse flags that an interrupted run cannot be resumed with; `others` are their values, None where not given."""
    if any(each is not None for each in others):
        *first, last = (each.flag for each in _FREE.values())
        flags = f"{', '.join(first)} and {last}"
        raise InputError(
            f"Run {run} is resumed with its own settings; only {flags} may change. Leave the other flags out."
        )


def _follow(workbench: Workbench, heard: EventStream, run: int, as_json: bool, on_interrupt: str) -> None:
    job = workbench.trainer.job
    assert job is not None

    def report_all() -> None:
        while True:
            try:
                for published in heard.until(job):
                    _report(workbench, run, published, as_json)
            except KeyboardInterrupt:
                _interrupt(workbench, on_interrupt)
            else:
                return

    try:
        follow_detachable(workbench, report_all)
    except OwnerLeaves:
        say(f"Run {run} is left at a checkpoint; `palate train --resume {run}` continues it.")
        raise


def _report(workbench: Workbench, run: int, published: WorkbenchEvent, as_json: bool) -> None:
    if isinstance(published, RunChanged) and published.event is not None:
        _report_event(run, published.event, as_json)
    elif isinstance(published, SamplesStored):
        _report_samples(workbench, published, as_json)


def _interrupt(workbench: Workbench, act: str) -> None:
    """End the run after ctrl+C, in the way that `--on-interrupt` names. Its last events are still reported."""
    words = {"keep": "Saving the adapter", "leave": "Writing a checkpoint", "discard": "Discarding the run"}
    say(f"{words[act]}; one moment.")
    if act == "leave":
        workbench.trainer.leave()
    else:
        workbench.trainer.stop(discard=act == "discard")


def _report_event(run: int, event: Event, as_json: bool) -> None:
    record = event_record(run, event)
    if record is None:
        return
    if as_json:
        emit(record)
    else:
        say(event_words(record))


def _report_samples(workbench: Workbench, stored: SamplesStored, as_json: bool) -> None:
    for row in workbench.run_samples(stored.run):
        if row.step != stored.step:
            continue
        if as_json:
            emit(sample_record(stored.run, row))
        else:
            say(f"sample  {visible_line(row.question, 60)}  →  {visible_line(row.text, 120)}")


def print_preflight(found: Preflight, as_json: bool) -> None:
    """Print what a run would do and how much memory it needs."""
    if as_json:
        peak = None if found.memory is None else found.memory.peak
        emit({"event": "preflight", **asdict(found), "peak_bytes": peak})
        return
    for line in preflight_words(found):
        show(visible(line))
