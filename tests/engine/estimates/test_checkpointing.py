"""Whether a run computes layers twice, and that this changes no bit of what is learned."""

import dataclasses
from pathlib import Path

import pytest

from engine.estimates.checkpointing import free_bytes
from engine.events import Notice, StepDone
from engine.model import BaseModel, load_base
from engine.train import train_dpo
from tests.engine.test_train import CONFIG, of_kind, pairs
from tests.tiny import save_tiny


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    return load_base(str(save_tiny(tmp_path_factory.mktemp("model"))), source="tiny", dtype="float32", device="cpu")


def _run(base: BaseModel, folder: Path, **changes: object) -> tuple[list[str], int, bytes]:
    config = dataclasses.replace(CONFIG, lora_dropout=0.1, **changes)  # type: ignore[arg-type]
    events = list(train_dpo(base, pairs(), config, adapter="a1", folder=folder))
    base.unload_adapter("a1")
    told = [notice.text for notice in of_kind(events, Notice)]
    return told, len(of_kind(events, StepDone)), (folder / "adapter_model.safetensors").read_bytes()


@pytest.mark.parametrize("scoring", ["eager", "plain"])
def test_a_run_with_gradient_checkpointing_gives_the_same_adapter(
    base: BaseModel, tmp_path: Path, scoring: str
) -> None:
    off = _run(base, tmp_path / "off", scoring=scoring, gradient_checkpointing="off")
    on = _run(base, tmp_path / "on", scoring=scoring, gradient_checkpointing="on")
    assert off[1:] == on[1:]
    assert not any("checkpointing" in text for text in off[0])
    assert any("Gradient checkpointing is on, as asked for" in text for text in on[0])


def test_auto_turns_it_on_where_it_would_not_fit(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any("checkpointing" in text for text in _run(base, tmp_path / "roomy")[0])
    monkeypatch.setattr("engine.estimates.checkpointing.free_bytes", lambda device: 10_000_000)  # noqa: ARG005
    told = _run(base, tmp_path / "tight")[0]
    assert any("beside the model, and 0.0 GB are free" in text for text in told)
    assert not any("checkpointing" in text for text in _run(base, tmp_path / "off", gradient_checkpointing="off")[0])


def test_free_memory_is_told_in_bytes() -> None:
    assert free_bytes("cpu") > 1 << 26
