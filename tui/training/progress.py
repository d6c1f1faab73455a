"""The progress of a run after each of its events."""

from dataclasses import replace

from engine.events import Event, PairDone, ReferenceScored, RunPlanned, SavingAdapter, StepDone
from tui.snapshots import RunPhase, RunProgress
from tui.training.run_request import RunRequest

_ASKED = {
    RunRequest.STOP: RunPhase.STOPPING,
    RunRequest.DISCARD: RunPhase.STOPPING,
    RunRequest.PAUSE: RunPhase.PAUSING,
}


def progress_after(progress: RunProgress, event: Event, request: RunRequest) -> RunProgress:
    """The progress after `event`. A request to stop or pause is shown in place of the phase of the run.

    After a request to stop, the phase of saving is shown as well, because it may take a minute.
    """
    match event:
        case RunPlanned():
            planned = replace(progress, step=event.step, total_steps=event.total_steps)
            if event.step:
                return planned
            return in_phase(planned, RunPhase.REFERENCE, request, 0, len(event.train_keys) + len(event.eval_keys))
        case ReferenceScored():
            return in_phase(progress, RunPhase.REFERENCE, request, event.done, event.total)
        case PairDone(stage="general text"):
            return progress
        case PairDone(stage="eval"):
            return in_phase(progress, RunPhase.EVALUATING, request, event.done, event.total)
        case PairDone():
            return in_phase(progress, RunPhase.TRAINING, request)
        case StepDone():
            margin, left = event.metrics.get("rewards/margins"), None if request.stops else event.seconds_left
            moved = replace(progress, step=event.step, margin=margin, seconds_left=left)
            return in_phase(moved, RunPhase.TRAINING, request)
        case SavingAdapter() if request is RunRequest.STOP:
            return replace(progress, phase=RunPhase.SAVING, part_done=0, part_total=0)
        case SavingAdapter():
            return in_phase(progress, RunPhase.SAVING, request)
    return progress


def in_phase(progress: RunProgress, phase: RunPhase, request: RunRequest, done: int = 0, total: int = 0) -> RunProgress:
    """The progress in this phase, with `done` of `total` parts complete. A request to stop or pause replaces it."""
    if request in _ASKED:
        return replace(progress, phase=_ASKED[request], part_done=0, part_total=0)
    return replace(progress, phase=phase, part_done=done, part_total=total)
