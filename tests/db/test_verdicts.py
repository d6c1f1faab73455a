"""Verdicts: only ever added; what stands, its pages, counts and preference pairs."""

import random
import sqlite3
from collections import Counter

import pytest

from db.comparisons import add_comparison, get_comparison
from db.completions import add_completion
from db.errors import NotAllowed, NotFound
from db.inserting import insert
from db.models import ensure_sampling
from db.pair_rows import VERDICTS, PairFilter
from db.prompt_rows import NewPrompt
from db.prompts import add_prompt_set, insert_prompt
from db.trials import add_trial
from db.verdict_search import search_verdicts
from db.verdicts import (
    add_verdict,
    count_not_decisive,
    count_pairs,
    counts,
    history,
    newest_verdict,
    preference_pairs,
    read_pair_prompts,
    undo_last,
)
from tests.db_workspace import SAMPLING, answer, asked, compared, new_model, new_set, workspace

LONG_AGO, FAR_OFF = "2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z"


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def judged(conn, comparison, verdict, **more):
    return add_verdict(conn, comparison=comparison, verdict=verdict, **({"layout": "side"} | more))


def standing(conn, comparison):
    row = get_comparison(conn, comparison).standing
    return None if row is None else row.verdict


def in_trial(conn, question):
    """A comparison of a new trial, on a question that is stored."""
    model, sampling = new_model(conn), ensure_sampling(conn, SAMPLING)
    trial = add_trial(conn, kind="blind", model_a=model, model_b=model, sampling=sampling, num_questions=1)
    a, b = answer(conn, question, "base says"), answer(conn, question, "tuned says")
    prompt = get_comparison(conn, 1).prompt.id
    return trial, add_comparison(conn, prompt=prompt, a=a, b=b, side_seed=1, trial=trial)


def test_a_verdict_comes_back_whole(conn):
    one = compared(conn, "one")
    given = judged(conn, one, "b", strength=2, side="left", layout="stacked", seconds=3.5, blind=False, note="warm")
    assert get_comparison(conn, one).standing == given
    assert (given.verdict, given.strength, given.side, given.layout) == ("b", 2, "left", "stacked")
    assert (given.seconds, given.blind, given.note, given.source, given.undoes) == (3.5, False, "warm", "person", None)
    assert LONG_AGO < given.at < FAR_OFF


def test_what_is_no_verdict_and_what_is_no_comparison_are_refused_in_words(conn):
    one = compared(conn, "one")
    with pytest.raises(NotAllowed, match="'left' is not a verdict"):
        judged(conn, one, "left")
    with pytest.raises(NotAllowed, match="'undo' is not a verdict"):
        judged(conn, one, "undo")
    with pytest.raises(NotFound, match="`palate queue`"):
        judged(conn, 99, "a")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE verdicts SET verdict = 'b'",
        "DELETE FROM verdicts",
        "INSERT OR REPLACE INTO verdicts (id, comparison, at, verdict, layout, blind, source) "
        "VALUES (1, 1, '2026-01-01T00:00:00Z', 'b', 'side', 1, 'person')",
        "REPLACE INTO verdicts (comparison, at, verdict, layout, blind, source, undoes) "
        "VALUES (1, '2026-01-01T00:00:00Z', 'undo', 'none', 1, 'person', 1)",
    ],
)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_verdicts_are_only_ever_added(conn, sql, recursive):
    conn.execute(f"PRAGMA recursive_triggers = {recursive}")
    judged(conn, compared(conn, "one"), "a")
    undo_last(conn)
    before = history(conn, 1)
    with pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        conn.execute(sql)
    assert history(conn, 1) == before


@pytest.mark.parametrize(
    ("verdict", "undoes", "comparison"),
    [("undo", 3, 1), ("undo", None, 1), ("a", 1, 1), ("undo", 2, 1), ("undo", 99, 1)],
    ids=["an undo", "nothing", "no undo", "another comparison's", "none there"],
)
def test_an_undo_takes_back_a_verdict_of_its_own_comparison(conn, verdict, undoes, comparison):
    judged(conn, compared(conn, "one"), "a")  # 1
    judged(conn, compared(conn, "two"), "a")  # 2
    judged(conn, 1, "b")  # then undone by 4
    columns = ("comparison", "at", "verdict", "layout", "blind", "source", "undoes")
    values = (comparison, "2026-01-01T00:00:00Z", verdict, "none", 1, "person", undoes)
    if undoes == 3:
        undo_last(conn)
        values = (*values[:-1], 4)
    with pytest.raises(sqlite3.IntegrityError):
        insert(conn, "verdicts", dict(zip(columns, values, strict=True)))


