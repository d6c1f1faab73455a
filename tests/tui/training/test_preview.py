"""What a run would do: the preview is exact, counted on a thread, and kept until something is stored."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from sqlite3 import Connection

import pytest

from db.edits import undo_labelling
from db.prompts import add_prompt_set
from db.runs import create_run
from db.verdicts import count_pairs
from engine.config import TrainConfig
from engine.preference import split_by_prompt
from tests.label_pairs import fill
from tests.sql_statements import statements_of
from tests.still_workbench import StillWorkbench
from tui.snapshots import TrainPreview
from tui.training import preview
from tui.training.newest_request import Dropped
from tui.training.pair_sets import ALL_PAIRS, PairSet, pairs_of, preference_pair
from tui.widgets.runs.train_setup import plan_words

CONFIG = TrainConfig(eval_share=0.3, batch_size=2)


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    fill(tmp_path / "space", 2, judged=23)
    made = StillWorkbench(tmp_path / "space")
    yield made
    made.close()


def asked(workbench: StillWorkbench, config: TrainConfig = CONFIG, pairs: PairSet = ALL_PAIRS) -> TrainPreview:
    """The preview as the thread gives it."""
    told: SimpleQueue[TrainPreview] = SimpleQueue()
    workbench.previews.ask(config, pairs, told.put)
    return told.get(timeout=20)


@pytest.mark.parametrize("seed", [1, 42])
@pytest.mark.parametrize("eval_share", [0.0, 0.1, 0.5])
def test_the_preview_is_that_of_the_run_itself(workbench: StillWorkbench, eval_share: float, seed: int) -> None:
    config = TrainConfig(eval_share=eval_share, seed=seed)
    pairs = [preference_pair(row) for row in pairs_of(workbench.workspace, ALL_PAIRS)]
    train, evaluation = split_by_prompt(pairs, eval_share, seed)
    found = workbench.previews.preview(config)
    assert (found.pairs, found.train_pairs, found.eval_pairs) == (23, len(train), len(evaluation))
    assert asked(workbench, config) == found
    assert found.problem is not None
    assert "still loading" in found.problem


def test_ties_are_counted_where_the_settings_learn_from_them(workbench: StillWorkbench) -> None:
    connection = workbench.workspace.connection
    first, second = (row.comparison for row in pairs_of(workbench.workspace, ALL_PAIRS)[:2])
    workbench.labelling.judge(first, "tie").result()
    workbench.labelling.judge(second, "both_bad").result()
    assert (asked(workbench).pairs, count_pairs(connection)) == (21, 21)
    ordinal = replace(CONFIG, loss="ordinal")
    assert asked(workbench, ordinal).pairs == workbench.previews.preview(ordinal).pairs == 22
    both = replace(ordinal, unpaired_weight=0.2)
    assert asked(workbench, both).pairs == 23
    words = workbench.previews._unused_words(ALL_PAIRS, CONFIG)
    assert words is not None
    assert words.endswith("1 × tie, 1 × both bad. To learn from them: --loss ordinal and --unpaired-weight 0.25.")
    assert workbench.previews._unused_words(ALL_PAIRS, both) is None


def test_pairs_that_no_run_gets_explain_the_number_in_the_status_line(workbench: StillWorkbench) -> None:
    first, second = pairs_of(workbench.workspace, ALL_PAIRS)[:2]
    assert (asked(workbench).pairs, asked(workbench).kept_back) == (23, 0)
    workbench.data.set_out(first.comparison, True).result()
    writer = workbench.workspace.writer
    held = writer.submit(add_prompt_set, "trial", held_out=True).result()
    writer.submit(_move_prompt, workbench.comparison(second.comparison).prompt.id, held).result()
    found = asked(workbench)
    assert found.kept_back > 1
    assert found.pairs + found.kept_back == workbench.status().pairs == 23
    assert plan_words(found).plain.endswith(f" · {found.kept_back} kept out\n{found.problem}")
    assert asked(workbench, pairs=PairSet(strong=True)).kept_back == 0


def _move_prompt(conn: Connection, prompt: int, to_set: int) -> None:
    conn.execute("UPDATE prompts SET set_id = ? WHERE id = ?", (to_set, prompt))


def test_what_was_counted_once_is_known_without_a_query(workbench: StillWorkbench) -> None:
    assert workbench.previews.known(CONFIG, ALL_PAIRS) is None
    asked(workbench)
    with statements_of(workbench.workspace.connection) as made:
        known = workbench.previews.known(TrainConfig(eval_share=0.5), ALL_PAIRS)
        assert workbench.previews.known(TrainConfig(seed=7), ALL_PAIRS) is None
        assert workbench.previews.known(CONFIG, PairSet(strong=True)) is None
    assert made == []
    assert known == workbench.previews.preview(TrainConfig(eval_share=0.5))


def test_what_was_stored_is_counted_when_it_is_asked_for_again(workbench: StillWorkbench) -> None:
    before = asked(workbench)
    workbench.labelling.judge(1, "a").result()
    stale = workbench.previews.known(CONFIG, ALL_PAIRS)
    assert stale is not None
    assert stale.pairs == before.pairs == 23
    assert asked(workbench).pairs == 24
    workbench.workspace.write(undo_labelling).result()
    assert asked(workbench).pairs == 23


def test_the_name_is_that_of_no_run_and_no_adapter(workbench: StillWorkbench) -> None:
    assert asked(workbench).name == "taste-1"
    workbench.workspace.write(_add_run, workbench.models()[0]).result()
    assert asked(workbench).name == "taste-2"


def _add_run(connection: Connection, base: int) -> None:
    create_run(connection, name="taste-1", config={}, versions={}, base_model=base)


def test_of_many_pairs_their_number_comes_first(workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "_FEW", 5)
    told: SimpleQueue[TrainPreview] = SimpleQueue()
    workbench.previews.ask(CONFIG, ALL_PAIRS, told.put)
    first, second = told.get(timeout=20), told.get(timeout=20)
    assert (first.pairs, first.train_pairs, first.steps) == (23, None, None)
    assert (second.pairs, second.train_pairs) == (23, 17)


def test_a_set_of_pairs_that_is_gone_is_a_problem_in_words(workbench: StillWorkbench) -> None:
    found = asked(workbench, pairs=PairSet(prompt_set="nowhere"))
    assert (found.pairs, found.steps) == (0, 0)
    assert found.problem is not None
    assert found.problem.startswith("There is no prompt set 'nowhere'")


def test_a_close_look_that_nobody_waits_for_ends(workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.training.newest_request._WORKS_S", 0.0)
    monkeypatch.setattr(workbench.loaded_model, "base", object())
    with pytest.raises(Dropped):
        workbench.previews.preflight(CONFIG, ALL_PAIRS, lambda: True)
