"""Groups of actions: a screen can do what its keys promise, whichever object does it."""

from collections.abc import Iterator

from db.pair_rows import Disagreement
from tests.fake_workbench import FakeWorkbench, comparison, run_row
from tui.app import PalateApp
from tui.generation.prompt_growth import GrowthRequest
from tui.screens.actions import Actions
from tui.screens.ask.ask import AskScreen
from tui.screens.ask.conversation_actions import ConversationScreen
from tui.screens.base import PalateScreen
from tui.screens.compare.board import BoardScreen
from tui.screens.compare.compare import CompareScreen
from tui.screens.compare.judges import JudgesScreen
from tui.screens.compare.side_by_side import SideBySideScreen
from tui.screens.compare.trial import TrialScreen
from tui.screens.compare.trial_pair import TrialPairScreen
from tui.screens.compare.trial_result import TrialResultScreen
from tui.screens.compare.trial_setup import TrialSetupScreen
from tui.screens.data.data import DataScreen
from tui.screens.data.grow import GrowScreen
from tui.screens.data.joining import SettleScreen
from tui.screens.data.preferences import PreferencesScreen
from tui.screens.data.prompts import PromptsScreen
from tui.screens.key_registry import bindings_of, key_classes
from tui.screens.models import ModelsScreen
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.pair_screen import PairScreen
from tui.screens.pairs.ranking import RankingScreen
from tui.screens.pairs.review import ReviewScreen
from tui.screens.pairs.verdict import VerdictScreen
from tui.screens.runs.overlay import RunOverlayScreen
from tui.screens.runs.run import RunScreen
from tui.screens.runs.runs import RunsScreen
from tui.screens.runs.samples import SamplesScreen
from tui.screens.runs.train import TrainScreen
from tui.screens.servers import ServersScreen
from tui.screens.settings import SettingsScreen


def every_screen() -> Iterator[PalateScreen]:
    yield from (LabelScreen(), VerdictScreen(1), ReviewScreen([(1, "")]), TrialScreen(1), TrialSetupScreen("a", "base"))
    yield from (CompareScreen(), BoardScreen(), SideBySideScreen(1), TrialPairScreen(1, [1], 0), TrialResultScreen(1))
    yield from (TrainScreen(), RunsScreen(), RunScreen(1), RunOverlayScreen([1, 2]))
    yield SamplesScreen(run_row(1, "taste-1"), "runs")
    yield from (DataScreen(), PromptsScreen(), PreferencesScreen(), SettingsScreen("label"), AskScreen())
    yield from (ServersScreen("label"), JudgesScreen("label"), ModelsScreen("label"))
    pair = comparison(1)
    yield from (RankingScreen([pair], [pair.a, pair.b]), SettleScreen([Disagreement(1, "a", (("person:Ben", "b"),))]))
    yield GrowScreen(GrowthRequest("science"), 1)


async def test_a_screen_can_do_what_its_keys_promise() -> None:
    async with PalateApp(FakeWorkbench()).run_test():
        screens = list(every_screen())
    made = {type(screen) for screen in screens}
    bases = {PalateScreen, PairScreen, ConversationScreen}
    assert made == {each for each in key_classes() if issubclass(each, PalateScreen)} - bases
    for screen in screens:
        for binding in bindings_of(type(screen)):
            assert callable(getattr(screen, f"action_{binding.action.partition('(')[0]}", None)), (screen, binding)


async def test_a_screen_does_what_a_group_does_unless_its_own_class_does_it() -> None:
    class Group(Actions):
        def action_one(self) -> str:
            return "the group's"

        def action_two(self) -> str:
            return "the group's"

        def enabled(self, action: str, parameters: tuple[object, ...]) -> bool | None:
            return None if (action, parameters) == ("one", (1,)) else True

    class Own(PalateScreen):
        def action_two(self) -> str:
            return "its own"

    async with PalateApp(FakeWorkbench()).run_test():
        screen = Own()
        screen.take_actions(Group())
    assert screen.action_one() == "the group's"  # type: ignore[attr-defined]
    assert screen.action_two() == "its own"
    assert [screen.check_action("one", each) for each in ((1,), ())] == [None, True]
