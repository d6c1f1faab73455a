"""Screens are tested by waiting until something is so, never for a time."""

import asyncio
import time
from collections.abc import Callable

from textual.pilot import Pilot


async def until(pilot: "Pilot[None]", predicate: Callable[[], object], limit_s: float = 60.0) -> None:
    """Let the app work until `predicate` holds; fails when it does not within `limit_s`."""
    end = time.monotonic() + limit_s
    while not predicate():
        assert time.monotonic() < end, "what the test waits for did not come"
        await pilot.pause()
        await asyncio.sleep(0.005)


def wait_until(predicate: Callable[[], object], limit_s: float = 120.0) -> None:
    """Wait on this thread until `predicate` holds; fails when it does not within `limit_s`."""
    end = time.monotonic() + limit_s
    while not predicate():
        assert time.monotonic() < end, "what the test waits for did not come"
        time.sleep(0.02)
