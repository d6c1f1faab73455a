"""Makes the pictures of the documents from the app itself.

    python -m tests.screenshots docs/screenshots --workspace DIR     of a workspace with its real model
    python -m tests.screenshots docs/screenshots                     of a workbench in memory
    python -m tests.screenshots docs --workspace DIR --only label --png

Each picture is an SVG of what the terminal would show, and with --png a PNG (by librsvg's rsvg-convert). A
workspace is opened as its owner, but nothing is judged.
"""

import argparse
import asyncio
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import TrainConfig
from tests.fake_workbench import FakeWorkbench, adapter_view, metrics_of, run_row
from tests.flags import flags_of, path
from tui.app import PalateApp
from tui.screens.pairs.label import LabelScreen
from tui.theme import DARK, LIGHT

LARGE, SMALL = (120, 40), (80, 24)
PIXELS_PER_COLUMN = 9
FITTING_SIZE = 20.264
"""At this size a character of DejaVu Sans Mono is as wide as a column, since rsvg-convert stretches no text."""


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the terminal's size, and the keys that lead there from the Label screen."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    light: bool = False


OVERLAY = ("space", "space", "space", "d", "left", "shift+left", "shift+left")
"""Marks the three newest runs, lays them over one another, and reads them a little before their end."""

LABEL_SHOTS = tuple(
    Shot(f"label-{columns}x{rows}{'-light' if light else ''}", (columns, rows), light=light)
    for columns, rows in (SMALL, LARGE, (200, 60))
    for light in (False, True)
)
"""The screen where a person spends the day, in every size and both looks."""

SHOTS = (
    *LABEL_SHOTS,
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
        app.theme = LIGHT.name if shot.light else DARK.name
        async with app.run_test(size=shot.size) as pilot:
            end = time.monotonic() + wait_s
            while not (isinstance(app.screen, LabelScreen) and app.screen.can_judge and _loaded(workbench)):
                if time.monotonic() > end:
                    raise TimeoutError(f"No pair became ready within {wait_s:.0f} s.")
                await pilot.pause(0.05)
            for key in shot.keys:
                await pilot.press(key)
                await pilot.pause(0.5)
            app.save_screenshot(filename=f"{shot.name}.svg", path=str(folder))


def _loaded(workbench: Any) -> bool:
    return workbench.status().model_state in ("ready", "failed")


def for_librsvg(svg: str) -> str:
    """A picture of Textual's as librsvg has to be given it: it keeps no spaces and stretches no text."""
    drawn = svg.replace("<text ", '<text xml:space="preserve" ')
    return drawn.replace("font-size: 20px", f"font-size: {FITTING_SIZE}px").replace("Fira Code", "DejaVu Sans Mono")


def to_png(folder: Path, shot: Shot) -> None:
    """Put a PNG of a shot, as large as its terminal would be, in place of its SVG."""
    file = folder / f"{shot.name}.svg"
    drawn = for_librsvg(file.read_text(encoding="utf-8"))
    command = ["rsvg-convert", "--width", str(shot.size[0] * PIXELS_PER_COLUMN)]
    made = subprocess.run(command, check=True, input=drawn.encode(), stdout=subprocess.PIPE)
    file.with_suffix(".png").write_bytes(made.stdout)
    file.unlink()


def in_memory() -> FakeWorkbench:
    """A workbench as after an afternoon: verdicts, runs (one in progress), adapters, a side-by-side."""
    workbench = FakeWorkbench(48)
    for number in range(1, 38):
        verdict = ("a", "b", "a", "b", "tie", "a", "both_bad")[number % 7]
        side = "left" if verdict in ("a", "b") else None
        strength = 2 if verdict == "a" and number % 3 == 0 else 1
        workbench.labelling.judge(
            number, verdict, strength=strength, side=side, layout="side", seconds=8.0 + number % 11
        )
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
    workbench.trainer.start(TrainConfig(epochs=8))
    workbench.step(34)
    return workbench


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("folder", type=path, help="where the pictures go")
    flags.add_argument("--workspace", type=path, metavar="FOLDER", help="a workspace to show; default: one in memory")
    flags.add_argument("--only", default="", metavar="NAME", help="pictures whose names begin so")
    flags.add_argument("--png", action="store_true", help="PNG in place of SVG")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Take every picture."""
    arguments = parser().parse_args(line)
    if arguments.workspace is None:
        picture(in_memory(), arguments, SHOTS)
        return
    from tui.workbench import Workbench

    workbench = Workbench(arguments.workspace)
    try:
        workbench.start()
        newest = next((each for each in workbench.trials() if each.kind == "blind"), None)
        more = () if newest is None else SEALED_SHOTS if newest.sealed else OPENED_SHOTS
        picture(workbench, arguments, (*SHOTS, *more))
    finally:
        workbench.close()


def picture(workbench: Any, arguments: argparse.Namespace, shots: Sequence[Shot]) -> None:
    """Take those that are wanted, in the format that is wanted."""
    wanted = [each for each in shots if each.name.startswith(arguments.only)]
    asyncio.run(take(workbench, arguments.folder, wanted))
    for shot in wanted if arguments.png else ():
        to_png(arguments.folder, shot)


if __name__ == "__main__":
    main()
