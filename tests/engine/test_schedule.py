"""Steps, the order of pairs and the learning rate, worked by hand and against transformers' schedules."""

import pytest
import torch
from transformers import get_scheduler

from engine.config import TrainConfig
from engine.schedule import epoch_order, learning_rate, planned_steps, steps_per_epoch


def test_steps_count_a_ragged_tail() -> None:
    assert planned_steps(31, TrainConfig()) == 24  # 7 full steps and one of 3 pairs, three times
    assert planned_steps(31, TrainConfig(gradient_accumulation_steps=2)) == 12
    assert planned_steps(31, TrainConfig(max_steps=5)) == 5
    assert planned_steps(1, TrainConfig(epochs=1)) == 1
    assert steps_per_epoch(8, TrainConfig(batch_size=8)) == 1


def test_every_epoch_has_its_own_order_of_all_pairs() -> None:
    first, second = epoch_order(50, 0, seed=42), epoch_order(50, 1, seed=42)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert first == epoch_order(50, 0, seed=42)
    assert first != epoch_order(50, 0, seed=43)


def test_linear_without_warm_up_by_hand() -> None:
    config = TrainConfig(learning_rate=1e-4)
    assert [learning_rate(step, 4, config) for step in range(4)] == pytest.approx([1e-4, 0.75e-4, 0.5e-4, 0.25e-4])


@pytest.mark.parametrize("name", ["linear", "cosine", "constant_with_warmup"])
@pytest.mark.parametrize("ratio", [0.0, 0.25, 0.3])
def test_schedules_equal_those_of_transformers(name: str, ratio: float) -> None:
    config = TrainConfig(learning_rate=1e-3, lr_scheduler=name.split("_")[0], warmup_ratio=ratio)
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=1e-3)
    warmup = {0.0: 0, 0.25: 3, 0.3: 4}[ratio]  # of 12 steps, rounded up
    schedule = get_scheduler(name, optimizer, warmup, 12)
    theirs = []
    for _ in range(12):
        theirs.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert [learning_rate(step, 12, config) for step in range(12)] == pytest.approx(theirs, abs=1e-12)
