"""Finding on the Data screen, on a real workspace: words, filters, out of training and back, notes, their history."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner
from textual.pilot import Pilot
from textual.widgets import Input

from db.comparisons import add_comparison, get_comparison
from db.verdicts import add_verdict, preference_pairs
from tests.db_workspace import compared
from tests.screens import text_of, until_shown
from tests.still_workbench import StillWorkbench
from tests.waiting import until
from tui.app import PalateApp
from tui.cli import main
from tui.curation.verdict_list import PAGE
from tui.screens.data.data import DataScreen
from tui.screens.data.filter_picker import FilterPicker
from tui.screens.dialog import AskText
from tui.screens.pairs.verdict import VerdictScreen
from tui.screens.picker import Pick
from tui.widgets.lists.verdict_list import VerdictList


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    workbench = StillWorkbench(tmp_path / "ws")
    yield workbench
    workbench.close()


def fill(workbench: StillWorkbench, *questions: str, verdict: str = "a") -> list[int]:
    def store(conn: object) -> list[int]:
        pairs = [compared(conn, question) for question in questions]
        for pair in pairs:
            add_verdict(conn, comparison=pair, verdict=verdict)
        return pairs

    return workbench.workspace.write(store).result()


@asynccontextmanager
async def data(
    workbench: StillWorkbench, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], DataScreen, VerdictList]]:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and app.screen.query(VerdictList))
        yield pilot, cast(DataScreen, app.screen), app.screen.query_one(VerdictList)


def shown(verdicts: VerdictList) -> list[str]:
    return [row.prompt_line for row in verdicts.rows]


async def test_words_and_filters_are_found_as_they_are_typed(workbench: StillWorkbench) -> None:
    fill(workbench, "leaves in autumn", "rain")
    fill(workbench, "ice", verdict="tie")
    async with data(workbench) as (pilot, screen, verdicts):
        await until(pilot, lambda: len(verdicts.rows) == 3)
        await pilot.press("slash", *"aut")
        await until(pilot, lambda: shown(verdicts) == ["leaves in autumn"])
        screen.query_one("#filter", Input).value = "verdict:tie"
        await until(pilot, lambda: shown(verdicts) == ["ice"])
        await until_shown(pilot, "1 match")
        screen.query_one("#filter", Input).value = "colour:red"
        await until_shown(pilot, "There is no filter 'colour'.")
        assert shown(verdicts) == ["ice"]  # what was found stays
        await pilot.press("escape")
        await until(pilot, lambda: len(verdicts.rows) == 3 and verdicts.has_focus)
        assert "no filter" not in text_of(pilot.app)


async def test_nothing_that_is_typed_breaks_the_screen(workbench: StillWorkbench) -> None:
    fill(workbench, "one")
    async with data(workbench) as (pilot, screen, verdicts):
        await until(pilot, lambda: len(verdicts.rows) == 1)
        await pilot.press("slash")
        for text in ('"', "'\\", "NEAR(", "a AND (", "-", "%_*", "\u202e日本", "{x}:", "[/b]"):
            screen.query_one("#filter", Input).value = text
            await until(pilot, lambda: screen.shown_query == screen.query_text)
        screen.query_one("#filter", Input).value = ""
        await until(pilot, lambda: shown(verdicts) == ["one"])


async def test_a_long_search_is_told_in_full_and_read_on(workbench: StillWorkbench) -> None:
    fill(workbench, *(f"question {number}" for number in range(PAGE + 50)))
    async with data(workbench) as (pilot, screen, verdicts):
        await until(pilot, lambda: len(verdicts.rows) == PAGE)
        await pilot.press("slash")
        screen.query_one("#filter", Input).value = "question"
        await until_shown(pilot, f"{PAGE + 50} matches")
        await pilot.press("enter", "end")
        await until(pilot, lambda: len(verdicts.rows) == PAGE + 50)
        assert len({row.comparison for row in verdicts.rows}) == PAGE + 50
        await pilot.press("end")
        last = verdicts.rows[-1].comparison
        await until(pilot, lambda: verdicts.marked is not None and verdicts.marked.comparison == last)
        await pilot.press("t")
        await until(pilot, lambda: verdicts.rows[-1].out)
        assert (len(verdicts.rows), verdicts.marked) == (PAGE + 50, verdicts.rows[-1])


async def test_a_newer_question_ends_an_older_one(workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(workbench, "rain", "ice")
    asked, slow, held = workbench.data.page, threading.Event(), threading.Event()

    def page(query: str = "", **more: object) -> object:
        if query == "rai":
            slow.set()
            held.wait(60)
        return asked(query, **more)

    async with data(workbench) as (pilot, screen, verdicts):
        await until(pilot, lambda: len(verdicts.rows) == 2)
        monkeypatch.setattr(workbench.data, "page", page)
        await pilot.press("slash")
        screen.query_one("#filter", Input).value = "rai"
        await until(pilot, slow.is_set)
        screen.query_one("#filter", Input).value = "ice"
        await pilot.pause()
        held.set()
        await until(pilot, lambda: shown(verdicts) == ["ice"])
        assert screen.shown_query == "ice"


async def test_a_new_question_is_not_ended_by_the_wish_to_read_on(workbench: StillWorkbench) -> None:
    """Words are typed just when the mark comes near the end of the list."""
    fill(workbench, "rain", *(f"question {number}" for number in range(PAGE + 50)))
    async with data(workbench) as (pilot, screen, verdicts):
        await until(pilot, lambda: len(verdicts.rows) == PAGE)
        screen.query_one("#filter", Input).value = "rain"
        screen.load()
        verdicts.post_message(VerdictList.Wanted(verdicts.rows[-1].id))
        await until(pilot, lambda: shown(verdicts) == ["rain"])
        screen.query_one("#filter", Input).value = ""
        await until(pilot, lambda: len(verdicts.rows) == PAGE)
        verdicts.highlighted = PAGE - 1
        screen.load()  # a verdict was stored: the list is read anew, and then read on
        await until(pilot, lambda: len(verdicts.rows) == PAGE + 51)


async def test_a_filter_is_chosen_instead_of_typed(workbench: StillWorkbench) -> None:
    fill(workbench, "rain")
    fill(workbench, "ice", verdict="tie")
    async with data(workbench) as (pilot, screen, verdicts):
        await until(pilot, lambda: len(verdicts.rows) == 2)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FilterPicker))
        await pilot.press("enter")  # the verdict
        await until(pilot, lambda: type(pilot.app.screen) is Pick)
        await pilot.press("down", "enter")  # a tie
        await until(pilot, lambda: shown(verdicts) == ["ice"])
        assert screen.query_text == "verdict:tie "


async def test_a_pair_is_taken_out_and_put_back_and_its_history_says_so(workbench: StillWorkbench) -> None:
    (pair, _) = fill(workbench, "rain", "ice")

    def trained() -> list[int]:
        return [row.comparison for row in preference_pairs(workbench.workspace.connection)]

    async with data(workbench) as (pilot, _screen, verdicts):
        await until(pilot, lambda: len(verdicts.rows) == 2)
        await pilot.press("down", "t")
        await until(pilot, lambda: verdicts.rows[1].out)
        assert pair not in trained()
        assert len(trained()) == 1
        await until_shown(pilot, "− out  rain")
        await until_shown(pilot, "t put back")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, VerdictScreen))
        await until_shown(pilot, "out of training")
        await pilot.press("t")
        await until_shown(pilot, "put back into training")
        assert pair in trained()
        history = str(pilot.app.screen.query_one("#history").render()).splitlines()
        assert [line.split("  ")[1].split(" · ")[0] for line in history] == [
            *("put back into training", "taken out of training"),
            "left is better" if workbench.comparison(pair).first_letter == "a" else "right is better",
        ]


async def test_a_note_is_kept_found_and_shown(workbench: StillWorkbench) -> None:
    fill(workbench, "rain", "ice")
    async with data(workbench, (80, 24)) as (pilot, screen, verdicts):
        await until(pilot, lambda: len(verdicts.rows) == 2)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one(Input).value = "[/] cold"
        await pilot.press("enter")
        await until(pilot, lambda: verdicts.rows[0].note == "[/] cold")
        await pilot.press("slash")
        screen.query_one("#filter", Input).value = "noted cold"
        await until(pilot, lambda: shown(verdicts) == ["ice"])
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, VerdictScreen))
        await until_shown(pilot, "note  [/] cold")


def _ask_again(conn: object, comparison: int) -> None:
    pair = get_comparison(conn, comparison)
    again = {"prompt": pair.prompt.id, "a": pair.a.id, "b": pair.b.id, "side_seed": 2, "repeats": comparison}
    add_verdict(conn, comparison=add_comparison(conn, **again), verdict="tie")


# -- the command -----------------------------------------------------------------------------------------------


def run(folder: Path, *words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["--workspace", str(folder), *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_finds_and_takes_out(tmp_path: Path) -> None:
    folder = tmp_path / "ws"
    workbench = StillWorkbench(folder)
    (first, _) = fill(workbench, "leaves in autumn", "rain")
    workbench.workspace.write(_ask_again, first).result()
    code, out, told = run(folder, "data", "aut", "--json")  # beside the owner
    assert (code, out.count("\n"), told) == (0, 2, "")
    assert '"prompt": "leaves in autumn"' in out
    workbench.close()
    assert run(folder, "data", "--take-out", "id:1")[2] == "1 pair taken out of training; 0 stay as they are.\n"
    assert run(folder, "data", "out", "--json")[1].count('"out": true') == 1
    assert "1 left out: taken out of training." in run(folder, "export", str(tmp_path / "pairs.jsonl"))[2]
    assert run(folder, "data", "--take-out", "verdict:tie")[2].startswith("0 pairs taken out of training; 1 stay")
    assert run(folder, "data", "--put-back", "rain", "--json")[1] == ""
    assert "1 pair put back" in run(folder, "data", "--put-back", "out")[2]
    assert run(folder, "data", "nowhere")[2] == "No verdict matches.\n"
    assert run(folder, "data", "--limit", "3")[2] == ""
    assert run(folder, "data", "--limit", "1")[2] == "1 of 3; --limit 3 shows all.\n"
    code, _, told = run(folder, "data", "colour:red")
    assert code == 1
    assert "There is no filter 'colour'" in told
    assert run(folder, "data", "--take-out")[0] == 2
    assert "verdict:   better (a or b)" in run(folder, "data", "--help")[1]
