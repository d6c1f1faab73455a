"""A search over settings and an outlook on more verdicts, on the tiny model: ordinary runs, stopped and continued."""

from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from sqlite3 import Connection
from types import SimpleNamespace

import pytest

from adapters.errors import AdapterNameError
from db.models import ensure_model
from engine.config import SamplingConfig, TrainConfig
from tests.tiny import save_tiny
from tests.waiting import wait_until
from tui.compute.loaded_model import ModelChoice
from tui.errors import WorkbenchError
from tui.events import StudyChanged, WorkbenchEvent, WorkbenchFailed, WorkbenchNotice
from tui.training.pair_sets import PairSet
from tui.training.study import _TRIED, FOLDS, KEY, Cell, Kind, Study, searched, study_of, study_words
from tui.workbench import Workbench

CONFIG = TrainConfig(epochs=1, batch_size=8, lora_r=2, lora_alpha=4, learning_rate=1e-3, scoring="eager")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Twelve pairs of which the shorter answer was chosen."""
    folder = tmp_path_factory.mktemp("studies")
    made = Workbench(folder / "space", ModelChoice(str(save_tiny(folder / "model")), "float32", "cpu"), seed=3)
    made.start(fill_queue=False)
    assert made.loading is not None
    made.loading.done.result(timeout=60)
    made.answers.sampling = SamplingConfig(max_new_tokens=12)
    made.answers.write_pairs(12).done.result(timeout=60)
    while (comparison := made.next_comparison()) is not None:
        shorter = "a" if len(comparison.a.text) < len(comparison.b.text) else "b"
        made.labelling.judge(comparison.id, shorter).result()
    yield made
    made.close()


def studied(workbench: Workbench, kind: Kind) -> tuple[Study, list[WorkbenchEvent]]:
    heard: list[WorkbenchEvent] = []
    leave = workbench.subscribe(heard.append)
    workbench.studies.start(kind, CONFIG)
    assert workbench.studies.over is not None
    workbench.studies.over.result(timeout=300)
    leave()
    found = workbench.studies.latest(kind)
    assert found is not None
    return found, heard


def test_a_search_tries_the_settings_as_given_first_and_stores_what_it_did() -> None:
    tried = searched(CONFIG)
    assert tried[0] == CONFIG
    assert len(set(tried)) == 5
    study = Study("search", 3, CONFIG.__dict__, "f", None, {Cell(1, 2): 7}, {"base": (9.0, 1.5)}, comparisons=[3, 4])
    assert study_of(study.record()) == study
    assert study.name_of(Cell(1, 2)) == "search-3-b3"
    config = study.config_of(Cell(1, 2))
    assert (config.eval_share, config.eval_fold, config.learning_rate) == (1 / 3, 2, 2e-3)


FEW = ((1, 1, 1), (2, 1, 1))


@pytest.fixture(scope="module")
def finished(judged: Workbench) -> Study:
    """A search over two settings that is over."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tui.training.study._TRIED", FEW)
        judged.workspace.keep_setting(KEY, {})
        study, _ = studied(judged, "search")
    assert study.ended == "finished"
    return study


