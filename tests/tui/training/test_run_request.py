"""What a run is asked to do: the strongest wish counts, and one that is done goes."""

import pytest

from tui.training.run_request import RunRequest, RunRequests


def test_a_stronger_request_is_never_taken_back_by_a_weaker_one() -> None:
    requests = RunRequests()
    requests.ask(RunRequest.PAUSE)
    requests.ask(RunRequest.CHECKPOINT)
    assert requests.now is RunRequest.PAUSE
    requests.ask(RunRequest.DISCARD)
    requests.ask(RunRequest.STOP)
    requests.withdraw(RunRequest.PAUSE)
    assert requests.now is RunRequest.DISCARD
    requests.clear()
    assert requests.now is RunRequest.NONE


def test_what_is_done_is_withdrawn() -> None:
    requests = RunRequests()
    requests.ask(RunRequest.CHECKPOINT)
    requests.withdraw(RunRequest.CHECKPOINT)
    assert requests.now is RunRequest.NONE


@pytest.mark.parametrize(
    ("request_", "checkpoint", "ends", "stops"),
    [
        (RunRequest.NONE, False, False, False),
        (RunRequest.CHECKPOINT, True, False, False),
        (RunRequest.PAUSE, True, False, False),
        (RunRequest.LEAVE, True, True, False),
        (RunRequest.STOP, False, True, True),
        (RunRequest.DISCARD, False, True, True),
    ],
)
def test_what_each_request_means(request_: RunRequest, checkpoint: bool, ends: bool, stops: bool) -> None:
    assert (request_.needs_checkpoint, request_.ends, request_.stops) == (checkpoint, ends, stops)
