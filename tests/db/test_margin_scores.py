"""Margins of ready comparisons: kept per model, for those without a verdict."""

import sqlite3

import pytest

from db import edits as db_edits
from db.comparisons import get_comparison
from db.edits import add_edit
from db.held_out import set_held_out
from db.margin_scores import keep_margins, next_by_margin, open_margins, unscored
from db.verdicts import add_verdict, undo_last
from tests.db_workspace import compared, new_model, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def test_margins_are_kept_for_each_model_and_told_of_open_comparisons(conn):
    one, two, three = (compared(conn, f"Question {place}?") for place in range(3))
    tuned, other = new_model(conn, "tuned", "adapter"), new_model(conn, "other", "adapter")
    keep_margins(conn, tuned, {one: -0.5, two: 0.25})
    assert open_margins(conn, tuned) == {one: -0.5, two: 0.25, three: None}
    assert open_margins(conn, other) == {one: None, two: None, three: None}
    assert unscored(conn, tuned, 5) == [three]
    assert unscored(conn, other, 2) == [one, two]
    add_verdict(conn, comparison=one, verdict="a")
    assert open_margins(conn, tuned) == {two: 0.25, three: None}
    undo_last(conn)
    keep_margins(conn, tuned, {one: 0.75})
    assert open_margins(conn, tuned)[one] == 0.75


def test_the_pair_nearest_to_zero_comes_next_or_the_one_that_chance_picks(conn):
    one, two, three = (compared(conn, f"Question {place}?") for place in range(3))
    tuned = new_model(conn, "tuned", "adapter")

    def chosen(pick=None, after=None, farthest=False):
        row = next_by_margin(conn, tuned, pick=pick, after=after, farthest=farthest)
        return row and row.id

    assert chosen() == one  # none has a margin yet
    keep_margins(conn, tuned, {one: 0.5, two: -0.25})
    assert chosen() == two
    assert chosen(farthest=True) == one
    assert chosen(after=two) == one
    assert [chosen(pick=pick) for pick in range(4)] == [one, two, three, one]
    assert [chosen(pick=pick, after=one) for pick in range(3)] == [two, three, two]
    conn.execute("UPDATE comparisons SET asked_first = 1 WHERE id = ?", (three,))
    assert chosen(pick=0) == three
    for each in (one, two, three):
        add_verdict(conn, comparison=each, verdict="skip")
    assert chosen() == one  # the oldest skip
    assert chosen(after=one) == two


def test_what_labelling_does_not_ask_is_neither_told_nor_scored(conn):
    edited, held_out = compared(conn, "Mine?"), compared(conn, "Theirs?")
    tuned = new_model(conn, "tuned", "adapter")
    edit = add_edit(conn, comparison=edited, original=get_comparison(conn, edited).a.id, text="Better words.")
    db_edits.undo_labelling(conn)
    assert get_comparison(conn, edit).standing is None
    assert list(open_margins(conn, tuned)) == unscored(conn, tuned, 5) == [edited, held_out]
    set_held_out(conn, get_comparison(conn, held_out).prompt.set_id, True)
    assert open_margins(conn, tuned) == {}
    assert unscored(conn, tuned, 5) == []


def test_a_margin_that_is_not_a_number_is_refused(conn):
    one, tuned = compared(conn, "Why?"), new_model(conn, "tuned", "adapter")
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        keep_margins(conn, tuned, {one: float("nan")})
