"""Thoughts before an answer on the screen: folded until a key opens them, and always said which."""

from pathlib import Path

from tests.fake_workbench import FakeWorkbench, comparison, prompt
from tests.tui.screens.pairs.test_label import label, ready, shown
from tests.waiting import until
from tui.events import AnswersGrowing
from tui.text.thoughts import folded
from tui.workspace.settings_store import change_setting, stored_settings
from tui.workspace.workspace import own_workspace

THINKING = "<think>\nThe leaves are tired.\n</think>\n\nThey lose their green."


def thinking_workbench() -> FakeWorkbench:
    workbench = FakeWorkbench()
    workbench.rows[1] = comparison(1, THINKING, "They fall.")
    return workbench


async def test_thoughts_are_folded_until_a_key_opens_them() -> None:
    async with label(thinking_workbench()) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert shown(screen, "first").strip() == "They lose their green."
        assert str(screen.view.pane("first")._words_below) == "thoughts folded · o opens them"
        assert str(screen.view.pane("second")._words_below) == ""
        assert screen.view.copied()[1].count("tired") == 0
        await pilot.press("o")
        await until(pilot, lambda: "tired" in shown(screen, "first"))
        assert str(screen.view.pane("first")._words_below) == "with its thoughts · o folds them"
        await pilot.press("o")
        await until(pilot, lambda: "tired" not in shown(screen, "first"))


async def test_the_setting_opens_them_from_the_start() -> None:
    workbench = thinking_workbench()
    workbench.thoughts_shown = True
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert "tired" in shown(screen, "first")


async def test_the_key_is_named_only_where_there_are_thoughts() -> None:
    async with label(FakeWorkbench()) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert screen.check_action("thoughts", ()) is False
    async with label(thinking_workbench()) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert screen.check_action("thoughts", ()) is True


async def test_an_answer_that_thinks_says_so_while_it_grows() -> None:
    workbench = FakeWorkbench(0)
    async with label(workbench) as (pilot, screen):
        event = AnswersGrowing(prompt(1), ("<think>\nThe leaves", "They fall"))
        workbench.publish(event)
        await until(pilot, lambda: "… thinking" in shown(screen, "first"))
        assert "They fall" in shown(screen, "second")


def test_an_answer_that_ended_inside_its_thoughts_is_no_empty_pane() -> None:
    assert folded("<think>\nThe leaves") == "(no answer: it ended inside its thoughts)"
    assert folded(THINKING) == "They lose their green."
    assert folded("They fall.") == "They fall."


def test_the_settings_of_thoughts_are_kept_by_name(tmp_path: Path) -> None:
    workspace = own_workspace(tmp_path)
    try:
        for name, value in (("thinking", "off"), ("thinking_tokens", "900"), ("thoughts_shown", "open")):
            change_setting(workspace, name, value)
        settings = stored_settings(workspace)
        assert (settings.sampling.thinking, settings.sampling.thinking_tokens) == ("off", 900)
        assert settings.look.thoughts_shown == "open"
    finally:
        workspace.close()
