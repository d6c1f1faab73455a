"""The Train screen: settings checked as they are typed, a run watched to its end, keys that never collide."""

import asyncio
import threading
from dataclasses import asdict, replace

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from db.run_rows import RunLogRow, SampleRow
from engine.config import TrainConfig, settings_of
from engine.errors import AdapterLoadError
from engine.estimates.preflight import Preflight
from engine.events import StepDone
from tests.fake_workbench import FakeWorkbench, adapter_view, run_row
from tests.screens import text_of, until, until_shown
from tui.app import PalateApp
from tui.errors import WorkbenchError
from tui.events import MachineRead, RunChanged, RunEnded, SamplesStored, StudyChanged
from tui.screens.help import HelpScreen, KeyTable
from tui.screens.runs.overlay import RunOverlayScreen
from tui.screens.runs.train import TrainScreen
from tui.snapshots import MachineReading, RunPhase, StudyProgress
from tui.text.format import plain
from tui.training.pair_sets import ALL_PAIRS, PairSet
from tui.training.study import Cell, Study
from tui.widgets.charts.run_charts import DrawThrottle
from tui.widgets.form.form import Form
from tui.widgets.form.rows import FormRow
from tui.widgets.form.text_row import TextRow
from tui.widgets.runs.live_run import LiveRun

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """News is drawn soon, so that tests need not wait a second for it."""
    monkeypatch.setattr(DrawThrottle, "every_s", 0.01)


@pytest.fixture
def workbench() -> FakeWorkbench:
    """31 pairs and one adapter, which is in use."""
    made = FakeWorkbench()
    made.adapter_views = [adapter_view(3, "taste-3", in_use=True)]
    return made


async def open_train(pilot: Pilot[None]) -> TrainScreen:
    """Go to the screen."""
    await pilot.press("T")
    await until_shown(pilot, "Start the run")
    screen = pilot.app.screen
    assert isinstance(screen, TrainScreen)
    return screen


def row(screen: TrainScreen, key: str) -> FormRow:
    """The row of a setting."""
    return screen.query_one(Form).row(key)


async def go_to(pilot: Pilot[None], screen: TrainScreen, key: str) -> FormRow:
    """Put the cursor on the row of `key`."""
    wanted = row(screen, key)
    wanted.focus()
    await until(pilot, lambda: wanted.has_focus)
    return wanted


@pytest.mark.parametrize("size", SIZES)
async def test_every_setting_can_be_reached_with_its_default_and_sentence(
    workbench: FakeWorkbench, size: tuple[int, int]
) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        screen = await open_train(pilot)
        assert "31 preference pairs · 28 to train on, 3 to measure on · 21 steps in 3 epochs" in text_of(app)
        await pilot.press(*["down"] * 9)
        for setting in settings_of(TrainConfig):
            await pilot.press("down")
            assert row(screen, setting.name).has_focus
            await until_shown(pilot, setting.help[:40])
            assert f"Default {plain(setting.default)}" in text_of(app)
            label = setting.name.replace("_", " ")
            line = next(line for line in text_of(app).splitlines() if line.strip().startswith(label + " "))
            assert plain(setting.default) in line


