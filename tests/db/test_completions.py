"""Completions: kept to the letter and never changed."""

import sqlite3

import pytest

from db.completions import add_completion, get_completion
from db.errors import NotFound
from tests.db_workspace import SAMPLING, answer, new_set, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        new_set(conn, "Why?")
        yield conn


def test_a_completion_comes_back_with_what_wrote_it(conn):
    text = "  Because\u2028\x1b[31m of “light”.\n"
    row = get_completion(conn, answer(conn, "Why?", text, cut=True))
    assert (row.text, row.tokens, row.cut, row.seed, row.source) == (text, 5, True, 7, "model")
    assert (row.model_name, row.model_kind, row.sampling) == ("tiny", "base", SAMPLING)
    with pytest.raises(NotFound):
        get_completion(conn, 99)


def test_a_human_completion_needs_no_model_and_a_model_s_does(conn):
    row = get_completion(conn, add_completion(conn, prompt=1, text="Mine.", source="human"))
    assert (row.model_id, row.sampling, row.tokens, row.seed) == (None, None, None, None)
    with pytest.raises(sqlite3.IntegrityError):
        add_completion(conn, prompt=1, text="Whose?", source="model")


def test_a_completion_is_never_changed(conn):
    answer(conn, "Why?", "Because.")
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        conn.execute("UPDATE completions SET text = 'Other.'")
