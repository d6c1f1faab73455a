"""Prompt sets and prompts on the screen and by command, on a real workspace; the held-out guard seen from there."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner
from textual.pilot import Pilot
from textual.widgets import Input

from db.runs import create_run, set_run_pairs, set_status
from db.verdicts import add_verdict, count_pairs
from tests.db_workspace import compared
from tests.screens import text_of, until_shown
from tests.still_workbench import StillWorkbench
from tests.waiting import until
from tui.app import PalateApp
from tui.cli import main
from tui.errors import WorkbenchError
from tui.screens.data.data import DataScreen
from tui.screens.data.prompt_dialogs import ShowPrompt
from tui.screens.data.prompts import PromptsScreen
from tui.screens.dialog import AskText, Choose
from tui.screens.picker import Pick
from tui.widgets.lists.cursor_list import CursorList


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    workbench = StillWorkbench(tmp_path / "ws")
    yield workbench
    workbench.close()


@asynccontextmanager
async def prompts(
    workbench: StillWorkbench, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], PromptsScreen]]:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, PromptsScreen))
        screen = cast(PromptsScreen, app.screen)
        await until(pilot, lambda: len(screen._rows) == 200)
        yield pilot, screen


async def answer(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, AskText) and pilot.app.screen.query(Input))
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")


def sets_of(screen: PromptsScreen) -> dict[str, tuple[int, int, int, bool]]:
    return {each.row.name: (each.row.prompts, each.judged, each.open, each.row.held_out) for each in screen._sets}


async def test_sets_with_counts_and_prompts_that_are_searched(workbench: StillWorkbench) -> None:
    async with prompts(workbench) as (pilot, screen):
        assert sets_of(screen) == {"science": (200, 0, 200, False), "science, held out": (80, 0, 80, True)}
        await until_shown(pilot, "80 prompts")
        await pilot.press("down")
        await until(pilot, lambda: len(screen._rows) == 80)
        await pilot.press("up", "slash")
        screen.query_one("#words", Input).value = "SKY blue"
        await until(pilot, lambda: 0 < len(screen._rows) < 200)
        assert all("sky" in row.line.lower() and "blue" in row.line for row in screen._rows)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ShowPrompt))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: len(screen._rows) == 200)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))


async def test_more_prompts_are_never_those_of_a_set_that_was_marked_meanwhile(workbench: StillWorkbench) -> None:
    async with prompts(workbench) as (pilot, screen):
        with screen.prevent(CursorList.OptionHighlighted):
            screen.query_one("#sets-list", CursorList).highlighted = 1
            await pilot.pause()
            await screen._read_prompts(more=True)  # as the end of the first set asked, a moment too late
        assert len(screen._rows) == 80
        listed = [option.id for option in screen.query_one("#prompts-list", CursorList).options]
        assert listed == [str(row.id) for row in screen._rows]


async def test_a_set_is_made_filled_renamed_and_held_out(workbench: StillWorkbench) -> None:
    async with prompts(workbench, (80, 24)) as (pilot, screen):
        await pilot.press("n")
        await answer(pilot, "letters")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("l")
        await until(pilot, lambda: "letters" in sets_of(screen))
        await pilot.press("end")
        await until_shown(pilot, "Press a to type one")
        await pilot.press("a")
        await answer(pilot, "Dear [/] sir?")
        await until(pilot, lambda: [row.line for row in screen._rows] == ["Dear [/] sir?"])
        await pilot.press("r")
        await answer(pilot, "mail")
        await until(pilot, lambda: sets_of(screen).get("mail") == (1, 0, 1, False))
        await pilot.press("h")
        await until_shown(pilot, "no run ever trains on them")
        await pilot.press("h")
        await until(pilot, lambda: sets_of(screen)["mail"][3])
        await until_shown(pilot, "h release")
        await pilot.press("n")
        await answer(pilot, "mail")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("h")
        await until(pilot, lambda: any("'mail' already" in note.message for note in pilot.app._notifications))


async def test_holding_out_what_was_judged_is_told_with_numbers(workbench: StillWorkbench) -> None:
    def judge(conn: object) -> None:
        for question in ("one", "two"):
            add_verdict(conn, comparison=compared(conn, question), verdict="a")

    workbench.workspace.write(judge).result()
    async with prompts(workbench) as (pilot, screen):
        await pilot.press("end")
        await until(pilot, lambda: len(screen._rows) == 2)
        await pilot.press("h")
        await until_shown(pilot, "2 verdicts on them stay in the list, but 2 preference pairs leave")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert count_pairs(workbench.workspace.connection) == 2
        await pilot.press("h")
        await until_shown(pilot, "2 preference pairs leave")
        await pilot.press("h")
        await until(pilot, lambda: sets_of(screen)["questions"][3])
        assert count_pairs(workbench.workspace.connection) == 0
        assert [row.held_out for row in workbench.data.page()] == [True, True]
        await pilot.press("escape")
        await until_shown(pilot, "− held out  two")


async def test_a_prompt_is_moved_and_removed(workbench: StillWorkbench) -> None:
    async with prompts(workbench) as (pilot, screen):
        await pilot.press("enter")
        await until(pilot, lambda: screen.marked_prompt is not None)
        first = screen._rows[0]
        await pilot.press("m")
        await until(pilot, lambda: isinstance(pilot.app.screen, Pick))
        await pilot.press("enter")
        await until_shown(pilot, "1 prompt: trials ask them, and no run ever trains on them.")
        await pilot.press("h")
        await until(pilot, lambda: sets_of(screen).get("science, held out", (0,))[0] == 81)
        assert first.id not in [row.id for row in screen._rows]
        second = screen._rows[0]
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("x")
        await until(pilot, lambda: sets_of(screen)["science"][0] == 198)
        assert second.id not in [row.id for row in screen._rows]


async def test_a_prompt_is_written_in_the_editor(workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.screens.data import prompt_set_actions as module
    from tui.screens.external_editor import Edited

    file = workbench.folder / "edit" / "answer.md"
    file.parent.mkdir()

    async def edit(_app: object, _text: str) -> Edited:
        return Edited("First line.\n\nSecond line?", file)

    monkeypatch.setattr(module, "edit_text", edit)
    async with prompts(workbench) as (pilot, screen):
        await pilot.press("e")
        await until(pilot, lambda: sets_of(screen)["science"][0] == 201)
        await until(pilot, lambda: not file.parent.exists())
        await pilot.press("slash")
        screen.query_one("#words", Input).value = "second line"
        await until(pilot, lambda: [row.line for row in screen._rows] == ["First line."])


async def test_letters_are_letters_in_the_line(workbench: StillWorkbench) -> None:
    async with prompts(workbench) as (pilot, screen):
        await pilot.press("slash", *"hanxmre")
        await until(pilot, lambda: screen.query_one("#words", Input).value == "hanxmre")
        await until_shown(pilot, "No prompt of this set matches")
        assert isinstance(screen.query_one("#prompts-list"), CursorList)
        assert "hanxmre" in text_of(pilot.app)


def test_a_run_whose_prompts_came_to_be_held_out_cannot_be_resumed(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(conn: object) -> tuple[int, int]:
        pairs = [compared(conn, f"question {number}") for number in range(4)]
        for pair in pairs:
            add_verdict(conn, comparison=pair, verdict="a")
        run = create_run(conn, name="taste", config={}, versions={}, base_model=1, pairs=[])
        set_run_pairs(conn, run, [(pair, "train", pair) for pair in pairs])
        set_status(conn, run, "interrupted")
        conn.execute("INSERT INTO checkpoints VALUES (?, 1, 'x', 0, '2026-01-01T00:00:00Z')", (run,))
        return run, compared(conn, "another")

    run, _ = workbench.workspace.write(prepare).result()
    workbench.prompts.set_held_out(workbench.prompts.find_set("questions").id, True).result()
    monkeypatch.setattr(workbench.trainer, "problem", lambda *_: None)
    with pytest.raises(WorkbenchError, match="Run 1 has 4 pairs whose prompts are held out for trials now"):
        workbench.trainer.resume(run)


# -- the commands ----------------------------------------------------------------------------------------------


def run_command(folder: Path, *words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["--workspace", str(folder), *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_commands(tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    StillWorkbench(folder).close()

    def say(*words: str) -> list[dict[str, object]]:
        code, out, told = run_command(folder, "prompts", *words, "--json")
        assert code == 0, (words, told)
        return [json.loads(line) for line in out.splitlines()]

    assert [each["set"] for each in say("sets")] == ["science", "science, held out"]
    assert say("new-set", "letters") == [{"event": "prompt_set", "set": "letters", "held_out": False}]
    assert say("add-one", "Dear sir?", "--set", "letters")[0]["added"] == 1
    assert say("add-one", "dear  SIR?", "--set", "science, held out")[0]["in_other_set"] == 1
    (prompt,) = say("show", "letters", "dear")
    assert (prompt["line"], prompt["asked"]) == ("Dear sir?", 0)
    say("rename", "letters", "mail")
    assert say("hold-out", "mail")[0]["done"] is False
    assert say("sets")[2]["held_out"] is False
    assert say("hold-out", "mail", "--yes")[0]["done"] is True
    assert say("sets")[2]["held_out"] is True
    assert say("release", "mail", "--yes")[0]["event"] == "released"
    code, _, told = run_command(folder, "prompts", "move", str(prompt["id"]), "--to", "science, held out")
    assert code == 1
    assert "Nothing has changed. Give --yes" in told
    say("move", str(prompt["id"]), "--to", "science, held out", "--yes")
    assert say("sets")[1]["prompts"] == 81
    say("remove", str(prompt["id"]))
    assert say("sets")[1]["prompts"] == 80
    code, _, told = run_command(folder, "prompts", "hold-out", "nothing")
    assert code == 1
    assert "There is no prompt set 'nothing'. There are: 'science', 'science, held out', 'mail'." in told
    assert "prompts" in run_command(folder, "prompts", "sets")[1]


async def test_a_prompt_and_then_its_set_are_forgotten_after_a_question(workbench: StillWorkbench) -> None:
    workbench.workspace.write(compared, "A private [/] question?", "first", "second").result()
    async with prompts(workbench) as (pilot, screen):
        await pilot.press("end")
        await until(pilot, lambda: [row.line for row in screen._rows] == ["A private [/] question?"])
        await pilot.press("enter", "F")
        await until_shown(pilot, "1 prompt with 2 answers")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert screen._rows[0].line == "A private [/] question?"
        await pilot.press("F")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("F")
        await until(pilot, lambda: screen._rows[0].line == "(forgotten)")
        await pilot.press("F")
        await until(pilot, lambda: any("nothing to forget" in note.message for note in pilot.app._notifications))
        screen.query_one("#sets-list").focus()
        await pilot.press("home")
        await until(pilot, lambda: len(screen._rows) == 200)
        await pilot.press("F")
        await until_shown(pilot, "200 prompts with 0 answers")
        await pilot.press("F")
        await until(pilot, lambda: {row.line for row in screen._rows} == {"(forgotten)"})


SKY = "Why is the sky blue but the sunset red?"
"""A bundled question."""


async def test_prompts_that_are_nearly_the_same_are_listed_together_until_esc(workbench: StillWorkbench) -> None:
    science = workbench.prompts.find_set("science").id
    workbench.prompts.add(science, SKY.replace("blue", "so blue")).result()
    async with prompts(workbench) as (pilot, screen):
        await pilot.press("s")
        await until_shown(pilot, "nearly the same as others: 2 prompts")
        assert [row.line for row in screen._rows] == [SKY, SKY.replace("blue", "so blue")]
        await pilot.press("down")
        await until_shown(pilot, "No prompt of this set is nearly the same as another.")
        await pilot.press("up", "escape")
        await until(pilot, lambda: len(screen._rows) == 200)
        assert screen.is_current


def test_near_duplicates_of_a_file_are_shown_and_left_out_only_where_asked(tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    StillWorkbench(folder).close()
    held_out = run_command(folder, "prompts", "show", "science, held out", "--limit", "1", "--json")[1]
    held = str(json.loads(held_out)["line"])
    file = tmp_path / "mine.txt"
    file.write_text(f"{SKY.replace('blue', 'so blue')}\nSomething else altogether.\n{held} Please explain.\n{SKY}\n")
    code, out, told = run_command(folder, "prompts", "add", str(file), "--distinct", "--set", "few", "--json")
    assert (code, json.loads(out)["added"]) == (0, 1)
    assert json.loads(out)["left_out"] == [{"reason": "nearly the same as another prompt", "count": 2, "lines": [1, 3]}]
    assert [each["held_out"] for each in json.loads(out)["similar"]] == [False, True]
    code, _, told = run_command(folder, "prompts", "add", str(file))
    assert code == 0
    assert "2 prompts added to 'mine'." in told
    assert "1 prompt is nearly the same as others." in told
    assert "1 prompt is nearly the same as held-out ones, which spoils trials." in told
    assert "≈ a held-out prompt in 'science, held out'" in told
    assert held not in told.replace(f"{held} Please", "")
    listed = [json.loads(line) for line in run_command(folder, "prompts", "similar", "mine", "--json")[1].splitlines()]
    assert [(each["set"], each["like_set"]) for each in listed] == [("mine", "science"), ("mine", "science, held out")]
    assert "No two prompts" in run_command(folder, "prompts", "similar", "few")[2]
