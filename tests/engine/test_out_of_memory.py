"""Memory that runs out, raised where a device would raise it: what goes on, and what is said."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config import SamplingConfig
from engine.decode import PlainDecoder
from engine.errors import MemoryRanOut
from engine.estimates.answer_memory import rows_that_fit
from engine.estimates.checkpointing import free_bytes
from engine.events import CompletionDone, Event, Notice, ReferenceScored, StepDone
from engine.generate import generate, make_decoder
from engine.llama.decoding import LlamaDecoder
from engine.model import BaseModel, load_base
from engine.requests import GenerationRequest
from engine.train import train_dpo
from engine.training.learner import adapter_parameters
from engine.training.margins import score_margins
from engine.training.reference import score_references
from tests.engine.test_train import CONFIG, of_kind, pairs
from tests.tiny import save_tiny, tiny_config

WARM = SamplingConfig(temperature=1.0, max_new_tokens=12)
REQUESTS = [
    GenerationRequest(f"{text}/{seed}", ({"role": "user", "content": text},), seed)
    for text in ("Why?", "How does a longer prompt fare?", "x", "y")
    for seed in (1, 2)
]


def run_out() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return load_base(str(save_tiny(tmp_path_factory.mktemp("model"))), source="tiny", dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def plain_base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    folder = save_tiny(tmp_path_factory.mktemp("plain"), config=tiny_config(mlp_bias=True, initializer_range=0.2))
    return load_base(str(folder), source="tiny", dtype="float32", device="cpu")


@pytest.fixture(params=["base", "plain_base"])
def any_base(request: pytest.FixtureRequest) -> BaseModel:
    base: BaseModel = request.getfixturevalue(request.param)
    base.most_rows = None
    return base


def answers(events: Iterator[Event]) -> dict[str, CompletionDone]:
    return {event.key: event for event in events if isinstance(event, CompletionDone)}


def room_for_rows(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let no step have memory for more rows than these; the steps before have written what they wrote."""
    for decoder in (LlamaDecoder, PlainDecoder):
        step = decoder.step

        def limited(self: Any, tokens: torch.Tensor, step: Callable[..., torch.Tensor] = step) -> torch.Tensor:
            if len(tokens) > rows:
                run_out()
            return step(self, tokens)

        monkeypatch.setattr(decoder, "step", limited)


# -- answers ---------------------------------------------------------------------------------------------------


