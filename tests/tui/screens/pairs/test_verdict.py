"""An opened verdict: the pair with its names, judged again by the rules of Label."""

import time

from textual import events

from tests.fake_workbench import FakeWorkbench
from tests.waiting import until
from tui.app import PalateApp
from tui.screens.pairs.verdict import VerdictScreen


async def test_a_key_that_is_held_down_adds_one_verdict() -> None:
    workbench = FakeWorkbench()
    workbench.labelling.judge(1, "a", side="left", layout="side", seconds=3.0)
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = VerdictScreen(1)
        await app.push_screen(screen)
        await until(pilot, lambda: screen.can_judge)
        begun = time.monotonic()
        for number in range(30):  # a second at 30 Hz, each key read after the verdict before it is stored
            key = events.Key("2", "2")
            key.time = begun + number / 30
            app.post_message(key)
            await pilot.pause()
            await until(pilot, lambda: not screen.gate.deciding)
    assert [(each["verdict"], each["blind"], each["seconds"]) for each in workbench.judged_with[1:]] == [
        ("b", False, None)
    ]
