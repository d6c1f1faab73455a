"""How fast the Train screen is with 100,000 verdicts: opening it, a key in its form, and the workbench's status.

Run: python -m tests.benchmarks.train_form_speed [--verdicts 100000] [--keep FOLDER] [--keys 40] [--model MODEL]. Prints
medians, 95th percentiles and slowest in ms. A key counts from when it is posted to the first frame that shows what it
changed, a plan until it is that of these settings (headless, without a terminal). "held" is the longest time in which
the screen's thread did nothing else after a key: so long the next key would have waited. "computed" is the processor
time of the screen's thread for the key, which other work on the machine does not change.
"""

import argparse
import asyncio
import importlib
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from textual.events import Key
from textual.widgets import Static

from tests.benchmarks.data_speed import build
from tests.flags import add_keep, flags_of, workspace_folder
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.compute.loaded_model import ModelChoice
from tui.terminal.gc_freeze import keep_collections_short
from tui.widgets.form.form import Form
from tui.workbench import Workbench

LIMIT_S = 120.0
REST_S = 0.6
"""Between keys: longer than settings have to rest before a run with them is looked at closely."""


class TimedApp(PalateApp):
    """Remembers when a frame first showed what is waited for."""

    _expected: Callable[[], bool] | None = None
    _shown = 0.0

    def _display(self, screen: Any, renderable: Any) -> None:
        super()._display(screen, renderable)
        if self._expected is not None and self._expected():
            self._shown, self._expected = time.perf_counter(), None

    async def seconds_to(self, act: Callable[[], object], expected: Callable[[], bool]) -> float:
        """Seconds from `act` to the first frame for which `expected` holds."""
        self._expected = expected
        began = time.perf_counter()
        act()
        while self._expected is not None:
            assert time.perf_counter() - began < LIMIT_S, "the frame did not come"
            await asyncio.sleep(0.002)
        return self._shown - began

    def press(self, key: str) -> None:
        """Post a key, as the driver does."""
        self.post_message(Key(key, key if len(key) == 1 else None))


