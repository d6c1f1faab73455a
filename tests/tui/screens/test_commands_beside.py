"""What other commands change is on the open screens of the owner at once."""

import asyncio
from pathlib import Path

from tests.still_workbench import StillWorkbench
from tests.visiting import palate
from tests.waiting import until
from tui.app import PalateApp
from tui.cli import main
from tui.commands.options import command_runner
from tui.ipc.owner import OwnerServer
from tui.screens.data.data import DataScreen


async def test_an_open_screen_follows_what_visitors_change(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("Why?\nHow?\n")
    workbench = StillWorkbench(tmp_path / "space")
    app = PalateApp(workbench)
    host = OwnerServer(workbench, app.leaving.make_way, command_runner(main))
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("D")
            await until(pilot, lambda: isinstance(app.screen, DataScreen))
            done = await asyncio.to_thread(palate, tmp_path / "space", "prompts", "add", "mine.txt", cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            await until(pilot, lambda: "mine" in str(app.screen.query_one("#sets").render()))
    finally:
        host.close()
        workbench.close()
