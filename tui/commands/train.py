"""`palate train`: one run, told step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from engine.config import TrainConfig
from engine.events import (
    AdapterSaved,
    CheckpointSaved,
    EvalDone,
    Event,
    MarginsKnown,
    Notice,
    ReferenceScored,
    RunFinished,
    RunPlanned,
    StepDone,
)
from tui.commands.console import OwnerLeaves
from tui.commands.outliving import Outliving
from tui.commands.presets import chosen_pairs, pair_options, train_config
from tui.commands.samples import sample_record
from tui.commands.session import Heard, Options, as_json, build_config, config_options, emit, load_model, say, show
from tui.errors import InputError
from tui.link import hang_ups_heard
from tui.preflight_words import preflight_words
from tui.published import Published, RunChanged, SamplesStored
from tui.visible import visible, visible_line
from tui.workbench import Workbench

if TYPE_CHECKING:
    from engine.preflight import Preflight


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
@click.pass_obj
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
            workbench.resume_run(resume)
        run = resume or workbench.start_run(config, name=name, from_adapter=from_adapter, pairs=chosen)
        _follow(workbench, heard, run, as_json, on_interrupt)
        row = workbench.run(run)
    if row.error:
        raise click.ClickException(row.error)
    if row.status == "interrupted" and on_interrupt != "leave":
        raise click.ClickException(f"Run {run} was left. `palate train --resume {run}` goes on with it.")


def _follow(workbench: Workbench, heard: Heard, run: int, as_json: bool, on_interrupt: str) -> None:
    job = workbench.trainer.job
    assert job is not None
    outliving = Outliving(workbench)
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


def _tell_published(workbench: Workbench, run: int, published: Published, as_json: bool) -> None:
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
        workbench.stop_run(discard=act == "discard")


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


def event_record(run: int, event: Event) -> dict[str, Any] | None:
    """One of the engine's training events as a flat record; None for one that is a boundary and nothing more."""
    match event:
        case RunPlanned():
            return {
                "event": "plan",
                "run": run,
                "step": event.step,
                "total_steps": event.total_steps,
                "train_pairs": len(event.train_keys),
                "eval_pairs": len(event.eval_keys),
                "left_out": dict(event.left_out),
                "trainable_parameters": event.trainable_parameters,
                "dtype": event.dtype,
                "device": event.device,
            }
        case ReferenceScored():
            return {"event": "reference", "run": run, "done": event.done, "total": event.total}
        case StepDone():
            head = {"event": "step", "run": run, "step": event.step, "total_steps": event.total_steps}
            return {**head, "epoch": event.epoch, **event.metrics, "seconds_left": event.seconds_left}
        case EvalDone():
            return {"event": "eval", "run": run, "step": event.step, **event.metrics}
        case Notice():
            return {"event": "notice", "run": run, "level": event.level, "text": event.text}
        case AdapterSaved():
            return {"event": "adapter", "run": run, "step": event.step, "changed_parameters": event.changed_parameters}
        case CheckpointSaved():
            return {"event": "checkpoint", "run": run, "step": event.step}
        case MarginsKnown():
            margins = {"train": dict(event.train), "evaluation": dict(event.evaluation)}
            return {"event": "margins", "run": run, "epoch": event.epoch, **margins}
        case RunFinished():
            end = {"steps": event.steps, "stopped": event.stopped, "elapsed_s": event.elapsed_s}
            return {"event": "finished", "run": run, **end}
        case _:
            return None


def event_words(record: Mapping[str, Any]) -> str:
    """A record as a line for a person."""
    match record["event"]:
        case "plan":
            return (
                f"Run {record['run']}: {record['total_steps']} steps on {record['train_pairs']} pairs, "
                f"{record['eval_pairs']} to evaluate on; {record['dtype']} on {record['device']}."
            )
        case "reference":
            return f"reference {record['done']}/{record['total']}"
        case "step":
            return (
                f"step {record['step']}/{record['total_steps']}  loss {record['loss']:.4f}  "
                f"margin {record['rewards/margins']:+.3f}  accuracy {record['rewards/accuracies']:.2f}  "
                f"{record['seconds_left']:.0f} s left"
            )
        case "eval":
            return evaluation_words(record)
        case "notice":
            return str(record["text"])
        case "checkpoint":
            return f"checkpoint after step {record['step']}"
        case "margins":
            wrong = sum(margin < 0 for margin in record["train"].values())
            return f"epoch {record['epoch']}: {wrong} of {len(record['train'])} pairs on the wrong side"
        case "adapter":
            return f"adapter saved after step {record['step']}"
        case "finished":
            return f"{'stopped' if record['stopped'] else 'finished'} after {record['elapsed_s']:.0f} s"
        case other:
            return str(other)


def evaluation_words(record: Mapping[str, Any]) -> str:
    """An evaluation as a line: each figure with its 95 % interval, which is wide for few pairs."""
    names = {"loss": "eval_loss", "margin": "eval_rewards/margins", "accuracy": "eval_rewards/accuracies"}
    parts = [f"{word} {record[name]:.2f}{_interval(record, name)}" for word, name in names.items()]
    return "evaluation  " + "  ".join(parts)


def _interval(record: Mapping[str, Any], name: str) -> str:
    low, high = record.get(f"{name}_low"), record.get(f"{name}_high")
    return "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"


def tell_preflight(found: Preflight, as_json: bool) -> None:
    """Print what a run would do and need."""
    if as_json:
        peak = None if found.memory is None else found.memory.peak
        emit({"event": "preflight", **asdict(found), "peak_bytes": peak})
        return
    for line in preflight_words(found):
        show(visible(line))
