"""Where a run is after each event, and what a person asked for before what the run does."""

import pytest

from engine.events import Event, PairDone, ReferenceScored, RunPlanned, SavingAdapter, StepDone
from tui.snapshots import RunPhase, RunProgress
from tui.training.progress import progress_after
from tui.training.run_request import RunRequest

BEGUN = RunProgress(1, "taste-1", 0, 0, None, None, RunPhase.REFERENCE)
NONE = RunRequest.NONE


def after(*events: Event, request: RunRequest = NONE, progress: RunProgress = BEGUN) -> RunProgress:
    for event in events:
        progress = progress_after(progress, event, request)
    return progress


PLAN = RunPlanned(6, ("1",), ("2",), {}, 10, "float32", "cpu")
STEP = StepDone(6, 6, 1.0, {"rewards/margins": 0.4}, 0.0)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((PLAN,), "reference 0/2"),
        ((PLAN, ReferenceScored(12, 96, {})), "reference 12/96"),
        ((PLAN, ReferenceScored(96, 96, {}), PairDone("step", 1, 4)), "training"),
        ((PLAN, STEP), "training"),
        ((PLAN, STEP, PairDone("eval", 3, 12)), "evaluating 3/12"),
        ((PLAN, STEP, PairDone("eval", 12, 12), SavingAdapter()), "saving the adapter"),
    ],
)
def test_each_phase_in_words(events: tuple[Event, ...], words: str) -> None:
    assert after(*events).doing == words


def test_steps_margin_and_time_are_those_of_the_newest_step() -> None:
    done = after(PLAN, STEP)
    assert (done.step, done.total_steps, done.margin, done.seconds_left) == (6, 6, 0.4, 0.0)


@pytest.mark.parametrize(
    ("request_", "phase"),
    [
        (RunRequest.DISCARD, RunPhase.STOPPING),
        (RunRequest.PAUSE, RunPhase.PAUSING),
        (RunRequest.LEAVE, RunPhase.SAVING),
    ],
)
def test_what_was_asked_for_is_shown_before_what_is_done(request_: RunRequest, phase: RunPhase) -> None:
    assert after(PLAN, STEP, SavingAdapter(), request=request_).phase is phase


def test_a_stopped_run_is_stopping_until_it_saves() -> None:
    assert after(PLAN, STEP, PairDone("step", 1, 4), request=RunRequest.STOP).phase is RunPhase.STOPPING
    assert after(PLAN, STEP, SavingAdapter(), request=RunRequest.STOP).doing == "saving the adapter"


def test_a_run_that_is_stopped_has_no_time_left() -> None:
    assert after(PLAN, StepDone(2, 6, 0.3, {}, 40.0), request=RunRequest.STOP).seconds_left is None
