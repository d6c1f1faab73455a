"""The held-out guard: no way leads a held-out prompt into training; and what it means to hold prompts out."""

import sqlite3

import pytest

from db import import_batches as db_import_batches
from db.blind_trials import add_blind_trial, choose_prompts, count_unmet
from db.comparisons import add_comparison, count_open, find_comparison, next_open
from db.edits import add_edit
from db.errors import NotAllowed
from db.held_out import (
    Crossing,
    crossing,
    held_out_in_run,
    move_prompts,
    prompts_of,
    set_held_out,
)
from db.interchange.records import LeftOut, PairRecord
from db.models import ensure_sampling
from db.prompt_lists import list_prompts, set_counts
from db.prompt_rows import NewPrompt
from db.prompt_sets import rename_set
from db.prompts import add_prompt_set, add_prompts, find_prompt, get_prompt_set, held_out_prompts
from db.runs import create_run, set_run_pairs, set_status
from db.verdicts import add_verdict, count_pairs, preference_pairs
from db.withdrawals import set_withdrawn
from tests.db_workspace import SAMPLING, answer, asked, compared, new_model, new_set, workspace


@pytest.fixture
def conn(tmp_path):
    """Two judged pairs in the set questions, and one held-out question."""
    with workspace(tmp_path) as conn:
        for question in ("one", "two"):
            add_verdict(conn, comparison=compared(conn, question), verdict="a")
        new_set(conn, "secret", name="trial", held_out=True)
        yield conn


def trained(conn):
    return [row.messages[-1]["content"] for row in preference_pairs(conn)]


def held_out(conn, name="questions"):
    return set_held_out(conn, get_prompt_set(conn, name).id, True)


def new_run(conn, status, *comparisons):
    run = create_run(conn, name="taste", config={}, versions={}, base_model=new_model(conn), pairs=[])
    set_run_pairs(conn, run, [(each, "train", each) for each in comparisons])
    set_status(conn, run, status)
    return run


def judged_secret(conn, question="secret", **more):
    """The held-out question answered, compared and judged as if it were for labelling."""
    a, b = answer(conn, question, "first"), answer(conn, question, "second")
    pair = add_comparison(conn, prompt=find_prompt(conn, asked(question)), a=a, b=b, side_seed=1, **more)
    add_verdict(conn, comparison=pair, verdict="a")
    return pair


# -- every way in ----------------------------------------------------------------------------------------------


def test_a_verdict_on_a_held_out_prompt_is_no_pair(conn):
    pair = judged_secret(conn)
    assert trained(conn) == ["one", "two"]
    assert count_pairs(conn) == 2
    set_withdrawn(conn, pair, True)
    set_withdrawn(conn, pair, False)  # putting back does not help
    assert trained(conn) == ["one", "two"]


def test_an_edit_of_an_answer_to_it_is_no_pair(conn):
    pair = judged_secret(conn)
    add_edit(conn, comparison=pair, original=5, text="mine")
    assert trained(conn) == ["one", "two"]


def test_a_pair_asked_again_and_a_pair_of_a_trial_are_none(conn):
    pair = judged_secret(conn)
    again = add_comparison(conn, prompt=3, a=5, b=6, side_seed=2, repeats=pair)
    add_verdict(conn, comparison=again, verdict="b")
    model, sampling = new_model(conn), ensure_sampling(conn, SAMPLING)
    trial = add_blind_trial(conn, model_a=model, model_b=model, sampling=sampling, prompts=[3])
    of_trial = add_comparison(conn, prompt=3, a=5, b=6, side_seed=3, trial=trial)
    add_verdict(conn, comparison=of_trial, verdict="a")
    assert trained(conn) == ["one", "two"]


@pytest.mark.parametrize(
    "messages", [asked("secret"), asked("  SECRET "), asked("ｓｅｃｒｅｔ"), asked("secret", "Be brief.")], ids=str
)
def test_it_is_imported_neither_as_a_pair_nor_as_a_prompt(conn, messages):
    batch = db_import_batches.begin(conn, source="file", set_name="questions", pairs=1)
    (left,) = batch.store(conn, [db_import_batches.prepared(PairRecord(1, messages, "good", "bad", "a"))])
    db_import_batches.reveal(conn)
    assert isinstance(left, LeftOut)
    assert left.reason == db_import_batches.HELD_OUT
    assert add_prompts(conn, 1, [NewPrompt(messages)]).in_other_set == 1
    assert trained(conn) == ["one", "two"]


