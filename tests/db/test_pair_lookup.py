"""A pair found by its prompt's place or words; edits, repeats and trials are passed over."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.comparisons import get_comparison
from db.completions import copy_completion
from db.edits import add_edit
from db.forgetting import forget_prompts
from db.pair_lookup import find_place, find_words
from db.rankings import add_ranking
from db.repeats import plan_repeat
from db.verdicts import add_verdict, judged_after, judged_before
from tests.db_workspace import answer, compared, workspace


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        yield conn


def test_words_are_found_again_and_again_in_a_round(conn: Connection) -> None:
    sky, ice, again = (
        compared(conn, "Why is the sky blue?", "a", "b"),
        compared(conn, "Why does ice float?"),
        compared(conn, "Why is the sky blue?", "c", "d"),
    )
    assert find_words(conn, "SKY") == sky
    assert find_words(conn, "sky", after=sky) == again
    assert find_words(conn, "sky", after=again) == sky
    assert find_words(conn, "ice", after=ice) == ice, "the only one, also from itself"
    assert find_words(conn, "user") is None, "the words of the prompt, not of its JSON"
    assert find_words(conn, "%") is None


def test_a_place_in_its_set(conn: Connection) -> None:
    one, two = compared(conn, "one"), compared(conn, "two")
    set_id = get_comparison(conn, one).prompt.set_id
    assert [find_place(conn, set_id, place) for place in (0, 1, 2, 3)] == [None, one, two, None]
    another = compared(conn, "two", "third", "fourth")
    assert find_place(conn, set_id, 2, after=two) == another
    assert find_place(conn, set_id + 1, 1) is None


def test_a_pair_of_a_ranking_is_not_found(conn: Connection) -> None:
    one = compared(conn, "word")
    pair = get_comparison(conn, one)
    third = answer(conn, "word", "third")
    add_ranking(conn, pair.prompt.id, [copy_completion(conn, pair.a.id), pair.b.id, third], side_seed=1)
    assert find_words(conn, "word", after=one) == one


def test_edits_and_pairs_that_come_again_are_not_found(conn: Connection) -> None:
    pairs = [compared(conn, f"word {number}") for number in range(12)]
    for each in pairs:
        add_verdict(conn, comparison=each, verdict="a")
    assert plan_repeat(conn, share=1, pick=0) is not None
    edit = add_edit(conn, comparison=pairs[-1], original=get_comparison(conn, pairs[-1]).a.id, text="Better.")
    found, after = [], 0
    for _ in pairs:
        after = find_words(conn, "word", after=after) or 0
        found.append(after)
    assert found == pairs
    assert edit not in found
    assert find_words(conn, "word", after=after) == pairs[0]


def test_what_left_labelling_is_found_by_nothing(conn: Connection) -> None:
    forgotten, held_out = compared(conn, "word one"), compared(conn, "word two")
    for each in (forgotten, held_out):
        add_verdict(conn, comparison=each, verdict="a")
    prompts = [get_comparison(conn, each).prompt for each in (forgotten, held_out)]
    forget_prompts(conn, [prompts[0].id])
    conn.execute("UPDATE prompt_sets SET held_out = 1 WHERE id = ?", (prompts[1].set_id,))
    assert find_words(conn, "word") is None
    assert [find_place(conn, each.set_id, 1) for each in prompts] == [None, None]
    assert judged_before(conn, None) is None
    assert judged_after(conn, 0) is None