async def test_what_is_typed_is_checked_at_once_and_never_taken_for_keys(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_train(pilot)
        beta = await go_to(pilot, screen, "beta")
        assert isinstance(beta, TextRow)
        await pilot.press("minus", "1")
        await until_shown(pilot, "beta is -1.0; allowed: above 0.")
        await pilot.press("L", "S", "q")
        await until_shown(pilot, "beta takes a number, not")
        assert app.screen is screen
        assert workbench.started_with == []
        await pilot.press("escape")
        await until(pilot, lambda: not beta.is_open)
        await pilot.press("S")
        assert workbench.started_with == [], "a run does not start with a wrong setting"
        await until(pilot, lambda: beta.has_focus)
        await pilot.press("0", ".", "3", "enter")
        await until(pilot, lambda: beta.value == 0.3 and not beta.is_open)
        await until_shown(pilot, "default 0.1")
        await pilot.press("backspace")
        await until(pilot, lambda: beta.value == 0.1 and beta.error is None)
        await pilot.press("L")
        await until(pilot, lambda: app.current_mode == "label")


async def test_values_that_do_not_go_together_are_said_at_their_row(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_train(pilot)
        await go_to(pilot, screen, "label_smoothing")
        await pilot.press("0", ".", "1", "enter", "up", "right", "right")
        words = "label smoothing 0.1 does nothing with loss hinge. "
        words += "Set it to 0, or take the loss sigmoid, ordinal or robust."
        await until(pilot, lambda: row(screen, "label_smoothing").problem == words)
        await until_shown(pilot, "label smoothing 0.1 does nothing")
        await pilot.press("S")
        await until(pilot, lambda: row(screen, "label_smoothing").has_focus)
        assert workbench.started_with == []
        await pilot.press("up", "left")
        await until(pilot, lambda: row(screen, "label_smoothing").problem is None)
        await pilot.press("S")
        await until(pilot, lambda: len(workbench.started_with) == 1)
        assert workbench.started_with[0]["config"].loss == "robust"


async def test_what_the_close_look_refuses_is_said_at_its_row(workbench: FakeWorkbench) -> None:
    words = "--target-modules names 'q', which this model does not have. It has: k_proj, q_proj."
    workbench.preflight_error = AdapterLoadError(words)
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_train(pilot)
        await until(pilot, lambda: row(screen, "target_modules").problem == words.replace("--target-", "target "))
        await pilot.press("S")
        await until(pilot, lambda: row(screen, "target_modules").has_focus)
        assert workbench.started_with == []


async def test_keys_typed_ahead_go_where_they_were_meant(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_train(pilot)
        await go_to(pilot, screen, "epochs")
        for key in ("down", "down", "down", "enter", "2", "5", "6", "escape"):  # all at once, as over a slow link
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        lora_r = row(screen, "lora_r")
        assert isinstance(lora_r, TextRow)
        await until(pilot, lambda: lora_r.value == 256 and lora_r.has_focus)
        await go_to(pilot, screen, "seed")
        for key in ("1", "2", "3"):
            app.post_message(events.Key(key, key))
        seed = row(screen, "seed")
        assert isinstance(seed, TextRow)
        await until(pilot, lambda: seed.value == 123)


async def test_the_plan_tells_what_a_close_look_at_the_run_found(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_train(pilot)
        await until_shown(pilot, "about 2 min · 9,410 tokens an epoch, the longest sequence 412")
        await until_shown(pilot, "2 pairs left out: 2 × both answers are the same.")
        await until_shown(pilot, "The shorter answer was chosen in 81% of the pairs")


async def test_the_plan_follows_the_settings(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_train(pilot)
        await go_to(pilot, screen, "epochs")
        await pilot.press("1")
        await until_shown(pilot, "7 steps in 1 epoch")
        await pilot.press("down")
        await until(pilot, lambda: row(screen, "batch_size").has_focus)
        await pilot.press("2", "escape")
        await until_shown(pilot, "14 steps in 1 epoch")


async def test_a_run_starts_with_the_settings_of_the_form(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_train(pilot)
        await go_to(pilot, screen, "from")
        await pilot.press("right")
        await until_shown(pilot, "‹ taste-3 ›")
        await go_to(pilot, screen, "name")
        await pilot.press("enter", *"mine", "escape")
        await go_to(pilot, screen, "lr_scheduler")
        await pilot.press("space")
        await go_to(pilot, screen, "max_steps")
        await pilot.press("5", "enter", "S")
        await until_shown(pilot, "● run 1 · mine")
        wanted = TrainConfig(lr_scheduler="cosine", max_steps=5)
        assert workbench.started_with == [
            {"config": wanted, "name": "mine", "from_adapter": "a00000003", "pairs": ALL_PAIRS}
        ]


async def test_enter_starts_and_the_name_offered_is_free(workbench: FakeWorkbench) -> None:
    workbench.adapter_views.append(adapter_view(1, "Taste-1"))
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "taste-2")
        await go_to(pilot, screen, "name")
        await pilot.press("enter", *"taste-1")
        await until_shown(pilot, "taste-1 is another adapter's")
        await pilot.press("escape", "backspace", "home", "enter")
        await until(pilot, lambda: len(workbench.started_with) == 1)
        assert workbench.started_with[0]["name"] == "taste-2"


async def test_too_few_pairs_are_said_with_the_next_act(workbench: FakeWorkbench) -> None:
    workbench.preview_problem = "A run needs at least 4 preference pairs, there are 2. Judge 2 more."
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await open_train(pilot)
        await until_shown(pilot, "Judge 2 more.")
        await pilot.press("S")
        await until_shown(pilot, WorkbenchError.title)
        assert workbench.started_with == []


@pytest.mark.parametrize(("columns", "tail"), [(80, ""), (120, " · 0.19 pairs/s")])
async def test_the_live_line_leaves_out_whole_what_finds_no_room(
    workbench: FakeWorkbench, columns: int, tail: str
) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(columns, 24)) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "Preparing the run")
        workbench.step(14)
        metrics = {"loss": 0.5, "epoch": 2.0, "pairs_per_second": 0.19}
        workbench.publish(RunChanged(1, StepDone(14, 21, 2.0, metrics, 90.0)))
        await until(pilot, lambda: app.screen.query_one(LiveRun).query_one("#run-progress", Static).size.width > 0)
        await until_shown(pilot, "step 14 of 21 · epoch 2.0 of 3 · 2 min left" + tail)
        (line,) = [line for line in text_of(app).splitlines() if "step 14 of 21" in line]
        assert line.rstrip().endswith("2 min left" + tail)


async def test_help_names_each_key_by_itself(workbench: FakeWorkbench) -> None:
    """The line of keys may say ↑↓ for two keys; the table has a row for each of them."""
    app = PalateApp(workbench)
    async with app.run_test(size=(100, 50)) as pilot:
        await open_train(pilot)
        await until_shown(pilot, "↑↓ move")
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.query(KeyTable))
        table = [line.strip() for line in str(app.screen.query_one(KeyTable).render()).splitlines()]
        assert "↑  The row above." in table
        assert "↓  The row below." in table
        assert [line for line in table if "↑↓" in line or "←→" in line] == []


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_is_watched_to_its_end(workbench: FakeWorkbench, size: tuple[int, int]) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "Preparing the run")
        workbench.run_lines[1] = [RunLogRow(1, "2026-03-02T14:10:00Z", "warning", "Pair 7 is \x1b[2J left out.")]
        workbench.step(14)
        await until_shown(pilot, "step 14 of 21 · epoch 2.0 of 3 · 2 min left")
        await until_shown(pilot, "! Pair 7 is ␛[2J left out.")
        for chart in ("loss", "margin", "accuracy", "rewards"):
            assert chart in text_of(app)
        workbench.adapter_views.append(replace(adapter_view(1, "taste-1"), in_use=False))
        workbench.end_run()
        await until_shown(pilot, "finished · press U to use its adapter")
        await pilot.press("U")
        await until_shown(pilot, "its adapter is in use")
        await pilot.press("n")
        await until_shown(pilot, "Start the run")
        await until_shown(pilot, "taste-2")


async def test_live_metrics_come_from_the_events(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "● run 1")
        assert workbench.state.run is not None
        workbench.state = replace(workbench.state, run=replace(workbench.state.run, step=1, phase=RunPhase.TRAINING))
        metrics = {"loss": 0.6931, "rewards/margins": 0.0, "pairs_per_second": 3.14, "epoch": 0.14}
        workbench.publish(RunChanged(1, StepDone(1, 21, 0.14, metrics, 60.0)))
        await until_shown(pilot, "train 0.693")
        assert "epoch 0.1 of 3" in text_of(app)
        assert "3.1 pairs/s" in text_of(app)


@pytest.mark.parametrize("size", SIZES)
async def test_the_machine_is_beside_a_run_while_it_is_alive(workbench: FakeWorkbench, size: tuple[int, int]) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "Preparing the run")
        place = app.screen.query_one("#run-machine")
        assert not place.display
        workbench.readings = (MachineReading(1.0, "CPU", cpu_use=97.0, memory=1_900_000_000, memory_left=10**10),)
        workbench.publish(MachineRead())
        await until_shown(pilot, "97 %")
        assert "1.9 GB" in text_of(app)
        workbench.end_run()
        await until_shown(pilot, "finished")
        assert not place.display


