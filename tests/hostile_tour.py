"""Shows every screen of the app over a hostile workspace, on the terminal that it is started in.

    python -m tests.hostile_tour FOLDER STOPS.json

Writes to STOPS.json what each stop showed: {"name": "the characters on the screen"}.
"""

import argparse
import asyncio
import importlib
import inspect
import json
import pkgutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual import events
from textual.screen import Screen
from textual.widgets import Input

import tui.screens
from db.pair_rows import ComparisonRow
from db.prompt_rows import Crossing
from engine.chat_servers.inspection import ServerReport
from engine.config import SamplingConfig, settings_of
from tests.fake_workbench import adapter_view
from tests.flags import flags_of, path
from tests.hostile import EVIL, LONG_EVIL, MARK, fill
from tests.screens import text_of
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.asking.asking import Asked, AskedQuestion
from tui.asking.choice import AskedPolicies
from tui.events import AnswersGrowing, AskedGrowing, PromptsGrown, WorkbenchFailed, WorkbenchNotice
from tui.generation.answer_sources import AnswerSource, AnswerSources
from tui.generation.prompt_growth import GrowthRequest
from tui.screens.ask.ask import AskScreen
from tui.screens.ask.past import PastConversations
from tui.screens.base import PalateScreen
from tui.screens.compare.board import BoardScreen
from tui.screens.compare.judges import JudgesScreen
from tui.screens.compare.side_by_side import SideBySideScreen
from tui.screens.compare.trial import TrialScreen
from tui.screens.compare.trial_pair import TrialPairScreen
from tui.screens.compare.trial_result import TrialResultScreen
from tui.screens.compare.trial_setup import TrialSetupScreen
from tui.screens.confirm import QuitScreen, StopScreen
from tui.screens.data.grow import GrowScreen
from tui.screens.data.joining import SettleScreen
from tui.screens.data.preferences import PreferencesScreen
from tui.screens.data.prompt_dialogs import ShowPrompt, crossing_question
from tui.screens.data.prompts import PromptsScreen
from tui.screens.dialog import AskText, Choose
from tui.screens.help import HelpScreen
from tui.screens.models import ModelsScreen
from tui.screens.name_picker import Named, NamedRow, NamePicker
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.ranking import RankingScreen
from tui.screens.pairs.review import ReviewScreen
from tui.screens.pairs.verdict import VerdictScreen
from tui.screens.picker import Pick
from tui.screens.runs.overlay import RunOverlayScreen
from tui.screens.runs.run import RunScreen
from tui.screens.runs.samples import SamplesScreen
from tui.screens.servers import ServersScreen
from tui.screens.settings import SettingsScreen
from tui.snapshots import AdapterView, LoadState, ModelState, RunPhase, RunProgress, WorkbenchStatus
from tui.widgets.lists.prompt_lines import set_lines
from tui.workspace.servers import report_lines
from tui.workspace.settings_store import PARTS

NOBODY = AnswerSource(None, SamplingConfig())
FOUND = "found: "
"""Before the name of a screen that nobody listed."""
NOTHING = ("keys", "likes", "a setting, opened", FOUND)
"""Stops that show nothing from outside, or not on their first page."""
SYSTEM = [each.name for config in PARTS.values() for each in settings_of(config)].index("system") + 1
"""The row of the system prompt among the settings, behind the row of the model."""
PROGRESS = RunProgress(1, EVIL, 1, 2, 0.1, 5.0, RunPhase.TRAINING)


