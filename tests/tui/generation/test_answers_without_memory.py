"""A model without memory for an answer: the queue says so once and waits, and every other job says it in words."""

import threading
from pathlib import Path

import pytest
import torch

from engine.decode import PlainDecoder
from engine.llama.decoding import LlamaDecoder
from tests.tiny import save_tiny
from tests.tui.generation.test_server_answers import until
from tui.compute.loaded_model import ModelChoice
from tui.compute.scheduler import Priority, WorkSteps
from tui.events import WorkbenchFailed
from tui.workbench import Workbench


class NoRoom:
    """Counts how often rows were written without memory for them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tried = 0
        for decoder in (LlamaDecoder, PlainDecoder):
            monkeypatch.setattr(decoder, "admit", self.run_out)

    def run_out(self, *_: object) -> None:
        self.tried += 1
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def test_the_queue_waits_and_says_why_and_is_not_tried_at_every_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = Workbench(tmp_path / "space", ModelChoice(str(save_tiny(tmp_path / "model")), dtype="float32"), seed=5)
    told: list[WorkbenchFailed] = []
    try:
        workbench.subscribe(lambda each: told.append(each) if isinstance(each, WorkbenchFailed) else None)
        workbench.change_setting("max_new_tokens", "8")
        with monkeypatch.context() as patched:
            no_room = NoRoom(patched)
            workbench.start()
            until(lambda: workbench.status().queue_problem is not None)
            tried = no_room.tried
            for _ in range(5):  # as every verdict does
                workbench.answers.wake()
                turn_taken(workbench)
            assert no_room.tried == tried
            assert [each.title for each in told] == ["The memory ran out"]
            assert "not enough memory for a single answer" in told[0].text
            assert "asks again by itself" in told[0].text
        workbench.answers.reload_settings()
        until(lambda: workbench.ready_count() > 0 and workbench.status().queue_problem is None)
        assert len(told) == 1
    finally:
        workbench.close()


def turn_taken(workbench: Workbench) -> None:
    """Wait until the compute thread has taken a turn with less urgent work than the queue's."""
    taken = threading.Event()

    def steps() -> WorkSteps:
        taken.set()
        yield

    workbench.services.scheduler.submit("turn", steps(), lambda: Priority.IDLE).done.result(timeout=60)
    assert taken.is_set()


def test_a_job_that_runs_out_of_memory_is_never_something_unexpected(tmp_path: Path) -> None:
    workbench = Workbench(tmp_path / "space", ModelChoice(str(save_tiny(tmp_path / "model")), dtype="float32"), seed=5)
    told: list[WorkbenchFailed] = []

    def steps() -> WorkSteps:
        yield
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    try:
        workbench.subscribe(lambda each: told.append(each) if isinstance(each, WorkbenchFailed) else None)
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=60)
        job = workbench.services.scheduler.submit("a job", steps(), lambda: Priority.FIRST)
        assert isinstance(job.done.exception(timeout=60), torch.OutOfMemoryError)
        assert [each.title for each in told] == ["The memory ran out"]
        assert "Close other programs" in told[0].text
    finally:
        workbench.close()
