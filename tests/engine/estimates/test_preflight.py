"""What a person is told before a run starts, worked by hand: every byte is one token."""

import dataclasses

import pytest

from engine.config import TrainConfig
from engine.estimates.flops import PairSize, pair_flops
from engine.estimates.memory import estimate_memory
from engine.estimates.model_shape import shape_of
from engine.estimates.preflight import Speed, preflight
from engine.preference import Message, PreferencePair
from tests.tiny import tiny_config, tiny_tokenizer

CONFIG = TrainConfig(eval_share=0.25, batch_size=2, epochs=2)
TEMPLATE = 19  # tokens that the template puts around a prompt


def _pairs(count: int) -> list[PreferencePair]:
    return [
        PreferencePair(str(number), (Message(role="user", content=f"{number:02}"),), "longer", "short")
        for number in range(count)
    ]


def test_a_run_looked_at_beforehand() -> None:
    pairs = [*_pairs(7), PreferencePair("same", (Message(role="user", content="99"),), "a", "a")]
    found = preflight(tiny_tokenizer(), pairs, CONFIG)
    assert (found.train, found.evaluation) == (6, 1)
    assert found.left_out == {"same": "both answers are the same"}
    assert found.steps == 6
    assert found.tokens == 6 * (TEMPLATE + 2 + 8 + 7)  # both answers end with two tokens of the template
    assert found.longest == TEMPLATE + 2 + 8
    assert (found.moved, found.shortened) == (0, 0)
    assert found.chosen_longer == 1.0
    assert found.travel == pytest.approx(5e-5 * (6 + 5 + 4 + 3 + 2 + 1) / 6)
    length, travel, evaluation = found.notes
    assert length == "The longer answer was chosen in 100% of the pairs, so answers will grow longer."
    assert travel.startswith("Learning rate times steps is 0.0002, and below 0.001 a small model hardly changes.")
    assert evaluation.startswith(
        "1 pair to evaluate on: accuracy is known to about 45 points either way"
    )  # 0.98 / √4.84


def test_a_sound_run_has_no_notes() -> None:
    pairs = [
        dataclasses.replace(pair, chosen=pair.rejected, rejected=pair.chosen) if number % 2 else pair
        for number, pair in enumerate(_pairs(200))
    ]
    assert preflight(tiny_tokenizer(), pairs, TrainConfig(eval_share=0.5)).notes == ()  # 100 pairs: 9.6 points
    (evaluation,) = preflight(tiny_tokenizer(), pairs, TrainConfig()).notes
    assert evaluation.startswith("20 pairs to evaluate on: accuracy is known to about 20 points either way")
    pairs = pairs[:40]
    travel, nothing = preflight(tiny_tokenizer(), pairs, TrainConfig()).notes
    assert travel.startswith("Learning rate times steps is 0.0008")
    assert nothing.startswith("No pairs are kept aside of 40 pairs, so nothing shows which step is best")
    cut = preflight(tiny_tokenizer(), pairs, TrainConfig(max_length=TEMPLATE + 2 + 7, truncation="cut"))
    assert cut.shortened == 40


def test_memory_and_time_where_sizes_and_a_speed_are_known() -> None:
    shape = shape_of(tiny_config().to_dict())
    found = preflight(tiny_tokenizer(), _pairs(8), CONFIG, shape=shape, dtype="bfloat16", speed=Speed(1e6))
    prompt = TEMPLATE + 2
    # all eight pairs fit into one pass
    assert found.memory == estimate_memory(shape, CONFIG, dtype="bfloat16", row=(8 * (prompt + 8 + 7), prompt + 8))
    pair = PairSize(prompt, 8, 7)  # 6 to train on in 2 epochs of 3 steps, 2 to evaluate on after each
    learned, scored = (pair_flops(shape, pair, learning=learning) for learning in (True, False))
    assert found.seconds == pytest.approx((2 * 6 * learned + 6 * scored + 3 * 2 * scored) / 1e6)
    unknown = preflight(tiny_tokenizer(), _pairs(8), CONFIG)
    assert (unknown.memory, unknown.seconds) == (None, None)


def test_more_devices_take_less_time_where_a_step_has_passes_for_them() -> None:
    shape = shape_of(tiny_config().to_dict())
    settings = dataclasses.replace(CONFIG, batch_size=60, eval_share=0.0)

    def seconds(devices: int, measured: int) -> float:
        speed = Speed(1e6, measured)
        found = preflight(tiny_tokenizer(), _pairs(120), settings, shape=shape, devices=devices, speed=speed)
        assert found.devices == devices
        assert found.seconds is not None
        return found.seconds

    passes = 3  # of 768 tokens, for 60 pairs of 36
    assert seconds(2, 1) == pytest.approx(seconds(1, 1) * 2 / passes)
    assert seconds(3, 1) == pytest.approx(seconds(1, 1) / passes)
    assert seconds(9, 1) == pytest.approx(seconds(1, 1) / passes)
    assert seconds(1, 2) == pytest.approx(seconds(1, 1) * passes / 2)
    assert seconds(2, 2) == pytest.approx(seconds(1, 1))
