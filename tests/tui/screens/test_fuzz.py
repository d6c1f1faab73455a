"""Random keys with random delays end no screen and no app. `python -m tests.fuzz` presses more of them."""

from pathlib import Path

import pytest

from tests.fuzz import fuzz

KEYS = 300
LONG_KEYS = 2_000


async def test_random_keys_end_nothing(tmp_path: Path) -> None:
    made = await fuzz(tmp_path, seed=2, keys=KEYS)
    assert made.pressed == KEYS
    assert len(made.screens) > 5


@pytest.mark.long
@pytest.mark.parametrize("seed", range(101, 106))
async def test_ten_thousand_random_keys_end_nothing(tmp_path: Path, seed: int) -> None:
    made = await fuzz(tmp_path, seed=seed, keys=LONG_KEYS)
    assert made.pressed == LONG_KEYS
