"""The app that plays the whole loop by itself: a program presses its keys and judges, and says what is seen."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

from textual import events
from textual.content import Content
from textual.css.query import NoMatches
from textual.keys import _character_to_key
from textual.widgets import Static

from db.pair_rows import ComparisonRow
from tui.app import PalateApp
from tui.screens.ask.ask import AskScreen
from tui.screens.base import PalateScreen
from tui.screens.compare.trial import TrialScreen
from tui.screens.compare.trial_result import TrialResultScreen
from tui.screens.compare.trial_setup import TrialSetupScreen
from tui.screens.data.data import DataScreen
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.pair_screen import PairScreen
from tui.screens.runs.run import RunScreen
from tui.screens.runs.runs import RunsScreen
from tui.screens.runs.train import TrainScreen
from tui.snapshots import LoadState
from tui.widgets.form.text_row import TextRow
from tui.widgets.frame.status_line import StatusLine
from tui.workbench import Workbench

PAIRS: Final = 24
"""Verdicts before the run: a few more than those after which a run is offered."""
TRIAL_QUESTIONS: Final = 6
"""Held-out questions of the trial."""
ANSWER_TOKENS: Final = "48"
"""Short answers, so that the loop takes minutes on a processor."""
_ASKED: Final = "Why is the sky blue?"
_CHARACTERS: Final = {"enter": "\r", "escape": "\x1b", "space": " "}
_KEYS: Final = Content.assemble(("space", "bold $accent"), " continues   ", ("q", "bold $accent"), " ends the demo")


_Kind = TypeVar("_Kind", bound=PalateScreen)


class DemoEnded(Exception):
    """A person ended the demo, or the model cannot be loaded."""


class DemoCaption(Static):
    """What is seen on this screen, above the line that shows what the machine does."""


class DemoApp(PalateApp):
    """Plays the loop once. A person's keys do nothing but continue or end it."""

    CSS = """
    DemoCaption { height: auto; width: 1fr; padding: 0 1; border-top: solid $accent; color: $foreground; }
    """

    def __init__(self, workbench: Workbench, *, pace: float = 1.0) -> None:
        """`pace` 0 waits for nothing but the machine."""
        super().__init__(workbench)
        self._pace = pace
        self._go_on = asyncio.Event()
        self._pressed: deque[events.Key] = deque(maxlen=64)
        """The newest keys of the program. A key comes back here when no widget takes it."""
        self._words = Content("")
        self.captions: list[str] = []
        """What was said, in order."""

    def on_ready(self) -> None:
        """The first screen is shown. Textual calls the base class's handler as well."""
        self.run_worker(self._play(), name="demo", exit_on_error=False)

    async def on_event(self, event: events.Event) -> None:
        """Let only the keys of the program through, and those that end or continue it."""
        if isinstance(event, events.Key) and event not in self._pressed:
            if event.key == "space":
                self._go_on.set()
            elif event.key in ("q", "ctrl+q"):
                self.exit()
            return
        if isinstance(event, events.Paste | events.MouseEvent):
            return
        await super().on_event(event)

    # -- the loop ------------------------------------------------------------------------------------------------

    async def _play(self) -> None:
        try:
            for act in (self._label, self._train, self._read_run, self._try, self._ask, self._look_back):
                await act()
            await self._say("That was the loop: label, train, try, ask. `palate` opens your own.", seconds=3600)
        except DemoEnded as ended:
            await self._say(str(ended), seconds=3600)
        self.exit()

    async def _label(self) -> None:
        await self._say(
            "A program plays, on a workspace of its own that goes at the end. First the model is loaded, and it writes "
            "two answers to a question on science.",
            seconds=2,
        )
        screen = await self._shown(LabelScreen)
        await self._until(lambda: screen.pair is not None)
        await self._say(
            "LABEL. Two answers, and nothing shows who wrote which. 1 or 2 takes the better one. This program likes "
            f"the shorter one, and gives {PAIRS} verdicts.",
            seconds=10,
        )
        for number in range(PAIRS):
            await self._judge(screen, slowly=number < 3)
        await self._say(
            "Every verdict was on the disk before the next pair came. After twenty the line below offers a run: T.",
            seconds=7,
        )

    async def _train(self) -> None:
        await self._press("T")
        await self._shown(TrainScreen)
        await self._say(
            "TRAIN. The pairs that a run learns from, each setting with a sentence, its time and memory. S starts it.",
            seconds=9,
        )
        await self._press("S")
        await self._until(lambda: self.workbench.run_progress is not None or bool(self.workbench.runs()))
        await self._say(
            "The run trains an adapter on the verdicts (DPO). The margin grows as the model learns to tell the chosen "
            "answer from the other one. You could label more pairs in the meantime.",
            seconds=0,
        )
        await self._until(self._run_is_over)
        await self._say("The run is done, and its adapter is in use.", seconds=5)

    def _run_is_over(self) -> bool:
        """Is the end of the newest run recorded? Its progress is not there yet when its row is new."""
        runs = self.workbench.runs()
        return self.workbench.run_progress is None and bool(runs) and runs[0].status != "running"

    async def _read_run(self) -> None:
        await self._press("R")
        await self._shown(RunsScreen)
        await self._say("RUNS. Every run with what it was made with. Enter opens one.", seconds=6)
        await self._press("enter")
        await self._shown(RunScreen)
        await self._say("Its curves, settings, pairs, and the adapter with its lineage.", seconds=8)

    async def _try(self) -> None:
        await self._press("C")
        await self._say(
            "COMPARE. Is it better? Only a blind trial says so, on questions never trained on. N sets one up.",
            seconds=8,
        )
        await self._press("N")
        setup = await self._shown(TrialSetupScreen)
        await self._until(lambda: bool(setup.form.rows))
        for name, value in (("num_prompts", str(TRIAL_QUESTIONS)), ("max_new_tokens", ANSWER_TOKENS)):
            row = setup.form.row(name)
            assert isinstance(row, TextRow)
            row.take(value)
        again = setup.form.row("repeats")
        if isinstance(again, TextRow):
            again.take("0")
        await self._say(f"{TRIAL_QUESTIONS} questions here, to be short; twenty settle a clear difference.", seconds=6)
        await self._press("S")
        screen = await self._shown(TrialScreen)
        await self._say("The names are sealed. The program judges as before.", seconds=3)
        while not screen.row.total or screen.row.judged + screen.row.same < screen.row.total:
            await self._judge(screen, slowly=False)
        await self._until(lambda: screen.check_action("finish", ()) is True)
        await self._press("enter")
        await self._shown(TrialResultScreen)
        await self._say(
            "The result: wins, ties and losses with an interval, and a sentence that claims no more than they show.",
            seconds=12,
        )

    async def _ask(self) -> None:
        await self._press("A")
        screen = await self._shown(AskScreen)
        await self._say("ASK. Any question of one's own: base and tuned answer side by side, names hidden.", seconds=5)
        await self._until(lambda: screen.typing)
        for letter in _ASKED:
            await self._press(letter)
            await asyncio.sleep(0.04 * self._pace)
        await self._press("enter")
        await self._until(lambda: screen.talk.asked is None and screen.talk.prompt is not None)
        await self._press("escape")
        await self._until(lambda: not screen.typing)
        if screen.pair is not None:
            await self._judge(screen, slowly=True, stays=True)
        await self._say("The verdict teaches like any other; w shows who wrote what.", seconds=8)

    async def _look_back(self) -> None:
        await self._press("D")
        await self._shown(DataScreen)
        await self._say(
            "DATA. Every verdict, found by words and filters, and changed; prompts are behind p.", seconds=9
        )

    # -- what the program does -----------------------------------------------------------------------------------

    async def _judge(self, screen: PairScreen, *, slowly: bool, stays: bool = False) -> None:
        """Give the verdict of the program on the pair that is shown."""
        await self._until(lambda: self._is_done(screen) or (screen.shown_pair is not None and screen.can_judge))
        pair = screen.shown_pair
        if pair is None:
            return
        if slowly:
            await self._wait(2.5)
        await self._until(lambda: screen.can_judge)
        before = screen.shown_pair
        await self._press(shorter(pair))
        await self._until(
            lambda: not screen.gate.deciding and (stays or screen.shown_pair is None or screen.shown_pair is not before)
        )

    def _is_done(self, screen: PairScreen) -> bool:
        return isinstance(screen, TrialScreen) and screen.row.done == screen.row.total and screen.shown_pair is None

    async def _press(self, key: str) -> None:
        name = _character_to_key(key) if len(key) == 1 else key
        event = events.Key(name, _CHARACTERS.get(key, key if len(key) == 1 else None))
        self._pressed.append(event)
        self.post_message(event)
        await asyncio.sleep(0.05)

    async def _say(self, words: str, *, seconds: float) -> None:
        """Show a caption, and wait, or until a person continues."""
        self.captions.append(words)
        self._words = Content(words) + Content("\n") + _KEYS
        await self._caption()
        await self._wait(seconds)

    async def _caption(self) -> None:
        """Put the words on the screen that is on top."""
        screen = self.screen
        if not isinstance(screen, PalateScreen):
            return
        try:
            screen.query_one(DemoCaption).update(self._words)
        except NoMatches:
            await screen.mount(DemoCaption(self._words), before=screen.query_one(StatusLine))

    async def _wait(self, seconds: float) -> None:
        self._go_on.clear()
        end = time.monotonic() + seconds * self._pace
        while time.monotonic() < end and not self._go_on.is_set():
            await asyncio.sleep(0.05)

    async def _until(self, true: Callable[[], bool]) -> None:
        """Wait until something is so, however long the machine takes."""
        while not true():
            self._check()
            await asyncio.sleep(0.05)

    async def _shown(self, kind: type[_Kind]) -> _Kind:
        """Wait until a screen of this kind is on top, and put the words on it."""
        await self._until(lambda: isinstance(self.screen, kind) and self.screen.is_mounted)
        await self._caption()
        screen = self.screen
        assert isinstance(screen, kind)
        return screen

    def _check(self) -> None:
        model = self.workbench.model_state
        if model.state is LoadState.FAILED and model.error is not None:
            raise DemoEnded(": ".join(model.error))


def shorter(pair: ComparisonRow) -> str:
    """The key of the program that judges: it likes the shorter answer."""
    first, second = len(pair.first.text), len(pair.second.text)
    return "0" if first == second else "1" if first < second else "2"
