"""Makes the moving picture of README from the app itself: three verdicts, a run, the result of a blind trial.

    python -m tests.moving_picture docs/loop.gif                    about ten minutes on two quiet cores
    python -m tests.moving_picture docs/loop.gif --keep FOLDER      keeps the workspace and the frames there

A program judges by the length of the answers, on the default model. Nothing is staged: the picture shows the run and
the result that came, and leaves out only waiting and most of the verdicts. What is in FOLDER already is used: the
verdicts of its workspace count, and frames that are all there are only joined anew.
Needs librsvg's rsvg-convert, ImageMagick's convert, and gifsicle.
"""

import argparse
import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from textual.content import Content
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.widgets import Static

from tests.flags import add_keep, flags_of, path, workspace_folder
from tests.screenshots import for_librsvg
from tui.app import PalateApp
from tui.demo_app import shorter
from tui.screens.base import PalateScreen
from tui.screens.compare.trial import TrialScreen
from tui.screens.compare.trial_result import TrialResultScreen
from tui.screens.compare.trial_setup import TrialSetupScreen
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.pair_screen import PairScreen
from tui.screens.runs.run import RunScreen
from tui.screens.runs.train import TrainScreen
from tui.snapshots import LoadState
from tui.widgets.form.text_row import TextRow
from tui.widgets.frame.status_line import StatusLine

SIZE = (96, 25)
WIDTH = 1440
"""Pixels, twice the width at which README shows it."""
VERDICTS = 63
TRIAL_QUESTIONS = 16
ANSWER_TOKENS = 96
SYSTEM = "Answer in one short sentence."
"""The system prompt, so that whole answers fit the picture."""
SETTINGS = {"max_new_tokens": f"{ANSWER_TOKENS}", "system": SYSTEM, "ask_again": "0", "low_mark": "1", "high_mark": "1"}
"""Of the workspace: nothing comes twice, and the run waits for no answers."""
COLOURS = 48
KEY_STYLE = "bold $background on $accent"

_Kind = TypeVar("_Kind", bound=PalateScreen)


class Caption(Static):
    """One line above the line of status: the key that comes next, and what it does."""

    DEFAULT_CSS = "Caption { height: 1; width: 1fr; padding: 0 1; }"


@dataclass
class Film:
    """An app that is played, and the frames that were taken of it."""

    app: PalateApp
    pilot: Pilot[Any]
    frames: list[tuple[str, float]] = field(default_factory=list)
    """SVG and seconds."""

    async def take(self, seconds: float, words: str, key: str = "") -> None:
        """Take one frame with a caption: a key that is about to be pressed, and words."""
        caption = Content.assemble((f" {key} ", KEY_STYLE), " ", (words, "bold")) if key else Content(words)
        screen = self.app.screen
        try:
            screen.query_one(Caption).update(caption)
        except NoMatches:
            await screen.mount(Caption(caption), before=screen.query_one(StatusLine))
        await self.pilot.pause(0.3)
        self.frames.append((self.app.export_screenshot(title="Palate"), seconds))

    async def until(self, true: Callable[[], bool], limit_s: float = 1800.0) -> None:
        """Wait until something is so."""
        end = time.monotonic() + limit_s
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"The picture waited {limit_s:.0f} s on {type(self.app.screen).__name__}.")
            await self.pilot.pause(0.1)

    async def shown(self, kind: type[_Kind]) -> _Kind:
        """Wait until a screen of this kind is on top."""
        await self.until(lambda: isinstance(self.app.screen, kind) and self.app.screen.is_mounted)
        screen = self.app.screen
        assert isinstance(screen, kind)
        return screen

    async def judge(self, screen: PairScreen, seconds: Sequence[float] = (), words: str = "") -> None:
        """Press the key of the shorter answer; with `seconds` take a frame that reads, and one that names the key."""
        await self.until(lambda: screen.shown_pair is not None and screen.can_judge)
        pair = screen.shown_pair
        assert pair is not None
        key = shorter(pair)
        if seconds:
            await self.take(seconds[0], words)
            await self.take(seconds[1], MEANING[key], key)
        await self.pilot.press(key)
        await self.until(lambda: not screen.gate.deciding and screen.shown_pair is not pair)


MEANING = {"1": "the left answer is better", "2": "the right answer is better", "0": "a tie"}


async def play(workbench: Any) -> list[tuple[str, float]]:
    """Play the loop once and return its frames."""
    app = PalateApp(workbench)
    async with app.run_test(size=SIZE) as pilot:
        film = Film(app, pilot)
        await label(film, workbench)
        await train(film, workbench)
        await compare(film)
        return film.frames


