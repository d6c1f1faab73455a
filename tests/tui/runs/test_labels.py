"""Acts on past runs that reach beyond them: names that the adapter shares, and training on from it."""

from pathlib import Path

import pytest

from adapters.errors import AdapterNameError
from db.errors import NotFound
from db.runs import set_run_adapter, set_status
from tests.fake_workbench import FakeWorkbench, adapter_view, run_row
from tests.peft_folders import lora_folder
from tests.run_workspace import workbench_with_runs
from tests.screens import until, until_shown
from tui.app import PalateApp
from tui.errors import InputError
from tui.runs.labels import tags_of
from tui.screens.runs.samples import SamplesScreen
from tui.screens.runs.train import TrainScreen
from tui.widgets.runs.train_setup import TrainSetup


async def test_f_sets_up_a_run_from_an_adapter_that_is_not_in_use() -> None:
    workbench = FakeWorkbench()
    workbench.run_rows = [run_row(2, "taste-2"), run_row(1, "taste-1")]
    workbench.adapter_views = [adapter_view(2, "taste-2", in_use=True), adapter_view(1, "taste-1")]
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await until_shown(pilot, "2 runs")
        await pilot.press("down", "f")
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))
        setup = app.screen.query_one(TrainSetup)
        await until(pilot, lambda: setup.start_from == "a00000001")
        await until_shown(pilot, "‹ taste-1 ›")
        await pilot.press("S")
        await until(pilot, lambda: bool(workbench.started_with))
        assert workbench.started_with[0]["from_adapter"] == "a00000001"


async def test_f_closes_what_was_opened_over_the_train_screen() -> None:
    workbench = FakeWorkbench()
    workbench.run_rows = [run_row(1, "taste-1")]
    workbench.adapter_views = [adapter_view(1, "taste-1")]
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("T")
        await until_shown(pilot, "Start the run")
        app.push_screen(SamplesScreen(workbench.run(1), "train"))
        await until(pilot, lambda: isinstance(app.screen, SamplesScreen))
        await pilot.press("R")
        await until_shown(pilot, "1 run")
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))
        assert len(app.screen_stack) == 1


def test_tags_stand_once_and_are_short() -> None:
    assert tags_of("short, warm  short") == ["short", "warm"]
    with pytest.raises(InputError, match="has 41 characters"):
        tags_of("x" * 41)


def test_a_live_run_is_not_put_away_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    with workbench_with_runs(tmp_path / "space") as workbench:
        workbench.workspace.write(set_status, 6, "running").result()
        with pytest.raises(InputError, match="Run 6 is still training"):
            workbench.run_labels.archive(6)
        with pytest.raises(NotFound, match="no run 99"):
            workbench.run_labels.note(99, "x")
        with pytest.raises(AdapterNameError, match="starts with"):
            workbench.run_labels.rename(3, "-x")
        assert workbench.run(3).name == "taste-3"


def test_a_run_and_the_adapter_that_has_its_name_are_renamed_together(tmp_path: Path) -> None:
    with workbench_with_runs(tmp_path / "space") as workbench:
        registry = workbench.workspace.registry
        made = registry.add(lora_folder(tmp_path / "lora"), "taste-3", "smollm2", "f")
        workbench.workspace.write(set_run_adapter, 3, made.manifest.id).result()
        workbench.run_labels.rename(3, "gentle")
        assert (workbench.run(3).name, registry.get(made.manifest.id).manifest.name) == ("gentle", "gentle")
        registry.rename(made.manifest.id, "of my own")
        workbench.run_labels.rename(3, "calm")
        assert (workbench.run(3).name, registry.get(made.manifest.id).manifest.name) == ("calm", "of my own")
