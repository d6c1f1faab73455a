"""`palate train`: one run, told step by step."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from engine.config import TrainConfig
from engine.events import Event
from tui.commands.config_options import build_config, config_options
from tui.commands.options import Heard, Options, load_model
from tui.commands.output import as_json
from tui.commands.presets import chosen_pairs, pair_options, train_config
from tui.commands.runs import sample_record
from tui.detached import DetachedCommand
from tui.errors import InputError
from tui.events import RunChanged, SamplesStored, WorkbenchEvent
from tui.ipc.console import OwnerLeaves, emit, say, show
from tui.terminal.signals import hang_ups_heard
from tui.text.sanitize import visible, visible_line
from tui.training.event_format import event_record, event_words
from tui.training.preflight_format import preflight_words

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight
    from tui.workbench import Workbench


@click.command()
@config_options(TrainConfig)
@click.option("--preset", metavar="NAME", help="Begin with the settings of this preset; flags override it.")
@click.option("--pairs", metavar="NAME", help="Train on this set of pairs that you keep (`palate pairs`), not on all.")
@pair_options("--pairs-since", "--pairs-set", "--pairs-strong")
@click.option("--from", "from_adapter", metavar="ADAPTER", help="Go on from this adapter instead of a fresh one.")
@click.option("--resume", type=int, metavar="RUN", help="Go on with an interrupted run, with its own settings.")
@click.option("--preflight", "look", is_flag=True, help="Tell what the run would do and need, and end.")
@click.option(
    "--on-interrupt",
    type=click.Choice(["keep", "leave", "discard"]),
    default="keep",
    show_default=True,
    help="What ctrl+C does: keep what is trained as an adapter, leave the run at a checkpoint to be resumed, or end it "
    "without an adapter.",
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
    from_adapter: str | None,
    resume: int | None,
    look: bool,
    on_interrupt: str,
    name: str | None,
    as_json: bool,
    **given: str | None,
) -> None:
    """Train an adapter on the preference pairs that stand. Ctrl+C keeps what is trained (--on-interrupt)."""
    others = (from_adapter, name, preset, pairs, since, prompt_set, strong or None, look or None, *given.values())
    if resume is not None and any(each is not None for each in others):
        raise InputError(f"Run {resume} is resumed with the settings it began with. Leave the other flags out.")
    build_config(TrainConfig, given)  # what is wrong with a flag is told before anything is opened
    with options.owning() as workbench, options.letting_in(workbench):
        config = train_config(workbench, preset, given)
        chosen = chosen_pairs(workbench, pairs, since, prompt_set, strong)
        load_model(workbench)
        if look:
            tell_preflight(workbench.preflight(config, chosen), as_json)
            return
        heard = Heard(workbench)
        if resume is not None:
            workbench.trainer.resume(resume)
        run = resume or workbench.trainer.start(config, name=name, from_adapter=from_adapter, pairs=chosen)
        _follow(workbench, heard, run, as_json, on_interrupt)
        row = workbench.run(run)
    if row.error:
        raise click.ClickException(row.error)
    if row.status == "interrupted" and on_interrupt != "leave":
        raise click.ClickException(f"Run {run} was left. `palate train --resume {run}` goes on with it.")


def _follow(workbench: Workbench, heard: Heard, run: int, as_json: bool, on_interrupt: str) -> None:
    job = workbench.trainer.job
    assert job is not None
    outliving = DetachedCommand(workbench)
    with hang_ups_heard(outliving.hang_up):
        while True:
            try:
                for published in heard.until(job):
                    _tell_published(workbench, run, published, as_json)
            except OwnerLeaves:
                say(f"Run {run} is left at a checkpoint; `palate train --resume {run}` goes on with it.")
                raise
            except KeyboardInterrupt:
                _interrupt(workbench, on_interrupt)
            except OSError as error:
                if not outliving.is_hang_up(error):
                    raise
                outliving.hang_up()
            else:
                return


def _tell_published(workbench: Workbench, run: int, published: WorkbenchEvent, as_json: bool) -> None:
    if isinstance(published, RunChanged) and published.event is not None:
        _tell(run, published.event, as_json)
    elif isinstance(published, SamplesStored):
        _tell_samples(workbench, published, as_json)


def _interrupt(workbench: Workbench, act: str) -> None:
    """Ctrl+C was pressed: the run ends in the way that was asked for. Its last events are still told."""
    words = {"keep": "Keeping what is trained", "leave": "Writing a checkpoint", "discard": "Discarding the run"}
    say(f"{words[act]}; one moment.")
    if act == "leave":
        workbench.trainer.leave()
    else:
        workbench.trainer.stop(discard=act == "discard")


def _tell(run: int, event: Event, as_json: bool) -> None:
    record = event_record(run, event)
    if record is None:
        return
    if as_json:
        emit(record)
    else:
        say(event_words(record))


def _tell_samples(workbench: Workbench, stored: SamplesStored, as_json: bool) -> None:
    for row in workbench.run_samples(stored.run):
        if row.step != stored.step:
            continue
        if as_json:
            emit(sample_record(stored.run, row))
        else:
            say(f"sample  {visible_line(row.question, 60)}  →  {visible_line(row.text, 120)}")


def tell_preflight(found: Preflight, as_json: bool) -> None:
    """Print what a run would do and need."""
    if as_json:
        peak = None if found.memory is None else found.memory.peak
        emit({"event": "preflight", **asdict(found), "peak_bytes": peak})
        return
    for line in preflight_words(found):
        show(visible(line))
