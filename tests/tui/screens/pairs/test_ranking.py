"""Four answers ranked by keys: from the best to the worst, ties, taking back, and what is stored."""

import pytest
from textual.pilot import Pilot

from tests.fake_workbench import FakeWorkbench, comparison
from tests.screens import text_of
from tests.tui.screens.pairs.test_label import label, ready
from tests.waiting import until
from tui.analysis.places import Places
from tui.generation.regenerate import NotYet
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.ranking import RankingScreen
from tui.screens.pairs.verdict_gate import SETTLE_S

TEXTS = ("Air scatters blue light.", "The sea is blue.", "It is **blue**.", "Nobody knows.")


@pytest.fixture
def workbench() -> FakeWorkbench:
    """Two open pairs of one prompt."""
    made = FakeWorkbench(2)
    first = comparison(1, TEXTS[0], TEXTS[1])
    second = comparison(2, TEXTS[2], TEXTS[3], prompt=first.prompt)
    made.rows = {1: first, 2: second}
    return made


async def open_ranking(pilot: Pilot[None], screen: LabelScreen) -> RankingScreen:
    await ready(pilot, screen, 1)
    await pilot.press("4")
    await until(pilot, lambda: isinstance(pilot.app.screen, RankingScreen))
    ranking = pilot.app.screen
    assert isinstance(ranking, RankingScreen)
    await until(pilot, lambda: ranking._painted_at is not None)
    await pilot.pause(SETTLE_S + 0.05)
    return ranking


def test_places_by_hand() -> None:
    places = Places(4).put(2).put(0).put(0)  # an answer has one place
    assert places.ranks == {2: 1, 0: 2}
    assert places.put(3, beside=True).ranks == {2: 1, 0: 2, 3: 2, 1: 4}  # one is left, and is the last
    assert places.put(3).ranks == {2: 1, 0: 2, 3: 3, 1: 4}
    assert places.put(3, beside=True).take_back() == places
    assert Places(4).put(1, beside=True).ranks == {1: 1}  # nothing is before it
    assert not Places(4).put(1).decides
    assert Places(4).put(9).order == ()
    assert Places(3).put(1).ranks == {1: 1}


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_four_answers_are_ranked_and_stored(workbench: FakeWorkbench, size: tuple[int, int]) -> None:
    async with label(workbench, size) as (pilot, screen):
        await open_ranking(pilot, screen)
        seen = text_of(pilot.app)
        assert "Press the best answer's number first" in seen
        assert "Air scatters blue" in seen
        assert "Nobody knows." in seen
        await pilot.press("3", "1", "backspace", "2", "equals_sign", "4")
        assert "place 1" in text_of(pilot.app)
        assert "enter saves" in text_of(pilot.app)
        await pilot.press("enter")
        await until(pilot, lambda: workbench.ranked and isinstance(pilot.app.screen, LabelScreen))
        ((pairs, answers, ranks, layout, seconds),) = workbench.ranked
        assert pairs == [1, 2]
        assert ranks == {answers[2]: 1, answers[1]: 2, answers[3]: 2, answers[0]: 4}
        assert layout == ("grid" if size[0] == 120 else "stacked")
        assert seconds > 0


async def test_leaving_stores_nothing_and_one_place_is_no_ranking(workbench: FakeWorkbench) -> None:
    async with label(workbench) as (pilot, screen):
        await open_ranking(pilot, screen)
        await pilot.press("1", "enter")
        assert isinstance(pilot.app.screen, RankingScreen)
        await pilot.press("escape")
        await ready(pilot, screen, 1)
        assert workbench.ranked == []


async def test_a_key_from_before_the_answers_were_painted_gives_no_place(workbench: FakeWorkbench) -> None:
    async with label(workbench) as (pilot, screen):
        ranking = await open_ranking(pilot, screen)
        ranking._painted_at = pilot.app.key_pressed_at + 1000
        await pilot.press("1", "2")
        assert ranking._places.order == ()


async def test_while_the_model_loads_no_answers_are_said_to_be_written(workbench: FakeWorkbench) -> None:
    class Loading:
        def write(self, _prompt: object) -> None:
            raise NotYet("The model is still being loaded. Try again once it is ready.")

    workbench.rows = {1: workbench.rows[1]}
    workbench.new_answers = Loading()  # type: ignore[attr-defined]
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("4")
        await until(pilot, lambda: any("still being loaded" in each.message for each in pilot.app._notifications))
        assert "being written" not in text_of(pilot.app)
