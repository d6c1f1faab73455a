"""How many requests are in flight: more while a server gets faster, fewer once it refuses."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from engine.chat_servers.pace import FIRST, RequestPace, asked_wait


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def served(pace: RequestPace, clock: Clock, fastest: int, rounds: int) -> None:
    """A server that answers up to `fastest` requests at a time in one second, and no more a second beyond."""
    for _ in range(rounds):
        at_once = pace.limit
        clock.now += max(1.0, at_once / fastest)
        for _ in range(at_once):
            pace.answered(100)


@pytest.mark.parametrize(("fastest", "limit"), [(1, 8), (16, 32), (1000, 64)])
def test_more_are_sent_while_that_makes_the_server_faster(fastest: int, limit: int) -> None:
    clock = Clock()
    pace = RequestPace(64, clock)
    served(pace, clock, fastest, 12)
    assert pace.limit == limit


def test_a_refusal_halves_them_and_they_do_not_grow_again() -> None:
    clock = Clock()
    pace = RequestPace(64, clock)
    served(pace, clock, 1000, 3)
    before = pace.limit
    pace.refused(5.0)
    assert pace.limit == before // 2
    served(pace, clock, 1000, 5)
    assert pace.limit == before // 2
    for _ in range(10):
        pace.refused(0.0)
    assert pace.limit == 1


def test_there_are_never_more_in_flight_than_the_limit() -> None:
    pace = RequestPace(64)
    in_flight, most = 0, 0

    async def one() -> None:
        nonlocal in_flight, most
        async with pace.slot():
            in_flight += 1
            most = max(most, in_flight)
            await asyncio.sleep(0)
            in_flight -= 1

    async def many() -> None:
        pace.begin()
        await asyncio.gather(*(one() for _ in range(50)))

    asyncio.run(many())
    assert most == FIRST


def test_a_resting_server_is_left_alone_until_its_time_is_over() -> None:
    clock = Clock()
    pace = RequestPace(4, clock)

    async def asked() -> bool:
        pace.begin()
        pace.refused(0.01)
        entered = asyncio.create_task(_enter(pace))
        await asyncio.sleep(0.05)
        was_in = entered.done()
        clock.now = 1.0
        await entered
        return was_in

    assert asyncio.run(asked()) is False


async def _enter(pace: RequestPace) -> None:
    async with pace.slot():
        pass


def test_both_forms_of_retry_after_are_read() -> None:
    assert asked_wait("3") == 3.0
    assert asked_wait("-1") == 0.0
    assert asked_wait(None) is None
    assert asked_wait("soon") is None
    there = asked_wait(format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True))
    assert there is not None
    assert 20 < there <= 30
