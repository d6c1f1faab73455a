"""The Runs screens over a real workspace: filter, order, marks, an overlay with a crosshair, notes, epoch margins."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from tests.run_workspace import STEPS, workbench_with_runs
from tests.screens import text_of, until, until_shown
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.screens.pairs.review import ReviewScreen
from tui.screens.runs.overlay import RunOverlayScreen
from tui.screens.runs.run import RunScreen
from tui.screens.runs.runs import RunsScreen
from tui.widgets.charts.chart import Chart
from tui.widgets.charts.run_charts import DrawThrottle


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """News is drawn soon, so that tests need not wait a second for it."""
    monkeypatch.setattr(DrawThrottle, "every_s", 0.01)


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    with workbench_with_runs(tmp_path / "space") as made:
        yield made


def rows_of(app: PalateApp) -> list[int]:
    """The ids of the runs in the table, from above."""
    screen = app.screen
    assert isinstance(screen, RunsScreen)
    found = [line.split() for line in text_of(app).splitlines()]
    return [int(words[1 if words[1].isdigit() else 2]) for words in found if words and words[0] in "✓×!●‖"]


def told(app: PalateApp) -> str:
    """Everything that was told in a corner of the screen."""
    return "\n".join(each.message for each in app._notifications)


async def typed(pilot: Any, text: str) -> None:
    """Type a line."""
    named = {">": "greater_than_sign", "=": "equals_sign", "-": "minus", ":": "colon", " ": "space", ".": "full_stop"}
    await pilot.press(*[named.get(letter, letter) for letter in text])


class Filmed(PalateApp):
    """Keeps what stood on the screen with every frame."""

    def __init__(self, workbench: StillWorkbench) -> None:
        super().__init__(workbench)
        self.film: list[tuple[type, str]] = []

    def _display(self, screen: Any, renderable: Any) -> None:
        super()._display(screen, renderable)
        if screen is self.screen:  # a screen that was just covered may draw once more
            self.film.append((type(screen), text_of(self)))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_pages_stand_in_their_first_frame_with_all_their_words(
    workbench: StillWorkbench, size: tuple[int, int]
) -> None:
    app = Filmed(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs · 1 archived")
        await pilot.press("enter")
        await until_shown(pilot, "run 6 ·")
        await pilot.press("escape", "space", "space", "d")
        await until_shown(pilot, "2 runs over one another")
        await pilot.press("escape")
    for screen, words in ((RunsScreen, "5 runs · 1 archived"), (RunScreen, "run 6 ·"), (RunOverlayScreen, "tab for")):
        first = next(text for shown, text in app.film if shown is screen)
        assert words in first, screen


async def test_a_query_filters_and_its_settings_become_columns(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs · 1 archived")
        assert rows_of(app) == [6, 4, 3, 2, 1]
        await pilot.press("slash")
        await typed(pilot, "lr>=1e-4 status:finished")
        await until_shown(pilot, "1 of 5 runs")
        assert rows_of(app) == [2]
        assert "learning rate" in text_of(app)
        await pilot.press("enter", "slash")
        await typed(pilot, " los<1")
        await until_shown(pilot, "There is no filter 'los'. Did you mean loss")
        await pilot.press("escape")
        await until_shown(pilot, "5 runs · 1 archived")
        await pilot.press("slash")
        await typed(pilot, "nothing")
        await until_shown(pilot, "No run matches. Press esc")


async def test_the_table_is_sorted_by_the_column_whose_head_says_so(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "run▾")
        for _ in range(20):
            if "loss▾" in text_of(app):
                break
            await pilot.press("s")
        assert rows_of(app) == [6, 4, 3, 2, 1], "the largest loss first: it grew with each run"
        await pilot.press("S")
        await until_shown(pilot, "loss▴")
        assert rows_of(app) == [1, 2, 3, 4, 6]


async def test_what_is_put_away_is_hidden_until_it_is_asked_for(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs · 1 archived")
        await pilot.press("down", "down", "a")
        await until_shown(pilot, "4 runs · 2 archived")
        assert workbench.run(3).archived
        assert rows_of(app) == [6, 4, 2, 1]
        await pilot.press("z")
        await until_shown(pilot, "6 runs · 2 archived among them")
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        while (run := screen.shown_run()) is None or run.id != 3:
            await pilot.press("up" if run is not None and run.id < 3 else "down")
        await pilot.press("a")
        await until(pilot, lambda: not workbench.run(3).archived)


async def test_notes_tags_and_names_are_kept_from_the_table(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        await pilot.press("c")
        await until_shown(pilot, "Note of run 6 · taste-6")
        await typed(pilot, "left early")
        await pilot.press("enter")
        await until(pilot, lambda: workbench.run(6).note == "left early")
        await pilot.press("t")
        await typed(pilot, "odd short")
        await pilot.press("enter")
        await until(pilot, lambda: workbench.run(6).tags == ("odd", "short"))
        await until_shown(pilot, "odd short")
        await pilot.press("n")
        await until_shown(pilot, "Name of run 6")
        await pilot.press("ctrl+a", "ctrl+k")
        await typed(pilot, "gentle")
        await pilot.press("enter")
        await until_shown(pilot, "gentle")
        assert workbench.run(6).name == "gentle"
        await pilot.press("n")
        await pilot.press("ctrl+a", "ctrl+k")
        await typed(pilot, "none")
        await pilot.press("enter")
        await until(pilot, lambda: "'none' means the base model without an adapter" in told(app))
        assert workbench.run(6).name == "gentle"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_marked_runs_are_laid_over_one_another_and_read_at_a_step(
    workbench: StillWorkbench, size: tuple[int, int]
) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        await pilot.press("down", "down", "space")
        await until_shown(pilot, "1 marked · mark another one")
        await pilot.press("space", "d")
        await until(pilot, lambda: isinstance(app.screen, RunOverlayScreen))
        await until_shown(pilot, "2 runs over one another · metric 1 of")
        screen = app.screen
        read = str(screen.query_one("#readings", Static).visual).splitlines()
        # A loss of 0.8 / (1 + 40 / 10) and of 0.9 / 5: the newest values of runs 2 and 3.
        assert read[1].split()[:4] == ["b", "✓", "2", "taste-2"]
        assert read[1].split()[4] == "0.160"
        assert read[2].split()[:5] == ["c", "✓", "3", "taste-3", "0.180"]
        shown = text_of(app)
        assert any("b" in line.split("│", 1)[1] for line in shown.splitlines() if "│" in line), "a letter on its line"
        settings = str(screen.query_one("#beside", Static).visual).splitlines()
        assert settings[0].split() == ["b", "c"]
        assert settings[1].split() == ["≠", "beta", "0.3", "0.1"]
        assert settings[2].split() == ["≠", "learning", "rate", "0.0001", "5e-5"]
        assert sum(line.startswith("≠") for line in settings) == 3  # and what they started from
        await pilot.press("left", "shift+left")
        assert isinstance(screen, RunOverlayScreen)
        step = screen.cross
        assert step is not None
        assert step < STEPS
        read = str(screen.query_one("#readings", Static).visual).splitlines()
        assert f"at step {step}" in read[0]
        assert read[1].split()[4] == f"{0.8 / (1 + step / 10):.3f}"
        await pilot.press("escape")
        assert screen.cross is None
        assert "newest" in str(screen.query_one("#readings", Static).visual)
        await pilot.press("tab")
        await until_shown(pilot, "metric 2 of")
        assert "loss on evaluation pairs" in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await pilot.press("escape")
        await until_shown(pilot, "no adapter in use")


async def test_beyond_the_end_of_a_run_there_is_nothing_to_read(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        await pilot.press("space", "space", "d")
        await until_shown(pilot, "2 runs over one another")
        await pilot.press("left")
        read = str(app.screen.query_one("#readings", Static).visual).splitlines()
        assert read[1].split()[2:] == ["4", "taste-4", "0.200", *read[1].split()[5:]]
        assert read[2].split() == ["f", "!", "6", "taste-6", "–", "–", "12"]


async def test_a_logarithmic_axis_is_refused_where_nothing_is_positive(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        await pilot.press("space", "space", "d")
        await until_shown(pilot, "2 runs over one another")
        chart = app.screen.query_one(Chart)
        await pilot.press("y")
        assert chart.is_log
        assert "log loss" in text_of(app)
        await pilot.press("y")
        assert not chart.is_log
        while "rejected reward" not in text_of(app):
            await pilot.press("tab")
        await pilot.press("y")
        await until(pilot, lambda: "Nothing here is positive" in told(app))
        assert not chart.is_log


async def test_the_pairs_that_stay_wrong_are_judged_again_with_one_key(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        await pilot.press("down", "down", "down", "enter")
        await until_shown(pilot, "run 2 · taste-2")
        facts = str(app.screen.query_one("#facts", Static).visual)
        assert facts.startswith("warnings\n! The chosen answers become unlikely.")
        assert (
            "2 of 3 pairs after 2 epochs\n  w judges them again\n  +0.30 -0.60\n    Question 3?\n  -0.40 -0.10" in facts
        )
        assert "taste-1 · run 1 · no adapter\n     └─ taste-2 ◂ · run 2 · no adapter" in facts
        assert "tags          short warm" in facts
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        await until_shown(pilot, "1 of 2 · margin -0.60")
        await until(pilot, lambda: app.screen.gate.painted_at is not None)  # type: ignore[attr-defined]


async def test_the_crosshair_of_one_run_reads_its_four_charts(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        await pilot.press("down", "down", "enter")
        await until_shown(pilot, "━ train 0.180")
        await pilot.press("left")
        await until_shown(pilot, f"read at step {STEPS} of {STEPS}")
        await pilot.press("left")
        screen = app.screen
        assert isinstance(screen, RunScreen)
        assert screen.cross == STEPS - 1
        loss = app.screen.query_one("#chart-loss", Chart)
        assert loss.legend == f"loss  ━ train {0.9 / (1 + 39 / 10):.3f}  • eval {0.9 / 4 + 0.1:.3f}"
        await pilot.press("escape")
        await until_shown(pilot, "━ train 0.180")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))


async def test_thousand_lines_cost_only_those_in_sight(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        asked: list[int] = []
        spark = workbench.records.spark
        workbench.records.spark = lambda run: asked.append(run.id) or spark(run)  # type: ignore[method-assign]
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        assert set(asked) == {1, 2, 3, 4, 6}, "an archived run is not read"