class HostileWorkbench(StillWorkbench):
    """Also says hostile things of itself."""

    said: dict[str, Any] = {}

    def status(self) -> WorkbenchStatus:
        """What a stop wants to be said."""
        return replace(super().status(), **self.said)

    @property
    def run_progress(self) -> RunProgress | None:
        """The run that a stop wants."""
        return self.said.get("run", super().run_progress)

    @property
    def model_state(self) -> ModelState:
        """A model with a hostile name, in the state that a stop wants."""
        said = {"state": "model_state", "detail": "model_detail", "error": "error"}
        wanted = {field: self.said[name] for field, name in said.items() if name in self.said}
        model = super().model_state
        return replace(model, **{"name": EVIL, "adapter_name": EVIL, "state": LoadState.READY, **wanted})

    @property
    def model_source(self) -> str:
        """A model with a hostile address."""
        return EVIL

    def adapters(self) -> list[AdapterView]:
        """An adapter with a hostile name."""
        named = {"name": EVIL, "folder": EVIL, "parent_name": EVIL, "lineage": (EVIL, EVIL), "id": "a00000001"}
        return [replace(adapter_view(1, EVIL, in_use=True), **named)]


class TourApp(PalateApp):
    """Goes from stop to stop by itself, and leaves."""

    def __init__(self, workbench: HostileWorkbench, ids: dict[str, int]) -> None:
        super().__init__(workbench)
        self.bench, self.ids = workbench, ids
        self.stops: dict[str, str] = {}
        self.seen: set[type] = set()
        self.broken = ""

    def on_ready(self) -> None:
        """The first screen stands."""
        super().on_ready()
        self.run_worker(self._tour(), exit_on_error=False)

    async def _tour(self) -> None:
        try:
            for name, act in stops(self):
                await act()
                await self._settle(name)
            for made in unlisted(self.seen, self.ids):
                await back(self)
                await self.push_screen(made)
                await self._settle(f"{FOUND}{type(made).__name__}")
        except Exception as error:  # noqa: BLE001  told by the test
            self.broken = f"{type(error).__name__} after {list(self.stops)[-1:]}: {error!r}"
        self.exit()

    async def _settle(self, name: str, seconds: float = 10) -> None:
        """Wait until the mark of hostile text is on the screen, nothing is read any more, and the screen is unchanged.

        A stop that shows nothing from outside is not waited for until the mark comes.
        """
        self.seen |= {type(screen) for screen in self.screen_stack}
        shown, before = "", None
        for _ in range(round(seconds / 0.05)):
            await asyncio.sleep(0.05)
            shown, before = text_of(self), shown
            if (MARK in body_of(shown) or name.startswith(NOTHING)) and shown == before and not self._reads():
                break
        self.stops[name] = shown

    def _reads(self) -> bool:
        """Whether a screen still works on what it is to show."""
        return any(not each.is_finished for each in self.workers if each.node is not self)


