"""Judging a blind trial: nothing leaks, nothing is lost, and the result page says what was judged."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from db import blind_trials as db_blind
from db import trials as db_trials
from tests.screens import text_of, until, until_shown
from tests.still_workbench import StillWorkbench
from tui.analysis.bradley_terry import Board, Strength
from tui.analysis.paired_comparison import Tally
from tui.app import PalateApp
from tui.events import WorkbenchFailed
from tui.screens.compare.compare import CompareScreen, trial_line
from tui.screens.compare.trial import TrialScreen
from tui.screens.compare.trial_pair import TrialPairScreen
from tui.screens.compare.trial_result import TrialResultScreen
from tui.screens.pairs.verdict import VerdictScreen
from tui.trials.results import Meeting, TrialBoard

SIZES = [(80, 24), (120, 40)]
FLIPPED, STRAIGHT = 1, 2
"""Side seeds that show b first, and a first."""


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    made = StillWorkbench(tmp_path / "space")
    yield made
    made.close()


@asynccontextmanager
async def judging(
    workbench: StillWorkbench, trial: int, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], PalateApp]]:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        app.push_screen(TrialScreen(trial))
        await until(pilot, lambda: isinstance(app.screen, TrialScreen) and app.screen.is_current)
        yield pilot, app


async def ready(pilot: Pilot[None], app: PalateApp, pair: int | None = None) -> None:
    def is_ready() -> bool:
        screen = app.screen
        shown = isinstance(screen, TrialScreen) and screen.pair is not None and screen.can_judge
        return shown and (pair is None or screen.pair.id == pair)

    await until(pilot, is_ready)


def verdicts(workbench: StillWorkbench, trial: int) -> list[str | None]:
    pairs = workbench.trial_comparisons(trial)
    return [each.standing.verdict if each.standing else None for each in pairs]


# -- leaks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_painted_does_not_depend_on_who_wrote_what(tmp_path: Path, size: tuple[int, int]) -> None:
    """The same two texts on the same sides, once the left one by the base and once by the adapter: equal screens.

    Styles too, not only characters; and other token counts, seeds and times make no difference either.
    """
    painted = []
    for name, side_seed, base, tuned, tokens in (
        ("one", STRAIGHT, "This text is shown left.", "That text is shown right.", 7),
        ("two", FLIPPED, "That text is shown right.", "This text is shown left.", 300),
    ):
        workbench = StillWorkbench(tmp_path / name)
        trial = workbench.begin(2)
        pair = workbench.answer(trial, base, tuned, side_seed=side_seed, tokens=tokens)
        workbench.answer(trial)
        async with judging(workbench, trial, size) as (pilot, app):
            await ready(pilot, app, pair)
            screens = [[list(strip) for strip in app.screen._compositor.render_strips()]]
            for key in ("m", "z", "tab", "z", "question_mark"):
                await pilot.press(key)
                await pilot.pause()
                screens.append([list(strip) for strip in app.screen._compositor.render_strips()])
            assert "shown left" in text_of(app) or key == "question_mark"
        painted.append(screens)
        workbench.close()
    assert painted[0] == painted[1]


@pytest.mark.parametrize("size", SIZES)
async def test_no_name_length_or_time_is_shown_before_the_end(workbench: StillWorkbench, size: tuple[int, int]) -> None:
    trial = workbench.begin(3, repeats=1)
    for _ in range(3):
        workbench.answer(trial, tokens=1234)
    seen = []
    async with judging(workbench, trial, size) as (pilot, app):
        for key in ("1", "2", "0", "1"):
            await ready(pilot, app)
            seen.append(text_of(app))
            await pilot.press(key)
        await until_shown(pilot, "Every pair is judged")
        seen.append(text_of(app))
    for each in seen:
        panes = "\n".join(
            each.splitlines()[1:-2]
        )  # without the top line, which tells what is loaded, and the lines below
        for word in ("taste-3", "smollm2", "base", "1234", "token", " s ", "adapter", "won", "lost"):
            assert word not in panes.replace("The base says this", ""), (word, each)


async def test_answers_that_are_being_written_are_not_shown(workbench: StillWorkbench) -> None:
    from tui.events import AnswersGrowing

    trial = workbench.begin(1)
    async with judging(workbench, trial) as (pilot, app):
        growing = AnswersGrowing(workbench.comparison(labelled(workbench)).prompt, ("half an answer", "another half"))
        workbench._publish(growing)
        await pilot.pause()
        assert "half" not in text_of(app)
        assert workbench.blind_trials.next(trial) is None


def labelled(workbench: StillWorkbench) -> int:
    """A comparison of another trial, for its prompt."""
    other = workbench.begin(1)
    return workbench.answer(other)


def test_sealed_verdicts_cannot_be_looked_up_in_data(workbench: StillWorkbench) -> None:
    trial = workbench.begin(1)
    pair = workbench.answer(trial)
    workbench.labelling.judge(pair, "b", side="left").result(timeout=60)
    assert workbench.data.page() == []
    workbench.blind_trials.open(trial).result(timeout=60)
    assert len(workbench.data.page()) == 1


# -- judging ---------------------------------------------------------------------------------------------------


async def test_keys_sides_notes_and_undo_are_those_of_label(workbench: StillWorkbench) -> None:
    trial = workbench.begin(4)
    one, two, three, _ = (workbench.answer(trial, side_seed=seed) for seed in (STRAIGHT, FLIPPED, STRAIGHT, STRAIGHT))
    async with judging(workbench, trial) as (pilot, app):
        await ready(pilot, app, one)
        assert "prompt 1 of 4" in text_of(app)
        await pilot.press("c")
        await until_shown(pilot, "Kept with this pair")
        await pilot.press(*"tides", "enter")
        await ready(pilot, app, one)
        await pilot.press("1")
        await ready(pilot, app, two)
        assert "prompt 2 of 4" in text_of(app)
        await pilot.press("exclamation_mark")
        await ready(pilot, app, three)
        await pilot.press("u")
        await ready(pilot, app, two)
        await pilot.press("2")
        await ready(pilot, app, three)
        await pilot.press("s")
        await ready(pilot, app)
        await pilot.press("x")
        await ready(pilot, app, three)
        await pilot.press("0")
        await until_shown(pilot, "Every pair is judged")
    assert verdicts(workbench, trial) == ["a", "a", "tie", "both_bad"]
    assert workbench.comparison_notes(trial) == {one: "tides"}
    standing = workbench.comparison(two).standing
    assert standing is not None
    assert (standing.side, standing.layout, standing.blind) == ("right", "side", True)
    assert standing.seconds is not None


async def test_a_key_that_comes_too_early_judges_nothing(workbench: StillWorkbench) -> None:
    trial = workbench.begin(3)
    for _ in range(3):
        workbench.answer(trial)
    async with judging(workbench, trial) as (pilot, app):
        await ready(pilot, app)
        await pilot.press("1", "1", "1")
        await ready(pilot, app)
        assert sum(each is not None for each in verdicts(workbench, trial)) == 1


async def test_it_waits_for_answers_and_goes_on_where_it_was_left(workbench: StillWorkbench) -> None:
    trial = workbench.begin(2)
    async with judging(workbench, trial) as (pilot, app):
        await until_shown(pilot, "appear here by themselves")
        assert "(an empty answer)" not in text_of(app)  # no panes without a pair
        first = workbench.answer(trial)
        await ready(pilot, app, first)
        await pilot.press("1")
        await until_shown(pilot, "appear here by themselves")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await until_shown(pilot, "‖ base · taste-3")
        assert "sealed, 1 of 2 judged" in text_of(app)
    second = workbench.answer(trial)
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "sealed, 1 of 2 judged")
        await pilot.press("end", "down", "enter")
        await ready(pilot, app, second)


async def test_a_broken_seal_is_asked_for_and_recorded(workbench: StillWorkbench) -> None:
    trial = workbench.begin(3)
    for _ in range(3):
        workbench.answer(trial)
    async with judging(workbench, trial) as (pilot, app):
        await ready(pilot, app)
        await pilot.press("1")
        await ready(pilot, app)
        await pilot.press("B")
        await until_shown(pilot, "1 of 3 pairs are judged")
        await pilot.press("escape")
        await ready(pilot, app)
        assert workbench.trial(trial).sealed
        await pilot.press("B")
        await until_shown(pilot, "break the seal")
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, TrialResultScreen))
        await until_shown(pilot, "seal broken after 1 verdict")
    assert workbench.trial(trial).status == "stopped"


async def test_it_offers_the_result_once_it_is_settled(workbench: StillWorkbench) -> None:
    trial = workbench.begin(16, may_end_early=True)
    for _ in range(16):
        workbench.answer(trial, side_seed=STRAIGHT)
    for _ in range(12):
        pair = workbench.blind_trials.next(trial)
        assert pair is not None
        workbench.labelling.judge(pair.id, "b", side="right").result(timeout=60)
    async with judging(workbench, trial) as (pilot, app):
        await ready(pilot, app)
        await pilot.press("2")
        await until_shown(pilot, "looking early.")
        await pilot.press("g")
        await ready(pilot, app)
        await pilot.press("2")
        await ready(pilot, app)
        assert verdicts(workbench, trial).count("b") == 14, "it asks once"
        await pilot.press("5", "enter")  # a reason whose full stop got lost
        await until_shown(pilot, "Pairs are still to be judged.")
        assert not workbench.trial(trial).opened
        await pilot.press("g")
        await ready(pilot, app)
        await pilot.press("full_stop", "5", "enter")
        await until(pilot, lambda: workbench.reasons.counts() == {} and "why: clear" in text_of(app))
        await pilot.press("enter")
        await until_shown(pilot, "Pairs are still to be judged.")
        await pilot.press("r")
        await until_shown(pilot, "taste-3 is better than smollm2-135m-instruct.")
        assert "of the 1 for clear: 1 won · 0 tied · 0 lost" in text_of(app)


# -- afterwards ------------------------------------------------------------------------------------------------


def judged(workbench: StillWorkbench) -> int:
    """An opened trial: won, lost, tied, the same, in this order."""
    trial = workbench.begin(4)
    for verdict in ("b", "a", "tie"):
        workbench.labelling.judge(workbench.answer(trial), verdict, side="left").result(timeout=60)
    workbench.answer(trial, "The very same.", "The very same.")
    workbench.blind_trials.open(trial).result(timeout=60)
    return trial


@pytest.mark.parametrize("size", SIZES)
async def test_the_result_page(workbench: StillWorkbench, size: tuple[int, int]) -> None:
    trial = judged(workbench)
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "✓ base · taste-3")
        app.push_screen(TrialResultScreen(trial))
        await until_shown(pilot, "1 won · 2 tied · 1 lost")
        shown = text_of(app)
        assert "Not settled: taste-3 and smollm2-135m-instruct are too close" in shown
        assert "win rate 50 %, 95 % interval" in shown
        assert "1 of 4 pairs, counted as ties" in shown
        lines = [line for line in shown.splitlines() if line.strip().startswith(("× lost", "✓ won", "= tied"))]
        assert lines[0].strip().startswith("× lost"), "lost ones first"
        assert len(lines) >= 3
        await pilot.press("f")
        await until_shown(pilot, "1 comparison: lost")
        await pilot.press("c")
        await until_shown(pilot, "Kept with this trial")
        await pilot.press(*"later", "enter")
        await until_shown(pilot, "note  later")
        await pilot.press("c", *["backspace"] * 5, "enter")
        await until(pilot, lambda: "note  later" not in text_of(app) and app.screen.is_current)
        await until(pilot, lambda: workbench.trial(trial).note == "")


async def test_a_note_on_a_trial_s_comparison_is_taken_off_by_an_empty_line(workbench: StillWorkbench) -> None:
    trial = judged(workbench)
    pair = workbench.trial_comparisons(trial)[0].id
    workbench.blind_trials.note_comparison(pair, "tides").result(timeout=60)
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        app.push_screen(TrialPairScreen(trial, [pair], 0))
        await until_shown(pilot, " · tides")
        await pilot.press("c", *["backspace"] * 5, "enter")
        await until(pilot, lambda: workbench.comparison_notes(trial) == {})


async def test_a_lost_prompt_is_moved_into_labelling_only_when_it_is_said(workbench: StillWorkbench) -> None:
    trial = judged(workbench)
    assert workbench.counts().decisive == 0
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        app.push_screen(TrialResultScreen(trial))
        await until_shown(pilot, "4 comparisons: all, lost first")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TrialPairScreen))
        await until_shown(pilot, "you chose smollm2-135m-instruct")
        assert "taste-3" in text_of(app)
        await pilot.press("c")
        await until_shown(pilot, "Kept with this comparison")
        await pilot.press(*"wrong", "enter")
        await until_shown(pilot, "wrong")
        await pilot.press("M")
        await until_shown(pilot, "not held out any more")
        await pilot.press("escape")
        assert workbench.moved_prompts(trial) == []
        await pilot.press("M")
        await until_shown(pilot, "not held out any more")
        await pilot.press("m")
        await until_shown(pilot, "moved into from trials")
        await pilot.press("n")
        await until_shown(pilot, "a tie")
        await pilot.press("escape")
        await until_shown(pilot, "1 prompt moved into labelling since")
    assert workbench.counts().decisive == 1
    assert [(each.name, each.held_out, each.prompts) for each in workbench.prompt_sets()][1:] == [
        ("science, held out", True, 79),
        ("from trials", False, 1),
    ]


async def test_a_pair_judged_first_after_the_names_is_left_out(workbench: StillWorkbench) -> None:
    trial = workbench.begin(2)
    won, late = (workbench.answer(trial) for _ in range(2))
    workbench.labelling.judge(won, "b", side="left").result(timeout=60)
    workbench.blind_trials.open(trial).result(timeout=60)
    workbench.labelling.judge(late, "a", side="left").result(timeout=60)
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        app.push_screen(TrialResultScreen(trial))
        await until_shown(pilot, "1 judged after names were shown")
        assert "1 won · 0 tied · 0 lost" in text_of(app)


async def test_a_blind_verdict_of_an_opened_trial_stays_and_the_screen_says_so(workbench: StillWorkbench) -> None:
    trial = judged(workbench)
    won = workbench.trial_comparisons(trial)[0]
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = VerdictScreen(won.id)
        app.push_screen(screen)
        await until(pilot, lambda: screen.is_current and screen.can_judge)
        await pilot.press("0")
        await until(pilot, lambda: any("was judged blind" in each.message for each in app._notifications))
        assert screen.is_current
    assert verdicts(workbench, trial)[:3] == ["b", "a", "tie"]
    assert workbench.comparison(won.id).standing == won.standing


async def test_untrusted_text_stays_text(workbench: StillWorkbench) -> None:
    trial = workbench.begin(1)
    pair = workbench.answer(trial, "[/]\x1b[2J", "[bold")
    workbench.blind_trials.note_comparison(pair, "[/x]\x1b").result(timeout=60)
    workbench.blind_trials.note(trial, "[/y]\x1b").result(timeout=60)
    async with judging(workbench, trial) as (pilot, app):
        await ready(pilot, app, pair)
        await pilot.press("1")
        await until_shown(pilot, "Every pair is judged")
        await pilot.press("enter")
        await until_shown(pilot, "[/y]␛")
        assert "[/x]␛" in text_of(app)
        assert "\x1b" not in text_of(app)


# -- nothing to judge ------------------------------------------------------------------------------------------


async def test_a_trial_that_loses_all_its_prompts_says_that_it_is_over(workbench: StillWorkbench) -> None:
    trial = workbench.begin(1)
    ((prompt, _),) = db_blind.missing_answers(workbench.workspace.connection, trial, 9)
    async with judging(workbench, trial) as (pilot, app):
        workbench.workspace.write(db_trials.leave_out, trial, [prompt.id]).result()
        workbench.blind_trials._publish_progress(trial)
        await until_shown(pilot, "This trial is over")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("B")
        await until_shown(pilot, "No trial was opened yet.")


# -- setting up, and the board ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
async def test_the_board_before_and_after_three_have_met(workbench: StillWorkbench, size: tuple[int, int]) -> None:
    from tui.screens.compare.board import BoardScreen

    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("B")
        await until(pilot, lambda: isinstance(app.screen, BoardScreen))
        await until_shown(pilot, "No trial was opened yet.")
        judged(workbench)
        await until_shown(pilot, "1 won · 2 tied · 1 lost")
        assert "Strengths are shown once three policies have met." in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))


def test_a_board_stays_in_its_columns_where_it_is_narrow() -> None:
    from tui.screens.compare.board import board_text

    policies = ("smollm2-135m-instruct", "日本語日本語日本語日本語", "taste-3")
    strengths = tuple(Strength(each, -1.25, -12.5, 10.25, 120) for each in policies)
    meetings = tuple(
        Meeting(*two, Tally(14, 12, 4), 2) for two in (policies[:2], policies[1:], (policies[2], policies[0]))
    )
    board = TrialBoard(meetings, Board(strengths, np.eye(3)), None, 0)
    for width in (54, 74, 114):
        lines = str(board_text(board, width)).splitlines()[1:]
        rows = [each for each in lines if "12 tied" in each or " % (" in each]
        assert len(rows) == 3
        assert len({cell_len(each[: each.index(" % (")]) for each in rows}) == 1
        assert [("12 tied · 4 lost" in each) for each in rows] == [width > 54] * 3
        assert len({cell_len(each[: each.index("-1.25")]) for each in lines if "-1.25" in each}) == 1
        assert max(map(cell_len, lines)) <= width


def test_a_trial_in_the_list_keeps_its_columns_with_any_names(workbench: StillWorkbench) -> None:
    row = replace(workbench.trial(workbench.begin()), created="2001-05-03T14:10:00.000Z")
    names = ("smollm2-135m-instruct", "taste-3"), ("a name of many letters",) * 2, ("日本語" * 9, "日本語" * 9)
    for kind in ("base", "adapter"):
        rows = [replace(row, model_a_kind=kind, model_a_name=one, model_b_name=two) for one, two in names]
        lines = [str(trial_line(each)) for each in rows]
        assert {cell_len(each[: each.index("sealed")]) for each in lines} == {35}
        assert all(each.endswith("  3 May 2001") and cell_len(each) <= 76 for each in lines)


def test_side_seeds_are_what_the_names_say() -> None:
    from db.comparisons import is_flipped

    assert is_flipped(FLIPPED)
    assert not is_flipped(STRAIGHT)


async def test_a_trial_without_answers_says_why(workbench: StillWorkbench) -> None:
    trial = workbench.begin(3)
    async with judging(workbench, trial) as (pilot, app):
        await until_shown(pilot, "the model")
        workbench.blind_trials.problems[trial] = ("The server does not answer", "Start it.")
        workbench._publish(WorkbenchFailed("The server does not answer", "Start it."))
        await until_shown(pilot, "Opened again, the trial tries again")
        assert "The server does not answer" in text_of(app)
