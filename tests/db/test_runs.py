"""Runs: frozen settings, exact pairs, figures that survive NaN, and an honest status."""

import math
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from db.errors import NotFound
from db.run_rows import RunAdapter
from db.runs import (
    add_log,
    add_metrics,
    archive_run,
    create_run,
    end_run,
    get_run,
    heartbeat,
    list_runs,
    mark_interrupted,
    record_figures,
    rename_run,
    resume_run,
    run_log,
    run_metrics,
    run_names,
    run_pairs,
    set_run_adapter,
    set_run_pairs,
    set_status,
    set_total_steps,
)
from db.settings import IN_USE, get_setting
from db.times import utc_text
from db.verdicts import add_verdict
from tests.db_workspace import compared, new_model, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        for question in ("one", "two"):
            add_verdict(conn, comparison=compared(conn, question), verdict="a", layout="side")
        yield conn


def new_run(conn, name="run 1", **more):
    settings = {"config": {"beta": 0.1}, "versions": {"torch": "2.13"}, "base_model": new_model(conn)}
    return create_run(conn, name=name, **settings, **more)


def test_a_run_comes_back_as_it_was_begun(conn):
    run = get_run(conn, new_run(conn, parent_adapter="a12", pairs=[(1, "train", 1), (2, "eval", 2)]))
    assert (run.name, run.status, run.config, run.versions) == ("run 1", "running", {"beta": 0.1}, {"torch": "2.13"})
    assert (run.base_name, run.parent_adapter, run.adapter, run.ended, run.error) == ("tiny", "a12", None, None, None)
    assert (run.train_pairs, run.eval_pairs, run.pairs) == (1, 1, 2)
    assert (run.step, run.loss, run.margin, run.accuracy) == (0, None, None, None)
    assert [(row.comparison, row.verdict, row.split) for row in run_pairs(conn, run.id)] == [
        (1, 1, "train"),
        (2, 2, "eval"),
    ]


def test_pairs_are_replaced_as_a_whole_and_must_be_real(conn):
    run = new_run(conn, pairs=[(1, "train", 1), (2, "eval", 2)])
    set_run_pairs(conn, run, [(2, "train", 2)])
    assert [row.comparison for row in run_pairs(conn, run)] == [2]
    with pytest.raises(sqlite3.IntegrityError):
        set_run_pairs(conn, run, [(1, "train", 2)])  # the verdict of another comparison


def test_a_run_that_ends_has_an_end_and_one_that_goes_on_has_none(conn):
    run = new_run(conn)
    set_total_steps(conn, run, 12)
    set_run_adapter(conn, run, "a34")
    rename_run(conn, run, "gentle")
    before = get_run(conn, run).heartbeat
    heartbeat(conn, run)
    set_status(conn, run, "failed", error="The loss became NaN.")
    row = get_run(conn, run)
    assert (row.status, row.error, row.total_steps, row.adapter, row.name) == (
        *("failed", "The loss became NaN.", 12, "a34"),
        "gentle",
    )
    assert row.ended is not None
    assert row.heartbeat >= before
    set_status(conn, run, "running")
    row = get_run(conn, run)
    assert (row.ended, row.error) == (None, None)
    with pytest.raises(sqlite3.IntegrityError):
        set_status(conn, run, "asleep")


def test_a_run_that_is_resumed_lay_idle_since_its_end(conn):
    run = new_run(conn)
    with pytest.raises(NotFound, match=f"no interrupted run {run}"):
        resume_run(conn, run)
    for hours in (1, 2):
        set_status(conn, run, "interrupted", error="The process ended.")
        then = utc_text(datetime.now(UTC) - timedelta(hours=hours))
        conn.execute("UPDATE runs SET ended = ? WHERE id = ?", (then, run))
        resume_run(conn, run)
    row = get_run(conn, run)
    assert (row.status, row.ended, row.error) == ("running", None, None)
    assert row.idle_s == pytest.approx(3 * 3600, abs=5)


def test_a_run_is_resumed_with_its_own_settings_or_with_others(conn):
    run = new_run(conn)
    own = get_run(conn, run).config
    for config, expected in ((None, own), ({**own, "checkpoint_every": 3}, {**own, "checkpoint_every": 3})):
        set_status(conn, run, "interrupted")
        resume_run(conn, run, config)
        assert get_run(conn, run).config == expected