@pytest.mark.parametrize("tried", [FEW, pytest.param(_TRIED, marks=pytest.mark.long)])
def test_a_search_is_stopped_and_continued_and_ends_with_a_run_on_all_pairs(
    judged: Workbench, tried: tuple[tuple[int, int, int], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.study._TRIED", tried)
    judged.workspace.keep_setting(KEY, {})
    before = {each.id for each in judged.adapters()}
    judged.studies.start("search", CONFIG)
    with pytest.raises(WorkbenchError, match="Search 1 is still in progress"):
        judged.studies.start("outlook", CONFIG)
    over = judged.studies.over
    assert over is not None
    assert judged.training_over() is over  # not that of a run, or a lost terminal would end it between two runs
    judged.studies.stop()
    over.result(timeout=60)
    stopped = judged.studies.latest("search")
    assert stopped is not None
    assert (stopped.number, stopped.ended) == (1, "")
    study, heard = studied(judged, "search")
    assert (study.number, study.ended, len(study.runs)) == (1, "finished", len(tried) * FOLDS)
    assert judged.training_over() is None
    assert any(isinstance(each, StudyChanged) for each in heard)
    (notice,) = [each for each in heard if isinstance(each, WorkbenchNotice)]
    assert (notice.title, notice.text) == ("Search 1", study.words)
    assert "out of fold" in study.words or "guard" in study.words
    rows = {each.id: each for each in judged.runs()}
    for cell, run in study.runs.items():
        assert (rows[run].status, rows[run].tags) == ("finished", ("search-1",))
        assert rows[run].train_pairs + rows[run].eval_pairs == 12
        assert rows[run].name == study.name_of(cell)
    aside = [judged.run_margins(study.runs[Cell(0, fold)]) for fold in range(FOLDS)]
    kept = {each.comparison for rows_ in aside for each in rows_ if each.split == "eval"}
    assert len(kept) == 12  # each pair was judged by a run that did not learn from it
    assert study.final is not None
    final = rows[study.final]
    assert (final.status, final.train_pairs, final.tags) == ("finished", 12, ())
    assert any(study.words in line.text for line in judged.run_log(final.id))
    (left,) = [each for each in judged.adapters() if each.id not in before]  # those of parts are gone
    assert (left.id, left.in_use) == (final.adapter, True)
    assert set(study.drifts) == {"base", *map(str, range(len(tried)))}


def keep(workbench: Workbench, study: Study) -> None:
    """Let this be the latest search."""
    workbench.workspace.keep_setting(KEY, {"search": study.record()})


def test_a_search_that_was_left_before_its_last_run_continues_there(
    judged: Workbench, finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.study._TRIED", FEW)
    left = replace(finished, ended="", final=None)
    keep(judged, left)
    assert study_words(left) == "search-1 was left in its last run"
    start = judged.trainer.start

    def refused(*_: object, **__: object) -> int:
        raise WorkbenchError("The disk is full.")

    monkeypatch.setattr(judged.trainer, "start", refused)
    study, heard = studied(judged, "search")
    assert (study.ended, study.final, study.chosen) == ("", None, finished.chosen)
    (failed,) = [each for each in heard if isinstance(each, WorkbenchFailed)]
    assert failed.text == "The disk is full. `palate train --search` with the same settings continues it."
    monkeypatch.setattr(judged.trainer, "start", start)
    study, _ = studied(judged, "search")
    assert (study.number, study.ended, study.runs) == (1, "finished", finished.runs)  # no run on a part was repeated
    assert study.final is not None
    assert judged.run(study.final).status == "finished"


def test_a_last_run_that_was_left_is_resumed(
    judged: Workbench, finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.study._TRIED", FEW)
    run = judged.trainer.start(replace(CONFIG, epochs=500))
    wait_until(lambda: judged.run_progress is not None and judged.run_progress.step > 0)
    judged.trainer.leave()
    assert judged.run(run).status == "interrupted"
    keep(judged, replace(finished, ended="", final=run))
    judged.studies.start("search", CONFIG)
    over = judged.studies.over
    assert over is not None
    wait_until(lambda: judged.run_progress is not None and judged.run_progress.step > 0)
    assert judged.study_progress is not None
    assert judged.study_progress.on_all
    judged.trainer.stop()  # a person may keep what the last run has learned
    over.result(timeout=60)
    study = judged.studies.latest("search")
    assert study is not None
    assert (study.number, study.ended, study.final, study.runs) == (1, "finished", run, finished.runs)
    assert judged.run(run).status == "stopped"


def test_a_run_of_a_search_whose_adapter_was_kept_is_done_again(
    judged: Workbench, finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.study._TRIED", FEW)
    cell = Cell(1, 2)
    name = finished.name_of(cell)
    kept = judged.trainer.start(replace(finished.config_of(cell), epochs=500), name=name, tags=(finished.tag,))
    over = judged.training_over()
    assert over is not None
    wait_until(lambda: judged.run_progress is not None and judged.run_progress.step > 0)
    judged.trainer.stop()
    over.result(timeout=60)
    assert name in [each.name for each in judged.adapters()]
    runs = {**finished.runs, cell: kept}
    keep(judged, replace(finished, ended="", chosen=None, final=None, runs=runs))
    study, _ = studied(judged, "search")
    assert study.ended == "finished"
    assert study.runs[cell] != kept
    assert name not in [each.name for each in judged.adapters()]


def test_a_name_that_is_taken_is_refused_before_the_first_run(judged: Workbench) -> None:
    runs = len(judged.runs())
    taken = judged.adapters()[0].name
    with pytest.raises(AdapterNameError, match="Choose another name"):
        judged.studies.start("search", CONFIG, name=taken)
    assert judged.study_progress is None
    assert len(judged.runs()) == runs


@pytest.mark.long
def test_an_outlook_trains_on_nested_parts_and_says_what_more_would_bring(judged: Workbench) -> None:
    before = {each.id for each in judged.adapters()}
    study, _ = studied(judged, "outlook")
    assert study.ended == "finished"
    assert "With all 12 about" in study.words
    assert "and with 50 more about" in study.words
    trained = [[judged.run(study.runs[Cell(tried, fold)]).train_pairs for fold in range(FOLDS)] for tried in range(3)]
    assert trained == [[2, 2, 2], [4, 4, 4], [8, 8, 8]]
    assert {each.id for each in judged.adapters()} == before  # no run on parts leaves an adapter


def test_too_few_pairs_are_refused(judged: Workbench) -> None:
    with pytest.raises(WorkbenchError, match="needs at least 12 preference pairs, there are 0"):
        judged.studies.start("search", CONFIG, PairSet(since="2999-01-01"))


def test_the_name_of_a_last_run_that_is_over_is_no_obstacle(
    judged: Workbench, finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.study._TRIED", FEW)
    keep(judged, replace(finished, ended=""))
    assert finished.final is not None
    judged.studies.start("search", CONFIG, name=judged.run(finished.final).name)
    assert judged.studies.over is not None
    judged.studies.over.result(timeout=60)
    study = judged.studies.latest("search")
    assert study == finished


def test_a_last_run_that_is_over_ends_its_search_even_where_palate_closes_before_its_adapter_is_in_use(
    judged: Workbench, finished: Study
) -> None:
    done: Future[None] = Future()
    done.cancel()  # as the scheduler does to jobs when it closes
    closing = SimpleNamespace(job=SimpleNamespace(done=done))
    assert finished.final is not None
    judged.studies._wait(closing, finished.final)  # type: ignore[arg-type]
    with pytest.raises(CancelledError):
        judged.studies._wait(closing, finished.final, ("interrupted",))  # type: ignore[arg-type]


def test_a_run_whose_adapter_went_before_it_was_measured_is_done_again(
    judged: Workbench, finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.study._TRIED", FEW)
    left = replace(finished, ended="", chosen=None, final=None, drifts={"base": finished.drifts["base"]})
    keep(judged, left)
    study, _ = studied(judged, "search")
    assert (study.number, study.ended) == (finished.number, "finished")
    again = {cell for cell, run in study.runs.items() if run != finished.runs[cell]}
    assert again == {Cell(0, 0), Cell(1, 0)}
    assert study.drifts.keys() == finished.drifts.keys()


def test_a_search_on_another_model_is_another_one(
    judged: Workbench, finished: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.study._TRIED", FEW)
    run = finished.runs[Cell(0, 0)]
    here = judged.run(run).base_model

    def move(conn: Connection, model: int) -> None:
        conn.execute("UPDATE runs SET base_model = ? WHERE id = ?", (model, run))

    other = judged.workspace.write(ensure_model, kind="base", name="other", source="there", fingerprint="f").result()
    judged.workspace.write(move, other).result()
    keep(judged, replace(finished, ended="", chosen=None, final=None))
    assert judged.studies.start("search", CONFIG).number == finished.number + 1
    judged.studies.stop()
    assert judged.studies.over is not None
    judged.studies.over.result(timeout=60)
    judged.workspace.write(move, here).result()


def test_verdicts_that_come_meanwhile_are_no_pairs_of_a_search_but_of_its_last_run(
    judged: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.training.study._TRIED", FEW)
    judged.workspace.keep_setting(KEY, {})
    judged.answers.write_pairs(1).done.result(timeout=60)
    judged.studies.start("search", CONFIG)
    wait_until(lambda: judged.run_progress is not None)
    comparison = judged.next_comparison()
    assert comparison is not None
    judged.labelling.judge(comparison.id, "a").result()
    assert judged.studies.over is not None
    judged.studies.over.result(timeout=300)
    study = judged.studies.latest("search")
    assert study is not None
    assert study.final is not None
    assert {pairs_in(judged, run) for run in study.runs.values()} == {12}
    assert pairs_in(judged, study.final) == 13
    first = {cell: run for cell, run in study.runs.items() if cell.tried == 0}
    keep(judged, replace(study, ended="", chosen=None, final=None, runs=first))
    continued, _ = studied(judged, "search")  # one verdict more does not begin it anew
    assert (continued.number, continued.ended) == (study.number, "finished")
    assert first.items() <= continued.runs.items()
    assert {pairs_in(judged, run) for run in continued.runs.values()} == {12}


def pairs_in(workbench: Workbench, run: int) -> int:
    """How many pairs a run trains and evaluates on."""
    row = workbench.run(run)
    return row.train_pairs + row.eval_pairs
