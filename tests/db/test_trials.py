"""Trials: two policies, held-out questions, and how far they are."""

import pytest

from db.comparisons import add_comparison
from db.errors import NotFound
from db.models import ensure_model, ensure_sampling
from db.trials import (
    add_trial,
    get_trial,
    leave_out,
    list_trials,
    set_trial_status,
    stop_left_side_by_sides,
    trial_comparisons,
)
from db.verdicts import add_verdict
from tests.db_workspace import SAMPLING, answer, new_model, new_set, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        new_set(conn, "one", "two", name="held out", held_out=True)
        yield conn


def new_trial(conn):
    base = new_model(conn)
    tuned = ensure_model(conn, kind="adapter", name="taste-1", source="a1", fingerprint="c", parent=base)
    sampling = ensure_sampling(conn, SAMPLING)
    return add_trial(conn, kind="side_by_side", model_a=base, model_b=tuned, sampling=sampling, num_questions=2)


def test_a_trial_goes_on_without_prompts_and_fails_without_any(conn):
    trial = new_trial(conn)
    leave_out(conn, trial, [1])
    row = get_trial(conn, trial)
    assert (row.num_questions, row.total, row.status) == (1, 1, "running")
    leave_out(conn, trial, [2])
    assert get_trial(conn, trial).status == "failed"


def test_a_trial_knows_its_models_and_how_far_it_is(conn):
    trial = new_trial(conn)
    pairs = []
    for prompt, question in enumerate(("one", "two"), 1):
        a, b = answer(conn, question, "base"), answer(conn, question, "tuned")
        pairs.append(add_comparison(conn, prompt=prompt, a=b, b=a, side_seed=1, trial=trial))
    add_verdict(conn, comparison=pairs[0], verdict="b", layout="side")
    row = get_trial(conn, trial)
    assert (row.kind, row.model_a_name, row.model_b_name, row.sampling) == ("side_by_side", "tiny", "taste-1", SAMPLING)
    assert (row.num_questions, row.done, row.judged, row.status, row.ended) == (2, 2, 1, "running", None)
    assert [(each.id, each.a.text) for each in trial_comparisons(conn, trial)] == [
        (pairs[0], "tuned"),
        (pairs[1], "tuned"),
    ]


def test_trials_are_listed_newest_first_and_end(conn):
    older, newer = new_trial(conn), new_trial(conn)
    set_trial_status(conn, older, "finished")
    assert [(row.id, row.status, row.ended is None) for row in list_trials(conn)] == [
        (newer, "running", True),
        (older, "finished", False),
    ]


def test_a_trial_that_is_not_there_is_said_in_words(conn):
    with pytest.raises(NotFound, match="no trial 9"):
        get_trial(conn, 9)
    with pytest.raises(NotFound, match="no trial 9"):
        set_trial_status(conn, 9, "finished")


def test_a_side_by_side_that_was_left_is_stopped_since_its_last_answers(conn):
    unanswered, answered, over = new_trial(conn), new_trial(conn), new_trial(conn)
    a, b = answer(conn, "one", "base"), answer(conn, "one", "tuned")
    add_comparison(conn, prompt=1, a=a, b=b, side_seed=1, trial=answered)
    set_trial_status(conn, over, "finished")
    conn.execute("UPDATE comparisons SET created = '2100-01-01T00:00:00.000Z'")
    stop_left_side_by_sides(conn)
    assert [get_trial(conn, each).status for each in (unanswered, answered, over)] == ["stopped", "stopped", "finished"]
    assert get_trial(conn, unanswered).ended == get_trial(conn, unanswered).created
    assert get_trial(conn, answered).ended == "2100-01-01T00:00:00.000Z"