def test_rows_halve_until_they_fit_and_every_answer_is_what_it_would_have_been(
    any_base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {key: done.text for key, done in answers(generate(any_base, REQUESTS, WARM)).items()}
    room_for_rows(monkeypatch, 2)
    events = list(generate(any_base, REQUESTS, WARM))
    assert {key: done.text for key, done in answers(iter(events)).items()} == expected
    said = [event.text for event in events if isinstance(event, Notice)]
    assert said == [f"The memory ran out. {rows} answers are written at a time for now." for rows in (4, 2)]


def test_the_next_answers_begin_with_the_rows_that_fitted_and_try_more_later(
    any_base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    room_for_rows(monkeypatch, 2)
    list(generate(any_base, REQUESTS, WARM))
    assert any_base.most_rows == 4
    list(generate(any_base, REQUESTS[:4], WARM))
    monkeypatch.undo()
    for _ in range(4):
        assert not [event for event in generate(any_base, REQUESTS, WARM) if isinstance(event, Notice)]
    assert any_base.most_rows is None


@pytest.mark.parametrize("where", ["admit", "step"])
def test_no_memory_for_one_answer_is_said_with_what_to_do(
    any_base: BaseModel, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    for decoder in (LlamaDecoder, PlainDecoder):
        monkeypatch.setattr(decoder, where, lambda *_: run_out())
    with pytest.raises(MemoryRanOut, match=r"not enough memory for a single answer.*max_new_tokens"):
        list(generate(any_base, REQUESTS, WARM))


def test_an_error_that_is_not_of_memory_is_raised_as_it_is(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("The size of tensor a (3) must match")

    monkeypatch.setattr(LlamaDecoder, "step", broken)
    with pytest.raises(RuntimeError, match="tensor a"):
        list(generate(base, REQUESTS, WARM))


def test_the_cache_is_as_large_as_the_rows_that_are_written(base: BaseModel) -> None:
    decoder = make_decoder(base, None, max_rows=16)
    assert isinstance(decoder, LlamaDecoder)
    with torch.no_grad():
        decoder.admit([([5, 6, 7], 2)])
        assert decoder._cache._values.shape[1] == 2
        decoder.admit([([5, 6], 3)])
    assert decoder._cache._values.shape[1] == 5
    assert decoder.room() == 11


def test_rows_come_from_the_memory_there_is(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key and a value of 2 × 8 numbers in float32, in 2 layers, for 100 tokens: 25,600 bytes, and the logits."""
    row = 25_600 + 24 * 259
    config = base.hf_model.config
    for free, rows in ((row / 0.8 * 5.5, 5), (1, 1), (1e12, 16)):
        monkeypatch.setattr("engine.estimates.answer_memory.free_bytes", lambda _, free=free: free)
        assert rows_that_fit(config, dtype="float32", device="cpu", tokens=100, wanted=16) == rows


def test_memory_that_torch_holds_without_using_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (3_000, 80_000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 50_000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 20_000)
    assert free_bytes("cuda") == 33_000


# -- runs ------------------------------------------------------------------------------------------------------


class RunsOutInTheMiddle:
    """Raises in the backward pass of a step, once, after some weights got their gradients."""

    def __init__(self, at: int) -> None:
        self.at, self.passes = at, 0

    def attach(self, base: BaseModel, adapter: str) -> None:
        weights = list(adapter_parameters(base.model, adapter).values())
        with base.policy(adapter, training=True):  # a hook needs a weight with gradients
            weights[len(weights) // 2].register_post_accumulate_grad_hook(self.count)

    def count(self, _: torch.Tensor) -> None:
        self.passes += 1
        if self.passes == self.at:
            run_out()


def trained(
    base: BaseModel, folder: Path, fault: RunsOutInTheMiddle | None, **changes: object
) -> tuple[list[Event], bytes]:
    config = dataclasses.replace(CONFIG, lora_dropout=0.2, **changes)  # type: ignore[arg-type]
    events = []
    try:
        for event in train_dpo(base, pairs(8), config, adapter="a1", folder=folder):
            events.append(event)
            if len(events) == 1 and fault is not None:
                fault.attach(base, "a1")
    finally:
        if "a1" in base.loaded_adapters():
            base.unload_adapter("a1")
    return events, (folder / "adapter_model.safetensors").read_bytes()


@pytest.mark.parametrize("scoring", ["eager", "plain"])
@pytest.mark.parametrize("at", [1, 2, 5])
def test_a_run_turns_checkpointing_on_and_continues_to_the_same_adapter(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, scoring: str
) -> None:
    monkeypatch.setattr("engine.training.scorer.TOKENS_TOGETHER", 120)  # several passes in a step
    undisturbed = trained(base, tmp_path / "whole", None, scoring=scoring)
    events, adapter = trained(base, tmp_path / "out", RunsOutInTheMiddle(at), scoring=scoring)
    said = [event.text for event in of_kind(events, Notice) if "memory ran out" in event.text]
    assert len(said) == 1
    assert "Gradient checkpointing is on from here" in said[0]
    assert adapter == undisturbed[1]
    timeless = [
        {**step.metrics, "pairs_per_second": 0, "tokens_per_second": 0, "flops_per_second": 0}
        for step in of_kind(events, StepDone)
    ]
    assert timeless == [
        {**step.metrics, "pairs_per_second": 0, "tokens_per_second": 0, "flops_per_second": 0}
        for step in of_kind(undisturbed[0], StepDone)
    ]


@pytest.mark.parametrize("setting", ["on", "off"])
def test_a_run_that_cannot_save_memory_any_more_ends_as_one_that_can_be_resumed(
    base: BaseModel, tmp_path: Path, setting: str
) -> None:
    with pytest.raises(torch.OutOfMemoryError):
        trained(base, tmp_path, RunsOutInTheMiddle(1), gradient_checkpointing=setting)


def test_scoring_in_advance_says_that_memory_ran_out(base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    base.create_adapter("a7", CONFIG)
    for module in ("margins", "scorer"):
        monkeypatch.setattr(f"engine.training.{module}.score_pair", lambda *_, **__: run_out())
    with pytest.raises(MemoryRanOut, match="Close other programs"):
        next(score_margins(base, pairs(2), adapter="a7", config=CONFIG))
    config = dataclasses.replace(CONFIG, scoring="plain")
    with pytest.raises(MemoryRanOut, match="Close other programs"):
        next(event for event in score_references(base, pairs(4), config, {}) if isinstance(event, ReferenceScored))
    base.unload_adapter("a7")
