"""Join and settle, by command and by key, on two real workspaces."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from textual.pilot import Pilot

from db.agreements import verdicts_of_two
from db.connection import writing
from db.givers import find_giver
from db.pair_rows import OWNER
from tests.label_pairs import fill
from tests.screens import text_of, until, until_shown
from tests.still_workbench import StillWorkbench
from tui.app import PalateApp
from tui.cli import main
from tui.screens.data.data import DataScreen
from tui.screens.data.joining import SettleScreen

ANN, BEN = "aababb", "abbaaa"
"""Their verdicts on six common pairs; they differ on the second, fifth and sixth."""


def judge(folder: Path, verdicts: str, name: str | None) -> None:
    fill(folder, len(verdicts), words=10)
    workbench = StillWorkbench(folder)
    for comparison, verdict in enumerate(verdicts, 1):
        workbench.labelling.judge(comparison, verdict).result()
    if name is not None:
        workbench.change_setting("name", name)
    workbench.close()


@pytest.fixture
def ann(tmp_path: Path) -> Path:
    judge(tmp_path / "ann", ANN, "Ann")
    judge(tmp_path / "ben", BEN, "Ben")
    return tmp_path / "ann"


@pytest.fixture
def workbench(ann: Path) -> Iterator[StillWorkbench]:
    made = StillWorkbench(ann)
    yield made
    made.close()


def palate(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--workspace", str(folder), *words], catch_exceptions=False)


def records(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_join_and_settle_without_a_screen(ann: Path) -> None:
    ben = ann.parent / "ben"
    files = {each: each.stat().st_mtime_ns for each in ben.iterdir() if each.is_file()}
    (looked,) = records(palate(ann, "join", str(ben), "--dry-run", "--json"))
    assert looked == {"event": "join_preview", "person": "Ben", "pairs": 6, "common": 6, "new": 0}
    (done,) = records(palate(ann, "join", str(ben), "--json"))
    assert (done["person"], done["common"], done["new"], done["verdicts"], done["to_settle"]) == ("Ben", 6, 0, 6, 3)
    assert "were here, 0 came along; 0 verdicts came in, 6 were known." in palate(ann, "join", str(ben)).output
    # Both say a on 1 and 4, b on 3: 3 of 6; by chance (3·2 + 3·4) / 36 = 1/2, so kappa is 0.
    assert "You and Ben agreed on 3 of 6 pairs (50%" in palate(ann, "agreement").stdout
    assert "Cohen's κ 0.00" in palate(ann, "agreement").stdout
    listed = records(palate(ann, "settle", "--json"))
    assert [(each["comparison"], each["own"], each["others"]) for each in listed] == [
        (2, "a", [{"by": "person:Ben", "verdict": "b"}]),
        (5, "b", [{"by": "person:Ben", "verdict": "a"}]),
        (6, "b", [{"by": "person:Ben", "verdict": "a"}]),
    ]
    assert "Nobody judged comparison 1 otherwise" in palate(ann, "settle", "1", "b").output
    assert "2 to settle" in palate(ann, "settle", "2", "b").output
    assert [each["comparison"] for each in records(palate(ann, "settle", "--with", "ben", "--json"))] == [5, 6]
    assert "You and Ben agreed on 3 of 6 pairs" in palate(ann, "agreement").stdout  # as they said by themselves
    assert [each["verdict"] for each in records(palate(ann, "data", "tag:settled", "--json"))] == ["b"]
    assert {each: each.stat().st_mtime_ns for each in files} == files


def test_what_cannot_be_joined_is_said(ann: Path) -> None:
    refused = palate(ann, "join", str(ann))
    assert "is this workspace itself" in refused.output
    link = ann.parent / "link"
    link.mkdir()
    os.link(ann / "palate.db", link / "palate.db")
    assert "is this workspace itself" in palate(ann, "join", str(link)).output
    assert "does not exist" in palate(ann, "join", str(ann.parent / "nowhere")).output
    (ann.parent / "text").mkdir()
    (ann.parent / "text" / "palate.db").write_text("This is a text of more than a hundred characters. " * 3)
    assert "is not an SQLite file" in palate(ann, "join", str(ann.parent / "text")).output
    judge(ann.parent / "nobody", "ab", None)
    assert "Give a name" in palate(ann, "join", str(ann.parent / "nobody")).output.replace("\n", " ")
    assert "Both workspaces are Ann's by name" in palate(ann, "join", str(ann.parent / "nobody"), "--as", "ann").output
    assert records(palate(ann, "join", str(ann.parent / "nobody"), "--as", "Eva", "--json"))[0]["person"] == "Eva"


def test_a_join_that_was_interrupted_is_completed_by_another(ann: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.curation.joining._SLICE", 2)
    workbench = StillWorkbench(ann)
    try:

        def stop(read: int) -> None:
            if read == 4:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            workbench.joining.join(ann.parent / "ben", tell=stop)
        ben = find_giver(workbench.workspace.connection, "Ben").giver
        assert len(verdicts_of_two(workbench.workspace.connection, OWNER, ben)) == 4
        counts = workbench.joining.join(ann.parent / "ben").counts
        assert (counts.verdicts, counts.known) == (2, 4)
    finally:
        workbench.close()


def test_a_workspace_is_joined_while_its_owner_works_in_it(ann: Path) -> None:
    owner = StillWorkbench(ann.parent / "ben")
    try:
        owner.labelling.judge(1, "b").result()
        assert records(palate(ann, "join", str(ann.parent / "ben"), "--json"))[0]["to_settle"] == 4
        assert owner.labelling.judge(1, "a").result().verdict == "a"
    finally:
        owner.close()


async def data(pilot: Pilot[None]) -> DataScreen:
    await pilot.press("D")
    await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
    assert isinstance(pilot.app.screen, DataScreen)
    return pilot.app.screen


async def test_join_and_settle_by_keys(workbench: StillWorkbench) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await data(pilot)
        await pilot.press("d")
        await until(pilot, lambda: len(app._notifications) == 1)  # nothing to settle
        assert app.screen is screen
        await pilot.press("P")
        await until_shown(pilot, "It is only read")
        await pilot.press(*str(workbench.folder.parent / "ben"), "enter")
        await until_shown(pilot, "Ben judged 6 pairs: 6 of them are here, 0 would come")
        await pilot.press("j")
        await until(pilot, lambda: len(workbench.joining.disagreements()) == 3 and screen.is_active)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, SettleScreen) and app.screen.can_judge)
        assert "1 of 3 · Ben: " in text_of(app)
        settling = app.screen
        assert isinstance(settling, SettleScreen)
        await until(pilot, lambda: settling.shown_pair is not None)
        settling.gate.begin()
        await pilot.press("n")  # right behind a verdict that is being stored
        assert settling.shown_pair is not None
        assert settling.shown_pair.id == 2
        settling.gate.deciding = False
        for comparison in (2, 5, 6):
            await until(pilot, lambda at=comparison: settling.shown_pair and settling.shown_pair.id == at)
            await until(pilot, lambda: settling.can_judge)
            await pilot.press("0")
        await until(pilot, lambda: workbench.joining.disagreements() == [])
        await until_shown(pilot, "settled")
        assert "Ben: " in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
    standing = [workbench.comparison(at).standing for at in (2, 5, 6)]
    assert [(each.verdict, each.blind) for each in standing if each is not None] == [("tie", False)] * 3


async def test_whose_preferences_are_shown_is_turned_by_a_key(workbench: StillWorkbench) -> None:
    workbench.joining.join(workbench.folder.parent / "ben")
    app = PalateApp(workbench)
    async with app.run_test(size=(120, 50)) as pilot:
        await data(pilot)
        await pilot.press("w")
        await until_shown(pilot, "6 verdicts of yours")
        await until_shown(pilot, "You and Ben agreed on 3 of 6 pairs")
        await pilot.press("v")
        await until_shown(pilot, "6 verdicts of person Ben")
        await pilot.press("v")
        await until_shown(pilot, "6 verdicts of yours")


def test_an_unfinished_import_there_is_not_seen(ann: Path) -> None:
    with closing(writing(ann.parent / "ben" / "palate.db")) as conn:
        last = conn.execute("SELECT max(id) FROM comparisons").fetchone()[0]
        ids = {"prompt": 10**6, "completion": 10**6, "comparison": last}
        conn.execute(
            """INSERT INTO import_batch (id, source, at, set_id, new_set, first_prompt, last_prompt, first_completion,
            last_completion, first_comparison, last_comparison)
            VALUES (1, 'x', '2026-01-01T00:00:00Z', 1, 0, :prompt, :prompt, :completion, :completion, :comparison,
            :comparison)""",
            ids,
        )
    assert records(palate(ann, "join", str(ann.parent / "ben"), "--dry-run", "--json"))[0]["pairs"] == 5