def test_undo_goes_back_without_limit_and_reopens_one_by_one(conn):
    one, two = compared(conn, "one"), compared(conn, "two")
    for comparison, verdict in ((one, "a"), (two, "b"), (one, "tie")):
        judged(conn, comparison, verdict)
    assert undo_last(conn) == one
    assert standing(conn, one) == "a"  # the earlier verdict stands again
    assert undo_last(conn) == two
    assert standing(conn, two) is None
    assert undo_last(conn) == one
    assert standing(conn, one) is None
    assert undo_last(conn) is None
    judged(conn, one, "b")
    assert standing(conn, one) == "b"
    assert [row.verdict for row in history(conn, one)] == ["a", "tie", "undo", "undo", "b"]


def test_undo_passes_over_imports_and_stays_within_labelling_or_its_trial(conn):
    one = compared(conn, "one")
    judged(conn, one, "a")
    trial, tried = in_trial(conn, "one")
    judged(conn, tried, "b")
    judged(conn, compared(conn, "two"), "a", layout="none", source="import")
    assert undo_last(conn) == one
    assert undo_last(conn) is None
    assert undo_last(conn, trial=trial) == tried
    assert undo_last(conn, trial=trial) is None


def test_what_stands_is_the_newest_verdict_that_was_not_undone(conn):
    """The kept columns and the view against the definition, over random series of verdicts and undos."""
    chance = random.Random(3)
    ids = [compared(conn, f"question {number}") for number in range(6)]
    expected: list[tuple[int, str]] = []
    for _ in range(400):
        if chance.random() < 0.4:
            assert undo_last(conn) == (expected.pop()[0] if expected else None)
        else:
            expected.append((chance.choice(ids), chance.choice(VERDICTS)))
            judged(conn, *expected[-1])
    newest = dict(expected)
    assert {each: standing(conn, each) for each in ids} == {each: newest.get(each) for each in ids}
    view = dict(conn.execute("SELECT comparison, verdict FROM standing_verdicts").fetchall())
    assert view == newest
    tally = counts(conn, LONG_AGO)
    said = list(newest.values())
    assert tally.skipped == said.count("skip")
    assert tally.total == len(said) - said.count("skip")
    assert tally.decisive == said.count("a") + said.count("b")
    assert (tally.ties, tally.both_bad, tally.both_good, tally.discarded) == tuple(
        map(said.count, ("tie", "both_bad", "both_good", "discard"))
    )


def test_counts_know_today_and_the_mean_time(conn):
    for number, seconds in enumerate((10.0, 20.0, None)):
        judged(conn, compared(conn, f"{number}"), "a", seconds=seconds)
    judged(conn, compared(conn, "skipped"), "skip", seconds=99.0)
    judged(conn, compared(conn, "imported"), "b", layout="none", source="import")
    judged(conn, in_trial(conn, "0")[1], "a", seconds=99.0)
    tally = counts(conn, LONG_AGO)
    assert (tally.today, tally.total, tally.decisive, tally.skipped, tally.mean_seconds) == (3, 4, 4, 1, 15.0)
    assert counts(conn, FAR_OFF).today == 0


def test_counts_of_nothing(conn):
    tally = counts(conn, LONG_AGO)
    assert (tally.today, tally.total, tally.decisive, tally.mean_seconds) == (0, 0, 0, None)


def test_pages_follow_one_another_newest_first(conn):
    ids = [judged(conn, compared(conn, f"question {number}"), "a", seconds=2.0).id for number in range(5)]
    judged(conn, 1, "b", note="second thoughts")  # verdict 1 no longer stands
    first = search_verdicts(conn, limit=2)
    assert [row.comparison for row in first] == [1, 5]
    rest = search_verdicts(conn, before=first[-1].id)
    assert [row.id for row in rest] == ids[3:0:-1]
    row = first[0]
    assert (row.verdict, row.prompt_line, row.set_name, row.field, row.note, row.trial) == (
        *("b", "question 0", "questions", "biology", "second thoughts"),
        None,
    )


def test_a_pair_is_made_by_a_decisive_verdict_that_stands(conn):
    for verdict in VERDICTS:
        judged(conn, compared(conn, f"said {verdict}", "one", "two"), verdict, strength=1)
    judged(conn, in_trial(conn, "said a")[1], "a")
    pairs = preference_pairs(conn)
    assert [(pair.messages, pair.chosen, pair.rejected) for pair in pairs] == [
        (asked("said a"), "one", "two"),
        (asked("said b"), "two", "one"),
    ]
    assert [pair.verdict for pair in pairs] == [1, 2]
    assert count_pairs(conn) == 2
    undo_last(conn)
    judged(conn, 1, "tie")
    assert [pair.comparison for pair in preference_pairs(conn)] == [2]


