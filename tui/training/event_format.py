"""A run's events as JSON records and as sentences."""

from collections.abc import Mapping
from typing import Any

from engine.events import (
    AdapterSaved,
    CheckpointSaved,
    EvalDone,
    Event,
    GeneralTextScored,
    MarginsKnown,
    Notice,
    ReferenceScored,
    RunFinished,
    RunPlanned,
    StepDone,
)


def event_record(run: int, event: Event) -> dict[str, Any] | None:
    """A training event of the engine as a flat record; None for an event that only marks a boundary."""
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
        case GeneralTextScored():
            return {"event": "general text", "run": run, "step": event.step, "nats_per_token": event.nats_per_token}
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
                f"{_decisive_words(record)}"
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
        case "general text":
            return f"general text {record['nats_per_token']:.3f} nats a token"
        case "adapter":
            return f"adapter saved after step {record['step']}"
        case "finished":
            return f"{'stopped' if record['stopped'] else 'finished'} after {record['elapsed_s']:.0f} s"
        case other:
            return str(other)


def evaluation_words(record: Mapping[str, Any]) -> str:
    """An evaluation as a line: each figure with its 95 % interval, which is wide for few pairs."""
    names = {"loss": "eval_loss", "margin": "eval_rewards/margins", "accuracy": "eval_rewards/accuracies"}
    shown = {word: name for word, name in names.items() if name in record}
    parts = [f"{word} {record[name]:.2f}{_interval(record, name)}" for word, name in shown.items()]
    return "evaluation  " + "  ".join(parts)


def _decisive_words(record: Mapping[str, Any]) -> str:
    """Margin and accuracy of a step; empty where no pair of the step has a better answer."""
    if "rewards/margins" not in record:
        return ""
    return f"margin {record['rewards/margins']:+.3f}  accuracy {record['rewards/accuracies']:.2f}  "


def _interval(record: Mapping[str, Any], name: str) -> str:
    low, high = record.get(f"{name}_low"), record.get(f"{name}_high")
    return "" if low is None or high is None else f" ({low:.2f} to {high:.2f})"