async def test_a_run_waits_and_goes_on_with_one_key(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "● run 1")
        await until_shown(pilot, "space pause")
        await pilot.press("space")
        await until_shown(pilot, "‖ run 1")
        await until_shown(pilot, "space continue")
        await pilot.press("L")
        await until_shown(pilot, "‖ taste-1 · paused")
        await pilot.press("T", "space")
        await until_shown(pilot, "● run 1")


async def test_stopping_asks_whether_to_keep_or_to_discard(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "● run 1")
        await pilot.press("x")
        await until_shown(pilot, "has not finished a step, so there is nothing to keep.")
        assert "stop and keep" not in text_of(app)
        await pilot.press("escape")
        workbench.step(3)
        await until_shown(pilot, "step 3 of 21")
        for answer, discards in (("escape", None), ("k", False), ("d", True)):
            await pilot.press("full_stop" if answer == "k" else "x")
            await until_shown(pilot, "Stop this run?")
            await pilot.press(answer)
            await until(pilot, lambda: isinstance(app.screen, TrainScreen))
            assert workbench.discarded is discards
            workbench.state = replace(workbench.state, run=replace(workbench.state.run, phase=RunPhase.TRAINING))
            workbench.step(3)
            await until_shown(pilot, "x stop")
        workbench.end_run("stopped")
        await until_shown(pilot, "stopped")


