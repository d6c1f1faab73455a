"""Answers from a real server, started here: labelled, kept as what they are, and trained on."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.serving import save_sampling_model, transformers_serve
from tests.tiny import save_tiny
from tui.cli import main
from tui.compute.loaded_model import ModelChoice
from tui.events import AnswersGrowing, RunChanged, WorkbenchEvent, WorkbenchFailed
from tui.workbench import Workbench
from tui.workspace.consent import Destination

Invoke = Callable[..., Result]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and model name of a running `transformers serve`."""
    folder = tmp_path_factory.mktemp("served")
    model = save_sampling_model(folder / "model")
    with transformers_serve(model, folder / "log.txt") as url:
        yield url, str(model)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def palate(tmp_path: Path, model_folder: Path) -> Invoke:
    before = ("--workspace", str(tmp_path / "space"), "--model", str(model_folder), "--dtype", "float32", "--seed", "3")

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, [*before, *words], catch_exceptions=False)

    return invoke


def records(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_ten_pairs_from_a_server_are_labelled_and_trained_on(
    palate: Invoke, served: tuple[str, str], tmp_path: Path
) -> None:
    url, model = served
    asked = ("--server", url, "--server-model", model, "--max-new-tokens", "12", "--temperature", "1.1")
    written = palate("generate", "--pairs", "10", *asked, "--json")
    pairs = records(written)
    assert len(pairs) == 10
    assert "loading" not in written.stderr  # the local model was not needed
    assert "does not know every setting" in written.stderr  # top-k is no part of the protocol
    assert "under the local model's own prompt template" in written.stderr
    for place, each in enumerate(pairs):
        records(palate("judge", str(each["id"]), "ab"[place % 2], "--json"))

    quick = ("--epochs", "2", "--lora-r", "4", "--lora-alpha", "8", "--eval-share", "0.2")
    told = records(palate("train", *quick, "--json"))
    assert told[-1]["event"] == "finished"
    steps = [each for each in told if each["event"] == "step"]
    assert steps[0]["loss"] == pytest.approx(0.693147, abs=1e-5)

    workbench = Workbench(tmp_path / "space")
    try:
        pair = workbench.comparison(pairs[0]["id"])
        assert (pair.a.source, pair.a.model_kind, pair.a.model_name) == ("server", "server", model)
        assert pair.a.sampling == {
            "temperature": 1.1,
            "top_p": 0.95,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "max_new_tokens": 12,
            "system": None,
        }
        assert pair.a.cut or pair.a.tokens is None or pair.a.tokens <= 12
        assert any("10 pairs with answers from a server" in each.text for each in workbench.run_log(1))
    finally:
        workbench.close()


def test_a_server_fills_the_queue_beside_a_run_and_is_seen_writing(
    served: tuple[str, str], tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.generation.pair_writer.GROWS_EVERY_S", 0.0)
    url, model = served
    workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), dtype="float32"), seed=5)
    heard: list[WorkbenchEvent] = []
    try:
        workbench.subscribe(heard.append)
        for name, text in (("max_new_tokens", "40"), ("server", url), ("server_model", model), ("depth", "8")):
            workbench.change_setting(name, text)
        workbench.start()
        until(lambda: workbench.ready_count() == 8)
        assert [each for each in heard if isinstance(each, AnswersGrowing)]
        from engine.config import TrainConfig

        for each in workbench.open_comparisons(6):
            workbench.labelling.judge(each.id, "a").result(timeout=10)
        run = workbench.trainer.start(TrainConfig(epochs=3, batch_size=2, lora_r=2, lora_alpha=4, eval_share=0.0))
        until(lambda: workbench.ready_count() == 8 and workbench.run(run).status != "running")
        assert workbench.run(run).status == "finished"
        assert not [each for each in heard if isinstance(each, WorkbenchFailed)]
        assert [each for each in heard if isinstance(each, RunChanged)]
    finally:
        workbench.close()


def test_a_server_that_is_gone_is_told_once_and_asked_again(
    served: tuple[str, str], tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.generation.queue_filler.ASK_AGAIN_S", 0.2)
    workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), dtype="float32"), seed=5)
    told: list[WorkbenchFailed] = []
    gone = Gone()
    try:
        workbench.subscribe(lambda each: told.append(each) if isinstance(each, WorkbenchFailed) else None)
        for name, text in (("server", gone.url), ("server_model", served[1]), ("server_retries", "0")):
            workbench.change_setting(name, text)
        workbench.change_setting("max_new_tokens", "8")
        workbench.start()
        until(lambda: gone.asked >= 4)
        assert workbench.status().queue_problem is not None
        assert [each.title for each in told] == ["The server does not answer"]
        workbench.change_setting("server", served[0])
        # The pair is in the database a moment before the queue hears of it.
        until(lambda: workbench.ready_count() > 0 and workbench.status().queue_problem is None)
    finally:
        workbench.close()
        gone.close()


def test_a_queue_whose_server_is_not_allowed_goes_on_once_it_is(
    served: tuple[str, str], tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Destination, "is_this_machine", False)
    workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), dtype="float32"), seed=5)
    try:
        workbench.servers.add("box", served[0], model=served[1], protocol="openai")
        for name, text in (("policy", "base@box"), ("max_new_tokens", "8")):
            workbench.change_setting(name, text)
        workbench.start()
        until(lambda: workbench.status().queue_problem is not None)
        assert "palate servers allow box" in str(workbench.status().queue_problem)
        workbench.servers.allow("box")
        until(lambda: workbench.ready_count() > 0 and workbench.status().queue_problem is None)
    finally:
        workbench.close()


class Gone:
    """A port where every connection ends without a word, and the number of those."""

    def __init__(self) -> None:
        self.asked = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._turn_away, daemon=True)
        self._thread.start()

    def _turn_away(self) -> None:
        while True:
            link, _ = self._listener.accept()
            link.close()
            if self.asked < 0:
                return
            self.asked += 1

    def close(self) -> None:
        """Let the port go."""
        self.asked = -1
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()


def until(predicate: Callable[[], bool], limit_s: float = 120.0) -> None:
    end = time.monotonic() + limit_s
    while not predicate():
        assert time.monotonic() < end, "what the test waits for did not come"
        time.sleep(0.02)
