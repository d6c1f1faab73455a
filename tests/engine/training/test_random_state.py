"""A job's own random numbers, and the global ones untouched."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.checkpoint import FILE
from engine.config import TrainConfig
from engine.errors import CheckpointMisfit
from engine.events import CheckpointSaved
from engine.model import load_base
from engine.train import train_dpo
from engine.training.random_state import OwnRandomState, random_state_problem, write_random_state
from tests.engine.test_train import pairs
from tests.tiny import save_tiny


def _draw() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(1))


def test_own_numbers_go_on_where_they_stopped_and_global_ones_are_untouched() -> None:
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    undisturbed = [_draw(), _draw()]
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    own = OwnRandomState(7)
    assert _draw() == undisturbed[0]
    with own.swapped_in():
        first = _draw()
    assert _draw() == undisturbed[1]
    with own.swapped_in():
        second = _draw()
    again = OwnRandomState(7)
    with again.swapped_in():
        assert [_draw(), _draw()] == [first, second]
    assert first != second


def test_global_numbers_come_back_after_an_error() -> None:
    before = torch.get_rng_state()
    try:
        with OwnRandomState(7).swapped_in():
            torch.rand(3)
            raise ValueError
    except ValueError:
        pass
    assert torch.equal(before, torch.get_rng_state())


def test_a_checkpoint_of_two_gpus_is_refused_on_one_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = load_base(str(save_tiny(tmp_path / "model")), source="tiny", dtype="float32", device="cpu")
    place = {"adapter": "a1", "folder": tmp_path, "checkpoint_folder": tmp_path / "c"}
    run = train_dpo(base, pairs(4), TrainConfig(eval_share=0), **place, checkpoint_now=lambda: True)  # type: ignore[arg-type]
    next(event for event in run if isinstance(event, CheckpointSaved))
    run.close()
    content = torch.load(tmp_path / "c" / FILE, weights_only=True)
    content["random"] = {"cuda": [torch.get_rng_state(), torch.get_rng_state()]}  # as earlier versions kept it
    torch.save(content, tmp_path / "c" / FILE)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(CheckpointMisfit, match="2 GPUs, and this one has 1"):
        list(train_dpo(base, pairs(4), TrainConfig(eval_share=0), **place, resume=True))  # type: ignore[arg-type]


def test_a_state_of_a_gpu_is_no_obstacle_where_there_is_none() -> None:
    """The run then computes on the processor, and its resume says that it is not exact."""
    state = {**OwnRandomState(1).state, "cuda": [torch.get_rng_state()]}
    assert random_state_problem(state) is None
    before = torch.get_rng_state()
    write_random_state(state)
    torch.set_rng_state(before)
