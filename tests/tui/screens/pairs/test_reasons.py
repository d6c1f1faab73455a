"""`.`: reasons for the verdict just given, and what a lost `.` costs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from db.tags import tags_of
from tests.label_pairs import fill
from tests.screens import text_of
from tests.still_workbench import StillWorkbench
from tests.tui.screens.pairs.test_label import label, note, ready
from tests.waiting import until
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.reason_line import DIGITS, MORE_DIGITS, ReasonLine
from tui.screens.pairs.reason_list import ReasonList, edit_reasons

TEN = ("correct", "clear", "shorter", "tone", "format", "made up", "seven", "eight", "nine", "ten")


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    fill(tmp_path / "space", 6, words=20)
    made = StillWorkbench(tmp_path / "space")
    yield made
    made.close()


def judged(workbench: StillWorkbench) -> list[tuple[int, str, tuple[str, ...]]]:
    """Each verdict that stands: its pair, what it says, and its reasons."""
    rows = workbench.data.page("")
    reasons = tags_of(workbench.workspace.connection, [row.id for row in rows])
    return [(row.comparison, row.verdict, reasons.get(row.id, ())) for row in reversed(rows)]


async def line_is_open(pilot: Pilot[None], screen: LabelScreen) -> None:
    await until(pilot, lambda: isinstance(screen.app.screen, ReasonLine) and screen.app.screen.is_mounted)


async def test_reasons_are_given_by_digits_and_taken_back_with_the_verdict(workbench: StillWorkbench) -> None:
    async with label(workbench, (80, 24)) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await ready(pilot, screen, 2)
        await pilot.press("full_stop", "3", "6", "5", "5")
        await line_is_open(pilot, screen)
        assert "first better" in text_of(screen.app)
        assert "3✓correct  5 clear  6✓shorter" in text_of(screen.app)
        await pilot.press("enter")
        await until(pilot, lambda: "why: correct, shorter" in note(screen))
        assert judged(workbench) == [(1, "a", ("correct", "shorter"))]
        await ready(pilot, screen, 2)
        await pilot.press("2")
        await ready(pilot, screen, 3)
        await pilot.press("full_stop", "space", "7", "enter")  # those of last time, and one more
        await until(pilot, lambda: "tone" in note(screen))
        assert judged(workbench)[1][2] == ("correct", "shorter", "tone")
        await ready(pilot, screen, 3)
        await pilot.press("u")
        await ready(pilot, screen, 2)
        assert workbench.reasons.counts() == {"correct": 1, "shorter": 1}
        await pilot.press("full_stop")
        await line_is_open(pilot, screen)
        assert "There is no verdict to give a reason for." in text_of(screen.app)


async def test_the_line_takes_every_key_and_esc_leaves_all_as_it_was(workbench: StillWorkbench) -> None:
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        # Typed before a verdict, and at once: the line opens first and takes them all.
        await pilot.press("full_stop", "1", "2", "0", "x", "s", "u", "X", "plus", "L", "q", "escape")
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await ready(pilot, screen, 2)
        await pilot.press("full_stop", "3", "1", "x", "u", "0", "4", "s", "question_mark", "T", "escape")
        await ready(pilot, screen, 2)
    assert judged(workbench) == [(1, "a", ())]


@pytest.mark.parametrize("words", [TEN[:6], TEN])
async def test_a_lost_full_stop_costs_a_reason_and_never_a_verdict(
    workbench: StillWorkbench, words: tuple[str, ...]
) -> None:
    for word in set(words) - set(workbench.reasons.offered()):
        workbench.reasons.add(word)
    typed = [["full_stop", digit, "enter"] for digit in DIGITS]
    typed += [["full_stop", "full_stop", digit, "enter"] for digit in MORE_DIGITS]
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await ready(pilot, screen, 2)
        for keys in typed:
            await pilot.press(*keys[1:])  # the first full stop never arrived
            await until(pilot, lambda: screen.is_active)
            await ready(pilot, screen, 2)
    assert judged(workbench) == [(1, "a", ())]


async def test_ten_reasons_have_ten_digits(workbench: StillWorkbench) -> None:
    for word in TEN[6:]:
        workbench.reasons.add(word)
    async with label(workbench, (80, 24)) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await ready(pilot, screen, 2)
        await pilot.press("full_stop", "9", "1", "4")
        await line_is_open(pilot, screen)
        assert ".1 seven  .2 eight  .4 nine  .0 ten" in " ".join(text_of(screen.app).split("\n"))
        await pilot.press("full_stop", "1", "0", "enter")
        await until(pilot, lambda: judged(workbench)[0][2] == ("made up", "seven", "ten"))


async def test_a_reason_typed_while_the_verdict_is_saved_belongs_to_it(workbench: StillWorkbench) -> None:
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("x", "full_stop", "5", "enter")
        await until(pilot, lambda: judged(workbench) == [(1, "both_bad", ("clear",))])
        await ready(pilot, screen, 2)


async def test_the_reasons_of_an_earlier_pair_are_changed(workbench: StillWorkbench) -> None:
    async with label(workbench) as (pilot, screen):
        for pair in (1, 2):
            await ready(pilot, screen, pair)
            await pilot.press("1", "full_stop", "3", "enter")
            await until(pilot, lambda pair=pair: len(judged(workbench)) == pair and judged(workbench)[-1][2])
        await ready(pilot, screen, 3)
        await pilot.press("p", "p")
        await ready(pilot, screen, 1)
        await pilot.press("full_stop")
        await line_is_open(pilot, screen)
        assert "3✓correct" in text_of(screen.app)
        await pilot.press("3", "5", "enter")
        await until(pilot, lambda: judged(workbench) == [(1, "a", ("clear",)), (2, "a", ("correct",))])


async def test_the_list_is_edited_above_any_other_window(workbench: StillWorkbench) -> None:
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        edit_reasons(screen)
        edit_reasons(screen)  # as two keys in one moment did
        await until(pilot, lambda: isinstance(screen.app.screen, ReasonList) and "3  correct" in text_of(screen.app))
        first, *_ = workbench.reasons.offered()
        await pilot.press("J")
        await until(pilot, lambda: workbench.reasons.offered()[1] == first)


async def test_the_list_is_edited_from_the_line_and_from_data(workbench: StillWorkbench) -> None:
    async with label(workbench, (80, 24)) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("full_stop", "e")
        await until(pilot, lambda: isinstance(screen.app.screen, ReasonList) and "3  correct" in text_of(screen.app))
        await pilot.press("J", "x", "a")
        await until(pilot, lambda: "Add a reason" in text_of(screen.app))
        await pilot.press(*"warm", "enter")
        await until(pilot, lambda: "warm" in text_of(screen.app))
        assert workbench.reasons.offered() == ["clear", "shorter", "tone", "format", "made up", "warm"]
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        await pilot.press("D", "r")
        await until(pilot, lambda: isinstance(screen.app.screen, ReasonList))