async def label(film: Film, workbench: Any) -> None:
    """Three verdicts at a person's pace, the others in a second."""
    screen = await film.shown(LabelScreen)
    await film.judge(screen, (2.4, 0.8), "Two answers. Nothing says how they were written. Which one is better?")
    await film.judge(screen, (1.2, 0.7), "Every key is one verdict, on the disk before the next pair is painted.")
    await film.judge(screen, (1.2, 0.7), "Every key is one verdict, on the disk before the next pair is painted.")
    while (verdicts := workbench.counts().total) < VERDICTS:
        await film.judge(screen)
        if verdicts % 15 == 0:
            await film.until(lambda: screen.shown_pair is not None)
            await film.take(0.25, f"{verdicts + 1} verdicts")


async def train(film: Film, workbench: Any) -> None:
    """The form, then the curves of the run while it grows."""
    await film.pilot.press("T")
    await film.shown(TrainScreen)
    await film.until(lambda: workbench.model_state.state is LoadState.READY)
    await film.take(1.5, "What the run learns from, each setting, time and memory")
    await film.take(0.6, "start the run", "S")
    await film.pilot.press("S")
    await film.until(lambda: workbench.run_progress is not None)
    await film.pilot.press("R", "enter")
    await film.shown(RunScreen)
    growing, seen = Film(film.app, film.pilot), 0
    while (progress := workbench.run_progress) is not None:
        if progress.step > seen:  # a frame costs the run time
            seen = progress.step
            await growing.take(0.15, "The run learns to tell the chosen answer from the other one.")
        await asyncio.sleep(0.5)
    step = max(1, len(growing.frames) // 10)
    film.frames += growing.frames[::step][:12]
    await film.take(1.0, "The run is done, and its adapter is in use.")


async def compare(film: Film) -> None:
    """A blind trial on held-out questions, and its result."""
    await film.pilot.press("C", "N")
    setup = await film.shown(TrialSetupScreen)
    await film.until(lambda: bool(setup.form.rows))
    for name, value in (("num_prompts", TRIAL_QUESTIONS), ("max_new_tokens", ANSWER_TOKENS), ("repeats", 0)):
        row = setup.form.row(name)
        if isinstance(row, TextRow):
            row.take(str(value))
    await film.pilot.press("S")
    screen = await film.shown(TrialScreen)
    await film.judge(screen, (1.6, 0.7), "A blind trial, base against tuned, on questions that no run has seen.")
    while not (screen.row.total and screen.row.done == screen.row.total and screen.shown_pair is None):
        if screen.shown_pair is not None and screen.can_judge:
            await film.judge(screen)
        await film.pilot.pause(0.1)
    await film.until(lambda: screen.check_action("finish", ()) is True)
    await film.pilot.press("enter")
    await film.shown(TrialResultScreen)
    await film.take(3.0, "Wins, ties and losses, with an interval.")


def keep(frames: Sequence[tuple[str, float]], folder: Path) -> None:
    """Write the frames, and how long each is shown."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (svg, _) in enumerate(frames):
        (folder / f"{number:03}.svg").write_text(svg, encoding="utf-8")
    (folder / "seconds.json").write_text(json.dumps([seconds for _, seconds in frames]), encoding="utf-8")


def join(folder: Path, picture: Path) -> None:
    """Draw the frames and join them to one GIF that repeats."""
    seconds = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))
    words = []
    for number, each in enumerate(seconds):
        svg, png = folder / f"{number:03}.svg", folder / f"{number:03}.png"
        drawn = for_librsvg(svg.read_text(encoding="utf-8"))
        subprocess.run(["rsvg-convert", "--width", f"{WIDTH}", "--output", png], input=drawn.encode(), check=True)
        words += ["-delay", f"{round(each * 100)}", str(png)]
    whole = folder / "whole.gif"
    subprocess.run(["convert", "-loop", "0", *words, "+dither", "-colors", f"{COLOURS}", "+map", whole], check=True)
    subprocess.run(["gifsicle", "-O3", "--output", picture, whole], check=True)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("picture", type=path, help="the GIF")
    add_keep(flags, "keep the workspace and the frames in FOLDER, and use those that are there")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Play the loop and make the picture."""
    arguments = parser().parse_args(line)
    with workspace_folder(arguments.keep) as folder:
        frames = folder / "frames"
        if not (frames / "seconds.json").exists():
            keep(_frames(folder / "workspace"), frames)
        join(frames, arguments.picture)


def _frames(folder: Path) -> list[tuple[str, float]]:
    from engine.sources.default_model import DEFAULT_SOURCE
    from tui.compute.loaded_model import ModelChoice
    from tui.workbench import Workbench

    workbench = Workbench(folder, ModelChoice(DEFAULT_SOURCE), seed=7)
    try:
        for each, value in SETTINGS.items():
            workbench.change_setting(each, value)
        return asyncio.run(play(workbench))
    finally:
        workbench.close()


if __name__ == "__main__":
    main()