def show(name: str, taken: list[float]) -> None:
    """One line: median, 95th percentile and slowest."""
    ordered = sorted(1000 * each for each in taken)
    middle, most = ordered[len(ordered) // 2], ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
    print(f"{name:<44}{middle:10.2f}{most:10.2f}{ordered[-1]:10.2f}", flush=True)


def timed(call: Callable[[], object], times: int, before: Callable[[int], object] = lambda _: None) -> list[float]:
    """Seconds of some calls, each after `before`."""
    taken = []
    for at in range(times):
        before(at)
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return taken


def time_status(workbench: Workbench) -> None:
    """The status as it is read after every piece of news."""
    show("status, nothing was stored", timed(workbench.status, 100))
    store = workbench.workspace.keep_setting
    show("status, after something was stored", timed(workbench.status, 20, lambda at: store("benchmark", at)))


def plan(app: PalateApp) -> str:
    """The plan's words."""
    return str(app.screen.query_one("#plan", Static).content)


async def time_opening(app: TimedApp, times: int = 5) -> None:
    """The screen with its form, then with its plan; the first time it is made as well."""
    first: list[float] = []
    opened: list[float] = []
    planned: list[float] = []
    for at in range(times):
        began = time.perf_counter()
        shown = await app.seconds_to(lambda: app.switch_mode("train"), lambda: bool(app.screen.query(Form)))
        (opened if at else first).append(shown)
        while "to train on" not in plan(app):
            await asyncio.sleep(0.002)
        planned.append(time.perf_counter() - began)
        await asyncio.sleep(REST_S)
        app.switch_mode("label")
        await asyncio.sleep(REST_S)
    show("the Train screen opens for the first time", first)
    show("the Train screen opens again", opened)
    show("its plan stands", planned)


async def time_keys(app: TimedApp, keys: int) -> None:
    """Moving, a choice that changes no plan, epochs and seeds that change it, and keys without a rest."""
    app.switch_mode("train")
    await asyncio.sleep(2 * REST_S)
    form = app.screen.query_one(Form)
    await _time_moves(app, form, keys)
    await _time_choices(app, form, "lr_scheduler", keys, REST_S, "a key turns a choice")
    await _time_choices(app, form, "pairs_judged", 6, REST_S, "a key chooses other pairs")
    await _time_typing(app, form, "epochs", keys, "a key types epochs")
    await _time_typing(app, form, "seed", keys, "a key types a seed")
    await _time_choices(app, form, "lr_scheduler", keys, 0.05, "a key turns a choice, 20 a second")


async def _longest_held(until: asyncio.Event) -> float:
    """The longest time for which the event loop did not turn, beyond the 5 ms that are slept here."""
    longest, before = 0.0, time.perf_counter()
    while not until.is_set():
        await asyncio.sleep(0.005)
        longest, before = max(longest, time.perf_counter() - before - 0.005), time.perf_counter()
    return longest


async def _each(name: str, keys: int, rest_s: float, one: Callable[[int], Awaitable[float]]) -> None:
    """Press keys, and show how long each took to its frame and how long it held the thread."""
    taken, held, computed = [], [], []
    for at in range(keys):
        over, began = asyncio.Event(), time.thread_time()
        watch = asyncio.create_task(_longest_held(over))
        taken.append(await one(at))
        await asyncio.sleep(rest_s)
        computed.append(time.thread_time() - began)
        over.set()
        held.append(await watch)
    show(name, taken)
    show("  held", held)
    show("  computed", computed)


async def _time_moves(app: TimedApp, form: Form, keys: int) -> None:
    rows = form.rows

    async def one(at: int) -> float:
        wanted = rows[(at + 1) % 12]
        if at % 12 == 11:
            return await app.seconds_to(lambda: app.press("home"), lambda: rows[0].has_focus)
        return await app.seconds_to(lambda: app.press("down"), lambda: wanted.has_focus)

    app.press("home")
    await asyncio.sleep(REST_S)
    await _each("a key moves the cursor", keys, REST_S, one)


async def _time_choices(app: TimedApp, form: Form, key: str, keys: int, rest_s: float, name: str) -> None:
    row: Any = form.row(key)
    app.screen.set_focus(row)
    await asyncio.sleep(REST_S)

    async def one(_: int) -> float:
        values = [value for value, _ in row.choices]
        wanted = values[(values.index(row.value) + 1) % len(values)]
        return await app.seconds_to(lambda: app.press("right"), lambda: row.value == wanted)

    await _each(name, keys, rest_s, one)


async def _time_typing(app: TimedApp, form: Form, key: str, keys: int, name: str) -> None:
    """Also the time from the key to the plan that counts with it."""
    row: Any = form.row(key)
    app.screen.set_focus(row)
    await asyncio.sleep(REST_S)
    planned: list[float] = []

    async def one(at: int) -> float:
        text = str(at % 9 + 1)
        before, began = plan(app), time.perf_counter()
        shown = await app.seconds_to(lambda: app.press(text), lambda: row.text == text)
        while key == "epochs" and plan(app) == before:
            await asyncio.sleep(0.002)
        planned.append(time.perf_counter() - began)
        app.press("escape")
        await asyncio.sleep(0.1)
        return shown

    await _each(name, keys, REST_S, one)
    if key == "epochs":
        show("  the plan follows", planned)


def workbench_on(folder: Path, model: str | None) -> Workbench:
    """One whose model never loads, or one with a real model, which is then looked at closely as well."""
    if model is None:
        return StillWorkbench(folder)
    workbench = Workbench(folder, ModelChoice(model), seed=3)
    workbench.start(fill_queue=False)
    assert workbench.loading is not None
    workbench.loading.done.result()
    return workbench


async def time_screen(workbench: Workbench, keys: int) -> None:
    """Everything that is measured on the screen."""
    app = TimedApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        importlib.import_module("tui.screens.runs.train")  # the app does this a second after its start
        keep_collections_short()
        await time_opening(app)
        await time_keys(app, keys)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--verdicts", type=int, default=100_000)
    add_keep(flags)
    flags.add_argument("--keys", type=int, default=40)
    flags.add_argument("--model", help="load this model, so that a run is looked at closely; default: none")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Read the command line, build, then time."""
    given = parser().parse_args(line)
    with workspace_folder(given.keep) as folder:
        build(folder, given.verdicts)
        with closing(workbench_on(folder, given.model)) as workbench:
            print(f"{given.verdicts:,} verdicts{'':<28}{'median':>10}{'95 %':>10}{'slowest':>10}")
            time_status(workbench)
            asyncio.run(time_screen(workbench, given.keys))


if __name__ == "__main__":
    main()
