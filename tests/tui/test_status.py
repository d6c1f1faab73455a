"""The counts of the status line: of one sitting where there is a goal, and read only when something was stored."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.label_pairs import fill
from tests.run_workspace import fill_runs
from tests.sql_statements import statements_of
from tests.still_workbench import StillWorkbench
from tui.snapshots import LoadState


def test_a_goal_counts_the_verdicts_of_this_sitting(tmp_path: Path) -> None:
    fill(tmp_path / "space", 6, judged=2)
    workbench = StillWorkbench(tmp_path / "space")
    try:
        workbench.labelling.judge(1, "a").result()
        assert (workbench.status().goal, workbench.status().verdicts_here) == (None, 0)
        workbench.change_setting("goal", "3")
        assert (workbench.status().goal, workbench.status().verdicts_here) == (3, 1)
        workbench.labelling.judge(2, "skip").result()
        workbench.labelling.judge(3, "tie").result()
        assert workbench.status().verdicts_here == 2  # a skip is no verdict
        workbench.labelling.undo().result()
        assert workbench.status().verdicts_here == 1
        workbench.change_setting("goal", "none")
        assert workbench.status().goal is None
    finally:
        workbench.close()
    later = StillWorkbench(tmp_path / "space")
    try:
        later.change_setting("goal", "3")
        assert later.status().verdicts_here == 0
        assert later.counts().total == 3
    finally:
        later.close()


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    fill(tmp_path / "space", 6, judged=2)
    made = StillWorkbench(tmp_path / "space")
    yield made
    made.close()


def test_the_status_reads_nothing_while_nothing_is_stored(workbench: StillWorkbench) -> None:
    first = workbench.status()
    with statements_of(workbench.workspace.connection) as made:
        assert workbench.status() == first
    assert made == []
    workbench.workspace.keep_setting("anything", 1)
    with statements_of(workbench.workspace.connection) as made:
        assert workbench.status() == first
    assert made
    assert not [each for each in made if "GROUP BY" in each], "verdicts are counted again though none was given"


def test_the_run_and_the_model_are_known_without_a_query(workbench: StillWorkbench) -> None:
    workbench.workspace.keep_setting("anything", 1)
    with statements_of(workbench.workspace.connection) as made:
        assert workbench.run_progress is None
        assert (workbench.model_state.name, workbench.model_state.state) == ("smollm2-135m-instruct", LoadState.COLD)
        assert not workbench.is_writing
    assert made == []


def test_the_status_counts_what_was_stored_by_whichever_thread_asks(workbench: StillWorkbench) -> None:
    def total() -> int:
        return workbench.status().verdicts

    with ThreadPoolExecutor(1) as other:
        assert (total(), other.submit(total).result()) == (2, 2)
        workbench.labelling.judge(1, "a").result()
        assert (total(), other.submit(total).result()) == (3, 3)
        workbench.labelling.judge(2, "tie").result()
        workbench.labelling.undo().result()
        assert (other.submit(total).result(), total()) == (3, 3)


def test_prompts_that_are_left_are_counted_when_no_pair_is_ready(workbench: StillWorkbench) -> None:
    assert workbench.status().prompts_left is None
    for pair in range(1, 7):
        workbench.labelling.judge(pair, "a").result()
    left = workbench.status().prompts_left
    assert left
    with statements_of(workbench.workspace.connection) as made:
        workbench.workspace.keep_setting("anything", 1)
        assert workbench.status().prompts_left == left
    assert not [each for each in made if "o.prompt = p.id" in each], "no prompt came or went"
    workbench.workspace.write(_hold_out_everything).result()
    assert workbench.status().prompts_left == 0


def _hold_out_everything(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE prompts SET set_id = (SELECT id FROM prompt_sets WHERE held_out = 1)")


def test_the_first_run_is_offered_after_twenty_verdicts_until_somebody_looks(tmp_path: Path) -> None:
    fill(tmp_path / "space", 2, judged=19)
    workbench = StillWorkbench(tmp_path / "space")
    try:
        assert workbench.status().offer == 0
        workbench.labelling.judge(1, "tie").result()
        assert workbench.status().offer == 19
        workbench.note_offer_seen("run")
        assert workbench.status().offer == 0
        workbench.change_setting("offer_run_every", "19")
        assert workbench.status().offer == 19, "the offer after so many pairs stays"
    finally:
        workbench.close()


def test_the_first_trial_is_offered_once_there_is_an_adapter_and_no_trial(tmp_path: Path) -> None:
    workbench = StillWorkbench(tmp_path / "space")
    try:
        workbench.note_offer_seen("trial")
        assert workbench.status().untried == ""
        workbench.workspace.write(fill_runs).result()
        assert workbench.status().untried == "taste-5"
        trial = workbench.begin()
        assert workbench.status().untried == ""
        assert trial
    finally:
        workbench.close()
    later = StillWorkbench(tmp_path / "other")
    try:
        later.workspace.write(fill_runs).result()
        assert later.status().untried
        later.note_offer_seen("trial")
        assert later.status().untried == ""
    finally:
        later.close()
