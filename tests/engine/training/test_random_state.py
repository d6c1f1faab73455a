"""A job's own random numbers, and the global ones untouched."""

import random

import numpy as np
import torch

from engine.training.random_state import OwnRandomState


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
