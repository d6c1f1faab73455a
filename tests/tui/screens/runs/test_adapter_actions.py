"""A run's adapter taken away by key: exported, merged, removed; asked where to, never over something unasked."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from db import runs as db_runs
from engine.config import TrainConfig
from tests.peft_folders import lora_folder
from tests.screens import text_of, until, until_shown
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.errors import InputError
from tui.screens.runs.run import RunScreen

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def workbench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StillWorkbench]:
    """One run that is over, and its adapter."""
    monkeypatch.chdir(tmp_path)
    made = StillWorkbench(tmp_path / "space")
    base, _ = made.models()
    config = asdict(TrainConfig(beta=0.2))
    run = made.workspace.write(
        db_runs.create_run, name="taste-1", config=config, versions={}, base_model=base, pairs=[]
    ).result()
    registry = made.workspace.registry
    adapter = registry.publish(
        lora_folder(registry.staging()),
        name="taste-1",
        base_source="smollm2-135m-instruct",
        base_fingerprint="f" * 64,
        parent=None,
        run=run,
        pairs=8,
        pairs_fingerprint="e" * 64,
    )
    made.workspace.write(db_runs.set_run_adapter, run, adapter.manifest.id).result()
    made.workspace.write(db_runs.set_status, run, "finished").result()
    yield made
    made.close()


async def open_run(pilot: Any) -> None:
    await pilot.press("R", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
    await until_shown(pilot, "to use its adapter")


async def until_told(pilot: Any, words: str) -> None:
    """Wait until a notice has these words."""
    await until(pilot, lambda: any(words in f"{each.title} {each.message}" for each in pilot.app._notifications))


async def answer(pilot: Any, text: str) -> None:
    """Type `text` in place of what stands in the line, and press enter."""
    await until(pilot, lambda: bool(pilot.app.screen.query(Input)))
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_export_asks_where_and_tells_the_path(
    workbench: StillWorkbench, tmp_path: Path, size: tuple[int, int]
) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await open_run(pilot)
        await pilot.press("o")
        await until_shown(pilot, "The adapter alone in PEFT's own format")
        assert app.screen.query_one(Input).value == str(tmp_path / "taste-1-adapter")
        await pilot.press("enter")
        await until_told(pilot, "taste-1 is exported")
    assert (tmp_path / "taste-1-adapter" / "README.md").is_file()


async def test_what_stands_there_is_replaced_only_when_that_is_said(workbench: StillWorkbench, tmp_path: Path) -> None:
    app = PalateApp(workbench)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "config.json").write_text("{}")
    (tmp_path / "here" / "model.safetensors").write_text("an older model")
    async with app.run_test(size=(80, 24)) as pilot:
        await open_run(pilot)
        await pilot.press("o")
        await answer(pilot, "here")
        await until_shown(pilot, "here is there already.")
        await pilot.press("escape")
        assert (tmp_path / "here" / "config.json").is_file()
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("o")
        await answer(pilot, "here")
        await until_shown(pilot, "here is there already.")
        await pilot.press("r")
        await until_told(pilot, "taste-1 is exported")
    assert (tmp_path / "here" / "adapter_config.json").is_file()


async def test_merge_goes_to_the_lane_and_its_errors_are_told(
    workbench: StillWorkbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    def merge(adapter: str, path: Path, *, overwrite: bool) -> None:
        asked.append((adapter, path, overwrite))
        if len(asked) == 2:
            raise InputError("There is no room.")

    monkeypatch.setattr(workbench.adapter_service, "merge", merge)
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_run(pilot)
        await pilot.press("m", "enter")
        await until(pilot, lambda: len(asked) == 1)
        adapter = workbench.run(1).adapter
        assert asked == [(adapter, tmp_path / "taste-1-merged", False)]
        await pilot.press("m")
        await answer(pilot, "~/taste.gguf")
        await until_told(pilot, "There is no room.")
        assert asked[1] == (adapter, Path("~/taste.gguf").expanduser(), False)
        workbench.adapter_service.doing = "merging taste-1: merging, 32 of 210 layers"
        app.refresh_status()
        await until_shown(pilot, "merging taste-1: merging, 32 of 210 layers")


async def test_remove_asks_first_and_keeps_the_record(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await open_run(pilot)
        await pilot.press("X")
        await until_shown(pilot, "x  remove it")
        await pilot.press("escape")
        assert len(workbench.adapters()) == 1
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("X", "x")
        await until_told(pilot, "taste-1 is removed")
        assert workbench.adapters() == []
        await until_shown(pilot, "its adapter was removed")
        assert workbench.run(1).status == "finished"
        assert "merge" not in text_of(app).splitlines()[-1]
