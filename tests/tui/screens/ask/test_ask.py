"""The Ask screen on a tiny model: typed, streamed, judged with Label's keys, found again."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from db.names_shown import names_known
from tests.screens import text_of, until
from tests.tiny import save_tiny
from tui.app import PalateApp
from tui.asking.choice import AskChoice
from tui.compute.loaded_model import ModelChoice
from tui.compute.scheduler import Priority
from tui.screens.ask.ask import AskScreen
from tui.screens.ask.conversation_actions import ConversationActions
from tui.screens.ask.past import PastConversations
from tui.widgets.form.text_editor import TextEditor
from tui.widgets.lists.cursor_list import CursorList
from tui.workbench import Workbench


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workbench on a tiny model with a second one's name among the policies, and nothing that fills its queue."""
    folder = tmp_path_factory.mktemp("ask")
    workbench = Workbench(folder / "space", ModelChoice(str(save_tiny(folder / "model")), dtype="float32"), seed=7)
    try:
        workbench.change_setting("max_new_tokens", "12")
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=120)
        yield workbench
    finally:
        workbench.close()


@asynccontextmanager
async def asking(
    workbench: Workbench, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], AskScreen]]:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await app.switch_mode("ask")
        await until(pilot, lambda: isinstance(app.screen, AskScreen) and app.screen.typing)
        assert isinstance(app.screen, AskScreen)
        yield pilot, app.screen


async def asked(pilot: Pilot[None], screen: AskScreen, *keys: str) -> None:
    """Type a question, send it, and wait for both answers."""
    await pilot.press(*keys, "enter")
    await until(pilot, lambda: screen.talk.asked is None and screen.can_judge)


async def test_keys_are_text_until_escape_and_then_they_judge(workbench: Workbench) -> None:
    async with asking(workbench) as (pilot, screen):
        await pilot.press(*"x10 2+q")
        await pilot.press("ctrl+j", "left", "right", "s")
        assert screen.editor.text == "x10 2+q\ns"
        await asked(pilot, screen)
        assert screen.editor.text == ""
        pair = screen.pair
        assert pair is not None
        assert pair.prompt.messages[-1]["content"] == "x10 2+q\ns"
        await pilot.press("1", "0")
        assert screen.editor.text == "10", "the text field keeps the keys after sending"
        assert workbench.comparison(pair.id).standing is None
        await pilot.press("escape")
        await until(pilot, lambda: not screen.typing and screen.can_judge)
        await pilot.press("2")
        await until(pilot, lambda: workbench.comparison(pair.id).standing is not None)
        standing = workbench.comparison(pair.id).standing
        assert standing is not None
        assert (standing.verdict, standing.side, standing.blind) == (pair.second_letter, "right", True)
        await until(pilot, lambda: not screen.gate.deciding and "2 ✓" in text_of(pilot.app))
        assert screen.editor.text == "10"


async def test_the_next_turn_follows_the_chosen_answer_and_undo_opens_the_pair_again(workbench: Workbench) -> None:
    async with asking(workbench) as (pilot, screen):
        await asked(pilot, screen, *"turn")
        pair = screen.pair
        assert pair is not None
        await pilot.press("escape")
        await until(pilot, lambda: screen.can_judge)
        await pilot.press("2")
        await until(pilot, lambda: screen.pair is not None and screen.pair.standing is not None and screen.can_judge)
        await pilot.press("i")
        await asked(pilot, screen, *"more")
        second = screen.pair
        assert second is not None
        assert [each["content"] for each in second.prompt.messages] == ["turn", pair.second.text, "more"]
        await pilot.press("escape", "p")
        await until(pilot, lambda: screen.pair is not None and screen.pair.id == pair.id and screen.can_judge)
        await pilot.press("u")
        await until(pilot, lambda: workbench.comparison(pair.id).standing is None)
        await until(pilot, lambda: not screen.gate.deciding)
        await pilot.press("n")
        await until(pilot, lambda: screen.pair is not None and screen.pair.id == second.id)


