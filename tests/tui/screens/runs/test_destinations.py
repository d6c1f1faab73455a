"""A run's figures and its adapter sent elsewhere by key: each place is asked about once, and "no" sends nothing."""

from typing import Any

import pytest
from textual.widgets import Input

from tests.screens import text_of, until
from tests.still_workbench import StillWorkbench
from tests.tui.screens.runs.test_adapter_actions import SIZES, answer, open_run, until_told, workbench  # noqa: F401
from tui.app import PalateApp
from tui.screens.dialog import Choose
from tui.screens.runs.run import RunScreen
from tui.workspace.consent import Consents, Destination

SENT: list[tuple[str, ...]] = []


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was sent: the senders themselves have tests of their own."""
    SENT.clear()
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.setattr(
        "tui.screens.runs.destinations.send_run", lambda _, row, __, tracker: SENT.append((row.name, tracker))
    )

    def push(_: Any, adapter: str, repository: str) -> str:
        SENT.append((adapter, repository))
        return f"https://huggingface.co/{repository}"

    monkeypatch.setattr("tui.screens.runs.destinations.push_adapter", push)
    monkeypatch.setattr("tui.screens.runs.destinations.require_installed", lambda _: None)
    return SENT


async def until_asked(pilot: Any, words: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose) and words in text_of(pilot.app))


@pytest.mark.parametrize("size", SIZES)
async def test_figures_that_stay_here_are_sent_at_once(
    workbench: StillWorkbench,  # noqa: F811
    size: tuple[int, int],
) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await open_run(pilot)
        await pilot.press("e")
        await until_asked(pilot, "tensorboard")
        await pilot.press("b")
        await until_told(pilot, "Run 1 is at tensorboard")
    assert SENT == [("taste-1", "tensorboard")]


async def test_figures_that_leave_are_asked_about_once(workbench: StillWorkbench) -> None:  # noqa: F811
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_run(pilot)
        for consent in ("escape", "a", None):
            await pilot.press("e")
            await until_asked(pilot, "wandb")
            await pilot.press("w")
            if consent is not None:
                await until_asked(pilot, "To api.wandb.ai?")
                await pilot.press(consent)
            if consent == "escape":
                await until(pilot, lambda: isinstance(app.screen, RunScreen))
                assert SENT == []
            else:
                await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: len(SENT) == 2)
    allowed = [each.destination for each in Consents(workbench.workspace).listed()]
    assert allowed == [Destination("tracker", "api.wandb.ai")]


async def test_an_adapter_is_pushed_to_a_repository_that_was_allowed(workbench: StillWorkbench) -> None:  # noqa: F811
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_run(pilot)
        await pilot.press("P")
        await until(pilot, lambda: bool(app.screen.query(Input)))
        await answer(pilot, "nonsense")
        await until_told(pilot, "USER/REPO")
        await pilot.press("P")
        await until(pilot, lambda: bool(app.screen.query(Input)))
        await answer(pilot, "anna/taste")
        await until_asked(pilot, "huggingface.co/anna/taste?")
        await pilot.press("a")
        await until_told(pilot, "https://huggingface.co/anna/taste")
    assert [(workbench.adapters()[0].id, "anna/taste")] == SENT
