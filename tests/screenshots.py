"""Makes the pictures of the documents from the app itself.

    python -m tests.screenshots docs/screenshots --workspace DIR     of a workspace with its real model
    python -m tests.screenshots docs/screenshots                     of a workbench in memory
    python -m tests.screenshots docs --workspace DIR --only label --png

Each picture is an SVG of what the terminal would show, and with --png a PNG (by librsvg's rsvg-convert), with few
colours where pngquant is there. A workspace is opened as its owner. Only the pictures of Ask and of the reasons judge:
take those on a copy.
"""

import argparse
import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from engine.config import TrainConfig
from tests.fake_workbench import FakeWorkbench, adapter_view, metrics_of, run_row
from tests.flags import flags_of, path
from tests.waiting import until
from tui.app import PalateApp
from tui.screens.ask.ask import AskScreen
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.pair_screen import PairScreen
from tui.snapshots import MachineReading
from tui.theme import DARK, LIGHT

LARGE, SMALL = (120, 40), (80, 24)
PIXELS_PER_COLUMN = 9
FITTING_SIZE = 20.264
"""At this size a character of DejaVu Sans Mono is as wide as a column, since rsvg-convert stretches no text."""


Key = str | Callable[[PalateApp], bool]
"""A key to press, or what the picture waits for before the next one."""


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the terminal's size, and the keys that lead there from the Label screen."""

    name: str
    size: tuple[int, int]
    keys: tuple[Key, ...] = ()
    light: bool = False


_SOME_LINES: Final = 180
"""Characters."""


def typed(text: str) -> tuple[str, ...]:
    """The keys of a text."""
    return tuple({" ": "space", "?": "question_mark", ".": "full_stop", ",": "comma"}.get(each, each) for each in text)


def growing(app: PalateApp) -> bool:
    """Have both answers of Ask some lines?"""
    asked = app.screen.talk.asked if isinstance(app.screen, AskScreen) else None
    return asked is not None and min(len(each) for each in asked.shown()) > _SOME_LINES


def answered(app: PalateApp) -> bool:
    """Has Ask both answers?"""
    return isinstance(app.screen, AskScreen) and app.screen.talk.asked is None and app.screen.pair is not None


def can_judge(app: PalateApp) -> bool:
    """Is a pair there that may be judged?"""
    return isinstance(app.screen, PairScreen) and app.screen.can_judge


def is_judged(app: PalateApp) -> bool:
    """Has the pair of Ask its verdict on the screen?"""
    pair = app.screen.pair if isinstance(app.screen, AskScreen) and app.screen.can_judge else None
    return pair is not None and pair.standing is not None


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

ASKED = ("A", *typed("Why do we dream, and what do dreams tell us?"), "enter")
# Only a workspace with a model answers. Ask and reasons judge.
ASK_SHOTS = (
    Shot("ask", LARGE, (*ASKED, growing)),
    Shot("ask-80x24", SMALL, (*ASKED, growing)),
    Shot("ask-judged", LARGE, (*ASKED, answered, "escape", can_judge, "1", is_judged, "w")),
    Shot("reasons", LARGE, ("1", can_judge, "full_stop", "5", "6")),
    Shot("reasons-80x24", SMALL, ("1", can_judge, "full_stop", "5", "6")),
)
JUDGES_SHOTS = (Shot("judges", LARGE, ("J",)),)
SERVERS_SHOTS = (Shot("servers", LARGE, ("V", "end")),)
SETTLE_SHOTS = (Shot("settle", LARGE, ("D", "d", can_judge)), Shot("settle-80x24", SMALL, ("D", "d", can_judge)))


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
                if isinstance(key, str):
                    await pilot.press(key)
                    await pilot.pause(0.05 if len(key) == 1 and app.screen.focused else 0.5)
                else:
                    await until(pilot, partial(key, app), wait_s)
            app.save_screenshot(filename=f"{shot.name}.svg", path=str(folder))


def _loaded(workbench: Any) -> bool:
    return workbench.status().model_state in ("ready", "failed")


def to_png(folder: Path, shot: Shot) -> None:
    """Put a PNG of a shot, as large as its terminal would be, in place of its SVG."""
    file = folder / f"{shot.name}.svg"
    drawn = file.read_text(encoding="utf-8").replace("<text ", '<text xml:space="preserve" ')
    drawn = drawn.replace("font-size: 20px", f"font-size: {FITTING_SIZE}px").replace("Fira Code", "DejaVu Sans Mono")
    command = ["rsvg-convert", "--width", str(shot.size[0] * PIXELS_PER_COLUMN)]
    made = subprocess.run(command, check=True, input=drawn.encode(), stdout=subprocess.PIPE)
    file.with_suffix(".png").write_bytes(_with_few_colours(made.stdout))
    file.unlink()


def _with_few_colours(png: bytes) -> bytes:
    if shutil.which("pngquant") is None:
        return png
    return subprocess.run(["pngquant", "64", "-"], check=True, input=png, stdout=subprocess.PIPE).stdout


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
    workbench.readings = tuple(_reading(second) for second in range(60))
    return workbench


def _reading(second: int) -> MachineReading:
    """What a card might say while it trains."""
    swing = second * 7 % 5
    return MachineReading(
        at=float(second),
        device="GPU",
        gpu_use=92.0 + swing,
        cpu_use=11.0 + swing,
        memory=19_400_000_000 + 90_000_000 * swing,
        memory_left=5_300_000_000 - 90_000_000 * swing,
        temperature=64.0 + swing / 2,
        power=318.0 + 6 * swing,
        tokens_per_second=5_100.0 + 80 * swing,
    )


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
        picture(workbench, arguments, (*SHOTS, *_shots_of(workbench)))
    finally:
        workbench.close()


def _shots_of(workbench: Any) -> Iterator[Shot]:
    """The pictures for which this workspace has what they show."""
    newest = next((each for each in workbench.trials() if each.kind == "blind"), None)
    if newest is not None:
        yield from SEALED_SHOTS if newest.sealed else OPENED_SHOTS
    if workbench.judges.listed():
        yield from JUDGES_SHOTS
    if workbench.servers.all():
        yield from SERVERS_SHOTS
    if workbench.joining.disagreements():
        yield from SETTLE_SHOTS
    yield from ASK_SHOTS


def picture(workbench: Any, arguments: argparse.Namespace, shots: Sequence[Shot]) -> None:
    """Take those that are wanted, in the format that is wanted."""
    wanted = [each for each in shots if each.name.startswith(arguments.only)]
    asyncio.run(take(workbench, arguments.folder, wanted))
    for shot in wanted if arguments.png else ():
        to_png(arguments.folder, shot)


if __name__ == "__main__":
    main()
