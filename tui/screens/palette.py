"""The palette of keys, found by name."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from textual.app import SystemCommand
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.screen import Screen

from tui.widgets.binding import TextualBinding

_TAKES_KEYS_WITHIN_S: Final = 2.0
"""Seconds to wait until a pair is painted again after the palette closed, before a chosen command runs."""


class Palette(CommandPalette):
    """Textual's palette, except that a second enter takes nothing else away.

    It does not derive from `SingleDismiss`: Textual takes styles and component classes from the first base alone.
    """

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Go, once."""
        return super().dismiss(result) if self.is_active else AwaitComplete.nothing()  # type: ignore[no-untyped-call]


def key_commands(
    screen: Screen[Any], name_of_key: Callable[[TextualBinding], str], run: Callable[[str, Any], Awaitable[None]]
) -> Iterator[SystemCommand]:
    """A command for each key that does something on this screen. `run` gets its action and the node that has it."""
    seen: set[str] = set()
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id is None or binding.action in seen or not active.enabled:
            continue
        seen.add(binding.action)
        title = binding.description[:1].upper() + binding.description[1:]
        act = _starter(screen, run, binding.action, active.node)
        yield SystemCommand(f"{title}  ({name_of_key(binding)})", binding.tooltip, act)


def _starter(
    screen: Screen[Any], run: Callable[[str, Any], Awaitable[None]], action: str, node: Any
) -> Callable[[], Any]:
    async def act() -> None:
        screen.app.run_worker(run(action, node), name="palette")

    return act


async def until_it_takes_keys(node: Any) -> None:
    """Wait while `node` paints again what the palette covered; at most two seconds."""
    end = time.monotonic() + _TAKES_KEYS_WITHIN_S
    while getattr(node, "takes_no_key_yet", False) and time.monotonic() < end:
        await asyncio.sleep(0.02)
