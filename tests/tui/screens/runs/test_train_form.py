"""The form of the Train screen over a real workspace: a key makes no query on the screen's thread."""

import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from sqlite3 import Connection

import pytest
from textual.pilot import Pilot

from db.runs import create_run
from engine.config import TrainConfig
from tests.label_pairs import fill
from tests.screens import text_of, until, until_shown
from tests.sql_statements import statements_of
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.screens.runs.train import TrainScreen
from tui.snapshots import TrainPreview
from tui.training.pair_sets import PairSet
from tui.training.preview import PreviewListener
from tui.widgets.form.form import Form
from tui.widgets.form.rows import OpenRow
from tui.widgets.runs.train_setup import TrainSetup
from tui.workspace.settings_store import change_setting


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    fill(tmp_path / "space", 2, judged=23)
    made = StillWorkbench(tmp_path / "space")
    yield made
    made.close()


async def open_form(pilot: Pilot[None]) -> Form:
    """Go to the screen, and wait until its plan is counted and everything is quiet."""
    await pilot.press("T")
    await until_shown(pilot, "23 preference pairs")
    assert isinstance(pilot.app.screen, TrainScreen)
    return pilot.app.screen.query_one(Form)


@pytest.mark.parametrize(
    ("row", "keys", "words"),
    [
        ("start", ["down", "down", "up"], "23 preference pairs"),
        ("lr_scheduler", ["right", "right", "left"], "‹ cosine ›"),
        ("epochs", ["7", "escape"], "in 7 epochs"),
        ("eval_share", ["0", ".", "5", "enter"], "12 to train on, 11 to measure on"),
        ("seed", ["8", "enter"], "23 to train on, 0 to measure on"),
        ("pairs_judged", ["right"], "0 preference pairs, much better only"),
    ],
)
async def test_a_key_makes_no_query_on_the_thread_of_the_screen(
    workbench: StillWorkbench, row: str, keys: list[str], words: str
) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        form = await open_form(pilot)
        form.row(row).focus()
        await until(pilot, lambda: form.row(row).has_focus)
        with statements_of(workbench.workspace.connection) as made:
            await pilot.press(*keys)
            await until_shown(pilot, words)
        assert made == []


