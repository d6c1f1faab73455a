"""Time that is left, worked by hand."""

import pytest

from engine.chat import EncodedPair
from engine.estimates.flops import pair_flops, pair_size
from engine.estimates.model_shape import shape_of
from engine.estimates.time_left import Pace
from tests.tiny import tiny_config

SHORT, LONG = (EncodedPair(str(size), (1,) * size, (2,), (3,)) for size in (4, 49))  # 10 and 100 tokens, prompt twice


def test_steps_with_longer_pairs_to_come_take_longer() -> None:
    pace = Pace(None, [SHORT, SHORT, LONG], [], epochs=2, steps=6, eval_every=3)  # 360 an epoch
    assert pace.of([SHORT, LONG]) == 330
    assert pace.seconds_left(1, 30, 2.0) == pytest.approx(2.0 * 690 / 30)
    assert pace.seconds_left(3, 360, 12.0) == pytest.approx(12.0)
    assert pace.seconds_left(6, 720, 23.0) == 0


def test_evaluations_to_come_count_as_well() -> None:
    pace = Pace(None, [SHORT] * 3, [LONG], epochs=1, steps=3, eval_every=2)  # 30 a step, 100 after steps 2 and 3
    assert pace.seconds_left(1, 30, 3.0) == pytest.approx(3.0 * (60 + 200) / 30)
    assert pace.seconds_left(2, 60, 6.0) == pytest.approx(6.0 * (30 + 200) / 60)
    assert pace.seconds_left(3, 90, 19.0) == pytest.approx(19.0 * 100 / 190)


def test_operations_are_counted_where_sizes_are_known() -> None:
    shape = shape_of(tiny_config().to_dict())
    pace = Pace(shape, [SHORT, LONG], [], epochs=1, steps=2, eval_every=2)
    short, long = (pair_flops(shape, pair_size(pair), learning=True) for pair in (SHORT, LONG))
    assert pace.seconds_left(1, pace.of([SHORT]), 1.0) == pytest.approx(long / short)
