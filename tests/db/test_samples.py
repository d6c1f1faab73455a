"""What a run answered while it learned, and which pairs a run was asked to take."""

import pytest

from db.pair_rows import PairFilter
from db.runs import create_run, get_run, latest_start, set_status
from db.samples import add_samples, run_samples, sampled_prompts, trim_samples
from db.verdicts import add_verdict, count_pairs_since, preference_pairs
from tests.db_workspace import asked, compared, new_model, new_set, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def new_run(conn, **more):
    return create_run(conn, name="run", config={}, versions={}, base_model=new_model(conn), **more)


def test_samples_come_by_prompt_and_step_and_a_step_taken_again_replaces_its_own(conn):
    new_set(conn, "one", "two", name="trial", held_out=True)
    run, other = new_run(conn), new_run(conn)
    add_samples(conn, run, 9, [(2, "late", 3, True), (1, "later", 4, False)])
    add_samples(conn, run, 0, [(1, "early", 2, False), (2, "first", 2, False)])
    add_samples(conn, run, 9, [(2, "again", 3, False)])
    add_samples(conn, other, 0, [(1, "not this one's", 2, False)])
    rows = run_samples(conn, run)
    assert [(row.prompt, row.step, row.text, row.tokens, row.cut) for row in rows] == [
        (1, 0, "early", 2, False),
        (1, 9, "later", 4, False),
        (2, 0, "first", 2, False),
        (2, 9, "again", 3, False),
    ]
    assert (rows[0].messages, rows[0].question) == (asked("one"), "one")
    assert sampled_prompts(conn, run) == [1, 2]
    trim_samples(conn, run, 9)
    assert [row.step for row in run_samples(conn, run)] == [0, 0]
    assert len(run_samples(conn, other)) == 1


def test_pairs_are_narrowed_by_time_set_and_strength(conn, monkeypatch):
    others = new_set(conn, "three", name="others")
    pairs = [compared(conn, question) for question in ("one", "two", "three")]
    for day, (pair, strength) in enumerate(zip(pairs, (1, 2, 2), strict=True), start=1):
        monkeypatch.setattr("db.verdicts.utc_now", lambda day=day: f"2026-03-0{day}T10:00:00.000Z")
        add_verdict(conn, comparison=pair, verdict="a", strength=strength, layout="side")
    one, two, three = pairs

    def found(**narrowed):
        return [pair.comparison for pair in preference_pairs(conn, PairFilter(**narrowed))]

    assert found() == [one, two, three]
    assert found(strong=True) == [two, three]
    assert found(set_id=others) == [three]
    assert found(since="2026-03-02T10:00:00.000Z") == [two, three]
    assert found(since="2026-03-02T10:00:00.001Z") == [three]
    assert found(since="2026-03-02T00:00:00.000Z", set_id=others, strong=True) == [three]
    assert found(since="2026-03-04T00:00:00.000Z") == []
    assert count_pairs_since(conn, "2026-03-02T10:00:00.000Z") == 1


def test_a_run_keeps_which_pairs_were_asked_for(conn):
    assert get_run(conn, new_run(conn)).pair_set is None
    asked_for = {"since": "2026-03-02", "prompt_set": None, "strong": True, "name": "mine"}
    assert get_run(conn, new_run(conn, pair_set=asked_for)).pair_set == asked_for


def test_new_pairs_are_those_since_the_latest_run_that_did_not_fail(conn):
    assert latest_start(conn) is None
    add_verdict(conn, comparison=compared(conn, "one"), verdict="a", layout="side")
    assert count_pairs_since(conn, "") == 1
    run = new_run(conn)
    conn.execute("UPDATE runs SET started = '2026-01-01T00:00:00.000Z'")
    failed = new_run(conn)
    set_status(conn, failed, "failed", "It did not work.")
    assert latest_start(conn) == get_run(conn, run).started
    conn.execute("UPDATE runs SET started = '9999-01-01T00:00:00.000Z' WHERE id = ?", (run,))
    assert count_pairs_since(conn, latest_start(conn)) == 0