async def test_the_text_field_says_that_the_next_turn_follows_the_answer_that_was_written(workbench: Workbench) -> None:
    async with asking(workbench) as (pilot, screen):
        await asked(pilot, screen, *"edit")
        assert screen.pair is not None
        assert screen.editor.border_title == "your next turn, after the left answer"
        workbench.labelling.edit_answer(screen.pair.id, screen.pair.a.id, "A better one.").result()
        await until(pilot, lambda: screen.editor.border_title == "your next turn, after the answer that you wrote")


async def test_a_paste_is_text_without_controls_and_sends_nothing(workbench: Workbench) -> None:
    async with asking(workbench) as (pilot, screen):
        screen.editor.post_message(events.Paste("one\r\ntwo\x1b[2J\x9b1m\nthree\n"))
        await until(pilot, lambda: "three" in screen.editor.text)
        assert screen.editor.text == "one\ntwo�[2J�1m\nthree\n"
        assert screen.talk.asked is None


async def test_a_held_out_question_is_refused_and_stays_in_the_text_field(workbench: Workbench) -> None:
    held_out = next(each for each in workbench.prompts.sets() if each.row.held_out)
    line = workbench.prompts.prompt(workbench.prompts.prompts(held_out.row.id, limit=1)[0].id).messages[0]["content"]
    async with asking(workbench) as (pilot, screen):
        screen.editor.put(line)
        await pilot.press("enter")
        await until(pilot, lambda: any("held out for trials" in str(each.message) for each in pilot.app._notifications))
        assert screen.editor.text == line
        assert screen.talk.asked is None


async def test_escape_stops_the_writing_and_gives_the_question_back(workbench: Workbench) -> None:
    held = threading.Event()

    def hold() -> Iterator[None]:
        held.wait(60)
        yield

    workbench.scheduler.submit("held", hold(), lambda: Priority.FIRST)  # type: ignore[arg-type]
    try:
        async with asking(workbench) as (pilot, screen):
            await pilot.press(*"long", "enter")
            await until(pilot, lambda: screen.talk.asked is not None)
            stopped = screen.talk.asked
            await pilot.press("escape")
            await until(pilot, lambda: not screen.typing)
            await pilot.press("escape")
            await until(pilot, lambda: screen.typing)
            assert screen.editor.text == "long"
            assert screen.talk.asked is None
            held.set()
            assert stopped is not None
            await until(pilot, stopped.job.done.done)
            assert stopped.ended is None
    finally:
        held.set()


