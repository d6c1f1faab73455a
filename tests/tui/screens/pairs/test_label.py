"""The Label screen: a verdict is kept for the pair it was pressed for, and only then comes the next one."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from sqlite3 import Connection

import pytest
from textual import events
from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot

from db.errors import DatabaseError
from db.forgetting import forget_prompts
from db.interchange.selection import judged_pairs
from tests.fake_workbench import LEAVES, FakeWorkbench, comparison, completion, prompt
from tests.label_pairs import fill
from tests.still_workbench import StillWorkbench
from tests.waiting import until
from tui.app import PalateApp
from tui.events import AnswersGrowing, QueueChanged
from tui.screens.dialog import AskText
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.verdict_gate import SETTLE_S
from tui.snapshots import LoadState, WorkbenchStatus
from tui.widgets.pair.text_pane import PaneText, TextPane
from tui.widgets.pair.verdict_notes import empty_note


@asynccontextmanager
async def label(
    workbench: FakeWorkbench | StillWorkbench, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], LabelScreen]]:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LabelScreen) and app.screen.query(TextPane))
        assert isinstance(app.screen, LabelScreen)
        yield pilot, app.screen


async def ready(pilot: Pilot[None], screen: LabelScreen, number: int) -> None:
    await until(pilot, lambda: screen.pair is not None and screen.pair.id == number and screen.can_judge)


def shown(screen: LabelScreen, name: str) -> str:
    return str(screen.query_one(f"#{name} PaneText", PaneText).render())


def note(screen: LabelScreen) -> str:
    return str(screen.view.pane("prompt")._words_below)


# -- one key ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "verdict", "side", "strength"),
    [
        ("1", "a", "left", 1),
        ("left", "a", "left", 1),
        ("2", "b", "right", 1),
        ("right", "b", "right", 1),
        ("exclamation_mark", "a", "left", 2),
        ("shift+left", "a", "left", 2),
        ("at", "b", "right", 2),
        ("shift+right", "b", "right", 2),
        ("0", "tie", None, 1),
        ("x", "both_bad", None, 1),
        ("plus", "both_good", None, 1),
        ("s", "skip", None, 1),
    ],
)
async def test_one_key_decides_saves_and_goes_on(key: str, verdict: str, side: str | None, strength: int) -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press(key)
        await ready(pilot, screen, 2)
    (given,) = workbench.judged_with
    seconds = given.pop("seconds")
    expected = {"verdict": verdict, "side": side, "strength": strength, "layout": "side", "blind": True}
    assert given == {"comparison": 1, **expected}
    assert SETTLE_S <= seconds < 30


@pytest.mark.parametrize(("key", "letter"), [("1", "b"), ("2", "a")])
async def test_sides_are_turned_into_letters_where_the_pair_is_flipped(key: str, letter: str) -> None:
    workbench = FakeWorkbench(0)
    workbench.rows[2] = comparison(2, "shown first", "shown second")
    assert workbench.rows[2].a.text == "shown second"
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 2)
        assert shown(screen, "first") == "shown first"
        await pilot.press(key)
        await until(pilot, lambda: workbench.judged_with)
    assert workbench.judged_with[0]["verdict"] == letter


async def test_the_next_pair_waits_until_the_verdict_is_stored() -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        workbench.hold = True
        await pilot.press("1")
        await until(pilot, lambda: workbench.held)
        await pilot.press("2", "x", "u")  # these were pressed for nobody
        assert screen.pair is not None
        assert screen.pair.id == 1
        workbench.release()
        await ready(pilot, screen, 2)
        assert "2 early keys dropped" in note(screen)
    assert [each["comparison"] for each in workbench.judged_with] == [1]


async def test_a_verdict_that_cannot_be_stored_leaves_the_pair_open() -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        workbench.fail = DatabaseError("The disk is full. Make room, then press the key again.")
        await pilot.press("1")
        await until(pilot, lambda: len(screen.app._notifications) == 1)
        assert screen.pair is not None
        assert screen.pair.id == 1
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await ready(pilot, screen, 2)
    assert len(workbench.judged_with) == 1


# -- keys that come too early ----------------------------------------------------------------------------------


async def press_at(screen: LabelScreen, moment: float) -> None:
    """A key that was pressed at `moment` and is handled now, as after a slow link or a busy loop."""
    key = events.Key("1", "1")
    key.time = moment
    screen.app.post_message(key)


async def test_a_key_pressed_before_the_pair_was_painted_is_dropped_with_a_word() -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert screen.gate.painted_at is not None
        await press_at(screen, screen.gate.painted_at - 5)
        await until(pilot, lambda: "too early" in note(screen))
        await press_at(screen, screen.gate.painted_at + SETTLE_S - 0.001)
        await press_at(screen, screen.gate.painted_at + 2 * SETTLE_S)
        await ready(pilot, screen, 2)
    assert [each["comparison"] for each in workbench.judged_with] == [1]


@pytest.mark.parametrize(("after", "counts"), [(SETTLE_S - 0.001, False), (SETTLE_S + 0.001, True)])
async def test_a_key_counts_from_a_fifth_of_a_second_after_the_pair_was_painted(after: float, counts: bool) -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert screen.gate.painted_at is not None
        await press_at(screen, screen.gate.painted_at + after)
        await until(pilot, lambda: workbench.judged_with or "too early" in note(screen))
    assert bool(workbench.judged_with) is counts


async def test_a_key_that_is_held_down_judges_one_pair_and_undoes_one() -> None:
    workbench = FakeWorkbench(20)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        begun = time.monotonic()
        for number in range(60):  # two seconds at 30 Hz, read one by one; the pairs are painted long before some
            screen.gate.painted_at = screen.gate.painted_at and begun - 1
            await press_at(screen, begun + number / 30)
            await pilot.pause()
            await until(pilot, lambda: not screen.gate.deciding)
        assert [each["comparison"] for each in workbench.judged_with] == [1]
        await until(pilot, lambda: screen.pair is not None and screen.pair.id == 2)
        for number in range(30):
            key = events.Key("u", "u")
            key.time = begun + 10 + number / 30
            screen.app.post_message(key)
            await pilot.pause()
            await until(pilot, lambda: not screen.gate.deciding)
        assert len(workbench.undone) == 1


async def test_what_is_pasted_is_no_verdict() -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        screen.app.post_message(events.Paste("12x0sX!@u"))
        await pilot.pause()
        await pilot.press("j")
        await ready(pilot, screen, 1)
    assert workbench.judged_with == []


async def test_key_repeat_judges_one_pair() -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        now = time.monotonic()
        for number in range(20):
            await press_at(screen, now + number / 1000)
        await until(pilot, lambda: screen.pair is not None and screen.pair.id == 2)
        await ready(pilot, screen, 2)
    assert len(workbench.judged_with) == 1


async def test_after_another_screen_the_pair_has_to_be_painted_again() -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        before = screen.gate.painted_at
        await pilot.press("question_mark")
        await until(pilot, lambda: screen.app.screen is not screen)
        assert not screen.can_judge
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen and screen.gate.painted_at is not None)
        assert screen.gate.painted_at is not None
        assert before is not None
        assert screen.gate.painted_at > before


async def test_a_terminal_that_is_too_small_judges_nothing() -> None:
    workbench = FakeWorkbench()
    async with label(workbench, size=(40, 10)) as (pilot, screen):
        await until(pilot, lambda: screen.pair)
        await pilot.press("1")
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await ready(pilot, screen, 1)
    assert workbench.judged_with == []


# -- undo and skip ---------------------------------------------------------------------------------------------


async def test_undo_reopens_pair_after_pair() -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        for number in (1, 2, 3):
            await ready(pilot, screen, number)
            await pilot.press("1")
        await ready(pilot, screen, 4)
        for number in (3, 2, 1):
            await pilot.press("u")
            await ready(pilot, screen, number)
        assert workbench.counts().total == 0
        await pilot.press("u")
        await until(pilot, lambda: "no verdict to take back" in note(screen))
        await pilot.press("2")
        await ready(pilot, screen, 2)
    assert workbench.counts().decisive == 1


async def test_undo_works_without_a_pair() -> None:
    workbench = FakeWorkbench(1)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await until(pilot, lambda: screen.pair is None and screen.has_class("-empty"))
        await pilot.press("u")
        await ready(pilot, screen, 1)


async def test_a_skipped_pair_comes_back() -> None:
    workbench = FakeWorkbench(2)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("s")
        await ready(pilot, screen, 2)
        await pilot.press("1")
        await ready(pilot, screen, 1)


# -- what is seen ----------------------------------------------------------------------------------------------


async def test_the_prompt_tells_set_place_and_field() -> None:
    async with label(FakeWorkbench()) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert str(screen.view.pane("prompt")._words_above) == "science · prompt 1 of 200 · biology"
        assert shown(screen, "prompt") == "Why do leaves change colour in autumn?"


async def test_nothing_tells_model_length_or_time() -> None:
    workbench = FakeWorkbench(0)
    tuned = completion(2, 1, LEAVES[1], tuned=True)
    workbench.rows[1] = comparison(1, b=tuned)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        panes = [str(screen.view.pane(name)._words_above) for name in ("first", "second")]
        assert panes == ["1", "2"]
        everything = " ".join([*panes, note(screen), *(shown(screen, name) for name in ("prompt", "first", "second"))])
        assert "taste-3" not in everything
        assert "120" not in everything


@pytest.mark.parametrize(("size", "layout"), [((80, 24), "stacked"), ((89, 30), "stacked"), ((90, 30), "side")])
async def test_narrow_panes_are_stacked_and_the_verdict_says_so(size: tuple[int, int], layout: str) -> None:
    workbench = FakeWorkbench()
    async with label(workbench, size) as (pilot, screen):
        await ready(pilot, screen, 1)
        first, second = screen.view.pane("first"), screen.view.pane("second")
        assert (second.region.y > first.region.y) is (layout == "stacked")
        assert ("first" in str(first._words_above)) is (layout == "stacked")
        await pilot.press("1")
        await ready(pilot, screen, 2)
    assert workbench.judged_with[0]["layout"] == layout


async def test_markdown_or_as_written() -> None:
    async with label(FakeWorkbench()) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert "• Chlorophyll is green" in shown(screen, "second")
        await pilot.press("m")
        await until(pilot, lambda: "- **Chlorophyll** is green" in shown(screen, "second"))
        await pilot.press("1")
        await ready(pilot, screen, 2)
        assert "- **Chlorophyll**" in shown(screen, "second")


@pytest.mark.parametrize("raw", [True, False])
async def test_hostile_text_is_only_text(raw: bool) -> None:
    evil = "[/] [bold \x1b[2J\x1b]52;c;aGk=\x07 \x9b31m \u202ertl [@click=app.quit]x[/]"
    workbench = FakeWorkbench(0)
    asked = prompt(1, text=evil, set_name="[/] \x1b[2J")
    workbench.rows[1] = comparison(1, evil, evil + "!", prompt=asked)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        if raw:
            await pilot.press("m")
            await until(pilot, lambda: not screen.view.rendered)
        for name in ("prompt", "first", "second"):
            assert "[/] [bold ␛[2J␛]52;c;aGk=␇" in shown(screen, name)
            assert "⟨009B⟩31m ⟨202E⟩rtl" in shown(screen, name)
        assert "[/] ␛[2J" in str(screen.view.pane("prompt")._words_above)


async def test_both_answers_scroll_or_the_marked_one_alone() -> None:
    workbench = FakeWorkbench(0)
    workbench.rows[1] = comparison(1, "\n\n".join(map(str, range(90))), "\n\n".join(map(str, range(100, 190))))
    async with label(workbench, (100, 24)) as (pilot, screen):
        await ready(pilot, screen, 1)
        first, second = screen.view.pane("first"), screen.view.pane("second")
        await pilot.press("j", "j")
        await until(pilot, lambda: (first.scroll_offset.y, second.scroll_offset.y) == (2, 2))
        await pilot.press("tab", "j")
        await until(pilot, lambda: (first.scroll_offset.y, second.scroll_offset.y) == (3, 2))
        assert first.has_class("-marked")
        await pilot.press("tab", "end")
        await until(pilot, lambda: second.scroll_offset.y == second.max_scroll_y > 100)
        assert first.scroll_offset.y == 3
        await pilot.press("tab", "home")
        await until(pilot, lambda: (first.scroll_offset.y, second.scroll_offset.y) == (0, 0))
        await pilot.press("pagedown")
        await until(pilot, lambda: first.scroll_offset.y == first.scrollable_content_region.height - 2)


async def test_one_answer_takes_the_whole_width() -> None:
    async with label(FakeWorkbench()) as (pilot, screen):
        await ready(pilot, screen, 1)
        first, second = screen.view.pane("first"), screen.view.pane("second")
        await pilot.press("z")
        await until(pilot, lambda: first.region.width == 120 and not second.display)
        await pilot.press("tab")
        await until(pilot, lambda: second.region.width == 120 and not first.display)
        await pilot.press("z")
        await until(pilot, lambda: first.display and second.display and first.region.width == 60)


async def test_a_cut_answer_says_so() -> None:
    workbench = FakeWorkbench(0)
    workbench.rows[1] = comparison(1, a=completion(1, 1, "It stops in the mid", cut=True))
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert "reached its token limit" in shown(screen, "first")
        assert "reached its token limit" not in shown(screen, "second")


# -- while there is no pair ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_state": LoadState.LOADING}, "Loading smollm2-135m-instruct…"),
        ({"model_state": LoadState.PREPARING, "model_detail": "Downloading 40 of 98 MB"}, "Downloading 40 of 98 MB"),
        ({"writing": True}, "Writing the next answers…"),
        ({"prompts_left": 0}, "No prompts left"),
        ({"queue_problem": ("The server does not answer", "Nothing listens at [/].")}, "Nothing listens at [/]."),
        ({"model_state": LoadState.FAILED, "error": ("No such model", "Try [/] another.")}, "Try [/] another."),
    ],
)
async def test_an_empty_queue_says_what_happens(changes: dict[str, object], words: str) -> None:
    workbench = FakeWorkbench(0)
    async with label(workbench) as (pilot, screen):
        workbench.set_state(**changes)
        await until(pilot, lambda: words in str(screen.query_one("#empty").render()))
        await pilot.press("1", "x", "j", "z")
    assert words in str(empty_note(workbench.status()))
    assert workbench.judged_with == []


def test_while_the_model_loads_it_is_said_what_answers_whose_questions_these_are_and_what_changes_both() -> None:
    loading = WorkbenchStatus("smollm2-135m-instruct", LoadState.LOADING)
    words = str(empty_note(loading, ["science"]))
    assert "nonsense now and then" in words
    assert "Palate's own" in words
    assert ", chooses another model · D and then p" in words
    own = str(empty_note(replace(loading, model_name="big"), ["science", "mine\x1b[2J", "yours", "theirs"]))
    assert "big answers." in own
    assert "The questions are yours: mine␛[2J, yours …." in own
    assert max(map(len, words.splitlines())) <= 78


async def test_the_first_pair_comes_by_itself() -> None:
    workbench = FakeWorkbench(0)
    async with label(workbench) as (pilot, screen):
        await until(pilot, lambda: screen.has_class("-empty"))
        workbench.add_comparison(comparison(7))
        await ready(pilot, screen, 7)
        assert not screen.has_class("-empty")


async def test_a_pair_judged_elsewhere_makes_way() -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        workbench.labelling.judge(1, "a", side=None, layout="none", seconds=None)
        await ready(pilot, screen, 2)


# -- answers that grow -------------------------------------------------------------------------------------------


async def test_two_answers_are_shown_while_they_are_written_and_no_key_counts() -> None:
    workbench = FakeWorkbench(0)
    async with label(workbench) as (pilot, screen):
        await until(pilot, lambda: screen.has_class("-empty"))
        workbench.set_state(writing=True)
        workbench.publish(AnswersGrowing(prompt(7), ("As the days", "")))
        await until(pilot, lambda: "As the days" in shown(screen, "first"))
        assert not screen.has_class("-empty")
        assert "being written" in note(screen)
        workbench.publish(AnswersGrowing(prompt(7), ("As the days **grow**\x1b[2J", "Leaves [/]")))
        await until(pilot, lambda: "Leaves [/]" in shown(screen, "second"))
        assert "**grow**␛[2J" in shown(screen, "first")  # plain until the pair is whole
        assert "being written" in note(screen)
        await pilot.press("1", "x", "j")
        assert not screen.can_judge
        workbench.add_comparison(comparison(7))
        await ready(pilot, screen, 7)
        await pilot.press("1")
        await until(pilot, lambda: len(workbench.judged_with) == 1)
    assert workbench.judged_with[0]["comparison"] == 7


async def test_answers_that_are_no_pair_are_taken_off_the_screen() -> None:
    workbench = FakeWorkbench(0)
    async with label(workbench) as (pilot, screen):
        await until(pilot, lambda: screen.has_class("-empty"))
        workbench.set_state(writing=True)
        workbench.publish(AnswersGrowing(prompt(7), ("Twice", "Twice")))
        await until(pilot, lambda: not screen.has_class("-empty"))
        workbench.publish(AnswersGrowing(prompt(7), None))
        await until(pilot, lambda: screen.has_class("-empty"))


async def test_answers_grow_unseen_while_a_pair_is_read() -> None:
    workbench = FakeWorkbench(1)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        workbench.publish(AnswersGrowing(prompt(7), ("Something", "else")))
        workbench.publish(QueueChanged(1))
        await pilot.pause()
        assert screen.can_judge
        assert "Something" not in shown(screen, "first")


# -- what else can be done to a pair ----------------------------------------------------------------------------


async def test_a_note_is_stored_with_the_pair_and_typing_it_judges_nothing() -> None:
    workbench = FakeWorkbench(comparisons=2)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        await pilot.press("1", "x", "2", "enter")
        await until(pilot, lambda: "note: 1x2" in note(screen))
        assert workbench.judged_with == []
        assert workbench.data.notes == {1: "1x2"}
        await until(pilot, lambda: screen.can_judge)
        await pilot.press("1")
        await ready(pilot, screen, 2)
        await pilot.press("2")
        await until(pilot, lambda: len(workbench.judged_with) == 2)
        await pilot.press("p", "p")
        await until(pilot, lambda: "first better · 1x2 · a verdict key changes it" in note(screen))


async def test_a_note_on_a_judged_pair_and_one_on_an_open_pair_outlive_the_app(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    workbench = StillWorkbench(tmp_path)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await ready(pilot, screen, 2)
        for key, number, words in (("", 2, "open"), ("p", 1, "judged")):
            await pilot.press(*key)
            await ready(pilot, screen, number)
            await pilot.press("c", *words, "enter")
            await until(pilot, lambda said=f"note: {words}": said in note(screen))
        await pilot.press("q")
    workbench.close()
    workbench = StillWorkbench(tmp_path)
    try:
        assert [workbench.data.note(each) for each in (1, 2)] == ["judged", "open"]
        (row,) = judged_pairs(workbench.workspace.connection)
        assert row.note == "judged"
    finally:
        workbench.close()


async def test_a_note_that_cannot_be_stored_is_not_said_to_be_kept() -> None:
    workbench = FakeWorkbench(comparisons=1)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        workbench.fail = DatabaseError("There is no room left.")
        await pilot.press("c", "x", "enter")
        await until(pilot, lambda: workbench.fail is None)
        await ready(pilot, screen, 1)
        assert "note" not in note(screen)


async def test_a_discarded_pair_comes_back_with_undo_alone() -> None:
    workbench = FakeWorkbench(comparisons=2)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("X")
        await ready(pilot, screen, 2)
        assert workbench.judged_with[-1]["verdict"] == "discard"
        assert "saved: discarded" in note(screen)
        await pilot.press("u")
        await ready(pilot, screen, 1)


async def test_words_that_differ_are_marked_in_the_texts_as_written() -> None:
    workbench = FakeWorkbench(comparisons=0)
    workbench.add_comparison(comparison(1, "**Red** leaves fall", "**Gold** leaves fall"))
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("d")
        await until(pilot, lambda: "**Red** leaves" in shown(screen, "first"))
        content = screen.query_one("#first PaneText", PaneText).render()
        marked = [content.plain[span.start : span.end] for span in content.spans if "underline" in str(span.style)]
        assert marked == ["Red"]
        assert "underlined" in note(screen)
        await pilot.press("d")
        await until(pilot, lambda: "**" not in shown(screen, "first"))


async def test_earlier_and_later_pairs_are_opened_and_judged_anew() -> None:
    workbench = FakeWorkbench(comparisons=4)
    async with label(workbench) as (pilot, screen):
        for number, key in ((1, "1"), (2, "0")):
            await ready(pilot, screen, number)
            await pilot.press(key)
        await ready(pilot, screen, 3)
        await pilot.press("n")
        assert "this is the open pair" in note(screen)
        await pilot.press("p")
        await ready(pilot, screen, 2)
        assert "a tie · a verdict key changes it" in note(screen)
        await pilot.press("p")
        await ready(pilot, screen, 1)
        assert "first better" in note(screen)
        await pilot.press("p")
        assert "there is no earlier verdict" in note(screen)
        await pilot.press("2")
        await ready(pilot, screen, 3)
        assert [row.verdict for row in workbench.verdicts] == ["a", "tie", "b"]
        await pilot.press("p")
        await ready(pilot, screen, 1)
        await pilot.press("n")
        await ready(pilot, screen, 3)
        await pilot.press("u")
        await ready(pilot, screen, 1)
        assert "your verdict was taken back, and the one before it counts again" in note(screen)
        await pilot.press("u")
        await ready(pilot, screen, 2)
        assert "open again: your verdict was taken back" in note(screen)


async def test_a_copy_goes_to_the_clipboard_and_to_a_file() -> None:
    workbench = FakeWorkbench(comparisons=1)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert screen.pair is not None
        await pilot.press("y")
        await until(pilot, lambda: "the prompt and both answers copied" in note(screen))
        assert screen.pair.a.text in pilot.app.clipboard
        await pilot.press("tab", "y")
        await until(pilot, lambda: "the first answer copied" in note(screen))
        file = workbench.folder / "copied.txt"
        assert pilot.app.clipboard == file.read_text() == screen.pair.first.text
        assert file.stat().st_mode & 0o777 == 0o600


async def test_a_note_is_taken_away_by_an_empty_line_and_kept_beside_another_pair() -> None:
    workbench = FakeWorkbench(comparisons=3)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("s")
        await ready(pilot, screen, 2)
        await pilot.press("c", *"two", "enter")
        await until(pilot, lambda: "note: two" in note(screen))
        await pilot.press("p")
        await ready(pilot, screen, 1)
        await pilot.press("c", *"one", "enter")
        await until(pilot, lambda: "note: one" in note(screen))
        await pilot.press("c", "backspace", "enter")
        await until(pilot, lambda: "no note" in note(screen))
        await ready(pilot, screen, 1)
    assert workbench.data.notes == {1: "", 2: "two"}


async def test_a_pair_is_found_by_number_and_by_words() -> None:
    workbench = FakeWorkbench(comparisons=8)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("G", *"5", "enter")
        await ready(pilot, screen, 5)
        await pilot.press("G", *"ICE", "enter")
        await ready(pilot, screen, 3)
        await pilot.press("G", *"[/]", "enter")
        await until(pilot, lambda: "no pair of a prompt with “[/]”" in note(screen))
        await ready(pilot, screen, 3)
        await pilot.press("1")
        await ready(pilot, screen, 1)
    assert [each["comparison"] for each in workbench.judged_with] == [3]


@pytest.fixture
def two_pairs(tmp_path: Path) -> Iterator[StillWorkbench]:
    """A workspace with two pairs to judge."""
    fill(tmp_path, 2)
    workbench = StillWorkbench(tmp_path)
    yield workbench
    workbench.close()


def hold_out(conn: Connection, prompt: int) -> None:
    conn.execute("UPDATE prompts SET set_id = (SELECT id FROM prompt_sets WHERE held_out = 1) WHERE id = ?", (prompt,))


def forget(conn: Connection, prompt: int) -> None:
    forget_prompts(conn, [prompt])


@pytest.mark.parametrize("take", [hold_out, forget])
async def test_a_pair_whose_prompt_left_labelling_leaves_the_screen(
    two_pairs: StillWorkbench, take: Callable[[Connection, int], None]
) -> None:
    async with label(two_pairs) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert screen.pair is not None
        await pilot.press("D")
        await until(pilot, lambda: pilot.app.screen is not screen)
        two_pairs.workspace.write(take, screen.pair.prompt.id).result()
        await pilot.press("L")
        await ready(pilot, screen, 2)


async def test_undoing_a_text_beside_a_judged_pair_says_that_its_verdict_stays(two_pairs: StillWorkbench) -> None:
    async with label(two_pairs) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await ready(pilot, screen, 2)
        first = two_pairs.comparison(1)
        edit = two_pairs.comparison(two_pairs.labelling.edit_answer(1, first.b.id, "Better words.").result())
        await pilot.press("u")
        await ready(pilot, screen, 1)
        await until(pilot, lambda: "your text was taken back; this pair keeps its verdict" in note(screen))
        assert two_pairs.comparison(1).standing == first.standing
        answers = [first.a.id, first.b.id, edit.b.id]
        places = {answer: place for place, answer in enumerate(answers)}
        two_pairs.labelling.rank_answers([1], answers, places, layout="grid", seconds=9.0).result()
        await pilot.press("u")
        await until(pilot, lambda: "your ranking was taken back; this pair keeps" in note(screen))
        await pilot.pause(SETTLE_S)  # a key that is held down takes nothing more back
        await pilot.press("u")
        await until(pilot, lambda: "open again: your verdict was taken back" in note(screen))


@pytest.mark.parametrize("take", [hold_out, forget])
async def test_no_key_opens_a_judged_pair_whose_prompt_left_labelling(
    two_pairs: StillWorkbench, take: Callable[[Connection, int], None]
) -> None:
    async with label(two_pairs) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await ready(pilot, screen, 2)
        two_pairs.workspace.write(take, two_pairs.comparison(1).prompt.id).result()
        await pilot.press("p")
        await until(pilot, lambda: "no earlier verdict" in note(screen))
        await pilot.press("u")
        await until(pilot, lambda: "so it is not asked again" in note(screen))
        await ready(pilot, screen, 2)
        assert two_pairs.comparison(1).standing is None


@pytest.mark.parametrize("take", [hold_out, forget])
async def test_a_pair_in_sight_makes_way_once_its_prompt_leaves_labelling(
    two_pairs: StillWorkbench, take: Callable[[Connection, int], None]
) -> None:
    async with label(two_pairs) as (pilot, screen):
        await ready(pilot, screen, 1)
        assert screen.pair is not None
        two_pairs.workspace.write(take, screen.pair.prompt.id).result()
        two_pairs._prompts_changed()
        await ready(pilot, screen, 2)


async def test_a_number_too_long_for_the_database_is_words(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    workbench = StillWorkbench(tmp_path)
    try:
        async with label(workbench) as (pilot, screen):
            await ready(pilot, screen, 1)
            await pilot.press("G", *"9" * 19, "enter")
            await until(pilot, lambda: "no pair of a prompt with “9999" in note(screen))
            assert workbench.find_pair("9" * 5000, screen.pair) is None
    finally:
        workbench.close()


async def test_a_pair_whose_names_were_shown_says_that_it_is_not_blind_any_more() -> None:
    workbench = FakeWorkbench(comparisons=2)
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("1")
        await ready(pilot, screen, 2)
        await pilot.press("D", "enter")
        await until(pilot, lambda: workbench.named == {1})
        await pilot.press("escape", "L")
        await ready(pilot, screen, 2)
        await pilot.press("p")
        await ready(pilot, screen, 1)
        assert "names were shown: not blind" in note(screen)


async def test_a_verdict_from_the_palette_counts() -> None:
    workbench = FakeWorkbench()
    async with label(workbench) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(screen.app.screen, CommandPalette))
        await pilot.press(*"both bad")
        await until(pilot, lambda: bool(screen.app.screen.query_one(CommandList).option_count))
        await pilot.press("enter")
        await until(pilot, lambda: len(workbench.judged_with) == 1)
    assert workbench.judged_with[0]["verdict"] == "both_bad"


async def test_a_pair_under_a_question_is_not_being_read() -> None:
    async with label(FakeWorkbench(3)) as (pilot, screen):
        await ready(pilot, screen, 1)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        await pilot.resize_terminal(100, 30)
        await pilot.pause(2 * SETTLE_S)
        assert not screen.can_judge
        await pilot.press("escape")
        await ready(pilot, screen, 1)
