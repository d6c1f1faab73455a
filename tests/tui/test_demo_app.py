"""The demo on a tiny model: it plays the loop by itself, and a person's keys only go on or end it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fake_workbench import comparison
from tests.screens import until
from tests.tiny import save_tiny
from tui.cli import main
from tui.compute.loaded_model import ModelChoice
from tui.demo_app import DemoApp, shorter
from tui.workbench import Workbench


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    workbench = Workbench(tmp_path / "space", ModelChoice(str(save_tiny(tmp_path / "model")), dtype="float32"), seed=7)
    workbench.change_setting("max_new_tokens", "12")
    workbench.change_setting("ask_again", "0")
    yield workbench
    workbench.close()


@pytest.mark.long
async def test_it_plays_the_whole_loop(workbench: Workbench) -> None:
    app = DemoApp(workbench, pace=0)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "That was the loop" in app.captions[-1] if app.captions else False, seconds=600)
    assert [each.split(".")[0] for each in app.captions if each.split(".")[0].isupper()] == [
        "LABEL",
        "TRAIN",
        "RUNS",
        "COMPARE",
        "ASK",
        "DATA",
    ]
    assert [run.status for run in workbench.runs()] == ["finished"]
    (trial,) = workbench.trials()
    assert not trial.sealed
    assert workbench.counts().total >= 24


async def test_a_person_s_keys_judge_nothing_and_q_ends_it(workbench: Workbench) -> None:
    app = DemoApp(workbench, pace=100)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(app.captions))
        await pilot.press("T", "comma", "1", "A")
        assert app.current_mode == "label"
        assert len(app.screen_stack) == 1
        await pilot.press("space")
        await until(pilot, lambda: len(app.captions) > 1)
        assert workbench.counts().total == 0
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


def test_it_needs_a_terminal() -> None:
    told = CliRunner().invoke(main, ["demo"])
    assert told.exit_code != 0
    assert "on a terminal" in told.stderr


def test_the_program_likes_the_shorter_answer_on_either_side() -> None:
    assert [shorter(comparison(1, *texts)) for texts in (("a", "bb"), ("aa", "b"), ("a", "b"))] == ["1", "2", "0"]
