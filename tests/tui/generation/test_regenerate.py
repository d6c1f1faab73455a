"""New answers for a prompt: written first, seen while they are written, asked first, and taken back with one key."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from textual.pilot import Pilot

from db import comparisons as db_comparisons
from db import prompts as db_prompts
from db.margin_scores import next_by_margin
from db.pair_rows import NewCompletion
from engine.config import SamplingConfig
from tests.screens import text_of
from tests.still_workbench import StillWorkbench
from tests.tiny import save_tiny
from tests.waiting import until
from tui.app import PalateApp
from tui.cli import main
from tui.compute.loaded_model import ModelChoice
from tui.compute.scheduler import Job, Priority
from tui.events import AnswersGrowing, ComparisonStored, WorkbenchEvent, WorkbenchNotice
from tui.screens.pairs.label import LabelScreen
from tui.workbench import Workbench


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def workbench(tmp_path: Path, model_folder: Path) -> Iterator[Workbench]:
    """A workbench on a tiny model, with three pairs ready and nothing that fills its queue."""
    workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), dtype="float32"), seed=7)
    try:
        workbench.answers.sampling = SamplingConfig(max_new_tokens=12)
        workbench.start(fill_queue=False)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=120)
        workbench.answers.write_pairs(3).done.result(timeout=120)
        yield workbench
    finally:
        workbench.close()


def write_again(workbench: Workbench, comparison: int) -> list[WorkbenchEvent]:
    heard: list[WorkbenchEvent] = []
    unsubscribe = workbench.subscribe(heard.append)
    workbench.new_answers.write(workbench.comparison(comparison).prompt).done.result(timeout=120)
    unsubscribe()
    return heard


def texts(workbench: Workbench, comparison: int) -> set[str]:
    pair = workbench.comparison(comparison)
    return {pair.a.text, pair.b.text}


# -- without a screen --------------------------------------------------------------------------------------------


def test_they_are_other_answers_to_the_same_prompt_and_asked_first(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.generation.pair_writer.GROWS_EVERY_S", 0.0)
    heard = write_again(workbench, 2)
    (new,) = [each.comparison for each in heard if isinstance(each, ComparisonStored)]
    assert new == 4
    assert workbench.comparison(4).prompt == workbench.comparison(2).prompt
    assert not texts(workbench, 4) & texts(workbench, 2)
    grown = [each for each in heard if isinstance(each, AnswersGrowing)]
    assert {each.prompt.id for each in grown} == {workbench.comparison(2).prompt.id}
    assert [each.id for each in workbench.open_comparisons(10)] == [4, 1, 2, 3]
    assert [each.id for each in workbench.open_comparisons(2)] == [4, 1]
    following = workbench.next_comparison()
    assert following is not None
    assert following.id == 4
    newest = write_again(workbench, 2)
    assert ComparisonStored(5) in newest
    assert not texts(workbench, 5) & (texts(workbench, 4) | texts(workbench, 2))
    assert [each.id for each in workbench.open_comparisons(3)] == [5, 4, 1]
    workbench.labelling.judge(5, "a").result()
    after = workbench.next_comparison(4)
    assert after is not None
    assert after.id == 1


def test_with_the_order_margin_they_are_asked_first_as_well(workbench: Workbench) -> None:
    write_again(workbench, 3)
    asked = next_by_margin(workbench.workspace.connection, 1, pick=None, after=None)
    assert asked is not None
    assert asked.id == 4


def test_answers_without_chance_differ_from_those_before(workbench: Workbench) -> None:
    workbench.answers.sampling = SamplingConfig(max_new_tokens=12, temperature=0)
    write_again(workbench, 1)
    write_again(workbench, 1)
    assert texts(workbench, 4) != texts(workbench, 5)
    prompt = workbench.comparison(1).prompt.id
    assert len({frozenset(texts(workbench, each)) for each in (1, 4, 5)}) == 3
    assert db_comparisons.num_compared(workbench.workspace.connection, prompt) == 3


def test_where_the_model_says_the_same_again_it_is_told_and_nothing_is_passed_over(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.generation.pair_writer.nearly_equal", lambda *_: True)
    heard = write_again(workbench, 1)
    (notice,) = [each for each in heard if isinstance(each, WorkbenchNotice)]
    assert notice.title == "No new answers"
    assert [each.id for each in workbench.open_comparisons(10)] == [1, 2, 3]
    assert workbench.workspace.connection.execute("SELECT count(*) FROM passed_over").fetchone()[0] == 0


def test_they_go_before_a_queue_that_runs_low(workbench: Workbench) -> None:
    answers = workbench.answers
    answers._wanted, answers._hurried = True, True
    assert answers._priority() == Priority.WAITED_FOR
    assert Priority.WATCHED < Priority.WAITED_FOR
    job = workbench.new_answers.write(workbench.comparison(1).prompt)
    assert job.priority() == Priority.WATCHED
    answers._wanted = False
    job.done.result(timeout=120)


def test_the_command_writes_them_and_skips_the_pair(tmp_path: Path, model_folder: Path) -> None:
    before = ["--workspace", str(tmp_path / "other"), "--model", str(model_folder), "--dtype", "float32", "--seed", "3"]

    def palate(*words: str) -> list[dict[str, object]]:
        result = CliRunner().invoke(main, [*before, *words, "--json"], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    first, _ = palate("generate", "--pairs", "2", "--max-new-tokens", "8")
    (again,) = palate("generate", "--instead-of", str(first["id"]), "--max-new-tokens", "8")
    assert again["prompt"] == first["prompt"]
    assert [each["id"] for each in palate("queue")] == [again["id"], 2]


# -- on the screen -----------------------------------------------------------------------------------------------


async def opened(pilot: Pilot[None], comparison: int) -> LabelScreen:
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, LabelScreen) and app.screen.can_judge)
    screen = app.screen
    assert isinstance(screen, LabelScreen)
    await until(pilot, lambda: screen.pair is not None and screen.pair.id == comparison and screen.can_judge)
    return screen


def verdicts(workbench: Workbench) -> list[tuple[int, str]]:
    rows = workbench.workspace.connection.execute("SELECT comparison, verdict FROM verdicts ORDER BY id")
    return [(row["comparison"], row["verdict"]) for row in rows]


async def test_g_shows_them_while_they_are_written_and_u_brings_the_pair_back(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.generation.pair_writer.GROWS_EVERY_S", 0.0)
    app = PalateApp(workbench)
    heard: list[WorkbenchEvent] = []
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, 1)
        workbench.subscribe(heard.append)
        await pilot.press("g")
        await opened(pilot, 4)
        assert verdicts(workbench) == [(1, "skip")]
        assert [each for each in heard if isinstance(each, AnswersGrowing)]
        await pilot.press("u")
        await opened(pilot, 1)
        assert verdicts(workbench) == [(1, "skip"), (1, "undo")]
        await pilot.press("2")
        await opened(pilot, 4)
        assert screen.pair is not None
        await pilot.press("p")
        await opened(pilot, 1)
        await pilot.press("g")  # the verdict on the first pair stays
        await opened(pilot, 5)
        assert [said for _, said in verdicts(workbench)][-1] in ("a", "b")


async def test_while_they_are_written_no_verdict_counts_and_other_pairs_are_a_key_away(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = PalateApp(workbench)
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot, 1)
        monkeypatch.setattr(workbench.scheduler, "submit", lambda name, steps, priority: Job(name, steps, priority))
        await pilot.press("g")
        await until(pilot, lambda: "both answers are being written" in text_of(app))
        await pilot.press("1", "x", "s", "e", "c")
        assert not screen.can_judge
        await pilot.press("n")
        await opened(pilot, 2)
        assert "the new answers come first" in text_of(app)
        await pilot.press("g")
        await until(pilot, lambda: "both answers are being written" in text_of(app))
        await pilot.press("u")
        await opened(pilot, 2)
    assert verdicts(workbench) == [(1, "skip"), (2, "skip"), (2, "undo")]


async def test_without_a_model_the_pair_stays_open(tmp_path: Path) -> None:
    still = StillWorkbench(tmp_path / "still")
    try:
        prompt = db_prompts.get_prompt(still.workspace.connection, 1)
        model, sampling = still.models()[0], {**SamplingConfig().record(), "system": None}
        texts = ("One answer.", "Another.")
        a, b = (NewCompletion(model, sampling, 9, text, 7, False, "model") for text in texts)
        still.workspace.write(db_comparisons.add_pair, prompt.id, (a, b), side_seed=1).result()
        app = PalateApp(still)
        async with app.run_test(size=(100, 30)) as pilot:
            await opened(pilot, 1)
            await pilot.press("g")
            await until(pilot, lambda: any("is still being loaded" in each.message for each in app._notifications))
            await opened(pilot, 1)
        assert verdicts(still) == []
    finally:
        still.close()
