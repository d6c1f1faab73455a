"""Files in and out of the Data screen: kinds, formats, places, progress, and what is told."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from db.interchange.formats import FORMATS
from db.interchange.sources import Source
from db.prompt_rows import TakenPrompts
from tests.screens import until_shown
from tests.waiting import until
from tui.app import PalateApp
from tui.events import ImportMoved
from tui.screens.data.data import DataScreen
from tui.screens.data.import_export import PickFormat, added_sentence
from tui.screens.data.import_preview import ShowPreview
from tui.screens.dialog import AskText, Choose
from tui.snapshots import ImportProgress
from tui.widgets.import_progress import ImportLine
from tui.widgets.lists.cursor_list import CursorList
from tui.workbench import Workbench


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    """A real one, without a model."""
    made = Workbench(tmp_path / "space")
    made._started = True
    yield made
    made.close()


@asynccontextmanager
async def data(workbench: Workbench) -> AsyncIterator[tuple[Pilot[None], DataScreen]]:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DataScreen) and app.screen.query(ImportLine))
        yield pilot, cast(DataScreen, app.screen)


def told(app: PalateApp) -> list[str]:
    return [f"{notice.title}: {notice.message}" for notice in app._notifications]


def pairs(path: Path, number: int) -> Path:
    lines = [json.dumps({"prompt": f"q{at}", "chosen": "yes", "rejected": "no"}) for at in range(number)]
    path.write_text("\n".join(lines) + "\n")
    return path


async def answer(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, AskText) and pilot.app.screen.query(Input))
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")


async def choose(pilot: Pilot[None], key: str) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
    await pilot.press(key)


async def pick(pilot: Pilot[None], *keys: str) -> list[str]:
    """Press these keys in the list of formats, and enter; gives the list as it stood."""
    await until(pilot, lambda: isinstance(pilot.app.screen, PickFormat) and pilot.app.screen.query(CursorList))
    rows = pilot.app.screen.query_one(CursorList)
    await until(pilot, lambda: rows.option_count)
    names = [str(option.id) for option in rows.options]
    await pilot.press(*keys, "enter")
    return names


async def test_prompts_are_imported_into_a_set_named_after_the_file(workbench: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "history.txt"
    path.write_text("Who?\nWhen?\n\nWho?\n")
    async with data(workbench) as (pilot, screen):
        await pilot.press("i")
        await choose(pilot, "h")
        await answer(pilot, f"'{path}'")
        await until(pilot, lambda: told(screen.palate))
        assert told(screen.palate) == [
            "Imported: 2 prompts in the set 'history'; 1 known already; 1 left out (line 3): empty line."
        ]
        await until(pilot, lambda: "history" in str(screen.query_one("#sets").render()))
    assert [each.held_out for each in workbench.prompt_sets()][-1]


async def look(pilot: Pilot[None], *keys: str) -> str:
    """Wait for the preview of a file, press these keys, and return what the preview said."""
    await until(pilot, lambda: isinstance(pilot.app.screen, ShowPreview) and pilot.app.screen.query("#preview"))
    said = str(pilot.app.screen.query_one("#preview", Static).render())
    await pilot.press(*keys)
    return said


async def test_pairs_are_imported_as_the_preview_shows_them(workbench: Workbench, tmp_path: Path) -> None:
    async with data(workbench) as (pilot, screen):
        await pilot.press("i")
        await choose(pilot, "v")
        await answer(pilot, str(pairs(tmp_path / "mine.jsonl", 4)))
        said = await look(pilot, "enter")
        assert said.splitlines()[:6] == [
            "trl-text: 4 preference pairs",
            "",
            "line 1",
            "  user      q0",
            "  chosen    yes",
            "  rejected  no",
        ]
        assert said.count("chosen") == 3
        await until(pilot, lambda: told(screen.palate))
        assert told(screen.palate) == ["Imported: 4 preference pairs in the set 'mine'."]
        await until(pilot, lambda: "4 pairs" in str(screen.query_one("#verdicts").border_title))
        await pilot.press("i")
        await choose(pilot, "v")
        await answer(pilot, str(tmp_path / "mine.jsonl"))
        await look(pilot, "f")
        listed = ["trl-text", *(name for name in FORMATS if name != "trl-text")]
        assert await pick(pilot, *["j"] * listed.index("trl")) == listed
        await look(pilot, "enter")
        await until(pilot, lambda: len(told(screen.palate)) == 2)
        assert "4 left out (lines 1, 2, 3, …): known already." in told(screen.palate)[1]


async def test_rows_left_out_are_told_and_written_and_come_in_once_mended(workbench: Workbench, tmp_path: Path) -> None:
    path = pairs(tmp_path / "mine.jsonl", 2)
    with path.open("a") as file:
        file.write('{"prompt": "q9", "chosen": "yes", "rejected": 5}\nno json\n')
    rejects = tmp_path / "rejects.jsonl"
    async with data(workbench) as (pilot, screen):
        await pilot.press("i")
        await choose(pilot, "v")
        await answer(pilot, str(path))
        said = await look(pilot, "r")
        assert "1 left out (line 3): 'rejected' must be a text or messages, not a number" in said
        assert "1 left out (line 4): Expecting value at column 1" in said
        await answer(pilot, str(rejects))
        await until(pilot, lambda: told(screen.palate))
        assert f"The rows that could not be used are in {rejects}" in told(screen.palate)[0]
        mended = rejects.read_text().replace(": 5", ': "no"').replace("no json\n", "")
        rejects.write_text(mended)
        await pilot.press("i")
        await choose(pilot, "v")
        await answer(pilot, str(rejects))
        await look(pilot, "enter")
        await until(pilot, lambda: len(told(screen.palate)) == 2)
        assert told(screen.palate)[1] == "Imported: 1 preference pair in the set 'rejects'."
    assert workbench.counts().decisive == 3


async def test_columns_are_asked_once_for_each_shape_of_a_file(workbench: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"q": "Why?", "good": "yes", "bad": "no"}) + "\n")
    async with data(workbench) as (pilot, screen):
        await pilot.press("i")
        await choose(pilot, "v")
        await answer(pilot, str(path))
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText) and "no known format" in screen_text(pilot))
        await answer(pilot, "prompt=q,chosen=good,rejected=bad")
        await look(pilot, "enter")
        await until(pilot, lambda: told(screen.palate))
        path.write_text(json.dumps({"q": "How?", "good": "so", "bad": "hm"}) + "\n")
        await pilot.press("i")
        await choose(pilot, "v")
        await answer(pilot, str(path))
        assert "  user      How?" in await look(pilot, "enter")
        await until(pilot, lambda: len(told(screen.palate)) == 2)
    assert workbench.counts().decisive == 2


def screen_text(pilot: Pilot[None]) -> str:
    return " ".join(str(each.render()) for each in pilot.app.screen.query(Static))


async def test_a_file_that_is_not_there_is_told(workbench: Workbench, tmp_path: Path) -> None:
    async with data(workbench) as (pilot, screen):
        await pilot.press("i")
        await choose(pilot, "v")
        await answer(pilot, str(tmp_path / "[/none].jsonl"))
        await until(pilot, lambda: told(screen.palate))
        assert "No such file" in told(screen.palate)[0]


async def test_going_back_imports_nothing(workbench: Workbench, tmp_path: Path) -> None:
    before = workbench.prompt_sets()
    async with data(workbench) as (pilot, screen):
        await pilot.press("i")
        await choose(pilot, "v")
        await answer(pilot, str(pairs(tmp_path / "mine.jsonl", 3)))
        await look(pilot, "escape")
        await until(pilot, lambda: screen.app.screen is screen)
    assert workbench.prompt_sets() == before


async def test_a_line_tells_how_far_an_import_is_and_i_stops_it(workbench: Workbench, tmp_path: Path) -> None:
    async with data(workbench) as (pilot, screen):
        line = screen.query_one(ImportLine)
        assert not line.display
        workbench._publish(ImportMoved(ImportProgress("storing", 340_000, 1_000_000)))
        await until(pilot, lambda: line.display)
        assert str(line.render()) == "● import  340,000 of 1,000,000 stored, 34 %   i stop"
        future = workbench.imports.start(Source(pairs(tmp_path / "mine.jsonl", 50_000)))
        await until(pilot, lambda: "of 50,000" in str(line.render()))
        await pilot.press("i")
        await choose(pilot, "s")
        await until(pilot, future.done)
        assert "stopped" in str(future.exception())
        await until(pilot, lambda: not line.display)
    assert workbench.counts().total == 0


async def test_export_asks_for_the_format_and_never_replaces_unasked(workbench: Workbench, tmp_path: Path) -> None:
    workbench.imports.read(Source(pairs(tmp_path / "mine.jsonl", 2)))
    path = tmp_path / "out.json"
    async with data(workbench) as (pilot, screen):
        await pilot.press("o")
        assert (await pick(pilot, "end"))[0] == "trl"
        await until(pilot, lambda: isinstance(screen.app.screen, AskText))
        assert screen.app.screen.query_one(Input).value == "preferences.json"
        await answer(pilot, str(path))
        await until(pilot, lambda: told(screen.palate))
        assert told(screen.palate) == [f"Exported: 2 pairs in {path}."]
        assert len(json.loads(path.read_text())) == 2
        path.write_text("mine")
        for key, left in (("escape", "mine"), ("r", "[")):
            await pilot.press("o")
            await pick(pilot, "end")
            await answer(pilot, str(path))
            await until(pilot, lambda: isinstance(screen.app.screen, Choose))
            await pilot.press(key)
            await until(pilot, lambda left=left: screen.app.screen is screen and path.read_text().startswith(left))


async def test_an_ending_that_the_format_has_not_is_told(workbench: Workbench, tmp_path: Path) -> None:
    async with data(workbench) as (pilot, screen):
        await pilot.press("o")
        await pick(pilot)
        await answer(pilot, str(tmp_path / "out.xlsx"))
        await until(pilot, lambda: told(screen.palate))
        assert "trl is written as .jsonl, .json, .csv, .parquet" in told(screen.palate)[0]


def test_what_was_left_out_of_prompts_is_told() -> None:
    assert added_sentence(TakenPrompts("mine", 1, 0, 0, 4)) == (
        "1 prompt in the set 'mine'; 4 left out, because they are in a set of the other kind (labelling or held out)."
    )


@pytest.mark.parametrize(("key", "stored"), [("a", 2), ("d", 1), ("escape", None)])
async def test_prompts_that_are_nearly_the_same_are_shown_before_they_are_stored(
    workbench: Workbench, tmp_path: Path, key: str, stored: int | None
) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("Why is the sea salty and a lake not?\nWhy is the sea so salty and a lake not?\n")
    async with data(workbench) as (pilot, screen):
        await pilot.press("i")
        await choose(pilot, "p")
        await answer(pilot, str(file))
        await until_shown(pilot, "1 prompt is nearly the same as others.")
        await until_shown(pilot, "≈ “Why is the sea")
        await pilot.press(key)
        await until(pilot, lambda: screen.is_current)
        await until(pilot, lambda: stored is None or bool(told(screen.palate)))
        there = {each.name: each.prompts for each in workbench.prompt_sets()}
        assert there.get("mine") == stored
