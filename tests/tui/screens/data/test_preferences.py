"""The page "What you like" on a real workspace: what it tells, its groups, the second look, the label smoothing."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from sqlite3 import Connection

import pytest
from click.testing import CliRunner
from textual.pilot import Pilot

from db.comparisons import add_comparison, get_comparison
from db.metrics import add_margins
from db.runs import create_run
from db.verdicts import add_verdict
from tests.db_workspace import compared, new_model, new_set
from tests.fake_workbench import adapter_view
from tests.screens import text_of, until, until_shown
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.cli import main
from tui.screens.data.data import DataScreen
from tui.screens.data.preferences import PreferencesScreen
from tui.screens.pairs.review import ReviewScreen
from tui.screens.runs.train import TrainScreen
from tui.widgets.form.text_row import TextRow

PAIRS, REPEATED = 30, 12


def fill(conn: Connection) -> None:
    """Thirty questions on which the longer answer is chosen, and a run that learned two of them the other way.

    Twelve pairs come again, and three of those are decided otherwise.
    """
    new_set(conn, *(f"Question {at}?" for at in range(PAIRS)), name="mine")
    pairs = [compared(conn, f"Question {at}?", "A longer answer than that.", "Short.") for at in range(PAIRS)]
    verdicts = [add_verdict(conn, comparison=each, verdict="a", side="left", seconds=12.0).id for each in pairs]
    for at, each in enumerate(pairs[:REPEATED]):
        first = get_comparison(conn, each)
        ids = {"prompt": first.prompt.id, "a": first.a.id, "b": first.b.id}
        again = add_comparison(conn, **ids, side_seed=at, repeats=each)
        add_verdict(conn, comparison=again, verdict="b" if at < 3 else "a")
    trained = [(pair, "train", verdict) for pair, verdict in zip(pairs, verdicts, strict=True)]
    run = create_run(conn, name="taste-1", config={}, versions={}, base_model=new_model(conn), pairs=trained)
    margins = {pairs[4]: -0.25, pairs[7]: -0.5}
    add_margins(conn, run, 1, [(each, "train", margins.get(each, 0.5)) for each in pairs])


@pytest.fixture
def workbench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StillWorkbench]:
    made = StillWorkbench(tmp_path / "space")
    made.workspace.write(fill).result()
    monkeypatch.setattr(made.preferences, "_adapters", lambda: [adapter_view(1, "taste-1", in_use=True)])
    yield made
    made.close()


@asynccontextmanager
async def likes(
    workbench: StillWorkbench, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], PalateApp, PreferencesScreen]]:
    app = PalateApp(workbench)
    async with app.run_test(size=size) as pilot:
        await pilot.press("D")
        await until(pilot, lambda: isinstance(app.screen, DataScreen))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, PreferencesScreen) and app.screen.page is not None)
        screen = app.screen
        assert isinstance(screen, PreferencesScreen)
        yield pilot, app, screen


async def test_it_tells_shares_slips_and_what_the_adapter_misses(workbench: StillWorkbench) -> None:
    async with likes(workbench) as (pilot, app, _screen):
        await until_shown(pilot, "Pace")
        text = " ".join(text_of(app).split())
    # Wilson for 30 of 30: 0.8865 to 1.
    assert "longer 100 % 89 to 100 % more often 30" in text
    assert "with a list – 0" in text
    assert "You agreed with yourself on 9 of 12 repeated pairs (75%" in text
    # d = 3/12: e = (1 − √½) ÷ 2 = 0.146
    assert "= 15 %" in text
    assert "taste-1 ranked 2 of 30 pairs the other way" in text
    assert "42 verdicts 12 s each" in text


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_nothing_is_cut_off_in_a_small_terminal(workbench: StillWorkbench, size: tuple[int, int]) -> None:
    async with likes(workbench, size) as (pilot, app, _screen):
        await until_shown(pilot, "more often")
        lines = [line for line in text_of(app).splitlines() if "longer " in line or "neither" in line]
    assert lines
    if size[0] == 80:
        assert any("89 to 100 %   more often" in line and line.rstrip().endswith(" 30") for line in lines)


async def test_a_group_is_counted_by_itself(workbench: StillWorkbench) -> None:
    async with likes(workbench) as (pilot, app, screen):
        await pilot.press("f")
        await until(pilot, lambda: screen.page is not None and screen.page.group.set_name == "mine")
        await pilot.press("f")
        await until(pilot, lambda: screen.page is not None and screen.page.group.field == "biology")
        await until_shown(pilot, "field biology")
        await pilot.press("F", "F")
        await until(pilot, lambda: screen.page is not None and screen.page.group.key == (None, None))
        assert "everything" in text_of(app)


async def test_the_pairs_that_are_missed_open_one_after_the_other(workbench: StillWorkbench) -> None:
    async with likes(workbench) as (pilot, app, _screen):
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        await until_shown(pilot, "1 of 2 · margin -0.50")
        assert "Question 7?" in text_of(app)
        await pilot.press("p")  # there is none before it
        await pilot.press("n")
        await until_shown(pilot, "2 of 2 · margin -0.25")
        assert "Question 4?" in text_of(app)
        await until(pilot, lambda: app.screen.can_judge)
        await pilot.press("0")
        await until(pilot, lambda: workbench.comparison(5).standing.verdict == "tie")
        await pilot.press("escape")
        await until_shown(pilot, "ranked 1 of 30 pairs")  # the one judged anew is no longer among them


async def test_label_smoothing_is_set_for_the_next_run_and_by_nothing_else(workbench: StillWorkbench) -> None:
    async with likes(workbench) as (pilot, app, _screen):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))
        row = app.screen.query_one("TrainSetup").form.row("label_smoothing")
        assert isinstance(row, TextRow)
        await until(pilot, lambda: row.value == 0.15)
        await until(pilot, lambda: app.focused is row)


async def test_figures_are_kept_until_something_is_stored(workbench: StillWorkbench) -> None:
    reporter, version = workbench.preferences, workbench.preferences.version()
    page = reporter.read(version=version)
    assert reporter.read(version=workbench.preferences.version()) is page
    workbench.labelling.judge(1, "b").result()
    later = workbench.preferences.version()
    assert later != version
    assert reporter.read(version=later).summary.decided == PAIRS


def test_the_command_tells_the_same(workbench: StillWorkbench) -> None:
    folder = str(workbench.workspace.folder)
    done = CliRunner().invoke(main, ["--workspace", folder, "likes", "--json"], catch_exceptions=False)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    longer = next(each for each in records if each["event"] == "preference" and each["name"] == "longer")
    assert (longer["share"], longer["says"], longer["pairs"]) == (1.0, "more often", PAIRS)
    assert longer["questions"] == {"wins": PAIRS, "ties": 0, "losses": 0}
    slips = next(each for each in records if each["event"] == "slips")
    assert (slips["pairs"], slips["different"], slips["label_smoothing"]) == (REPEATED, 3, 0.15)
    told = CliRunner().invoke(main, ["--workspace", folder, "likes"], catch_exceptions=False).stdout
    assert "palate train --label-smoothing 0.15" in told
    none = CliRunner().invoke(main, ["--workspace", folder, "likes", "--field", "nowhere"], catch_exceptions=False)
    assert "No verdict of yours here yet." in none.stdout


async def test_an_empty_workspace_says_so(tmp_path: Path) -> None:
    workbench = StillWorkbench(tmp_path / "empty")
    async with likes(workbench) as (pilot, app, _screen):
        await until_shown(pilot, "No verdict of yours here yet.")
        assert "No adapter that a run made is in use." in " ".join(text_of(app).split())
        await pilot.press("s", "w", "i", "f")
        assert isinstance(app.screen, PreferencesScreen)
    workbench.close()