async def test_names_that_were_shown_make_the_verdict_not_blind(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.ask.ask.differ", lambda _: True)
    async with asking(workbench) as (pilot, screen):
        await asked(pilot, screen, *"who")
        pair = screen.pair
        assert pair is not None
        await pilot.press("escape", "w")
        await until(pilot, lambda: "1 · model" in text_of(pilot.app))
        assert names_known(workbench.workspace.connection, pair.id)
        await until(pilot, lambda: screen.can_judge)
        await pilot.press("1")
        await until(pilot, lambda: workbench.comparison(pair.id).standing is not None)
        standing = workbench.comparison(pair.id).standing
        assert standing is not None
        assert not standing.blind


async def test_a_past_conversation_is_found_by_its_words_and_opened(workbench: Workbench) -> None:
    async with asking(workbench, (80, 24)) as (pilot, screen):
        await asked(pilot, screen, *"zebra")
        first = screen.pair
        await pilot.press("escape", "N")
        await until(pilot, lambda: screen.typing and screen.talk.prompt is None)
        await asked(pilot, screen, *"quagga")
        await pilot.press("escape", "slash")
        await until(pilot, lambda: isinstance(pilot.app.screen, PastConversations))
        await pilot.press(*"zeb")
        listed = pilot.app.screen.query_one(CursorList)
        await until(pilot, lambda: listed.option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen and screen.pair is not None)
        assert first is not None
        assert screen.pair is not None
        assert screen.pair.id == first.id
        assert not screen.typing


async def test_asking_again_gives_another_pair_of_the_same_prompt(workbench: Workbench) -> None:
    async with asking(workbench) as (pilot, screen):
        await asked(pilot, screen, *"again")
        first = screen.pair
        assert first is not None
        await pilot.press("escape", "g")
        await until(pilot, lambda: screen.pair is not None and screen.pair.id != first.id and screen.can_judge)
        assert screen.pair is not None
        assert screen.pair.prompt.id == first.prompt.id
        standing = workbench.comparison(first.id).standing
        assert standing is not None
        assert standing.verdict == "skip", "it comes back in Label"
        await pilot.press("u")
        await until(pilot, lambda: screen.pair is not None and screen.pair.id == first.id and screen.can_judge)
        assert workbench.comparison(first.id).standing is None


async def test_new_answers_that_are_stopped_leave_the_pair_and_the_text_field_as_they_were(
    workbench: Workbench,
) -> None:
    async with asking(workbench) as (pilot, screen):
        await asked(pilot, screen, *"stop")
        first = screen.pair
        assert first is not None
        await pilot.press("escape")
        screen.begin(screen.talk.ask_again())
        ConversationActions(screen).action_stop()  # before this thread hears of an end
        workbench.workspace.write(lambda _: None).result()
        assert screen.pair is not None
        assert (screen.pair.id, workbench.comparison(first.id).standing) == (first.id, None)
        assert screen.editor.text == ""


async def test_a_conversation_is_exported(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with asking(workbench) as (pilot, screen):
        await asked(pilot, screen, *"file")
        assert screen.talk.prompt is not None
        number = screen.talk.prompt.id
        await pilot.press("escape", "E")
        await until(pilot, lambda: pilot.app.screen is not screen)
        await pilot.press("enter")
        await until(pilot, (tmp_path / f"conversation-{number}.jsonl").exists)


async def test_the_text_field_is_an_editor_of_its_own(workbench: Workbench) -> None:
    async with asking(workbench) as (pilot, screen):
        await pilot.press(*"LTRCDAq?,")
        assert screen.query_one(TextEditor).text == "LTRCDAq?,"
        assert isinstance(pilot.app.screen, AskScreen)


async def test_two_equal_answers_are_read_again_and_the_next_turn_follows_them(workbench: Workbench) -> None:
    workbench.asking.keep(AskChoice("base", "base", sampling="temperature=0"))
    try:
        async with asking(workbench) as (pilot, screen):
            await pilot.press(*"same", "enter")
            await until(pilot, lambda: screen.talk.asked is None and screen.talk.prompt is not None)
            assert screen.pair is None
            assert "nothing to judge" in text_of(pilot.app)
            prompt, text = screen.talk.prompt, screen.talk.same
            assert prompt is not None
            assert text
            screen.talk.begin_anew()
            screen.talk.open(prompt)
            screen.draw()
            await pilot.press(*"next", "enter")
            await until(pilot, lambda: screen.talk.prompt is not None and screen.talk.prompt.id != prompt.id)
            assert screen.talk.prompt is not None
            assert [each["content"] for each in screen.talk.prompt.messages] == ["same", text, "next"]
    finally:
        workbench.asking.keep(AskChoice())


async def test_a_note_leaves_the_panes_as_they_were(workbench: Workbench) -> None:
    async with asking(workbench) as (pilot, screen):
        await asked(pilot, screen, *"mark")
        await pilot.press("escape", "tab")
        await until(pilot, lambda: screen.view.marked == "first")
        await pilot.press("c")
        await until(pilot, lambda: pilot.app.screen is not screen)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen and screen.can_judge)
        assert screen.view.marked == "first"
