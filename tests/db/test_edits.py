"""An answer written better: chosen over its original, never asked, taken back whole."""

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from db.comparisons import add_comparison, count_open, get_comparison, next_open
from db.edits import add_edit, undo_labelling
from db.errors import NotAllowed
from db.verdicts import add_verdict, counts, judged_after, judged_before, preference_pairs
from tests.db_workspace import answer, compared, workspace


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    with workspace(tmp_path) as conn:
        yield conn


def test_an_edit_is_chosen_and_the_pair_counts_as_skipped(conn: Connection) -> None:
    one, two = compared(conn, "one"), compared(conn, "two")
    original = get_comparison(conn, one).b
    edit = add_edit(conn, comparison=one, original=original.id, text="Better words.")
    (pair,) = preference_pairs(conn)
    assert (pair.comparison, pair.chosen, pair.rejected) == (edit, "Better words.", original.text)
    assert not pair.chosen_cut
    stored = get_comparison(conn, edit)
    assert (stored.b.source, stored.b.sampling) == ("human", original.sampling)
    assert stored.standing is not None
    assert not stored.standing.blind
    found = counts(conn, "2026-01-01T00:00:00Z")
    assert (found.skipped, found.decisive) == (1, 1)
    following = next_open(conn, after=one)
    assert following is not None
    assert following.id == two


def test_an_undo_takes_back_both_and_the_edit_is_never_asked(conn: Connection) -> None:
    one = compared(conn, "one")
    edit = add_edit(conn, comparison=one, original=get_comparison(conn, one).a.id, text="Better words.")
    assert undo_labelling(conn) == one
    assert preference_pairs(conn) == []
    assert get_comparison(conn, one).standing is None
    assert get_comparison(conn, edit).standing is None
    assert count_open(conn) == 1
    following = next_open(conn)
    assert following is not None
    assert following.id == one
    assert undo_labelling(conn) is None


def test_a_judged_pair_keeps_its_verdict_when_an_answer_is_edited(conn: Connection) -> None:
    one, two = compared(conn, "one"), compared(conn, "two")
    before = add_verdict(conn, comparison=two, verdict="tie")
    kept = add_verdict(conn, comparison=one, verdict="a")
    edit = add_edit(conn, comparison=one, original=get_comparison(conn, one).a.id, text="Better words.")
    assert get_comparison(conn, one).standing == kept
    pairs = preference_pairs(conn)
    assert [(pair.comparison, pair.edited) for pair in pairs] == [(one, False), (edit, True)]
    assert not any(pair.chosen_foreign or pair.rejected_foreign for pair in pairs), "the model's own, and an edit"
    assert undo_labelling(conn) == one, "the edit is never shown to be judged"
    assert get_comparison(conn, edit).standing is None
    assert get_comparison(conn, one).standing == kept
    assert get_comparison(conn, two).standing == before
    assert undo_labelling(conn) == one


def test_what_is_no_edit_is_refused(conn: Connection) -> None:
    one, two = compared(conn, "one"), compared(conn, "two")
    answer = get_comparison(conn, one).a
    for text in ("", " \n", answer.text):
        with pytest.raises(NotAllowed, match="has to differ"):
            add_edit(conn, comparison=one, original=answer.id, text=text)
    with pytest.raises(NotAllowed, match="is not an answer of comparison"):
        add_edit(conn, comparison=one, original=get_comparison(conn, two).a.id, text="x")


def test_judged_pairs_in_the_order_of_their_verdicts(conn: Connection) -> None:
    one, two, three = (compared(conn, name) for name in ("one", "two", "three"))
    first = add_verdict(conn, comparison=two, verdict="a").id
    second = add_verdict(conn, comparison=one, verdict="tie").id
    add_edit(conn, comparison=three, original=get_comparison(conn, three).a.id, text="Better words.")
    skipped = get_comparison(conn, three).standing
    assert skipped is not None
    assert judged_before(conn, None) == three, "the pair that was edited, not the edit"
    assert judged_before(conn, skipped.id) == one
    assert judged_before(conn, second) == two
    assert judged_before(conn, first) is None
    assert judged_after(conn, first) == one
    assert judged_after(conn, second) == three


def test_an_edit_of_a_pair_that_was_skipped_before_is_an_act_of_its_own(conn: Connection) -> None:
    one, two = compared(conn, "one"), compared(conn, "two")
    earlier = [add_verdict(conn, comparison=each, verdict="skip") for each in (two, one)][-1]
    add_edit(conn, comparison=one, original=get_comparison(conn, one).a.id, text="Better words.")
    add_edit(conn, comparison=two, original=get_comparison(conn, two).a.id, text="Better words.")
    following = next_open(conn)
    assert following is not None
    assert following.id == one, "the pair that was edited last comes back last"
    assert [undo_labelling(conn), undo_labelling(conn)] == [two, one]
    assert preference_pairs(conn) == []
    assert get_comparison(conn, one).standing == earlier, "the skip is an act of its own"


def test_undoing_an_edit_leaves_another_pair_of_the_prompt_skipped(conn: Connection) -> None:
    one = compared(conn, "one")
    prompt = get_comparison(conn, one).prompt.id
    more = [answer(conn, "one", text) for text in ("third", "fourth")]
    two = add_comparison(conn, prompt=prompt, a=more[0], b=more[1], side_seed=1)
    add_verdict(conn, comparison=one, verdict="a")
    skip = add_verdict(conn, comparison=two, verdict="skip")
    add_edit(conn, comparison=one, original=get_comparison(conn, one).a.id, text="Better words.")
    assert undo_labelling(conn) == one
    assert get_comparison(conn, two).standing == skip
