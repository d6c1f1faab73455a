"""How fast the Runs screens are with 500 runs of 2,000 steps: opening the table, an overlay of five, a redraw.

Run: python -m tests.benchmarks.runs_speed [--runs 500] [--steps 2000] [--keep FOLDER]. Building the workspace takes
one to two minutes and about a gigabyte (16 metrics at every step); `--keep` builds it once and uses it again.
Prints the median and the slowest of several calls, and the median of processor time, in ms: from a key to the last
frame that it gives, with what turning frames into the terminal's bytes takes.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from textual._compositor import CompositorUpdate
from textual.events import Key
from textual.pilot import Pilot

from db.connection import writing
from engine.config import TrainConfig
from engine.events import StepDone
from tests.flags import add_keep, flags_of, workspace_folder
from tests.screens import until_shown
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.events import RunChanged
from tui.terminal.gc_freeze import keep_collections_short

NAMES = (
    *("loss", "rewards/margins", "rewards/accuracies", "rewards/chosen", "rewards/rejected", "logps/chosen"),
    *("logps/rejected", "grad_norm", "learning_rate", "epoch", "pairs_per_second", "tokens_per_second"),
    *("flops_per_second", "seconds", "eval_loss", "eval_rewards/margins"),
)
NOW = "2026-01-01T00:00:00.000Z"
STEP = StepDone(2000, 2000, 3.0, dict.fromkeys(NAMES, 0.3), 0.0)
"""What a live run reports about once a second."""
QUIET_S = 0.3
"""After this long without a frame there is none to come."""
_METRICS = """WITH RECURSIVE steps(step) AS (SELECT 1 UNION ALL SELECT step + 1 FROM steps WHERE step < :steps)
    INSERT INTO metrics (run, name, step, value)
    SELECT :run, :name, step, 0.2 + 0.5 * 60.0 / (60 + step) + 0.0001 * ((step * 7919 + :run * 104729) % 997)
    FROM steps"""


def fill(conn: Connection, runs: int, steps: int) -> None:
    """Runs with every metric at every step, on the same pairs."""
    conn.execute("BEGIN")
    base = "INSERT INTO models VALUES (1, 'base', 'smollm2-135m-instruct', 'smollm2', 'f', NULL, ?)"
    conn.execute(base, (NOW,))
    config = asdict(TrainConfig())
    for run in range(1, runs + 1):
        changed = {**config, "learning_rate": (1e-5, 5e-5, 1e-4)[run % 3], "beta": (0.1, 0.3)[run % 2]}
        values = {"run": run, "config": json.dumps(changed), "steps": steps, "now": NOW}
        conn.execute(
            """INSERT INTO runs (id, name, status, config, versions, base_model, started, ended, heartbeat, total_steps)
            VALUES (:run, 'taste-' || :run, 'finished', :config, '{"torch": "2.13.0"}', 1, :now, :now, :now, :steps)""",
            values,
        )
        for name in sorted(NAMES):
            conn.execute(_METRICS, {"run": run, "name": name, "steps": steps})
    conn.execute("COMMIT")


@contextmanager
def filled(folder: Path, runs: int, steps: int) -> Iterator[StillWorkbench]:
    """A workbench on such a workspace, which is built where it is not there yet."""
    new = not (folder / "palate.db").exists()
    with closing(StillWorkbench(folder)):
        pass
    if new:
        started = time.perf_counter()
        with closing(writing(folder / "palate.db")) as conn:
            fill(conn, runs, steps)
        print(f"built in {time.perf_counter() - started:.0f} s")
    with closing(StillWorkbench(folder)) as workbench:
        yield workbench


Taken = tuple[float, float]
"""Seconds by the clock, and of processor time."""


class Clock:
    """Started when it is made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> Taken:
        """What has passed since."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def show(name: str, taken: list[Taken]) -> None:
    """Print the median and the slowest by the clock, and the median of processor time."""
    wall, cpu = ([1000 * each[part] for each in taken] for part in (0, 1))
    print(f"{name:<46}{statistics.median(wall):8.1f}{max(wall):8.1f}{statistics.median(cpu):8.1f}")


def timed(call: Callable[[], object], times: int = 7) -> list[Taken]:
    """What several calls took."""
    taken = []
    for _ in range(times):
        clock = Clock()
        call()
        taken.append(clock.read())
    return taken


class TimedApp(PalateApp):
    """Remembers what had passed when its newest frame was ready for the terminal."""

    clock = Clock()
    newest: Taken = (0.0, 0.0)

    def _display(self, screen: Any, renderable: Any) -> None:
        super()._display(screen, renderable)
        if isinstance(renderable, CompositorUpdate):
            renderable.render_segments(self.console)  # without a terminal Textual leaves this out
        self.newest = self.clock.read()

    async def last_frame(self, act: Callable[[], object]) -> Taken:
        """What passes from `act` to the last frame that comes of it."""
        self.clock = Clock()
        self.newest = (0.0, 0.0)
        act()
        while not self.newest[0] or self.clock.read()[0] - self.newest[0] < QUIET_S:
            await asyncio.sleep(0.01)
        return self.newest


async def screens(workbench: StillWorkbench, size: tuple[int, int], runs: int) -> None:
    """Open the table, a run and an overlay of five, and redraw each, on a screen of this size."""
    taken: dict[str, list[Taken]] = {}
    for _ in range(4):
        app = TimedApp(workbench)
        async with app.run_test(size=size) as pilot:
            await once(app, pilot, runs, taken)
    for name, each in taken.items():
        show(f"{name}, {size[0]}x{size[1]}", each)


async def once(app: TimedApp, pilot: Pilot[None], runs: int, taken: dict[str, list[Taken]]) -> None:
    """Everything that is measured, one after another."""

    async def pressed(name: str, key: str, words: str = "") -> None:
        event = Key(key, key if len(key) == 1 else None)
        taken.setdefault(name, []).append(await app.last_frame(lambda: app.post_message(event)))
        await until_shown(pilot, words)

    async def moved(name: str) -> None:
        app.screen._pace._resting = False  # type: ignore[attr-defined]  # drawn at once, not within a second
        event = RunChanged(runs, STEP)
        taken.setdefault(name, []).append(await app.last_frame(lambda: app.screen.from_workbench(event)))  # type: ignore[attr-defined]

    await until_shown(pilot, "Label")
    await pressed("the table opens", "R", f"{runs} runs")
    await moved("a live run moves in the table")
    await pressed("one run opens", "enter", f"run {runs} ·")
    await moved("a run is drawn again")
    await pilot.press("escape", *["space"] * 5)
    await pressed("an overlay of five opens", "d", "5 runs over one another")
    await moved("an overlay of five is drawn again")
    await pressed("the crosshair moves", "left")


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--runs", type=int, default=500)
    flags.add_argument("--steps", type=int, default=2000, help="steps of each run")
    add_keep(flags)
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Build and measure."""
    arguments = parser().parse_args(line)
    with (
        workspace_folder(arguments.keep) as folder,
        filled(folder, arguments.runs, arguments.steps) as workbench,
    ):
        print(f"{'':<46}{'median':>8}{'slowest':>8}{'cpu':>8}")
        show("every run is read", timed(workbench.runs))
        keep_collections_short()  # as the app does once its model is loaded; here none ever is
        for size in ((80, 24), (120, 40)):
            asyncio.run(screens(workbench, size, arguments.runs))


if __name__ == "__main__":
    main()
