"""What tests of screens share: the text on the screen, and waiting for something to become true."""

import asyncio
from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot


def text_of(app: App[object]) -> str:
    """The characters on the screen, line by line, without colours."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


async def painted(app: App[object]) -> None:
    """Wait for the frame that shows what changed. (`pilot.pause` waits up to 40 ms more.)"""
    drawn = asyncio.Event()
    app.screen.call_after_refresh(drawn.set)
    await drawn.wait()


async def until(pilot: Pilot[object], true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until `true()`; fails, with what is on the screen, when it does not come true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        await pilot.pause()
        if true():
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"It did not become true. On the screen:\n{text_of(pilot.app)}")
        await asyncio.sleep(0.01)


async def until_shown(pilot: Pilot[object], words: str) -> None:
    """Wait until `words` stand on the screen."""
    await until(pilot, lambda: words in text_of(pilot.app))
