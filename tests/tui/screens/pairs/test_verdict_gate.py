"""Which verdict key counts: moments come from the test, no clock runs."""

import asyncio

import pytest

from tui.screens.pairs.verdict_gate import SETTLE_S, VerdictGate


def gate(*, in_sight: bool = True) -> VerdictGate:
    """A gate whose pair was painted at second 100."""
    made = VerdictGate(lambda: in_sight)
    made.paint(100.0)
    return made


@pytest.mark.parametrize(("after", "counts"), [(-5.0, False), (SETTLE_S - 0.001, False), (SETTLE_S, True)])
def test_a_key_counts_once_the_pair_has_been_in_sight_for_a_while(after: float, counts: bool) -> None:
    assert (gate().refusal(100.0 + after) is None) is counts
    assert "too early for this pair" in str(gate(in_sight=False).refusal(100.0 + after))


def test_what_is_hidden_is_not_judged_until_it_is_painted_again() -> None:
    made = gate()
    made.hide()
    assert made.refusal(200.0) is not None
    made.paint(200.0)
    assert made.refusal(200.0 + SETTLE_S) is None


async def test_one_decision_at_a_time_and_early_keys_are_counted() -> None:
    made = gate()
    assert made.decide(101.0) is None
    assert "before the last verdict was saved" in str(made.decide(102.0))
    assert "before the last verdict was saved" in str(made.decide(103.0))
    assert not made.undo(104.0)
    assert made.dropped == 2
    assert await made.commit(asyncio.sleep(0, "stored")) == "stored"
    assert made.decide(105.0) is None
    assert made.dropped == 0


async def test_after_a_failure_the_same_pair_can_be_judged_again() -> None:
    async def fail() -> None:
        raise OSError("The disk is full.")

    made = gate()
    made.decide(101.0)
    with pytest.raises(OSError, match="disk is full"):
        await made.commit(fail())
    assert made.decide(102.0) is None


async def test_a_key_that_is_held_down_decides_once_and_undoes_once() -> None:
    made = gate()
    decided = undone = 0
    for number in range(60):
        if made.decide(101.0 + number / 30) is None:
            decided += 1
            await made.commit(asyncio.sleep(0))
    for number in range(60):
        if made.undo(110.0 + number / 30):
            undone += 1
            await made.commit(asyncio.sleep(0))
    assert (decided, undone) == (1, 1)
