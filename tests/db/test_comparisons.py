"""Comparisons: canonical order, seeded sides, and a queue in which skips come last."""

import sqlite3

import pytest

from db.comparisons import (
    add_comparison,
    add_pair,
    count_open,
    find_comparison,
    get_comparison,
    is_flipped,
    next_open,
    open_comparisons,
)
from db.errors import NotAllowed, NotFound
from db.models import ensure_sampling
from db.pair_rows import NewCompletion
from db.trials import add_trial
from db.verdicts import add_verdict, counts, undo_last
from tests.db_workspace import SAMPLING, answer, compared, new_model, new_set, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def judged(conn, comparison, verdict):
    return add_verdict(conn, comparison=comparison, verdict=verdict, layout="side")


def new_trial(conn):
    model = new_model(conn)
    sampling = ensure_sampling(conn, SAMPLING)
    return add_trial(conn, kind="side_by_side", model_a=model, model_b=model, sampling=sampling, num_questions=3)


def next_id(conn, after=None):
    row = next_open(conn, after=after)
    return None if row is None else row.id


def test_the_older_answer_is_a_and_the_seed_gives_the_sides(conn):
    new_set(conn, "Why?")
    older, newer = answer(conn, "Why?", "older"), answer(conn, "Why?", "newer")
    # sha256("1") begins with 0x6b, odd; sha256("2") with 0xd4, even.
    row = get_comparison(conn, add_comparison(conn, prompt=1, a=newer, b=older, side_seed=1))
    assert (row.a.text, row.b.text, row.flipped) == ("older", "newer", True)
    assert (row.first.text, row.second.text, row.first_letter, row.second_letter) == ("newer", "older", "b", "a")
    assert find_comparison(conn, newer, older) == row.id
    row = get_comparison(conn, compared(conn, "How?"))
    assert row.prompt.first_line == "How?"
    assert row.standing is None
    assert not is_flipped(2)


def test_two_new_answers_are_stored_with_their_comparison(conn):
    new_set(conn, "Why?")
    prompt, model = 1, new_model(conn)
    answers = tuple(
        NewCompletion(model, {**SAMPLING, "system": None}, seed, text, tokens, cut, source)
        for seed, text, tokens, cut, source in ((7, "Because.", 3, False, "model"), (8, "So.", None, True, "server"))
    )
    pair = get_comparison(conn, add_pair(conn, prompt, answers, side_seed=1, asked_first=True))
    assert [(each.text, each.seed, each.tokens, each.cut, each.source) for each in (pair.a, pair.b)] == [
        ("Because.", 7, 3, False, "model"),
        ("So.", 8, None, True, "server"),
    ]
    assert pair.a.sampling == pair.b.sampling == {**SAMPLING, "system": None}
    assert (pair.a.model_id, pair.prompt.id, pair.flipped) == (model, prompt, is_flipped(1))
    compared(conn, "How?")
    assert next_id(conn) == pair.id  # a person asked for it
    with pytest.raises(NotAllowed, match="same text"):
        add_pair(conn, prompt, (answers[0], answers[0]), side_seed=1)


def test_seeds_show_b_on_the_left_half_of_the_time():
    flipped = sum(is_flipped(seed) for seed in range(10_000))
    assert 4_800 < flipped < 5_200  # four standard deviations of a fair coin


def test_in_a_trial_the_order_given_is_kept_and_equal_texts_are_allowed(conn):
    new_set(conn, "Why?")
    first, second = answer(conn, "Why?", "same"), answer(conn, "Why?", "same")
    trial = new_trial(conn)
    row = get_comparison(conn, add_comparison(conn, prompt=1, a=second, b=first, side_seed=2, trial=trial))
    assert (row.a.id, row.b.id, row.trial) == (second, first, trial)
    assert next_open(conn) is None
    assert count_open(conn) == 0


def test_what_cannot_be_compared_is_refused_in_words(conn):
    new_set(conn, "Why?", "How?")
    why, how = answer(conn, "Why?", "x"), answer(conn, "How?", "y")
    same, other = answer(conn, "Why?", "x"), answer(conn, "Why?", "z", system="Be a pirate.")
    with pytest.raises(NotAllowed, match="answers prompt 2, not 1"):
        add_comparison(conn, prompt=1, a=why, b=how, side_seed=1)
    with pytest.raises(NotAllowed, match="same text"):
        add_comparison(conn, prompt=1, a=why, b=same, side_seed=1)
    with pytest.raises(NotAllowed, match="different system prompts"):
        add_comparison(conn, prompt=1, a=why, b=other, side_seed=1)
    with pytest.raises(NotFound, match="no completion 99"):
        add_comparison(conn, prompt=1, a=why, b=99, side_seed=1)
    pair = {"prompt": 1, "a": why, "b": answer(conn, "Why?", "w"), "side_seed": 1}
    add_comparison(conn, **pair)
    with pytest.raises(NotAllowed, match="compared before"):
        add_comparison(conn, **pair)
    with pytest.raises(NotFound, match="no comparison 99"):
        get_comparison(conn, 99)


def test_sides_are_never_changed(conn):
    compared(conn, "Why?")
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        conn.execute("UPDATE comparisons SET flipped = 1 - flipped")


def test_the_queue_goes_in_order_then_to_the_oldest_skip(conn):
    one, two, three = (compared(conn, text) for text in ("one", "two", "three"))
    assert next_id(conn) == one
    assert next_id(conn, after=one) == two
    judged(conn, two, "skip")
    judged(conn, one, "skip")
    assert next_id(conn) == three
    assert (count_open(conn), counts(conn, "2000-01-01T00:00:00Z").skipped) == (1, 2)
    assert [row.id for row in open_comparisons(conn, 10)] == [three]
    judged(conn, three, "tie")
    assert next_id(conn) == two
    judged(conn, two, "skip")  # skipped again: it goes to the end
    assert next_id(conn) == one
    judged(conn, one, "a")
    assert next_id(conn, after=two) == two  # the only one left
    judged(conn, two, "discard")
    assert next_id(conn) is None
    assert next_id(conn, after=two) is None


def test_an_undone_comparison_is_first_again(conn):
    one, two = compared(conn, "one"), compared(conn, "two")
    judged(conn, one, "a")
    assert next_id(conn) == two
    assert undo_last(conn) == one
    assert next_id(conn) == one
    assert count_open(conn) == 2
