"""The Runs screens: a table that fits every width, and one run with everything that is known of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from db.run_rows import RunLogRow
from engine.config import TrainConfig
from tests.fake_workbench import FakeWorkbench, adapter_view, metrics_of, run_row
from tests.screens import text_of, until, until_shown
from tui.app import PalateApp
from tui.runs.curves import RunHistory
from tui.runs.format import settings_in_order, steps_words, took
from tui.screens.runs.run import RunScreen
from tui.screens.runs.runs import RunsScreen
from tui.snapshots import RunPhase, RunProgress
from tui.widgets.charts.run_charts import DrawThrottle
from tui.widgets.runs.live_run import progress_line

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """News is drawn soon, so that tests need not wait a second for it."""
    monkeypatch.setattr(DrawThrottle, "every_s", 0.01)


@pytest.fixture
def workbench() -> FakeWorkbench:
    """Five runs, one of each ending, and the adapters of three of them."""
    made = FakeWorkbench()
    changed = {**run_row(1, "").config, "beta": 0.3, "epochs": 5}
    made.run_rows = [
        run_row(5, "a name that is long", parent_adapter="a00000003"),
        run_row(4, "taste-4", "failed", error="The loss became nan.", step=7, loss=None, margin=None, accuracy=None),
        run_row(3, "taste-3", config=changed),
        run_row(2, "taste-2", "interrupted", step=12, error="Palate was closed before the run ended."),
        run_row(1, "[/evil\x1b[2J", "stopped", step=9, adapter="a00000001"),
    ]
    made.run_figures = {3: metrics_of(24)}
    made.run_lines = {3: [RunLogRow(1, "2026-03-02T14:10:05+00:00", "warning", "Pair 17 [/] is left out.")]}
    made.adapter_views = [
        adapter_view(5, "a name that is long", parent="taste-3"),
        adapter_view(3, "taste-3", in_use=True),
        adapter_view(1, "one"),
    ]
    return made


def squeezed(text: str) -> str:
    """The words of a line, apart by one space: how wide columns are is another question."""
    return " ".join(text.split())


def under_cursor(screen: RunsScreen) -> int | None:
    """The id of the run under the cursor."""
    run = screen.shown_run()
    return run.id if run is not None else None


@pytest.mark.parametrize("size", SIZES)
async def test_the_table_tells_of_every_run_in_one_line(workbench: FakeWorkbench, size: tuple[int, int]) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs · adapter in use: taste-3 · of run 3")
        lines = text_of(app).splitlines()
        head = next(line for line in lines if "accuracy" in line)
        shown = ["run▾", "name", "curve", "pairs", "steps", "loss", "margin", "accuracy", "started"]
        assert head.split() == shown + (["took"] if size[0] == 120 else [])
        assert all(len(line) <= size[0] for line in lines)
        of_run_3 = next(line for line in lines if "✓ 3 " in squeezed(line))
        for words in ("taste-3", "31", "24", "0.410", "+0.92", "88 %", "█", *(["7 min"] if size[0] == 120 else [])):
            assert words in of_run_3
        assert any("× 4 " in squeezed(line) and "7/24" in line and "–" in line for line in lines)
        assert any("! 2 " in squeezed(line) for line in lines)
        assert any("[/evil␛[2J" in line or "[/evil␛" in line for line in lines)


async def test_no_run_yet_says_what_to_press() -> None:
    app = PalateApp(FakeWorkbench())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "press T to train an adapter")


async def test_the_cursor_stays_on_its_run_while_a_new_one_moves(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("R")
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        await until(pilot, lambda: under_cursor(screen) == 5)
        await pilot.press("down", "j")
        assert under_cursor(screen) == 3
        workbench.trainer.start(TrainConfig())
        await until(pilot, lambda: "● 6 taste-6" in squeezed(text_of(app)))
        assert under_cursor(screen) == 3
        workbench.step(4)
        await until_shown(pilot, "4/21")
        assert under_cursor(screen) == 3
        await pilot.press("up", "up", "up", "up", "up")
        assert under_cursor(screen) == 6


@pytest.mark.parametrize("size", SIZES)
async def test_one_run_shows_all_that_is_known_of_it(workbench: FakeWorkbench, size: tuple[int, int]) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until_shown(pilot, "✓ run 3 · taste-3 · finished · its adapter is in use")
        for words in ("loss", "margin", "accuracy", "rewards", "eval"):
            assert words in text_of(app)
        seen = text_of(app)
        for _ in range(8):
            await pilot.press("pagedown")
            seen += text_of(app)
        for words in (
            "28 trained on, 3 measured on",
            "└─ taste-3 ◂ · run 3 · in use",
            "≠ beta",
            "default 0.1",
            "≠ epochs",
            "! Pair 17 [/] is left out.",
            "2.13.0",
            "a00000003 · in use",
        ):
            assert words in seen, words
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))


async def test_adapters_are_taken_into_use_and_out_of_it(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "adapter in use: taste-3")
        await pilot.press("U")
        await until_shown(pilot, "adapter in use: a name that is long")
        await pilot.press("B")
        await until_shown(pilot, "no adapter in use, the base model answers")
        await pilot.press("down")  # the failed run has made none
        await pilot.press("U")
        assert not any(view.in_use for view in workbench.adapters())
        await pilot.press("down", "enter")
        await until_shown(pilot, "press U to use its adapter")
        await pilot.press("U")
        await until_shown(pilot, "its adapter is in use")
        assert [view.name for view in workbench.adapters() if view.in_use] == ["taste-3"]


async def test_an_open_run_moves_and_a_failed_one_says_why(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        workbench.trainer.start(TrainConfig())
        workbench.step(2)
        await pilot.press("R")
        await until(pilot, lambda: "● 6 taste-6" in squeezed(text_of(app)))
        await pilot.press("home", "enter")
        await until_shown(pilot, "step 2 of 21")
        workbench.step(8)
        await until_shown(pilot, "step 8 of 21")
        workbench.end_run("failed", "The loss became nan. Lower the learning rate.")
        await until_shown(pilot, "The loss became nan. Lower the learning rate.")


async def test_a_run_whose_adapter_was_removed_keeps_its_page(workbench: FakeWorkbench) -> None:
    workbench.adapter_views = []
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R", "enter")
        await until_shown(pilot, "The adapter is no longer in the workspace.")
        assert "started from  a00000003" in text_of(app)


def test_settings_that_differ_come_first() -> None:
    config = {"learning_rate": 5e-5, "beta": 0.3, "of_another_version": 7}
    rows = settings_in_order(run_row(1, "x", config=config))
    assert rows == [
        ("beta", 0.3, 0.1, True),
        ("of_another_version", 7, None, True),
        ("learning_rate", 5e-5, 5e-5, False),
    ]


def test_a_run_says_its_steps_and_its_time() -> None:
    run = run_row(1, "x", step=9, total_steps=24)
    assert steps_words(run) == "9/24"
    assert steps_words(replace(run, step=24)) == "24"
    assert took(run) == "7 min"
    assert took(replace(run, idle_s=240.0)) == "3 min"
    alive = replace(run, ended=None, started="2026-03-02T14:00:00+00:00")
    assert took(alive, datetime(2026, 3, 2, 14, 0, 40, tzinfo=UTC)) == "40 s"


def test_a_resumed_run_tells_where_it_stands_before_its_next_step() -> None:
    run, alive = run_row(1, "taste-1", "running"), RunProgress(1, "taste-1", 12, 24, None, None, RunPhase.RESUMING)
    assert "step 12 of 24 · epoch 1.5 of 3 · resuming" in progress_line(run, alive, RunHistory()).plain
    begins = progress_line(run, replace(alive, step=0, phase=RunPhase.REFERENCE), RunHistory()).plain
    assert begins.startswith("Preparing the run")
    first = progress_line(run, replace(alive, step=0, phase=RunPhase.TRAINING), RunHistory()).plain
    assert first == "The first step is being computed…"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"step": 0, "phase": RunPhase.REFERENCE, "part_done": 12, "part_total": 96},
            "reference 12/96 · answers that you wait for come first",
        ),
        ({"step": 0, "phase": RunPhase.SAMPLING, "part_done": 3, "part_total": 8}, "sampling answers 3/8"),
        (
            {"step": 24, "phase": RunPhase.SAMPLING, "part_done": 3, "part_total": 8},
            "sampling answers 3/8 · step 24 of 24",
        ),
        ({"step": 24, "phase": RunPhase.SAVING}, "saving the adapter · step 24 of 24 · epoch 3.0 of 3"),
        (
            {"phase": RunPhase.EVALUATING, "part_done": 1, "part_total": 3},
            "step 12 of 24 · epoch 1.5 of 3 · evaluating",
        ),
    ],
)
def test_what_a_run_does_stands_beside_a_bar(changes: dict[str, Any], words: str) -> None:
    run = run_row(1, "taste-1", "running")
    alive = replace(RunProgress(1, "taste-1", 12, 24, 0.3, 0.0, RunPhase.TRAINING), **changes)
    line = progress_line(run, alive, RunHistory()).plain
    assert line.startswith("━" * 24)
    assert line.lstrip("━ ").startswith(words)
    assert ("left" in line) == (alive.step == 12)


@pytest.mark.parametrize(("key", "setting"), [("g", "on"), ("r", "off"), ("escape", None)])
async def test_r_asks_how_a_run_that_fell_to_memory_is_resumed(
    workbench: FakeWorkbench, key: str, setting: str | None
) -> None:
    error = "The memory ran out. CUDA out of memory. Close other programs that take memory on this machine."
    workbench.run_rows = [
        replace(row, error=error, config={**row.config, "gradient_checkpointing": "off"})
        if row.status == "interrupted"
        else row
        for row in workbench.run_rows
    ]
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        runs = app.screen
        await pilot.press("down", "down", "down")
        await until(pilot, lambda: under_cursor(runs) == 2)
        await pilot.press("r")
        await until_shown(pilot, "resume with gradient checkpointing")
        assert workbench.state.run is None
        await pilot.press(key)
        await until(pilot, lambda: app.screen is runs)
        if setting is None:
            assert workbench.run(2).status == "interrupted"
        else:
            await until(pilot, lambda: workbench.state.run is not None)
            assert workbench.run(2).config["gradient_checkpointing"] == setting


async def test_r_resumes_an_interrupted_run_and_no_other(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "5 runs")
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        await pilot.press("r")  # the newest run is finished
        assert workbench.state.run is None
        await pilot.press("down", "down", "down")
        await until(pilot, lambda: under_cursor(screen) == 2)
        await pilot.press("r")
        await until(pilot, lambda: workbench.state.run is not None)
        assert workbench.state.run is not None
        assert workbench.state.run.run == 2
        await until(pilot, lambda: "● 2" in squeezed(text_of(app)))
