"""A conversation is read with its roles, the last turn in full colour and in sight."""

from db.prompt_rows import Message
from tests.fake_workbench import FakeWorkbench, comparison, prompt
from tests.screens import text_of
from tests.waiting import until
from tui.app import PalateApp
from tui.screens.pairs.label import LabelScreen
from tui.widgets.pair.prompt_pane import conversation_lines, prompt_text

TURNS = (
    Message(role="system", content="Be brief."),
    Message(role="user", content="What is ice?"),
    Message(role="assistant", content="**Frozen** water.\x1b[2J"),
    Message(role="user", content="Why does it float?"),
)


def test_every_turn_stands_under_its_role_and_the_last_one_is_not_dim() -> None:
    lines = conversation_lines(TURNS, 30, rendered=True)
    assert [line.plain for line in lines] == [
        *("system", "  Be brief.", "", "user", "  What is ice?", ""),
        *("assistant", "  Frozen water.␛[2J", "", "user", "  Why does it float?"),
    ]
    dim = [
        line.plain.strip()
        for line in lines
        if any(each.end > each.start and "$quiet" in str(each.style) for each in line.spans)
    ]
    assert dim[-1] == "Frozen water.␛[2J"
    assert "Why does it float?" not in dim
    assert conversation_lines(TURNS, 30, rendered=False)[7].plain == "  **Frozen** water.␛[2J"


def test_as_text_roles_stand_before_their_turns() -> None:
    assert prompt_text(TURNS[1:2]) == "What is ice?"
    assert prompt_text(TURNS[:2]) == "system: Be brief.\n\nuser: What is ice?"


async def test_a_long_conversation_is_seen_from_its_end_and_scrolls_alone() -> None:
    long = tuple(Message(role=("user", "assistant")[number % 2], content=f"turn {number}") for number in range(41))
    workbench = FakeWorkbench(0)
    for number in (1, 2):
        asked = prompt(number)
        workbench.rows[number] = comparison(number, prompt=type(asked)(**{**vars(asked), "messages": long}))
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LabelScreen) and app.screen.can_judge)
        await until(pilot, lambda: "turn 40" in text_of(app))
        assert "turn 0" not in text_of(app)
        await pilot.press("tab", "tab", "tab", "home")
        await until(pilot, lambda: "turn 0" in text_of(app))
        await pilot.press("s")  # the next one begins at its end again
        await until(pilot, lambda: "turn 40" in text_of(app))