def test_a_held_out_set_takes_no_pairs_under_any_name(conn):
    trial = get_prompt_set(conn, "trial").id
    rename_set(conn, trial, "letters")
    with pytest.raises(NotAllowed, match="'letters' exists and is held out"):
        db_import_batches.begin(conn, source="file", set_name="letters", pairs=1)
    with pytest.raises(NotAllowed, match="held out"):
        add_prompt_set(conn, "letters", held_out=False)
    assert get_prompt_set(conn, "letters").held_out


def test_a_twin_in_a_labelling_set_is_no_pair_and_cannot_be_left_behind(conn):
    """A file written by other hands may have both: the same question under another system prompt, on either side."""
    conn.execute(
        """INSERT INTO prompts (set_id, messages, content_hash, guard_hash, created)
        SELECT 1, '[{"content":"Hm","role":"system"},{"content":"secret","role":"user"}]', ?, guard_hash, created
        FROM prompts WHERE id = 3""",
        ("f" * 64,),
    )
    a, b = (
        conn.execute(
            """INSERT INTO completions (prompt, text, text_hash, cut, source, created)
            VALUES (4, ?, ?, 0, 'import', '2026-01-01T00:00:00Z')""",
            (text, text * 64),
        ).lastrowid
        for text in "xy"
    )
    add_verdict(conn, comparison=add_comparison(conn, prompt=4, a=a, b=b, side_seed=1), verdict="a")
    assert trained(conn) == ["one", "two"]
    new_set(conn, "other", name="other trial", held_out=True)
    move_prompts(conn, [4], get_prompt_set(conn, "other trial").id)
    with pytest.raises(NotAllowed, match="stays held out in the set 'other trial'"):
        move_prompts(conn, [3], 1)
    with pytest.raises(NotAllowed, match="stays held out in the set 'trial'"):
        set_held_out(conn, get_prompt_set(conn, "other trial").id, False)
    move_prompts(conn, [3, 4], 1)  # both together
    assert trained(conn) == ["one", "two", "secret"]


def test_what_a_prompt_asks_cannot_be_changed(conn):
    for change in ("guard_hash = 'f' || substr(guard_hash, 2)", "messages = '[1]'", "content_hash = guard_hash"):
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            conn.execute(f"UPDATE prompts SET {change} WHERE id = 3")


def test_no_run_can_have_it_among_its_pairs(conn):
    pair = judged_secret(conn)
    with pytest.raises(sqlite3.IntegrityError, match="never trained on"):
        new_run(conn, "running", pair)
    run = new_run(conn, "interrupted", 1)
    with pytest.raises(sqlite3.IntegrityError, match="never trained on"):
        conn.execute("UPDATE run_pairs SET comparison = ?, verdict = ? WHERE run = ?", (pair, pair, run))


def test_no_run_can_have_a_verdict_of_a_trial_among_its_pairs(conn):
    model, sampling = new_model(conn), ensure_sampling(conn, SAMPLING)
    trial = add_blind_trial(conn, model_a=model, model_b=model, sampling=sampling, prompts=[3])
    pair = judged_secret(conn, trial=trial)
    set_held_out(conn, get_prompt_set(conn, "questions").id, False)
    conn.execute("UPDATE prompt_sets SET held_out = 0")
    assert trained(conn) == ["one", "two"]
    with pytest.raises(sqlite3.IntegrityError, match="a verdict of a trial"):
        new_run(conn, "running", pair)


# -- holding out what was judged -------------------------------------------------------------------------------


def test_holding_a_set_out_takes_its_pairs_out_of_training_and_tells_how_many(conn):
    add_verdict(conn, comparison=compared(conn, "three"), verdict="tie")
    set_withdrawn(conn, 2, True)
    new_run(conn, "finished", 1)
    left = new_run(conn, "interrupted", 1)
    meant = crossing(conn, prompts_of(conn, 1))
    assert meant == Crossing(prompts=3, elsewhere=0, verdicts=3, pairs=1, trained=1, interrupted=(left,))
    assert held_out(conn) == meant
    assert trained(conn) == []
    assert held_out_in_run(conn, left) == 1
    set_held_out(conn, 1, False)
    assert trained(conn) == ["one"]
    assert held_out_in_run(conn, left) == 0


