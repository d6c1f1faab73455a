"""Curves of runs: whole or a few points of them, NaN as None, and names without reading every step."""

import math

import pytest

from db.errors import NotFound
from db.metrics import curve, metric_names, some_points
from db.runs import add_metrics, archive_run, create_run, get_run, note_run, rename_run, tag_run
from tests.db_workspace import new_model, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        for name in ("one", "two"):
            create_run(conn, name=name, config={}, versions={}, base_model=new_model(conn))
        add_metrics(conn, 1, [(step, "loss", 1 / step) for step in range(1, 9)])
        add_metrics(conn, 1, [(2, "loss", math.nan), (4, "eval_loss", 0.5), (8, "eval_loss", math.inf)])
        add_metrics(conn, 2, [(1, "rewards/margins", -0.5)])
        yield conn


def test_a_curve_is_that_of_its_run_and_name(conn):
    assert curve(conn, 1, "eval_loss") == ([4, 8], [0.5, math.inf])
    steps, values = curve(conn, 1, "loss")
    assert steps == [1, 2, 3, 4, 5, 6, 7, 8]
    assert values[:2] == [1.0, None]
    assert curve(conn, 2, "loss") == ([], [])


def test_some_points_are_those_that_there_are(conn):
    assert some_points(conn, 1, "loss", [1, 2, 4, 99]) == ([1, 2, 4], [1.0, None, 0.25])
    assert some_points(conn, 1, "eval_loss", [1, 8]) == ([8], [math.inf])


def test_the_names_are_those_that_were_recorded(conn):
    assert metric_names(conn, 1) == ["eval_loss", "loss"]
    assert metric_names(conn, 2) == ["rewards/margins"]
    assert metric_names(conn, 3) == []


def test_a_few_points_walk_the_primary_key(conn):
    plan = conn.execute(
        "EXPLAIN QUERY PLAN SELECT step, value FROM metrics WHERE run = 1 AND name = 'loss' AND step IN (1, 2)"
    ).fetchall()
    assert any("PRIMARY KEY (run=? AND name=? AND step=?)" in row["detail"] for row in plan)


def test_what_a_person_keeps_with_a_run_comes_back(conn):
    row = get_run(conn, 1)
    assert (row.note, row.tags, row.archived) == ("", (), False)
    rename_run(conn, 1, "gentle")
    note_run(conn, 1, "a note")
    tag_run(conn, 1, ["short", "warm", "short"])
    archive_run(conn, 1, True)
    row = get_run(conn, 1)
    assert (row.name, row.note, row.tags, row.archived) == ("gentle", "a note", ("short", "warm"), True)
    archive_run(conn, 1, False)
    assert get_run(conn, 1).archived is False
    assert get_run(conn, 2).tags == ()
    for keep in (rename_run, note_run):
        with pytest.raises(NotFound, match="no run 9"):
            keep(conn, 9, "x")
