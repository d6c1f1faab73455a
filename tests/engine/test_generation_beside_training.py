"""One lane: answers written at every boundary of a run change nothing of it, and it changes nothing of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import SamplingConfig, TrainConfig
from engine.events import CompletionDone, Event, StepDone
from engine.generate import generate
from engine.model import BaseModel, load_base
from engine.preference import Message, PreferencePair
from engine.requests import GenerationRequest
from engine.train import train_dpo
from tests.tiny import save_tiny

CONFIG = TrainConfig(epochs=2, batch_size=2, lora_r=4, lora_alpha=8, lora_dropout=0.1, eval_share=0.2)
SAMPLING = SamplingConfig(max_new_tokens=9)
QUESTIONS = [(Message(role="user", content=f"question {number}?"),) for number in range(5)]
PAIRS = [
    PreferencePair(f"pair {number}", question, "short" + "!" * number, f"a longer answer, number {number}")
    for number, question in enumerate(QUESTIONS)
]


@pytest.fixture(autouse=True)
def _steps_of_several_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of these small pairs in a pass, so that a step has places inside it where a run can be left."""
    monkeypatch.setattr("engine.training.scorer.TOKENS_TOGETHER", 120)


@pytest.fixture(params=["float32", "bfloat16"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> BaseModel:
    location = save_tiny(tmp_path / "model")
    base = load_base(str(location), source="tiny", dtype=request.param, device="cpu")
    base.create_adapter("abcd", CONFIG)  # another policy, which answers beside the base
    return base


def answers(base: BaseModel, adapter: str | None) -> Iterator[Event]:
    """Answers without end, a token in each turn."""
    requests = [GenerationRequest(str(place), question, 11 + place) for place, question in enumerate(QUESTIONS)]
    while True:
        yield from generate(base, requests, SAMPLING, adapter=adapter, max_rows=4, tokens_per_turn=1)


def trained(base: BaseModel, folder: Path, beside: list[Iterator[Event]]) -> tuple[list[Event], bytes, list[Event]]:
    """A run's events and the bytes of its adapter, with one turn of each job `beside` at every boundary."""
    events, foreign = [], []
    for event in train_dpo(base, PAIRS, CONFIG, adapter="a1", folder=folder):
        events.append(event)
        foreign += [next(job) for job in beside]
    base.unload_adapter("a1")
    return events, (folder / "adapter_model.safetensors").read_bytes(), foreign


def figures(events: list[Event]) -> list[dict[str, float]]:
    """Every figure of every step but the speed; `grad_norm` is among them."""
    steps = [event.metrics for event in events if isinstance(event, StepDone)]
    return [{name: value for name, value in step.items() if "per_second" not in name} for step in steps]


def test_generation_at_every_boundary_changes_nothing_of_a_run(base: BaseModel, tmp_path: Path) -> None:
    alone, adapter_alone, _ = trained(base, tmp_path / "alone", [])
    beside, adapter_beside, foreign = trained(base, tmp_path / "beside", [answers(base, None), answers(base, "abcd")])
    assert len(foreign) == 2 * len(beside)
    assert sum(isinstance(event, CompletionDone) for event in foreign) >= 10
    assert figures(beside) == figures(alone)
    assert len(figures(alone)) == 4
    assert adapter_beside == adapter_alone


def test_a_run_beside_them_changes_no_answer(base: BaseModel, tmp_path: Path) -> None:
    _, _, foreign = trained(base, tmp_path / "run", [answers(base, "abcd")])
    written = [event.text for event in foreign if isinstance(event, CompletionDone)]
    job = answers(base, "abcd")
    alone = [event.text for event in (next(job) for _ in foreign) if isinstance(event, CompletionDone)]
    assert len(written) >= 5
    assert written == alone