def test_a_run_that_is_alive_keeps_its_prompts(conn):
    new_run(conn, "running")  # it has read its pairs and not stored them yet
    with pytest.raises(NotAllowed, match="Run 1 is alive"):
        held_out(conn)
    with pytest.raises(NotAllowed, match="Run 1 is alive"):
        move_prompts(conn, [1], get_prompt_set(conn, "trial").id)
    set_status(conn, 1, "finished")
    held_out(conn)


@pytest.mark.parametrize("verdict", ["tie", "a"])
def test_a_run_that_is_alive_keeps_the_prompts_of_all_its_pairs(conn, verdict):
    """A tie, and a pair that was taken out since, are no pairs of the owner any more; the run still trains on them."""
    pair = compared(conn, "three")
    add_verdict(conn, comparison=pair, verdict=verdict)
    run = new_run(conn, "running", pair)
    set_withdrawn(conn, pair, True)
    prompt = find_prompt(conn, asked("three"))
    assert crossing(conn, [prompt]).pairs == 0
    with pytest.raises(NotAllowed, match=f"Run {run} is alive and trains on them"):
        move_prompts(conn, [prompt], get_prompt_set(conn, "trial").id)
    set_status(conn, run, "finished")
    move_prompts(conn, [prompt], get_prompt_set(conn, "trial").id)


def test_a_trial_that_is_not_over_keeps_its_prompts(conn):
    model, sampling = new_model(conn), ensure_sampling(conn, SAMPLING)
    trial = add_blind_trial(conn, model_a=model, model_b=model, sampling=sampling, prompts=[3])
    with pytest.raises(NotAllowed, match="Trial 1 asks one of these prompts"):
        move_prompts(conn, [3], 1)
    with pytest.raises(NotAllowed, match="Trial 1 asks one of these prompts"):
        set_held_out(conn, get_prompt_set(conn, "trial").id, False)
    conn.execute("UPDATE trials SET status = 'stopped' WHERE id = ?", (trial,))
    move_prompts(conn, [3], 1)
    assert find_prompt(conn, asked("secret")) in prompts_of(conn, 1)


def test_what_a_run_trained_on_is_asked_in_no_trial(conn):
    model = new_model(conn)
    new_run(conn, "finished", 1)
    held_out(conn)
    given = {"model_a": model, "model_b": model, "prompt_set": None}
    assert sorted(choose_prompts(conn, 9, seed=1, **given)) == [2, 3]
    assert count_unmet(conn, **given) == 2
    assert [row.id for row in held_out_prompts(conn, 9)] == [2, 3]


def test_the_queue_leaves_out_what_came_to_be_held_out(conn):
    waiting = compared(conn, "three")
    add_verdict(conn, comparison=compared(conn, "four"), verdict="skip")
    assert next_open(conn).id == waiting
    for question in ("three", "four"):
        move_prompts(conn, [find_prompt(conn, asked(question))], get_prompt_set(conn, "trial").id)
    assert next_open(conn) is None
    assert count_open(conn) == 0
    add_verdict(conn, comparison=waiting, verdict="a")  # as `palate judge` may
    assert trained(conn) == ["one", "two"]


# -- sets and prompts ------------------------------------------------------------------------------------------


def test_sets_and_prompts_are_counted(conn):
    new_set(conn, "fresh [1]_%", name="more")
    counts = [(each.row.name, each.row.prompts, each.judged, each.open, each.in_trials) for each in set_counts(conn)]
    # `compared` gives every question of its own the set that is named questions.
    assert counts == [("questions", 2, 2, 0, 0), ("trial", 1, 0, 1, 0), ("more", 1, 0, 1, 0)]
    (row,) = list_prompts(conn, get_prompt_set(conn, "more").id, words=["FRESH", "]_%"])
    assert (row.line, row.field, row.asked, row.judged, row.trials) == ("fresh [1]_%", "biology", 0, 0, 0)
    assert list_prompts(conn, 1, words=["x"]) == []
    assert [row.judged for row in list_prompts(conn, 1)] == [1, 1]
    assert [row.line for row in list_prompts(conn, 1, after=1, limit=1)] == ["two"]
    assert find_comparison(conn, 1, 2) == 1
