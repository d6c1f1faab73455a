"""The judges on their screen: added and measured by keys, their rubric, slips, and a trial that one of them decides."""

import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.judge_server import NAME, JudgeServer, fill_judged, serving
from tests.screens import until, until_shown
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.judges.service import NewJudge
from tui.judges.work import JudgeProgress
from tui.screens.compare.compare import CompareScreen
from tui.screens.compare.judges import JudgesScreen
from tui.screens.compare.trial_setup import TrialSetupScreen
from tui.screens.pairs.review import ReviewScreen
from tui.widgets.form.rows import ChoiceRow


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    workbench = StillWorkbench(tmp_path / "space")
    yield workbench
    workbench.close()


async def _open(pilot: Pilot[None]) -> None:
    await pilot.press("J")
    await until(pilot, lambda: isinstance(pilot.app.screen, JudgesScreen))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_judge_is_added_and_measured_by_keys(workbench: StillWorkbench, size: tuple[int, int]) -> None:
    app = PalateApp(workbench)
    with serving(JudgeServer()) as server:
        workbench.workspace.write(fill_judged, 30, server.url).result()
        async with app.run_test(size=size) as pilot:
            await _open(pilot)
            await until_shown(pilot, "No judge yet. Press a to add one.")
            await pilot.press("a")
            await until_shown(pilot, "A name for it.")
            await pilot.press(*"mine", "enter")
            await until_shown(pilot, f"base@{NAME}: llama")
            await pilot.press("enter")
            await until_shown(pilot, "not measured")
            await until_shown(pilot, "nothing yet: 20 of your pairs are needed")
            await pilot.press("t")
            await until_shown(pilot, "It may decide trials")
            await until(pilot, lambda: workbench.judges.progress is None)
            await until_shown(pilot, "26 of 26 (100 %")  # four verdicts are its examples
            await until_shown(pilot, "decides trials")
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, JudgesScreen))


async def test_slips_are_opened_for_a_second_look(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    with serving(JudgeServer()) as server:
        pairs = workbench.workspace.write(fill_judged, 25, server.url).result()
        wrong = {"a": "b", "b": "a"}[workbench.comparison(pairs[3]).standing.verdict]  # type: ignore[union-attr]
        workbench.labelling.judge(pairs[3], wrong).result()
        judge = workbench.judges.add(NewJudge(name="mine", server=NAME, examples=0))
        asker = workbench.judges.asker(judge)
        list(workbench.judges.measure(judge, asker, pairs=25, tick=lambda: None))
    async with app.run_test(size=(120, 40)) as pilot:
        await _open(pilot)
        await until_shown(pilot, "24 of 25")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        await until_shown(pilot, "mine chose the other one, 1.00 sure")


async def test_another_rubric_is_written_in_the_editor_and_makes_it_unmeasured(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.screens.compare import judges as screen
    from tui.screens.external_editor import Edited

    async def edit(_app: object, text: str) -> Edited:
        return Edited(f"{text}And be brief.", workbench.folder / "nothing" / "there")

    monkeypatch.setattr(screen, "edit_text", edit)  # the editor itself has tests of its own
    workbench.workspace.write(fill_judged, 3, "http://127.0.0.1:1").result()
    workbench.judges.add(NewJudge(name="mine", server=NAME))
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await _open(pilot)
        await until_shown(pilot, "You judge two answers")
        await pilot.press("e")
        await until_shown(pilot, "And be brief.")
    assert workbench.judges.named("mine").row.rubric.endswith("And be brief.\n")


async def test_a_server_that_fails_is_told_and_the_judge_can_be_asked_again(workbench: StillWorkbench) -> None:
    workbench.workspace.write(fill_judged, 25, "http://127.0.0.1:1").result()
    workbench.change_setting("server_retries", "0")
    workbench.judges.add(NewJudge(name="mine", server=NAME))
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await _open(pilot)
        await pilot.press("t")
        await until_shown(pilot, "Nothing listens at http://127.0.0.1:1/v1. Start the server")
        await until(pilot, lambda: workbench.judges.progress is None)
        await pilot.press("x")
        await until_shown(pilot, "Remove this judge?")
        await pilot.press("y")
        await until_shown(pilot, "No judge yet.")


async def test_a_trial_may_be_given_to_a_judge_that_agrees_and_opens_by_itself(workbench: StillWorkbench) -> None:
    with serving(JudgeServer()) as server:
        workbench.workspace.write(fill_judged, 25, server.url).result()
        judge = workbench.judges.add(NewJudge(name="mine", server=NAME, examples=0))
        asker = workbench.judges.asker(judge)
        list(workbench.judges.measure(judge, asker, pairs=25, tick=lambda: None))
        trial = workbench.begin(prompts=2, judge=judge.name, judged_by=judge.row.id)
        workbench.answer(trial, "Short.", "This one is longer.")
        app = PalateApp(workbench)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("C")
            await until_shown(pilot, "sealed, 0 of 2 judged")
            app.screen.query_one("#trials").focus()
            await pilot.press("enter")
            await until(pilot, lambda: workbench.trial(trial).judged == 1)
            workbench.answer(trial, "Short.", "This one is longer.")  # it is judged as soon as it is written
            await until(pilot, lambda: not workbench.trial(trial).sealed)
            await until_shown(pilot, "blind, 2 judged")
    assert [each.standing.verdict for each in workbench.trial_comparisons(trial) if each.standing] == ["a", "a"]


async def test_a_trial_whose_judge_cannot_begin_is_not_stored(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrialSetupScreen, "_problem", lambda _: None)
    with serving(JudgeServer()) as server:
        workbench.workspace.write(fill_judged, 25, server.url).result()
        judge = workbench.judges.add(NewJudge(name="mine", server=NAME, examples=0))
        asker = workbench.judges.asker(judge)
        list(workbench.judges.measure(judge, asker, pairs=25, tick=lambda: None))
    monkeypatch.setattr(
        workbench.blind_trials, "start", lambda plan: workbench.begin(2, judge=plan.judge, judged_by=plan.judged_by)
    )
    ended = threading.Event()
    workbench.judges._work.start(JudgeProgress("other", "measuring"), lambda _: iter(ended.wait, True))  # type: ignore[arg-type]
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        screen = TrialSetupScreen("base", "base")
        app.push_screen(screen)
        await until(pilot, lambda: screen.is_current and bool(screen.query(ChoiceRow)))
        row = screen.form.row("judge")
        assert isinstance(row, ChoiceRow)
        row.take(judge.row.id)
        await pilot.press("S")
        await until(pilot, lambda: any("at work already" in each.message for each in app._notifications))
        assert screen.is_current
    ended.set()
    assert workbench.trials() == []


async def test_a_program_of_the_list_continues_its_trial_and_another_one_is_told_as_a_command(
    workbench: StillWorkbench,
) -> None:
    command = shlex.join([sys.executable, "-c", "print('tie')"])
    judge = workbench.judges.add(NewJudge(name="mine", command=command))
    workbench.begin(prompts=1, judge="some program")
    workbench.answer(1, "Short.", "This one is longer.")
    listed = workbench.begin(prompts=1, judge=judge.name, judged_by=judge.row.id)
    workbench.answer(listed, "Short.", "This one is longer.")
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "sealed, 0 of 1 judged")
        app.screen.query_one("#trials").focus()
        await pilot.press("enter")
        await until(pilot, lambda: not workbench.trial(listed).sealed)
        await until_shown(pilot, "blind, 1 judged")
        await pilot.press("down", "enter")
        await until(pilot, lambda: any("--judge COMMAND" in each.message for each in app._notifications))