async def test_a_run_that_is_alive_is_shown_when_one_comes_back(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "● run 1")
        await pilot.press("L")
        await until(pilot, lambda: app.current_mode == "label")
        workbench.step(9)
        await pilot.press("T")
        await until_shown(pilot, "step 9 of 21")
        await pilot.press("L")
        workbench.end_run("failed", "The loss is no longer a number. Lower the learning rate.")
        await pilot.press("T")
        await until_shown(pilot, "× run 1 · taste-1 · failed")
        assert "Lower the learning rate." in text_of(app)


async def test_a_preset_is_taken_saved_renamed_and_removed(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await open_train(pilot)
        await until_shown(pilot, "every setting has its default")
        await pilot.press("p")
        await until_shown(pilot, "Palate grew from; they are the")
        await pilot.press("down")
        await until_shown(pilot, "Rate, epochs and SFT weight by the number of")
        assert "rename" not in text_of(app).split("enter take")[1]  # what comes with Palate stays as it is
        await pilot.press("enter")
        await until_shown(pilot, "auto  sft weight 0.2, learning rate 0.0002, epochs 6")
        assert row(screen, "sft_weight").value == 0.2  # type: ignore[attr-defined]
        await go_to(pilot, screen, "epochs")
        await pilot.press("5", "enter", "p")
        await until_shown(pilot, "settings of your own")
        await pilot.press("s")
        await until_shown(pilot, "Keep what is set at the moment")
        await pilot.press(*"slow", "enter")
        await until_shown(pilot, "Presets")
        await until_shown(pilot, "rename")  # the cursor is on what was just saved
        await pilot.press("r")
        await until_shown(pilot, "Another name for this preset")
        await pilot.press(*"slower", "enter")
        await until(pilot, lambda: [each.name for each in workbench.presets.all()][2:] == ["slower"])
        await until_shown(pilot, "rename")
        assert workbench.presets.get("slower").config.epochs == 5
        await pilot.press("home", "enter")
        await until_shown(pilot, "every setting has its default")
        await pilot.press("p", "end", "enter")
        await until_shown(pilot, "slower  sft weight 0.2")
        await pilot.press("p", "end", "x")
        await until_shown(pilot, "Remove this preset?")
        await pilot.press("y")
        await until(pilot, lambda: workbench.kept == {"presets": {}})


async def test_the_pairs_of_a_run_are_chosen_kept_and_counted(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_train(pilot)
        await go_to(pilot, screen, "pairs_since")
        await pilot.press(*"2026-03-32")
        await until(pilot, lambda: "'2026-03-32' is no day" in str(row(screen, "pairs_since").problem))
        await pilot.press("backspace", "1", "enter", "down", "right", "down", "right")
        chosen = PairSet(since="2026-03-31", prompt_set="science", strong=True)
        await until_shown(pilot, "12 preference pairs, much better only · of science · since 2026-03-31")
        await until(pilot, lambda: workbench.looked_at[-1:] == [chosen])
        await pilot.press("w")
        await until_shown(pilot, "all pairs")
        await pilot.press("s")
        await until_shown(pilot, "Keep what is set at the moment")
        await pilot.press(*"march", "enter")
        await until_shown(pilot, "march")
        await pilot.press("home", "enter")
        await until_shown(pilot, "31 preference pairs ·")
        await pilot.press("w", "end", "enter")
        await until_shown(pilot, "12 preference pairs, much better only")
        await pilot.press("S")
        await until_shown(pilot, "● run 1")
        assert workbench.started_with[0]["pairs"] == replace(chosen, name="march")


def sample(prompt: int, step: int, text: str) -> SampleRow:
    """One answer of a run."""
    return SampleRow(prompt, ({"role": "user", "content": f"Question {prompt}?"},), step, text, 9, False)


@pytest.mark.parametrize("size", SIZES)
async def test_samples_are_read_beside_those_of_step_0(workbench: FakeWorkbench, size: tuple[int, int]) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "● run 1")
        await pilot.press("s")
        await until_shown(pilot, "The first samples are taken before the first step")
        workbench.samples = [sample(1, 0, "As it began."), sample(2, 0, "Two began.")]
        workbench.publish(SamplesStored(1, 0))
        await until_shown(pilot, "prompt 1 of 2 · Question 1?")
        workbench.samples = [
            sample(1, 0, "As it began."),
            sample(1, 7, "Halfway \x1b[31m."),
            sample(1, 14, "Newest."),
            sample(2, 0, "Two began."),
            sample(2, 7, "Two began."),
            sample(2, 14, "Two ended."),
        ]
        workbench.publish(SamplesStored(1, 14))
        await until_shown(pilot, "Newest.")
        assert {"As it began.", "step 0, as it started", "step 14", "sample 3 of 3"} <= set(shown(text_of(app)))
        await pilot.press("left")
        await until_shown(pilot, "Halfway ␛[31m.")
        await pilot.press("tab")
        await until_shown(pilot, "sample 2 of 3 · the same answer")
        await pilot.press("right")
        await until_shown(pilot, "Two ended.")
        await pilot.press("escape")
        await until_shown(pilot, "● run 1")
        tall = size[1] >= 34
        await until(pilot, lambda: ("Two ended." in text_of(app)) is tall)


def shown(text: str) -> list[str]:
    """What stands in the panes and in their borders."""
    return [part.strip() for line in text.splitlines() for part in line.replace("─", "│").split("│")]


async def test_the_end_of_a_run_rings_the_bell_where_that_is_wanted(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        written: list[str] = []
        assert app._driver is not None
        app._driver.write = written.append  # type: ignore[method-assign]
        await open_train(pilot)
        workbench.publish(RunEnded(1, name="quiet", status="finished"))
        await pilot.pause()
        workbench.notify = "bell"
        workbench.publish(RunEnded(1, name="left", status="interrupted"))
        await pilot.pause()
        assert "\a" not in written
        workbench.publish(RunEnded(1, name="loud", status="finished"))
        await until(pilot, lambda: "\a" in written)


async def test_a_new_run_is_offered_on_every_screen_but_this_one(workbench: FakeWorkbench) -> None:
    workbench.set_state(offer=52)
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "52 new pairs: T trains")
        await open_train(pilot)
        assert "new pairs" not in text_of(app)
        await pilot.press("R")
        await until_shown(pilot, "52 new pairs: T trains")


async def test_the_settings_are_there_again_once_a_new_run_is_offered(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until(pilot, lambda: workbench.state.run is not None)
        workbench.end_run("finished")
        await pilot.press("L", "T")
        await until_shown(pilot, "another run")
        await pilot.press("L")
        workbench.set_state(offer=52)
        await until_shown(pilot, "52 new pairs: T trains")
        await pilot.press("T")
        await until_shown(pilot, "Start the run")
        await pilot.press("S")
        await until(pilot, lambda: len(workbench.started_with) == 2)


async def test_a_look_at_the_run_that_ends_while_the_app_closes_is_no_error(
    workbench: FakeWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, closing = threading.Event(), threading.Event()
    look = workbench.previews.preflight

    def slow(config: TrainConfig, chosen: PairSet, _: object) -> Preflight:
        looks.set()
        assert closing.wait(60)
        return look(config, chosen)

    async def linger(_widget: LiveRun) -> None:
        closing.set()
        await asyncio.sleep(0.3)  # the settings beside it are gone before the screen is

    monkeypatch.setattr(workbench.previews, "preflight", slow)
    monkeypatch.setattr(LiveRun, "on_unmount", linger, raising=False)
    async with PalateApp(workbench).run_test(size=(80, 24)) as pilot:
        await open_train(pilot)
        await until(pilot, looks.is_set)
        assert not closing.is_set()
    assert closing.is_set()


async def test_no_key_of_the_screen_is_a_mode_key(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await open_train(pilot)
        taken = {key for binding in screen.BINDINGS for key in binding.key.split(",")}  # type: ignore[union-attr]
        assert not taken & {"L", "T", "R", "C", "D", "q", "question_mark"}
        for binding in screen.BINDINGS:
            assert binding.id, binding  # type: ignore[union-attr]
            assert binding.tooltip, binding  # type: ignore[union-attr]


def test_values_are_written_as_a_person_types_them() -> None:
    assert [plain(value) for value in (5e-5, 0.1, 1.0, 32, None, "linear")] == [
        "5e-5",
        "0.1",
        "1",
        "32",
        "none",
        "linear",
    ]


async def test_a_search_and_an_outlook_start_from_their_rows_and_say_what_they_found(workbench: FakeWorkbench) -> None:
    config = asdict(TrainConfig())
    found = "They stay. " + "A long reason. " * 38 + "The end: 60%."  # 556 characters
    study = Study("search", 2, config, "f", None, {Cell(0, 0): 1, Cell(1, 0): 2}, {}, "finished", 0, found)
    workbench.latest_studies["search"] = study
    workbench.run_rows = [run_row(1, "search-2-a1"), run_row(2, "search-2-b1")]
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_train(pilot)
        await pilot.press("down")
        assert "Search the settings" in text_of(app)
        assert "search-2 is over" in text_of(app)
        assert found in " ".join(text_of(app).split())
        assert "Enter begins another." in text_of(app)
        await pilot.press("enter")
        await pilot.press("down", "enter")
        await until(pilot, lambda: len(workbench.studied) == 2)
        assert [kind for kind, _ in workbench.studied] == ["search", "outlook"]
        await pilot.press("o")
        assert isinstance(app.screen, RunOverlayScreen)


async def test_the_last_run_of_a_search_is_stopped_as_any_other(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "● run 1")
        workbench.study_progress = StudyProgress("Search 1", 15, 15, on_all=True)
        await pilot.press("x")
        await until_shown(pilot, "Stop this run?")


async def test_between_two_runs_of_a_search_it_is_the_search_that_is_shown_and_left(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_train(pilot)
        await pilot.press("S")
        await until_shown(pilot, "● run 1")
        workbench.adapter_views.append(replace(adapter_view(1, "taste-1"), in_use=False))
        workbench.study_progress = StudyProgress("Search 1", 1, 15)
        workbench.end_run()
        await until_shown(pilot, "finished · Search 1 continues, 1 of 15 runs done")
        await until_shown(pilot, "x stop")
        assert "another run" not in text_of(app)
        assert "use its adapter" not in text_of(app)
        workbench.studied.append(("search", TrainConfig()))
        await pilot.press("x")
        await until(pilot, lambda: workbench.studied == [])
        workbench.study_progress = None
        workbench.publish(StudyChanged("search", 1))
        await until_shown(pilot, "finished · press U to use its adapter")
        await until_shown(pilot, "n another run")
