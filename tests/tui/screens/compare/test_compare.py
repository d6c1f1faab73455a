"""The Compare screens: base and tuned answers to held-out questions, as they are done and afterwards."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from db import models as db_models
from db import trials as db_trials
from db.preference_counts import Choice
from tests.fake_workbench import FakeWorkbench, adapter_view
from tests.screens import text_of, until, until_shown
from tests.still_workbench import StillWorkbench
from tui.analysis.preferences import count_preferences
from tui.app import PalateApp
from tui.errors import WorkbenchError
from tui.screens.compare.compare import CompareScreen
from tui.screens.compare.side_by_side import SideBySideScreen
from tui.screens.compare.trial_setup import TrialSetupScreen
from tui.trials.blind import TrialPlan

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def workbench() -> FakeWorkbench:
    """Two adapters, the second one in use."""
    made = FakeWorkbench()
    made.adapter_views = [adapter_view(1, "taste-1"), adapter_view(3, "taste-3", in_use=True)]
    return made


async def test_without_an_adapter_it_says_what_to_press() -> None:
    workbench = FakeWorkbench()
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "There is no adapter yet.")
        await pilot.press("S")
        assert workbench.trials() == []
        workbench.adapter_views = [adapter_view(1, "taste-1", in_use=True)]
        workbench.set_state()
        await until_shown(pilot, "enter or S")


@pytest.mark.parametrize("size", SIZES)
async def test_questions_appear_as_they_are_answered(workbench: FakeWorkbench, size: tuple[int, int]) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "taste-3 (in use)")
        await pilot.press("down", "enter")
        await until_shown(pilot, "Writing the answers")
        workbench.answer_question(1)
        await until_shown(pilot, "Why do leaves change colour in autumn?")
        assert "1 of 3 answered, writing" in text_of(app)
        assert "base" in text_of(app)
        await pilot.press("n")  # the next one is not there yet
        assert "prompt 1 of 3" in text_of(app)
        workbench.answer_question(1)
        await until_shown(pilot, "2 of 3 answered")
        assert "prompt 1 of 3" in text_of(app), "what one reads stays while others come in"
        await pilot.press("n")
        await until_shown(pilot, "prompt 2 of 3")
        await pilot.press("p")
        await until_shown(pilot, "prompt 1 of 3")
        workbench.answer_question(1)
        await until(pilot, lambda: "writing" not in text_of(app))


async def test_the_base_stands_first_whatever_the_stored_side(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "taste-3")
        await pilot.press("S")
        workbench.answer_question(1)
        workbench.trial_pairs[1] = [replace(pair, flipped=True) for pair in workbench.trial_pairs[1]]
        await until_shown(pilot, "prompt 1 of 3")
        lines = text_of(app).splitlines()
        names = next(line for line in lines if "base" in line and "─" in line)
        assert names.index("base") < 10
        assert names.index("a00000003") > 55
        answers = next(line for line in lines if "Leaves contain several pigments" in line)
        assert answers.index("Leaves contain") > 55, "the tuned answer stands under its name"


async def test_the_number_of_questions_is_checked(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "questions")
        await pilot.press("down", "down", "down", "down", "9", "9")
        await until_shown(pilot, "99 questions were asked for")
        await pilot.press("escape", "S")
        assert workbench.trials() == []
        await pilot.press("0")
        await until_shown(pilot, "questions is 0")
        await pilot.press("escape", "5", "escape", "up", "up")
        await pilot.press("right")
        await until_shown(pilot, "‹ taste-1 ›")
        await pilot.press("S")
        await until(pilot, lambda: len(workbench.trials()) == 1)
        trial = workbench.trials()[0]
        assert (trial.num_questions, trial.model_b_name) == (5, "a00000001")


async def test_past_ones_are_listed_and_opened_again(workbench: FakeWorkbench) -> None:
    first = workbench.start_side_by_side(adapter="taste-1", num_questions=1)
    workbench.answer_question(first)
    second = workbench.start_side_by_side(adapter="taste-3", num_questions=2)
    workbench.answer_question(second)
    workbench.side_by_side.stop()
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "compared before")
        assert "1 of 2 questions" in text_of(app)
        await pilot.press("down", "down", "down", "down", "down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, SideBySideScreen))
        await until_shown(pilot, "taste-1")
        assert "prompt 1 of 1" in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("up", "enter")
        await until_shown(pilot, "stopped after 1 of 2")
        await pilot.press("escape", "up")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await until(pilot, lambda: app.screen.query_one("#row-num-questions").has_focus)


async def test_writing_can_be_stopped_and_left(workbench: FakeWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "taste-3")
        await pilot.press("S")
        await until_shown(pilot, "Writing the answers")
        await pilot.press("escape")
        await until_shown(pilot, "● base · a00000003")
        await pilot.press("S")
        await until_shown(pilot, "Writing the answers")
        await pilot.press("full_stop")
        await until_shown(pilot, "stopped before a question was answered")


async def test_names_and_answers_never_steer_the_terminal(workbench: FakeWorkbench) -> None:
    workbench.adapter_views = [adapter_view(1, "[/]\x1b]0;x", in_use=True)]
    trial = workbench.start_side_by_side(adapter="[/]\x1b]0;x", num_questions=1)
    workbench.answer_question(trial)
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "[/]␛]0;x")
        await pilot.press("down", "down", "down", "down", "down", "enter")
        await until_shown(pilot, "prompt 1 of 1")
        assert "\x1b" not in text_of(app)


# -- setting up a blind trial ----------------------------------------------------------------------------------


class Plans:
    """Takes the plan of a trial and refuses to begin, so that the screen stays."""

    def __init__(self) -> None:
        self.plans: list[TrialPlan] = []

    def start(self, plan: TrialPlan) -> int:
        """Keep the plan."""
        self.plans.append(plan)
        raise WorkbenchError("Not today.")


@pytest.mark.parametrize("size", SIZES)
async def test_a_blind_trial_is_set_up_as_the_rows_say(workbench: FakeWorkbench, size: tuple[int, int]) -> None:
    workbench.blind_trials = asked = Plans()  # type: ignore[attr-defined]
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "taste-3 (in use)")
        await pilot.press("N")
        await until(pilot, lambda: isinstance(app.screen, TrialSetupScreen))
        await until_shown(pilot, "all held out")
        await pilot.press("down", "down", "down", "down", "9", "9")
        await until_shown(pilot, "99 prompts were asked")
        await pilot.press("escape", "S")
        assert asked.plans == []
        await pilot.press("3", "0", "escape", "down", "down", "2", "escape", "down", "0", "escape")
        await pilot.press("down", "down", "right", "down", "0", "escape")
        await until_shown(pilot, "‹ no ›")
        await pilot.press("S")
        await until(pilot, lambda: len(asked.plans) == 1)
    (plan,) = asked.plans
    assert (plan.policy, plan.against, plan.num_prompts, plan.prompt_set) == ("a00000003", "base", 30, None)
    assert (plan.samples, plan.repeats, plan.may_end_early, plan.sampling.temperature) == (2, 0, False, 0)


@pytest.mark.parametrize("size", SIZES)
async def test_the_prompt_as_rival_is_shown_and_edited_before_the_trial(
    workbench: FakeWorkbench, size: tuple[int, int]
) -> None:
    workbench.blind_trials = asked = Plans()  # type: ignore[attr-defined]
    read = SimpleNamespace(
        summary=count_preferences([Choice(at, "a", None, "one", "one two", 0, 0) for at in range(9)])
    )
    read.reasons = ()
    workbench.preferences = SimpleNamespace(read=lambda: read)  # type: ignore[attr-defined]
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "taste-3 (in use)")
        await pilot.press("down", "down", "down", "right")
        await until_shown(pilot, "base with a system prompt")
        await until_shown(pilot, "Only in a blind trial")
        await pilot.press("N")
        await until_shown(pilot, "Your choices ask for this")
        await until_shown(pilot, "Keep answers short: about 5 words.")
        await pilot.press(*" No lists.", "enter")
        await until_shown(pilot, "“Keep answers short")
        await pilot.press("S")
        await until(pilot, lambda: len(asked.plans) == 1)
    (plan,) = asked.plans
    assert (plan.against, plan.against_system) == ("base", "Keep answers short: about 5 words. No lists.")


async def test_a_policy_is_not_tried_against_itself(workbench: FakeWorkbench) -> None:
    workbench.blind_trials = asked = Plans()  # type: ignore[attr-defined]
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("C")
        await until_shown(pilot, "taste-3 (in use)")
        await pilot.press("N")
        await until(pilot, lambda: isinstance(app.screen, TrialSetupScreen))
        await pilot.press("down", "right")
        await until_shown(pilot, "choose two policies that differ")
        await pilot.press("S")
        assert asked.plans == []


async def test_a_side_by_side_of_a_killed_process_is_stopped_at_the_next_start(tmp_path: Path) -> None:
    left = StillWorkbench(tmp_path)
    base, tuned = left.models()
    sampling = left.workspace.write(db_models.ensure_sampling, {"temperature": 0.9}).result()
    given = {"kind": "side_by_side", "model_a": base, "model_b": tuned, "sampling": sampling, "num_questions": 3}
    trial = left.workspace.write(db_trials.add_trial, **given).result()
    blind = left.begin()
    left.close()  # nobody wrote its end
    workbench = StillWorkbench(tmp_path)
    try:
        assert [workbench.trial(each).status for each in (trial, blind)] == ["stopped", "running"]
        app = PalateApp(workbench)
        async with app.run_test(size=(80, 24)) as pilot:
            app.push_screen(SideBySideScreen(trial))
            await until_shown(pilot, "stopped before a question was answered")
    finally:
        workbench.close()
