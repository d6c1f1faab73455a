"""What a run leaves behind: its checkpoint, reference log-probabilities for later runs, its epoch margins."""

import math
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.checkpoints import drop_checkpoint, get_checkpoint, set_checkpoint
from db.metrics import add_margins, run_margins, trim_metrics
from db.reference_logps import count_references, find_reference, keep_references, reference_keys
from db.runs import add_metrics, create_run, run_metrics, set_run_pairs
from db.verdicts import add_verdict, run_preference_pairs
from tests.db_workspace import compared, new_model, workspace


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        for question in ("one", "two"):
            add_verdict(conn, comparison=compared(conn, question), verdict="a", layout="side")
        yield conn


@pytest.fixture
def run(conn: Connection) -> int:
    return create_run(conn, name="r", config={"beta": 0.1}, versions={}, base_model=new_model(conn))


def test_the_newest_checkpoint_stands_alone(conn: Connection, run: int) -> None:
    assert get_checkpoint(conn, run) is None
    set_checkpoint(conn, run, step=4, path="checkpoints/run-1", size=100)
    set_checkpoint(conn, run, step=8, path="checkpoints/run-1", size=120)
    found = get_checkpoint(conn, run)
    assert found is not None
    assert (found.step, found.bytes) == (8, 120)
    drop_checkpoint(conn, run)
    assert get_checkpoint(conn, run) is None


def test_references_are_found_by_their_key(conn: Connection) -> None:
    key = "a" * 64
    assert find_reference(conn, key) is None
    keep_references(conn, {key: (-12.5, -14.25)})
    keep_references(conn, {key: (-12.5, -14.0), "b" * 64: (-1.0, -2.0)})
    assert find_reference(conn, key) == (-12.5, -14.0)
    assert count_references(conn) == 2
    assert reference_keys(conn) == ["a" * 64, "b" * 64]


def test_the_epoch_margins_have_the_lowest_of_each_epoch_first(conn: Connection, run: int) -> None:
    add_margins(conn, run, 1, [(1, "train", 0.5), (2, "eval", -0.25)])
    add_margins(conn, run, 2, [(1, "train", 0.75), (2, "eval", 0.125)])
    told = [(row.epoch, row.comparison, row.split, row.margin) for row in run_margins(conn, run)]
    assert told == [(1, 2, "eval", -0.25), (1, 1, "train", 0.5), (2, 2, "eval", 0.125), (2, 1, "train", 0.75)]


def test_an_epoch_that_is_taken_again_replaces_its_page_and_the_later_ones(conn: Connection, run: int) -> None:
    for epoch in (1, 2, 3):
        add_margins(conn, run, epoch, [(1, "train", float(epoch))])
    add_margins(conn, run, 2, [(1, "train", math.nan)])
    assert [(row.epoch, row.margin) for row in run_margins(conn, run)] == [(1, 1.0), (2, None)]


def test_a_resumed_run_takes_its_steps_again(conn: Connection, run: int) -> None:
    add_metrics(conn, run, [(step, "loss", float(step)) for step in (1, 2, 3)])
    trim_metrics(conn, run, 2)
    assert [(row.step, row.value) for row in run_metrics(conn, run)] == [(1, 1.0)]


def test_a_runs_pairs_stay_what_they_were(conn: Connection, run: int) -> None:
    first = add_verdict(conn, comparison=1, verdict="b", layout="side")
    set_run_pairs(conn, run, [(1, "train", first.id)])
    add_verdict(conn, comparison=1, verdict="a", layout="side")  # judged anew after the run began
    (pair,) = run_preference_pairs(conn, run)
    assert (pair.chosen, pair.rejected, pair.verdict) == ("second", "first", first.id)
