"""Pairs of labelling that are asked again: when they are due, that their sides are swapped, and what they count for."""

import pytest

from db.comparisons import count_open, get_comparison, next_open
from db.forgetting import forget_prompts
from db.names_shown import note_names_shown
from db.prompts import add_prompt_set
from db.repeats import GAP, plan_repeat, repeated_verdicts
from db.verdicts import add_verdict, counts, judge, preference_pairs, undo_last
from tests.db_workspace import compared, workspace

LONG_AGO = "2000-01-01T00:00:00Z"


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def judge_many(conn, number, verdict="a"):
    pairs = [compared(conn, f"Question {place}?") for place in range(number)]
    for each in pairs:
        add_verdict(conn, comparison=each, verdict=verdict)
    return pairs


def test_one_is_due_after_so_many_verdicts(conn):
    judge_many(conn, GAP + 1)
    assert plan_repeat(conn, share=0, pick=0) is None
    assert plan_repeat(conn, share=1 / 12, pick=0) is None
    assert plan_repeat(conn, share=1 / 11, pick=0) is not None


def test_it_is_the_same_pair_with_its_sides_swapped_and_comes_after_what_is_ready(conn):
    pairs = judge_many(conn, GAP + 1)
    waiting = compared(conn, "Still open?")
    again = get_comparison(conn, plan_repeat(conn, share=0.5, pick=3))
    first = get_comparison(conn, pairs[0])  # the only one with so many verdicts behind it
    assert again.repeats == first.id
    assert (again.a, again.b) == (first.a, first.b)
    assert (again.first, again.second) == (first.second, first.first)
    assert count_open(conn) == 2
    assert next_open(conn).id == waiting


def test_a_pair_comes_again_once_and_one_at_a_time(conn):
    judge_many(conn, GAP + 2)
    again = plan_repeat(conn, share=0.5, pick=0)
    judge_many(conn, 5, verdict="b")
    assert plan_repeat(conn, share=0.5, pick=0) is None  # the first one waits
    add_verdict(conn, comparison=again, verdict="a")
    other = plan_repeat(conn, share=0.5, pick=0)
    assert get_comparison(conn, other).repeats != get_comparison(conn, again).repeats


def test_a_pair_whose_names_were_shown_is_not_asked_again(conn):
    for each in judge_many(conn, GAP + 1):
        note_names_shown(conn, each)
    assert plan_repeat(conn, share=0.5, pick=0) is None


@pytest.mark.parametrize("again", [True, False])
def test_only_blind_verdicts_count_in_the_agreement(conn, again):
    first = judge_many(conn, GAP + 1)[0]
    second = plan_repeat(conn, share=0.5, pick=0)
    add_verdict(conn, comparison=second, verdict="b")
    assert repeated_verdicts(conn) == [("a", "b")]
    note_names_shown(conn, first)  # as the list of verdicts does
    add_verdict(conn, comparison=second if again else first, verdict="b")
    assert repeated_verdicts(conn) == []


def hold_out(conn, prompt):
    add_prompt_set(conn, "held out", held_out=True)
    conn.execute("UPDATE prompts SET set_id = (SELECT max(id) FROM prompt_sets) WHERE id = ?", (prompt,))


def forget(conn, prompt):
    forget_prompts(conn, [prompt])


@pytest.mark.parametrize("take", [hold_out, forget])
def test_a_repeat_that_is_no_longer_asked_holds_no_other_up(conn, take):
    judge_many(conn, GAP + 2)
    gone = get_comparison(conn, plan_repeat(conn, share=0.5, pick=0)).prompt.id
    take(conn, gone)
    judge_many(conn, 5, verdict="b")
    assert get_comparison(conn, plan_repeat(conn, share=0.5, pick=0)).prompt.id != gone


def test_a_pair_that_is_held_out_is_not_asked_again(conn):
    judge_many(conn, GAP + 1)
    conn.execute("UPDATE prompt_sets SET held_out = 1")
    assert plan_repeat(conn, share=0.5, pick=0) is None


def test_a_repeat_is_no_pair_no_count_and_changes_nothing(conn):
    judge_many(conn, GAP + 1)
    before = preference_pairs(conn), counts(conn, LONG_AGO).decisive, counts(conn, LONG_AGO).total
    again = plan_repeat(conn, share=0.5, pick=0)
    add_verdict(conn, comparison=again, verdict="b")
    assert (preference_pairs(conn), counts(conn, LONG_AGO).decisive, counts(conn, LONG_AGO).total) == before
    assert repeated_verdicts(conn) == [("a", "b")]
    undo_last(conn)
    assert repeated_verdicts(conn) == []
    assert next_open(conn).id == again


def test_a_repeat_that_is_skipped_does_not_come_back(conn):
    judge_many(conn, GAP + 1)
    add_verdict(conn, comparison=plan_repeat(conn, share=0.5, pick=0), verdict="skip")
    assert next_open(conn) is None
    assert repeated_verdicts(conn) == []


@pytest.mark.parametrize(
    "how", [{"verdict": "skip"}, {"verdict": "discard"}, {"verdict": "a", "blind": False}, {"source": "import"}]
)
def test_only_blind_verdicts_of_a_person_are_asked_about(conn, how):
    pairs = [compared(conn, f"Question {place}?") for place in range(GAP + 4)]
    for each in pairs:
        add_verdict(conn, comparison=each, **{"verdict": "a", **how})
    assert plan_repeat(conn, share=0.5, pick=1) is None


def test_a_verdict_plans_the_repeat_that_it_makes_due(conn):
    pairs, asked = [compared(conn, f"Question {place}?") for place in range(GAP + 1)], []

    def pick(verdict):
        asked.append(verdict)
        return 0

    judged = [judge(conn, share=1 / (GAP + 1), pick=pick, comparison=each, verdict="a", strength=2) for each in pairs]
    assert [(each.comparison, each.verdict, each.strength) for each in judged] == [(each, "a", 2) for each in pairs]
    assert asked == [each.id for each in judged]
    waiting = next_open(conn)
    assert waiting is not None
    assert waiting.repeats == pairs[0]