def test_verdicts_that_prefer_no_answer_come_along_where_they_are_asked_for(conn):
    for verdict in VERDICTS:
        judged(conn, compared(conn, f"said {verdict}", "one", "two"), verdict, strength=1)
    wanted = PairFilter(also=("tie", "both_bad"))
    pairs = preference_pairs(conn, wanted)
    assert [(pair.messages[-1]["content"], pair.said) for pair in pairs] == [
        ("said a", "better"),
        ("said b", "better"),
        ("said tie", "tie"),
        ("said both_bad", "both_bad"),
    ]
    assert (pairs[2].chosen, pairs[2].rejected) == ("one", "two")
    assert count_pairs(conn, wanted) == 4 == sum(number for _, number in read_pair_prompts(conn, wanted))
    assert count_not_decisive(conn) == {"tie": 1, "both_bad": 1, "both_good": 1}
    assert preference_pairs(conn, PairFilter(also=("tie",), strong=True)) == []
    conn.execute("UPDATE comparisons SET withdrawn = 1")
    assert preference_pairs(conn, wanted) == []
    assert count_not_decisive(conn) == {}


def test_a_pair_says_which_answer_was_cut_and_holds_the_system_prompt_that_was_seen(conn):
    new_set(conn, "Why?")
    a = answer(conn, "Why?", "one", system="Be short.")
    b = answer(conn, "Why?", "two", cut=True, system="Be short.")
    one = add_comparison(conn, prompt=1, a=a, b=b, side_seed=1)
    judged(conn, one, "b", strength=2)
    (pair,) = preference_pairs(conn)
    assert pair.messages == asked("Why?", system="Be short.")
    assert (pair.chosen, pair.chosen_cut, pair.rejected, pair.rejected_cut) == ("two", True, "one", False)
    assert (pair.strength, pair.prompt_id) == (2, 1)


def test_an_edit_by_a_person_keeps_the_system_prompt_of_the_original(conn):
    new_set(conn, "Why?")
    original = answer(conn, "Why?", "one", system="Be short.")
    edit = add_completion(conn, prompt=1, text="One.", source="human")
    judged(conn, add_comparison(conn, prompt=1, a=edit, b=original, side_seed=1), "b")
    (pair,) = preference_pairs(conn)
    assert (pair.messages, pair.chosen) == (asked("Why?", system="Be short."), "One.")


def test_a_pair_taken_out_of_training_is_no_pair(conn):
    judged(conn, compared(conn, "Why?"), "a")
    conn.execute("UPDATE comparisons SET withdrawn = 1")
    assert preference_pairs(conn) == []


def test_a_held_out_question_is_never_trained_on_however_it_came_in(conn):
    """The guard is tried past `add_prompts`: rows written straight into the tables, with and without system prompts."""
    judged(conn, compared(conn, "Why is the sky blue?"), "a")
    judged(conn, compared(conn, "Why is the sea blue?"), "a")
    assert len(preference_pairs(conn)) == 2
    held_out = add_prompt_set(conn, "trial", held_out=True)
    sly = asked(" why is the sky  BLUE? ", system="Be a pirate.")
    insert_prompt(conn, held_out, NewPrompt(sly))  # the step inside add_prompts, after its checks
    assert [pair.messages for pair in preference_pairs(conn)] == [asked("Why is the sea blue?")]
    assert count_pairs(conn) == 1
    conn.execute("UPDATE prompt_sets SET held_out = 1")
    assert preference_pairs(conn) == []
    assert count_pairs(conn) == 0


def test_the_newest_verdict_counts_undos_as_well(conn):
    assert newest_verdict(conn) == 0
    judged(conn, compared(conn, "one"), "a")
    assert newest_verdict(conn) == 1
    undo_last(conn)
    assert newest_verdict(conn) == 2


def test_counting_reads_an_index_alone(conn):
    plan = conn.execute(
        "EXPLAIN QUERY PLAN SELECT standing_verdict, count(*) FROM main.comparisons WHERE trial IS NULL "
        "AND repeats IS NULL AND standing IS NOT NULL GROUP BY standing_verdict"
    ).fetchall()
    assert [row["detail"].split("comparisons ", 1)[1] for row in plan] == ["USING INDEX comparisons_counted"]


@pytest.mark.parametrize("system", [None, "Answer in verse."])
@pytest.mark.parametrize("chosen", [PairFilter(), PairFilter(strong=True), PairFilter(since=FAR_OFF)])
def test_prompts_of_pairs_are_those_of_the_pairs_themselves(conn, system, chosen):
    question = new_set(conn, "one", "two") and "one"
    for number, name in enumerate((question, question, "two")):
        a, b = (answer(conn, name, f"{word} {number}", system=system) for word in ("first", "second"))
        prompt = conn.execute("SELECT prompt FROM completions WHERE id = ?", (a,)).fetchone()[0]
        pair = add_comparison(conn, prompt=prompt, a=a, b=b, side_seed=1)
        judged(conn, pair, "ab"[number % 2], strength=1 + number % 2)
    expected = Counter(str(pair.messages) for pair in preference_pairs(conn, chosen))
    assert {str(messages): number for messages, number in read_pair_prompts(conn, chosen)} == expected
    assert count_pairs(conn, chosen) == sum(expected.values())
