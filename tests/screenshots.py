"""Makes the pictures of the documents from the app itself.

    python -m tests.screenshots docs/screenshots --workspace DIR     of a workspace with its real model
    python -m tests.screenshots docs/screenshots                     of a workbench in memory

Each picture is an SVG of what the terminal would show. A workspace is opened as its owner, but nothing is judged.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import TrainConfig
from tests.fake_workbench import FakeWorkbench, adapter_view, metrics_of, run_row
from tui.app import PalateApp
from tui.screens.label import LabelScreen

LARGE, SMALL = (120, 40), (80, 24)


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the terminal's size, and the keys that lead there from the Label screen."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()


OVERLAY = ("space", "space", "space", "d", "left", "shift+left", "shift+left")
"""Marks the three newest runs, lays them over one another, and reads them a little before their end."""
SHOTS = (
    Shot("label", LARGE),
    Shot("label-80x24", SMALL),
    Shot("label-zoom", LARGE, ("z",)),
    Shot("train", LARGE, ("T",)),
    Shot("train-80x24", SMALL, ("T",)),
    Shot("runs", LARGE, ("R",)),
    Shot("runs-80x24", SMALL, ("R",)),
    Shot("run", LARGE, ("R", "enter")),
    Shot("run-80x24", SMALL, ("R", "enter")),
    Shot("run-overlay", LARGE, ("R", *OVERLAY)),
    Shot("run-overlay-80x24", SMALL, ("R", *OVERLAY)),
    Shot("compare", LARGE, ("C",)),
    Shot("compare-open", LARGE, ("C", "end", "down", "enter")),
    Shot("trial-setup", LARGE, ("C", "N")),
    Shot("data", LARGE, ("D",)),
    Shot("data-80x24", SMALL, ("D",)),
    Shot("verdict", LARGE, ("D", "enter")),
    Shot("keys", LARGE, ("question_mark",)),
)


# Only a workspace has these: its newest trial is sealed or opened, as the name says.
SEALED_SHOTS = (Shot("trial", LARGE, ("C", "end", "down", "enter")),)
OPENED_SHOTS = (
    Shot("trial-result", LARGE, ("C", "end", "down", "enter")),
    Shot("trial-result-80x24", SMALL, ("C", "end", "down", "enter")),
    Shot("trial-pair", LARGE, ("C", "end", "down", "enter", "enter")),
    Shot("board", LARGE, ("C", "B")),
)


async def take(workbench: Any, folder: Path, shots: Sequence[Shot] = SHOTS, *, wait_s: float = 300.0) -> None:
    """Save every shot as `folder`/name.svg. Waits up to `wait_s` for the first pair."""
    folder.mkdir(parents=True, exist_ok=True)
    for shot in shots:
        app = PalateApp(workbench)
        async with app.run_test(size=shot.size) as pilot:
            end = time.monotonic() + wait_s
            while not (isinstance(app.screen, LabelScreen) and app.screen.can_judge):
                if time.monotonic() > end:
                    raise TimeoutError(f"No pair became ready within {wait_s:.0f} s.")
                await pilot.pause(0.05)
            for key in shot.keys:
                await pilot.press(key)
                await pilot.pause(0.5)
            app.save_screenshot(filename=f"{shot.name}.svg", path=str(folder))


def in_memory() -> FakeWorkbench:
    """A workbench as after an afternoon: verdicts, runs (one in progress), adapters, a side-by-side."""
    workbench = FakeWorkbench(48)
    for number in range(1, 38):
        verdict = ("a", "b", "a", "b", "tie", "a", "both_bad")[number % 7]
        side = "left" if verdict in ("a", "b") else None
        strength = 2 if verdict == "a" and number % 3 == 0 else 1
        workbench.judge(number, verdict, strength=strength, side=side, layout="side", seconds=8.0 + number % 11)
    config = run_row(1, "").config
    gentle = {**config, "learning_rate": 1e-5, "beta": 0.3}
    workbench.run_rows = [
        run_row(2, "taste-2", "stopped", step=14, config=gentle, tags=("gentle",)),
        run_row(1, "taste-1"),
    ]
    workbench.run_figures = {1: metrics_of(24), 2: metrics_of(24)[: 14 * 7]}
    workbench.adapter_views = [adapter_view(2, "taste-2", in_use=True, parent="taste-1"), adapter_view(1, "taste-1")]
    trial = workbench.start_side_by_side(adapter="taste-2", num_questions=3)
    for _ in range(3):
        workbench.answer_question(trial)
    workbench.start_run(TrainConfig(epochs=8))
    workbench.step(34)
    return workbench


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--workspace", type=Path, help="a workspace to show; default: one in memory")
    arguments = parser.parse_args()
    if arguments.workspace is None:
        asyncio.run(take(in_memory(), arguments.folder))
        return
    from tui.workbench import Workbench

    workbench = Workbench(arguments.workspace)
    try:
        workbench.start()
        newest = next((each for each in workbench.trials() if each.kind == "blind"), None)
        more = () if newest is None else SEALED_SHOTS if newest.sealed else OPENED_SHOTS
        asyncio.run(take(workbench, arguments.folder, (*SHOTS, *more)))
    finally:
        workbench.close()


if __name__ == "__main__":
    main()