async def test_the_preset_auto_is_known_by_its_name_once_the_pairs_are_counted(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.presets.AUTO_TABLE", ((0, 2e-4, 6, 0.2), (20, 1e-4, 5, 0.1)))
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        form = await open_form(pilot)
        assert isinstance(app.screen, TrainScreen)
        app.screen.query_one(TrainSetup).take_config(workbench.presets.get("auto", 23).config)
        preset = form.row("preset")
        assert isinstance(preset, OpenRow)
        await until(pilot, lambda: preset.value_text() == "auto")


async def test_a_new_workspace_starts_from_auto_and_a_setting_of_ones_own_stays(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.presets.AUTO_TABLE", ((0, 2e-4, 6, 0.2), (24, 1e-4, 5, 0.1)))
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        form = await open_form(pilot)
        setup = app.screen.query_one(TrainSetup)
        await until(pilot, lambda: setup.config() == TrainConfig(learning_rate=2e-4, epochs=6, sft_weight=0.2))
        workbench.labelling.judge(1, "a").result()
        await until_shown(pilot, "24 preference pairs")
        await until(pilot, lambda: setup.config() == TrainConfig(learning_rate=1e-4, epochs=5, sft_weight=0.1))
        form.row("epochs").focus()
        await pilot.press("9", "enter")
        workbench.labelling.judge(2, "a").result()
        await until_shown(pilot, "25 preference pairs")
        assert setup.config() == TrainConfig(learning_rate=1e-4, epochs=9, sft_weight=0.1)


async def test_a_row_changed_before_the_count_does_not_keep_the_others_from_auto(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.presets.AUTO_TABLE", ((0, 2e-4, 6, 0.2), (24, 1e-4, 5, 0.1)))
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await app.open_train()
        screen.take_setting("label_smoothing", "0.1")
        setup = screen.query_one(TrainSetup)
        wanted = TrainConfig(learning_rate=2e-4, epochs=6, sft_weight=0.2, label_smoothing=0.1)
        await until(pilot, lambda: setup.config() == wanted)
        workbench.labelling.judge(1, "a").result()
        await until_shown(pilot, "24 preference pairs")
        wanted = TrainConfig(learning_rate=1e-4, epochs=5, sft_weight=0.1, label_smoothing=0.1)
        await until(pilot, lambda: setup.config() == wanted)


async def test_a_preset_that_was_taken_stays_when_the_number_of_pairs_changes(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 23 pairs auto has as many epochs as the preset original, and with 24 others."""
    monkeypatch.setattr("tui.training.presets.AUTO_TABLE", ((0, 2e-4, 3, 0.2), (24, 1e-4, 5, 0.1)))
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot)
        setup = app.screen.query_one(TrainSetup)
        await until(pilot, lambda: setup.config() == TrainConfig(learning_rate=2e-4, sft_weight=0.2))
        setup.take_config(TrainConfig())
        workbench.labelling.judge(1, "a").result()
        await until_shown(pilot, "24 preference pairs")
        assert setup.config() == TrainConfig()
        setup.take_config(workbench.presets.auto(setup.counted).config)
        workbench.labelling.undo().result()
        await until_shown(pilot, "23 preference pairs")
        await until(pilot, lambda: setup.config() == TrainConfig(learning_rate=2e-4, sft_weight=0.2))


async def test_auto_goes_by_the_decided_pairs_alone(workbench: StillWorkbench) -> None:
    workbench.labelling.judge(1, "tie").result()
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot)
        setup = app.screen.query_one(TrainSetup)
        setup.take_config(TrainConfig(loss="ordinal"))
        await until_shown(pilot, "24 preference pairs")
        assert setup.counted == 23


async def test_a_workspace_of_before_starts_from_the_defaults(workbench: StillWorkbench) -> None:
    change_setting(workbench.workspace, "preset", "default")
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot)
        assert app.screen.query_one(TrainSetup).config() == TrainConfig()


async def test_a_row_that_is_not_right_is_named_beside_the_start(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        form = await open_form(pilot)
        form.row("epochs").focus()
        await until(pilot, lambda: form.row("epochs").has_focus)
        await pilot.press("0")
        await until_shown(pilot, "epochs is not right")
        await pilot.press("backspace", "2")
        await until_shown(pilot, "not possible yet")  # no model is loaded here


async def test_of_previews_that_are_counted_only_the_newest_is_drawn(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the key before must not be drawn over that of the newest key, however late it comes."""
    app = PalateApp(workbench)
    held: list[PreviewListener] = []

    def hold(_config: TrainConfig, _pairs: PairSet, tell: PreviewListener) -> None:
        held.append(tell)

    async with app.run_test(size=(120, 40)) as pilot:
        form = await open_form(pilot)
        form.row("seed").focus()
        monkeypatch.setattr(workbench.previews, "ask", hold)
        await pilot.press("8", "9")
        await until(pilot, lambda: len(held) == 2)
        drawn = text_of(app)
        assert "23 preference pairs · 23 to train on, 0 to measure on" in drawn, "the plan must not flicker meanwhile"
        older, newer = (TrainPreview(pairs, pairs, 0, 5, 1) for pairs in (111, 222))
        held[1](newer)
        await until_shown(pilot, "222 preference pairs")
        held[0](older)
        await pilot.pause()
        assert "222 preference pairs" in text_of(app)


async def test_a_run_is_begun_off_the_thread_of_the_screen(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[threading.Thread] = []
    held = threading.Event()

    def start(*_args: object, **_more: object) -> int:
        begun.append(threading.current_thread())
        held.wait(20)
        return int(workbench.workspace.write(_add_run, workbench.models()[0]).result())

    monkeypatch.setattr(workbench.trainer, "start", start)
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot)
        await pilot.press("S")
        await until(pilot, lambda: bool(begun))
        await until_shown(pilot, "reading the pairs…")
        await pilot.press("S")
        held.set()
        await until_shown(pilot, "run 1 · taste-1")
    assert begun != [threading.main_thread()]
    assert len(begun) == 1


def _add_run(connection: Connection, base: int) -> int:
    return create_run(connection, name="taste-1", config=asdict(TrainConfig()), versions={}, base_model=base)
