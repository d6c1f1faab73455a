"""The Data screen: the list, its filter, the opened pair, files in and out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from textual.pilot import Pilot

from db.pair_rows import VerdictCounts
from db.prompt_rows import PromptSetRow
from tests.fake_workbench import FakeWorkbench, comparison, prompt
from tests.waiting import until
from tui.app import PalateApp
from tui.curation.verdict_list import PAGE
from tui.screens.data.data import DataScreen, counts_line, sets_line
from tui.screens.pairs.verdict import VerdictScreen
from tui.widgets.lists.verdict_list import VerdictList

SIZE = (120, 40)


def judged(number: int) -> FakeWorkbench:
    workbench = FakeWorkbench(number)
    for each in range(1, number + 1):
        workbench.labelling.judge(each, "a", side="left", layout="side", seconds=14.0)
    return workbench


@asynccontextmanager
async def data(
    workbench: FakeWorkbench, size: tuple[int, int] = SIZE
) -> AsyncIterator[tuple[Pilot[None], DataScreen, VerdictList]]:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and app.screen.query(VerdictList))
        yield pilot, cast(DataScreen, app.screen), app.screen.query_one(VerdictList)


def told(app: PalateApp) -> list[str]:
    return [f"{notice.title}: {notice.message}" for notice in app._notifications]


# -- the list --------------------------------------------------------------------------------------------------


async def test_the_list_is_newest_first_and_told_in_columns() -> None:
    async with data(judged(3)) as (pilot, _screen, verdicts):
        await until(pilot, lambda: verdicts.option_count == 3)
        lines = [str(option.prompt) for option in verdicts.options]
    assert ["ice" in lines[0], "weather" in lines[1], "leaves" in lines[2]] == [True, True, True]
    assert lines[2].split("  ")[-2:] == ["Why do leaves change colour in autumn?", "biology · science"]
    assert " better " in lines[2]
    assert " 14 s " in lines[2]


async def test_it_is_read_in_pages_as_one_goes_down() -> None:
    workbench = judged(2 * PAGE + 5)
    async with data(workbench) as (pilot, _screen, verdicts):
        await until(pilot, lambda: verdicts.option_count == PAGE)
        await pilot.press("end")
        await until(pilot, lambda: verdicts.option_count == 2 * PAGE)
        await pilot.press("end")
        await until(pilot, lambda: verdicts.option_count == 2 * PAGE + 5)
        await pilot.press("end")
        await pilot.pause()
        ids = [option.id for option in verdicts.options]
    assert ids == [str(number) for number in range(2 * PAGE + 5, 0, -1)]


async def test_the_filter_follows_every_key_and_escape_takes_it_off() -> None:
    async with data(judged(8)) as (pilot, screen, verdicts):
        await until(pilot, lambda: verdicts.option_count == 8)
        await pilot.press("slash", "i", "c", "e")
        await until(pilot, lambda: verdicts.option_count == 1)
        await pilot.press("z")
        await until(pilot, lambda: screen.query_one("#nothing").display)
        await pilot.press("escape")
        await until(pilot, lambda: verdicts.option_count == 8 and verdicts.has_focus)
        assert not screen.query_one("#nothing").display


async def test_an_empty_list_says_what_to_press() -> None:
    async with data(FakeWorkbench()) as (pilot, screen, _verdicts):
        await until(pilot, lambda: "Press L" in str(screen.query_one("#nothing").render()))


async def test_hostile_text_is_only_text() -> None:
    evil = "[/] [bold \x1b[2J\x07 \u202ertl [@click=app.quit]x[/]"
    workbench = FakeWorkbench(0)
    workbench.rows[1] = comparison(1, evil, evil, prompt=prompt(1, text=evil, set_name="[/]\x1b"))
    workbench.sets.append(PromptSetRow(3, "[/] \x1b[2J", False, "2026-03-02T14:10:00+00:00", 1))
    workbench.labelling.judge(1, "a", side="left", layout="side", seconds=3.0, note=evil)
    async with data(workbench) as (pilot, screen, verdicts):
        await until(pilot, lambda: verdicts.option_count == 1)
        assert "[/] [bold ␛[2J␇ ⟨202E⟩rtl [@click=app.quit]x[/]" in str(verdicts.options[0].prompt)
        assert "[/] ␛[2J" in str(screen.query_one("#sets").render())
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.app.screen, VerdictScreen))
        await until(pilot, lambda: "[/] [bold ␛[2J" in str(screen.app.screen.query_one("#history").render()))


async def test_a_verdict_stored_meanwhile_appears() -> None:
    workbench = judged(2)
    async with data(workbench) as (pilot, _screen, verdicts):
        await until(pilot, lambda: verdicts.option_count == 2)
        await pilot.press("down")
        workbench.rows[9] = comparison(9)
        workbench.labelling.judge(9, "tie", side=None, layout="none", seconds=None)
        await until(pilot, lambda: verdicts.option_count == 3)
        assert verdicts.highlighted_option is not None
        assert verdicts.highlighted_option.id == "1"


# -- an opened pair --------------------------------------------------------------------------------------------


async def opened(pilot: Pilot[None], screen: DataScreen) -> VerdictScreen:
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(screen.app.screen, VerdictScreen))
    pair = cast(VerdictScreen, screen.app.screen)
    await until(pilot, lambda: pair.query("#history") and str(pair.query_one("#history").render()))
    return pair


async def test_an_opened_pair_names_answers_and_verdict() -> None:
    workbench = FakeWorkbench(2)
    workbench.labelling.judge(
        2, "b", strength=2, side="left", layout="side", seconds=14.0
    )  # 2 is flipped: b stands left
    async with data(workbench) as (pilot, screen, verdicts):
        await until(pilot, lambda: verdicts.option_count == 1)
        pair = await opened(pilot, screen)
        titles = [str(pair.view.pane(name)._words_above) for name in ("first", "second")]
        assert titles == ["1 · smollm2-135m-instruct ✓", "2 · smollm2-135m-instruct"]
        assert str(pair.view.pane("prompt")._words_below) == "left is much better"
        assert str(pair.query_one("#history").render()).endswith("left is much better · 14 s · blind")
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)


async def test_judging_anew_is_added_and_marked_as_not_blind() -> None:
    workbench = judged(1)
    async with data(workbench) as (pilot, screen, verdicts):
        await until(pilot, lambda: verdicts.option_count == 1)
        pair = await opened(pilot, screen)
        await pilot.press("2")  # pressed before anybody could read: dropped
        await until(pilot, lambda: "too early" in str(pair.view.pane("prompt")._words_below))
        assert len(workbench.judged_with) == 1
        await until(pilot, lambda: pair.can_judge)
        await pilot.press("2")
        await until(pilot, lambda: str(pair.view.pane("prompt")._words_below) == "right is better")
        history = str(pair.query_one("#history").render()).splitlines()
        assert ["names shown" in line for line in history] == [True, False]
    assert [row.verdict for row in workbench.verdicts] == ["a", "b"]
    assert [row.blind for row in workbench.verdicts] == [True, False]
    assert workbench.verdicts[1].seconds is None


async def test_stacked_panes_say_first_and_second() -> None:
    async with data(judged(1), (80, 24)) as (pilot, screen, verdicts):
        await until(pilot, lambda: verdicts.option_count == 1)
        pair = await opened(pilot, screen)
        assert str(pair.view.pane("prompt")._words_below) == "first is better"


# -- words -----------------------------------------------------------------------------------------------------


def test_counts_leave_out_what_does_not_occur() -> None:
    assert counts_line(VerdictCounts(0, 0, 0, 0, 0, 0, 0, None)) == "0 verdicts · 0 pairs"
    some = VerdictCounts(3, 41, 31, 1, 5, 2, 0, 14.0, 4)
    assert counts_line(some) == "41 verdicts · 31 pairs · 1 tie · 5 both bad · 4 both good · 2 skipped"


def test_sets_say_what_they_are_for() -> None:
    lines = sets_line(FakeWorkbench().sets).plain.splitlines()
    assert [line.split() for line in lines] == [
        ["science", "200", "prompts", "for", "labelling"],
        ["science,", "held", "out", "80", "prompts", "held", "out", "for", "trials"],
    ]
    assert "Press i" in sets_line([]).plain
