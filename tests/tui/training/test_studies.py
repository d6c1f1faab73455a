"""A search over settings and an outlook on more verdicts, on the tiny model: ordinary runs, stopped and continued."""

from collections.abc import Iterator

import pytest

from engine.config import SamplingConfig, TrainConfig
from tests.tiny import save_tiny
from tui.compute.loaded_model import ModelChoice
from tui.errors import WorkbenchError
from tui.events import StudyChanged, WorkbenchEvent, WorkbenchNotice
from tui.training.pair_sets import PairSet
from tui.training.study import _TRIED, FOLDS, KEY, Cell, Kind, Study, searched, study_of
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
    study = Study("search", 3, CONFIG.__dict__, "f", None, {Cell(1, 2): 7}, {"base": (9.0, 1.5)})
    assert study_of(study.record()) == study
    assert study.name_of(Cell(1, 2)) == "search-3-b3"
    config = study.config_of(Cell(1, 2))
    assert (config.eval_share, config.eval_fold, config.learning_rate) == (1 / 3, 2, 2e-3)


FEW = ((1, 1, 1), (2, 1, 1))


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
    judged.studies.stop()
    over.result(timeout=60)
    stopped = judged.studies.latest("search")
    assert stopped is not None
    assert (stopped.number, stopped.ended) == (1, "")
    study, heard = studied(judged, "search")
    assert (study.number, study.ended, len(study.runs)) == (1, "finished", len(tried) * FOLDS)
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


@pytest.mark.long
def test_an_outlook_trains_on_nested_parts_and_says_what_more_would_bring(judged: Workbench) -> None:
    before = {each.id for each in judged.adapters()}
    study, _ = studied(judged, "outlook")
    assert study.ended == "finished"
    assert "With 50 more verdicts: about" in study.words
    trained = [[judged.run(study.runs[Cell(tried, fold)]).train_pairs for fold in range(FOLDS)] for tried in range(3)]
    assert trained == [[2, 2, 2], [4, 4, 4], [8, 8, 8]]
    assert {each.id for each in judged.adapters()} == before  # no run on parts leaves an adapter


def test_too_few_pairs_are_refused(judged: Workbench) -> None:
    with pytest.raises(WorkbenchError, match="needs at least 12 preference pairs, there are 0"):
        judged.studies.start("search", CONFIG, PairSet(since="2999-01-01"))
