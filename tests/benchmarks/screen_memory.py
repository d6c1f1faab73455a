"""Memory and objects over many changes of the screen, over a real workspace without a model.

    python -m tests.benchmarks.screen_memory --switches 6000

Goes round Label, Train, Runs, Compare and Data, and prints at every 500th change what the process holds after a
collection. What grows without an end shows as a slope of the objects; resident memory is also what the system leaves.
"""

import argparse
import asyncio
import gc
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil
from textual import events

from tests.flags import flags_of
from tests.fuzz import workspace
from tui.app import PalateApp
from tui.screens.modes import import_screens

KEYS: Final = "LTRCD"
EVERY: Final = 500


async def switch(folder: Path, switches: int) -> None:
    """Change the screen so often, and print figures."""
    import_screens()
    with workspace(folder) as workbench:
        app = PalateApp(workbench)
        async with app.run_test(size=(120, 40)) as pilot:
            for number in range(switches + 1):
                if number % EVERY == 0:
                    gc.collect()
                    resident, objects = psutil.Process().memory_info().rss / 1e6, len(gc.get_objects())
                    sys.stdout.write(f"{number} changes: {resident:.1f} MB, {objects:,} objects\n")
                    sys.stdout.flush()
                key = KEYS[number % len(KEYS)]
                app.post_message(events.Key(key, key))
                await pilot.pause()


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--switches", type=int, default=6000, help="how many changes of the screen")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Change screens."""
    given = parser().parse_args(line)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(switch(Path(folder), given.switches))


if __name__ == "__main__":
    main()
