"""The list of servers on its screen: added by keys, asked what they offer, allowed, removed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.adapter_server import AdapterServer, adapter_server
from tests.screens import text_of, until, until_shown
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.screens.servers import ServersScreen


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    workbench = StillWorkbench(tmp_path / "space")
    yield workbench
    workbench.close()


async def _typed(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*text, "enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_server_is_added_and_asked_by_keys(workbench: StillWorkbench, size: tuple[int, int]) -> None:
    app = PalateApp(workbench)
    with adapter_server(AdapterServer()) as served:
        async with app.run_test(size=size) as pilot:
            await pilot.press("D")
            await until(pilot, lambda: app.current_mode == "data")
            await pilot.press("V")
            await until_shown(pilot, "No server yet. Press a to add one.")
            for text in ("box", served.url, "base", ""):
                await pilot.press("a") if text == "box" else None
                await until(pilot, lambda: not isinstance(app.screen, ServersScreen))
                await _typed(pilot, text)
            await until_shown(pilot, "press t to see whether it is up")
            assert "vLLM" in text_of(app)
            await pilot.press("t")
            await until_shown(pilot, "log-probabilities     yes")
            await until_shown(pilot, "loads adapters        yes")
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, ServersScreen))


async def test_consent_is_asked_for_a_server_elsewhere_and_taken_back(workbench: StillWorkbench) -> None:
    workbench.servers.add("box", "http://box.invalid:8000/v1", model="m", protocol="vllm")
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("V")
        await until_shown(pilot, "texts not allowed")
        await pilot.press("l")
        await until_shown(pilot, "Send texts there?")
        await until_shown(pilot, "http://box.invalid:8000")
        await pilot.press("y")
        await until(pilot, lambda: workbench.servers.get("box").allowed)
        await until_shown(pilot, "texts allowed")
        await pilot.press("l")
        await until_shown(pilot, "texts not allowed")
        await pilot.press("x", "y")
        await until_shown(pilot, "No server yet")
    assert workbench.servers.all() == []
