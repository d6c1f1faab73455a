"""A server's first pair does not wait for the model here; every later one does."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path

import pytest

from tests.serving import misbehaving, stream
from tui.compute.loaded_model import LoadedModel
from tui.compute.scheduler import WorkSteps
from tui.events import ComparisonStored, WorkbenchFailed
from tui.workbench import Workbench

WORDS = "ice salt rain wind leaf sand star moon fire tree lake hill road bird fish seed"


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    made = Workbench(tmp_path / "space")
    yield made
    made.close()


def answers_of(workbench: Workbench, url: str) -> None:
    for name, text in (("server", f"{url}/v1"), ("server_model", "llama"), ("depth", "6")):
        workbench.change_setting(name, text)


def test_the_first_pair_of_a_server_is_stored_before_the_model_here_begins_to_load(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, begun, stored = count(), threading.Event(), threading.Event()
    ready_at_load: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        words = WORDS.split()
        number = next(numbers)
        stream(handler, " ".join(words[number % 16 :] + words[: number % 16]), finish="stop")

    def load(_: LoadedModel) -> WorkSteps:
        ready_at_load.append(workbench.ready_count())
        begun.set()
        yield

    monkeypatch.setattr(LoadedModel, "load_steps", load)
    workbench.subscribe(lambda published: stored.set() if isinstance(published, ComparisonStored) else None)
    with misbehaving(answer) as url:
        answers_of(workbench, url)
        workbench.start()
        assert stored.wait(60)
        assert begun.wait(60)
    assert ready_at_load[0] >= 1


def test_a_server_that_does_not_answer_does_not_keep_the_model_from_loading(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, failed = threading.Event(), threading.Event()

    def load(_: LoadedModel) -> WorkSteps:
        begun.set()
        yield

    monkeypatch.setattr(LoadedModel, "load_steps", load)
    workbench.subscribe(lambda published: failed.set() if isinstance(published, WorkbenchFailed) else None)
    for name, text in (("server", "http://127.0.0.1:9/v1"), ("server_model", "llama"), ("server_retries", "0")):
        workbench.change_setting(name, text)
    workbench.start()
    assert failed.wait(60)
    assert begun.wait(60)
