"""Presses random keys with random delays on every screen of the app, over a real workspace without a model.

    python -m tests.fuzz --seed 3 --keys 1000

A seed always gives the same keys and delays; what they meet depends on the machine as well. An error in a handler, a
worker or a timer ends the run, and its seed and last keys are printed.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from unittest.mock import patch

from textual import events
from textual.keys import _character_to_key
from textual.message_pump import MessagePump
from textual.pilot import Pilot, WaitForScreenTimeout

from tests import label_pairs
from tests.flags import flags_of
from tests.run_workspace import fill_runs
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.screens.modes import import_screens

MOVING: Final = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab")
ANSWERING: Final = ("enter", "escape", "enter", "escape", "space", "backspace")
MODES: Final = tuple("LTRCDA")
TYPED: Final = (*"abcdefghijklmnopqrstuvwxyz0123456789:.,-?*[]%\"'é漢", "ctrl+p", "ctrl+l", "ctrl+u", "delete")
"""No slash and no tilde: a path that leads out of the folder would import what lies there."""
CHARACTERS: Final = {"enter": "\r", "escape": "\x1b", "space": " ", "tab": "\t", "backspace": "\x7f"}
SIZES: Final = ((100, 30), (120, 40), (80, 24), (64, 18))
PAIRS: Final = 12
WAITS: Final = 10
"""So often Textual's limit is waited for."""


class FuzzedApp(PalateApp):
    """Ends on every error but one of Textual: its list fails on page keys while it has no lines, as in the palette."""

    outlived = 0

    def outlives(self, error: Exception, node: MessagePump | None) -> bool:
        """Count that error and live."""
        raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename).name
        if isinstance(error, KeyError) and raised_in == "_option_list.py":
            self.outlived += 1
            return True
        return super().outlives(error, node)


@dataclass
class Fuzz:
    """One seed: the keys that it pressed and the screens that it saw."""

    seed: int
    keys: int
    pressed: int = 0
    last: deque[str] = field(default_factory=lambda: deque(maxlen=60))
    screens: Counter[str] = field(default_factory=Counter)
    outlived: int = 0
    """Errors of Textual's own list in the palette, which the app outlives."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    async def run(self, folder: Path) -> None:
        """Press all keys; an app that is left is opened again."""
        with workspace(folder) as workbench:
            while self.pressed < self.keys:
                app = FuzzedApp(workbench)
                async with app.run_test(size=self._random.choice(SIZES), notifications=True) as pilot:
                    while app.is_running and self.pressed < self.keys:
                        await self._press(app, pilot)
                    if app.is_running:
                        await settle(pilot)  # a test ends its app while keys may still wait, which no terminal does
                self.outlived += app.outlived

    async def _press(self, app: PalateApp, pilot: Pilot[None]) -> None:
        key = self._next(app)
        self.pressed += 1
        self.last.append(f"{type(app.screen).__name__}:{key}" if app.screen_stack else key)
        self.screens[self.last[-1].partition(":")[0]] += 1
        name = _character_to_key(key) if len(key) == 1 else key
        app.post_message(events.Key(name, CHARACTERS.get(key, key if len(key) == 1 else None)))
        wait = self._random.random()
        if wait < 0.05:
            await settle(pilot)
        elif wait < 0.5:
            await asyncio.sleep(self._random.choice((0, 0.001, 0.005, 0.02)))

    def _next(self, app: PalateApp) -> str:
        """Mostly a key that does something here."""
        here = [key for key in app.active_bindings if key not in ("ctrl+c", "ctrl+z")] if app.screen_stack else []
        groups = (sorted(here) or MOVING, MOVING, ANSWERING, MODES, TYPED)
        (group,) = self._random.choices(groups, weights=(45, 20, 15, 8, 12))
        key = self._random.choice(group)
        return key if key != "q" or self._random.random() < 0.1 else "D"

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.pressed} keys, last {' '.join(self.last)}"


async def settle(pilot: Pilot[None]) -> None:
    """Wait until every widget has worked off its messages, also on a busy machine, where Textual's 30 s may be short.

    Raises:
        WaitForScreenTimeout: a widget hangs.
    """
    for _ in range(WAITS - 1):
        with suppress(WaitForScreenTimeout):
            await pilot.pause()
            return
    await pilot.pause()


@contextmanager
def workspace(folder: Path) -> Iterator[StillWorkbench]:
    """A workspace with pairs, verdicts, runs and a trial. Exports go into its folder, and there is no editor."""
    label_pairs.fill(folder / "space", PAIRS, words=30, judged=60)
    before = Path.cwd()
    os.chdir(folder)
    workbench = StillWorkbench(folder / "space")
    try:
        workbench.workspace.write(fill_runs).result()
        trial = workbench.begin(3)
        for _ in range(3):
            workbench.answer(trial)
        with patch.dict(os.environ, {"VISUAL": "", "EDITOR": "no-such-editor"}):
            yield workbench
    finally:
        workbench.close()
        os.chdir(before)


async def fuzz(folder: Path, seed: int, keys: int) -> Fuzz:
    """Press `keys` keys.

    Raises:
        AssertionError: an error came, with the seed and the last keys.
    """
    import_screens()
    made = Fuzz(seed, keys)
    try:
        await made.run(folder)
    except Exception as error:
        raise AssertionError(f"{made}: {type(error).__name__}: {error}") from error
    return made


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--seed", type=int, default=1, help="the first seed")
    flags.add_argument("--seeds", type=int, default=1, help="how many seeds, counted upwards")
    flags.add_argument("--keys", type=int, default=1000, help="keys for each seed")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Press keys for one seed after another, and print a line for each."""
    given = parser().parse_args(line)
    for seed in range(given.seed, given.seed + given.seeds):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.process_time()
            made = asyncio.run(fuzz(Path(folder), seed, given.keys))
            spent = time.process_time() - begun
        words = f"{made.pressed} keys, {len(made.screens)} screens, {made.outlived} errors of Textual outlived"
        sys.stdout.write(f"seed {seed}: {words}, {spent:.0f} s of processor time\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
