"""Choices read for figures: which pairs count, in which order, and what an adapter's run got wrong."""

import pytest

from db import preference_counts as db_preference_counts
from db.comparisons import add_comparison, get_comparison
from db.metrics import add_margins
from db.preference_counts import choices, count_margins, judged_groups, missed_pairs, seconds_by_day
from db.runs import create_run
from db.verdicts import add_verdict, undo_last
from tests.db_workspace import answer, compared, new_model, new_set, workspace

EVERYTHING = {"source": "person", "set_name": None, "field": None, "tag": None}


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def test_only_what_stands_in_labelling_is_a_choice(conn):
    for place, verdict in enumerate(("a", "b", "tie", "both_bad", "both_good", "skip", "discard")):
        add_verdict(conn, comparison=compared(conn, f"Question {place}?"), verdict=verdict, side=None)
    undone = compared(conn, "Undone?")
    add_verdict(conn, comparison=undone, verdict="a")
    undo_last(conn)
    withdrawn = compared(conn, "Withdrawn?")
    add_verdict(conn, comparison=withdrawn, verdict="a")
    conn.execute("UPDATE comparisons SET withdrawn = 1 WHERE id = ?", (withdrawn,))
    first = get_comparison(conn, 1)
    again = add_comparison(conn, prompt=first.prompt.id, a=first.a.id, b=first.b.id, side_seed=2, repeats=first.id)
    add_verdict(conn, comparison=again, verdict="b")
    assert [each.verdict for each in choices(conn)] == ["a", "b", "tie", "both_bad", "both_good"]


def test_a_choice_has_both_answers_and_the_side(conn):
    pair = compared(conn, "Why?", "short", "a longer answer")
    add_verdict(conn, comparison=pair, verdict="b", side="left", layout="side")
    assert [tuple(each) for each in choices(conn)] == [(1, "b", "left", "short", "a longer answer", 0, 0)]


def test_the_pairs_of_a_prompt_follow_one_another(conn):
    pairs = [compared(conn, "First?"), compared(conn, "Second?")]
    more = [answer(conn, "First?", text) for text in ("third", "fourth")]
    pairs.append(add_comparison(conn, prompt=1, a=more[0], b=more[1], side_seed=1))
    for each in pairs:
        add_verdict(conn, comparison=each, verdict="a")
    assert [each.prompt for each in choices(conn)] == [1, 1, 2]


def test_they_are_found_without_sorting(conn):
    plan = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {db_preference_counts._CHOICES}", EVERYTHING)]
    assert plan[0] == "SCAN c USING INDEX comparisons_of_prompt"
    assert not [line for line in plan if "TEMP B-TREE" in line]


def test_imports_are_apart_and_groups_are_counted(conn):
    add_verdict(conn, comparison=compared(conn, "Mine?"), verdict="a")
    new_set(conn, "Also mine?", name="mine")
    add_verdict(conn, comparison=compared(conn, "Also mine?"), verdict="tie")
    add_verdict(conn, comparison=compared(conn, "A file's?"), verdict="b", source="import")
    assert [each.verdict for each in choices(conn)] == ["a", "tie"]
    assert [each.verdict for each in choices(conn, source="import")] == ["b"]
    assert [each.verdict for each in choices(conn, set_name="mine")] == ["tie"]
    assert [each.verdict for each in choices(conn, field="biology")] == ["a", "tie"]
    assert list(choices(conn, field="physics")) == []
    assert sorted(judged_groups(conn)) == [
        ("mine", "biology", "person", 1),
        ("questions", "biology", "import", 1),
        ("questions", "biology", "person", 1),
    ]


def test_seconds_come_by_day_of_this_machine(conn):
    for place, seconds in enumerate((20.0, 8.0, None)):
        add_verdict(conn, comparison=compared(conn, f"Question {place}?"), verdict="a", seconds=seconds)
    add_verdict(conn, comparison=compared(conn, "Skipped?"), verdict="skip", seconds=1.0)
    found = seconds_by_day(conn, "2000-01-01T00:00:00Z")
    assert [seconds for _, seconds in found] == [None, 8.0, 20.0]
    assert len({day for day, _ in found}) == 1
    assert seconds_by_day(conn, "2999-01-01T00:00:00Z") == []


def test_missed_pairs_are_of_the_last_epoch_and_of_the_same_verdict(conn):
    pairs = [compared(conn, f"Question {place}?") for place in range(5)]
    verdicts = [add_verdict(conn, comparison=each, verdict="a").id for each in pairs]
    trained = [(pair, "train", verdict) for pair, verdict in zip(pairs, verdicts, strict=True)]
    run = create_run(conn, name="r", config={}, versions={}, base_model=new_model(conn), pairs=trained)
    add_margins(conn, run, 1, [(each, "train", -1.0) for each in pairs])
    last = zip(pairs, (-0.2, 0.3, -0.9, -0.4, -0.5), strict=True)
    add_margins(conn, run, 2, [(pair, "eval" if margin == -0.9 else "train", margin) for pair, margin in last])
    add_verdict(conn, comparison=pairs[3], verdict="b")  # judged anew since
    conn.execute("UPDATE comparisons SET withdrawn = 1 WHERE id = ?", (pairs[4],))
    assert missed_pairs(conn, run) == [(pairs[2], -0.9, "eval"), (pairs[0], -0.2, "train")]
    assert (count_margins(conn, run), count_margins(conn, run + 1)) == (5, 0)