def test_the_names_of_runs(conn):
    archive_run(conn, new_run(conn, "taste-1"), True)
    new_run(conn, "gentle")
    assert run_names(conn) == ["taste-1", "gentle"]


def test_figures_come_in_order_a_step_taken_again_replaces_and_nan_is_none(conn):
    run = new_run(conn)
    add_metrics(conn, run, [(1, "loss", 0.6931), (1, "rewards/margins", 0.0), (2, "loss", math.nan)])
    add_metrics(conn, run, [(1, "loss", 0.7), (3, "loss", math.inf), (3, "rewards/accuracies", 0.5)])
    rows = [(row.step, row.name, row.value) for row in run_metrics(conn, run)]
    assert rows == [
        (1, "loss", 0.7),
        (1, "rewards/margins", 0.0),
        (2, "loss", None),
        (3, "loss", math.inf),
        (3, "rewards/accuracies", 0.5),
    ]


def test_the_list_is_newest_first_with_the_newest_figures(conn):
    older, newer = new_run(conn), new_run(conn, name="run 2")
    add_metrics(conn, older, [(step, "loss", 1 / step) for step in (1, 2, 4)])
    add_metrics(conn, older, [(3, "rewards/margins", 0.4), (4, "rewards/accuracies", 0.75)])
    add_metrics(conn, older, [(5, "eval_loss", 0.5)])
    assert [run.id for run in list_runs(conn)] == [newer, older]
    row = list_runs(conn)[1]
    assert (row.step, row.loss, row.margin, row.accuracy) == (4, 0.25, 0.4, 0.75)


def test_the_log_keeps_its_order_and_its_levels(conn):
    run = new_run(conn)
    add_log(conn, run, "info", "begins")
    add_log(conn, run, "warning", "chosen reward falls")
    assert [(line.level, line.text) for line in run_log(conn, run)] == [
        ("info", "begins"),
        ("warning", "chosen reward falls"),
    ]
    with pytest.raises(sqlite3.IntegrityError):
        add_log(conn, run, "loud", "no such level")


def test_runs_whose_owner_died_are_marked_and_ended_at_their_last_sign_of_life(conn):
    done, alive = new_run(conn), new_run(conn)
    set_status(conn, done, "finished")
    conn.execute("UPDATE runs SET heartbeat = '2026-01-01T00:00:00.000Z' WHERE id = ?", (alive,))
    assert mark_interrupted(conn) == [alive]
    assert mark_interrupted(conn) == []
    row = get_run(conn, alive)
    assert (row.status, row.ended) == ("interrupted", "2026-01-01T00:00:00.000Z")
    assert get_run(conn, done).status == "finished"


@pytest.mark.parametrize("act", [heartbeat, get_run])
def test_a_run_that_is_not_there_is_said_in_words(conn, act):
    with pytest.raises(NotFound, match="`palate runs`"):
        act(conn, 99)


def test_the_adapter_of_a_run_that_ends_answers_from_then_on(conn):
    run, failed = new_run(conn), new_run(conn, "run 2")
    end_run(conn, failed, "failed", "There is no room left.")
    assert (get_run(conn, failed).error, get_setting(conn, IN_USE)) == ("There is no room left.", None)
    end_run(conn, run, "finished", adapter=RunAdapter("a12", "base 1"), note="Its end came late.")
    row = get_run(conn, run)
    assert (row.status, row.adapter, row.ended is not None) == ("finished", "a12", True)
    assert get_setting(conn, IN_USE) == {"base 1": "a12"}
    assert [(each.level, each.text) for each in run_log(conn, run)] == [("info", "Its end came late.")]


def test_figures_are_a_sign_of_life(conn):
    run = new_run(conn)
    conn.execute("UPDATE runs SET heartbeat = '2000-01-01T00:00:00Z' WHERE id = ?", (run,))
    record_figures(conn, run, [(1, "loss", 0.5)])
    assert get_run(conn, run).heartbeat > "2001"
    assert [(each.name, each.value) for each in run_metrics(conn, run)] == [("loss", 0.5)]