def stops(app: TourApp) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    """Every stop: a name, and how to get there."""
    ids = app.ids

    def on(mode: str, *screens: Callable[[], Screen[Any]], **said: Any) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            app.bench.said = said
            await back(app)
            await app.switch_mode(mode)
            app.refresh_status()
            for make in screens:
                await app.push_screen(make())

        return act

    def pressing(*keys: str) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            for key in keys:
                app.post_message(events.Key(key, key if len(key) == 1 else None))
                await asyncio.sleep(0.1)

        return act

    async def growing() -> None:
        label = app.screen
        assert isinstance(label, LabelScreen)
        label.feed.pair = None
        asked = app.bench.comparison(ids["pair"]).prompt
        label.from_workbench(AnswersGrowing(asked, (LONG_EVIL, LONG_EVIL)))

    async def conversation() -> None:
        await on("ask")()
        ask = app.screen
        assert isinstance(ask, AskScreen)
        ask.talk.open(app.bench.comparison(ids["pair"]).prompt)
        ask.draw(EVIL)
        ask.editor.post_message(events.Paste(f"{EVIL}\n{EVIL}"))

    async def asked_growing() -> None:
        ask = app.screen
        assert isinstance(ask, AskScreen)
        policies = AskedPolicies(AnswerSources(NOBODY, NOBODY, None), (EVIL, f"{EVIL} 2"), True)
        question = AskedQuestion(app.bench.comparison(ids["pair"]).prompt.messages, policies, EVIL, 0)
        ask.talk.asked = Asked(1, question, (0, 1), 1)
        ask.from_workbench(AskedGrowing(1, (LONG_EVIL, LONG_EVIL)))

    async def past() -> None:
        await on("ask", lambda: PastConversations(app.bench.conversations.find))()

    async def failures() -> None:
        app.bench._publish(WorkbenchFailed(EVIL, EVIL * 3))
        app.bench._publish(WorkbenchNotice(EVIL, EVIL))
        app.tell_error(ValueError(EVIL))

    async def reported() -> None:
        servers = app.screen
        assert isinstance(servers, ServersScreen)
        servers.reports[EVIL] = report_lines(ServerReport(EVIL, (EVIL,) * 9, 0.1, 0.1, (False, EVIL), (False, EVIL)))
        servers.screen_shown()

    async def grown() -> None:
        screen = app.screen
        assert isinstance(screen, GrowScreen)
        screen.from_workbench(PromptsGrown(f"no {EVIL}", (LONG_EVIL, EVIL), EVIL, 1))

    async def pasted() -> None:
        line = app.screen.query_one(Input)
        line.focus()
        line.post_message(events.Paste(EVIL))

    async def no_pair() -> None:
        app.bench.said = {"queue_problem": (EVIL, EVIL), "ready": 0}
        label = app.screen
        assert isinstance(label, LabelScreen)
        label.feed.show(None)

    rows = [NamedRow(EVIL, EVIL, EVIL, own=True)]
    names = Named(EVIL, EVIL, app.bench.presets.kept, lambda: rows, lambda _: None, lambda name: name)
    return [
        ("label", on("label")),
        ("label, raw", pressing("m")),
        ("label, zoomed", pressing("m", "z")),
        ("label, differences", pressing("z", "d")),
        ("label, growing", growing),
        ("label, no pair", no_pair),
        ("label, no model", on("label", model_state=LoadState.FAILED, error=(EVIL, EVIL))),
        ("label, loading", on("label", model_state=LoadState.LOADING, model_detail=EVIL)),
        ("ask", conversation),
        ("ask, growing", asked_growing),
        ("ask, past conversations", past),
        ("a ranking", on("label", lambda: ranking_of(app.bench.comparison(ids["judged"])))),
        ("label again", on("label")),
        ("notices", failures),
        ("train", on("train")),
        ("settings", on("label", lambda: SettingsScreen("label"))),
        ("a setting", pressing(*["down"] * SYSTEM)),
        ("a setting, opened", pressing("enter")),
        ("servers", on("data", lambda: ServersScreen("data"))),
        ("a server's report", reported),
        ("judges", on("compare", lambda: JudgesScreen("compare"))),
        ("models", on("label", lambda: ModelsScreen("label"))),
        ("train, a run", on("train", run=PROGRESS)),
        ("runs", on("runs")),
        ("run", on("runs", lambda: RunScreen(ids["run"]))),
        ("run, its end", pressing("end")),
        ("runs over one another", on("runs", lambda: RunOverlayScreen([ids["run"]]))),
        ("runs over one another, their end", pressing("end")),
        ("samples", on("runs", lambda: SamplesScreen(app.bench.run(ids["run"]), "runs"))),
        ("samples, raw", pressing("m")),
        ("names", on("train", lambda: NamePicker(names))),
        ("compare", on("compare")),
        ("side by side", on("compare", lambda: SideBySideScreen(ids["side"]))),
        ("trial setup", on("compare", lambda: TrialSetupScreen("a00000001", "base"))),
        ("trial", on("compare", lambda: TrialScreen(ids["sealed"]))),
        ("trial result", on("compare", lambda: TrialResultScreen(ids["opened"]))),
        ("trial pair", on("compare", lambda: TrialPairScreen(ids["opened"], [ids["opened_pair"]], 0))),
        ("board", on("compare", BoardScreen)),
        ("data", on("data")),
        ("verdict", on("data", lambda: VerdictScreen(ids["judged"]))),
        ("reasons of a verdict", pressing("full_stop")),
        ("the list of reasons", pressing("e")),
        ("settling", on("data", lambda: SettleScreen(app.bench.joining.disagreements()))),
        ("second look", on("data", lambda: ReviewScreen([(ids["judged"], EVIL)]))),
        ("prompts", on("data", PromptsScreen)),
        ("forgetting", pressing("end", "up", "F")),
        ("prompts that are nearly the same", on("data", PromptsScreen)),
        ("prompts that are nearly the same, listed", pressing("s")),
        ("more prompts", on("data", lambda: GrowScreen(GrowthRequest(f"no {EVIL}", server=EVIL), 1))),
        ("more prompts, written", grown),
        ("a prompt", on("data", lambda: ShowPrompt(app.bench.prompts, app.bench.comparison(ids["judged"]).prompt.id))),
        ("holding out", on("data", lambda: crossing_question(EVIL, Crossing(1, 1, 1, 1, 1, (1,)), True))),
        ("a list to choose from", on("data", lambda: Pick(EVIL, EVIL, set_lines(app.bench.prompts.sets())))),
        ("likes", on("data", PreferencesScreen)),
        ("likes, its end", pressing("end")),
        ("likes, a group", pressing("f", "home")),
        ("a line", on("data", lambda: AskText(EVIL, EVIL, value="", placeholder="path"))),
        ("a pasted line", pasted),
        ("a choice", on("data", lambda: Choose(EVIL, EVIL, (("a", "one"),)))),
        ("leaving", on("runs", lambda: QuitScreen(PROGRESS))),
        ("stopping", on("train", lambda: StopScreen(PROGRESS))),
        ("keys", on("label", lambda: HelpScreen(app.screen))),
    ]


def ranking_of(pair: ComparisonRow) -> RankingScreen:
    """Both answers of a pair and the first one again, to be put in order."""
    return RankingScreen([pair], [pair.first, pair.second, pair.first])


def unlisted(seen: set[type], ids: dict[str, int]) -> Iterator[PalateScreen]:
    """The screens that have no stop, as far as they are made of nothing, or of a run, a trial or a comparison."""
    known = {"run": ids["run"], "trial": ids["opened"], "comparison": ids["judged"]}
    for module in pkgutil.walk_packages(tui.screens.__path__, "tui.screens."):
        for found in vars(importlib.import_module(module.name)).values():
            if not (inspect.isclass(found) and issubclass(found, PalateScreen)) or found in {*seen, PalateScreen}:
                continue
            wanted = set(inspect.signature(found).parameters)
            if "compose_body" in vars(found) and wanted <= known.keys():
                seen.add(found)
                yield found(**{name: known[name] for name in wanted})


def body_of(shown: str) -> str:
    """A screen without its first line, which always names the model, and without its last two."""
    return "\n".join(shown.splitlines()[1:-2])


async def back(app: PalateApp) -> None:
    """Close what lies over the screen of this mode."""
    while len(app.screen_stack) > 1:
        await app.pop_screen()


def tour(folder: Path, told: Path) -> None:
    """Fill the workspace, tour it, and write down what was shown."""
    workbench = HostileWorkbench(folder)
    try:
        ids = workbench.workspace.write(fill).result()
        workbench.change_setting("system", EVIL)
        app = TourApp(workbench, ids)
        app.run()
        told.write_text(json.dumps({"stops": app.stops, "broken": app.broken, "code": app.return_code}))
    finally:
        workbench.close()


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("folder", type=path, help="an empty folder for the workspace")
    flags.add_argument("stops", type=path, metavar="STOPS.json")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Read the command line and go."""
    options = parser().parse_args(line)
    tour(options.folder, options.stops)


if __name__ == "__main__":
    main()
