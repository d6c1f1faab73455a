"""Blind trials in the database: prompts, the order of judging, the seal, notes, and prompts that are moved."""

import pytest

from db.blind_trials import (
    add_blind_trial,
    add_repeats,
    choose_prompts,
    comparison_notes,
    count_asked,
    count_ready,
    count_unmet,
    missing_answers,
    move_to_labelling,
    moved_prompts,
    next_in_trial,
    note_comparison,
    note_trial,
    open_trial,
    unfinished,
)
from db.comparisons import add_comparison, count_open, get_comparison
from db.errors import NotAllowed, NotFound
from db.models import ensure_model, ensure_sampling
from db.names_shown import names_known
from db.prompt_rows import NewPrompt
from db.prompts import add_prompt_set, add_prompts, get_prompt_set
from db.trials import add_trial, get_trial, trial_comparisons
from db.verdict_search import search_verdicts
from db.verdicts import add_verdict, preference_pairs, undo_last
from tests.db_workspace import SAMPLING, answer, asked, new_model, new_set, workspace

QUESTIONS = ("one", "two", "three", "four")


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        new_set(conn, *QUESTIONS, name="held out", held_out=True)
        yield conn


def policies(conn, name="taste-1"):
    base = new_model(conn)
    return base, ensure_model(conn, kind="adapter", name=name, source=name, fingerprint="c", parent=base)


def new_trial(conn, prompts=(1, 2), **more):
    a, b = policies(conn)
    return add_blind_trial(
        conn, model_a=a, model_b=b, sampling=ensure_sampling(conn, SAMPLING), prompts=prompts, **more
    )


def pair(conn, trial, prompt, a="base says", b="tuned says", seed=1):
    first, second = answer(conn, QUESTIONS[prompt - 1], a), answer(conn, QUESTIONS[prompt - 1], b)
    return add_comparison(conn, prompt=prompt, a=first, b=second, side_seed=seed, trial=trial)


def judged(conn, comparison, verdict="b", **more):
    return add_verdict(conn, comparison=comparison, verdict=verdict, layout="side", **more)


def test_a_trial_is_sealed_and_keeps_its_settings(conn):
    held_out = get_prompt_set(conn, "held out")
    assert held_out is not None
    trial = new_trial(
        conn, (3, 1), prompt_set=held_out.id, samples=2, repeats=1, may_end_early=True, judge="./judge --hard"
    )
    row = get_trial(conn, trial)
    assert (row.kind, row.status, row.sealed, row.broken) == ("blind", "running", True, False)
    assert (row.num_questions, row.samples, row.total, row.repeats) == (2, 2, 4, 1)
    assert (row.prompt_set_name, row.may_end_early, row.judge) == ("held out", True, "./judge --hard")
    assert unfinished(conn) == [trial]


def test_prompts_that_the_two_met_least_come_first(conn):
    a, b = policies(conn)
    given = {"model_a": a, "model_b": b, "prompt_set": None}
    everything = choose_prompts(conn, 9, **given, seed=1)
    assert sorted(everything) == [1, 2, 3, 4]
    assert everything == choose_prompts(conn, 9, **given, seed=1)
    assert {tuple(choose_prompts(conn, 9, **given, seed=seed)) for seed in range(8)} != {tuple(everything)}
    assert count_unmet(conn, model_a=a, model_b=b) == 4
    new_trial(conn, everything[:3])
    assert count_unmet(conn, model_a=b, model_b=a) == 1
    assert choose_prompts(conn, 1, **given, seed=1) == everything[3:]
    turned = {"model_a": b, "model_b": a, "prompt_set": None}
    assert choose_prompts(conn, 1, **turned, seed=1) == everything[3:], "whoever is on trial"
    new_set(conn, "five", name="others", held_out=True)
    new_set(conn, "six", name="labelling")
    others = get_prompt_set(conn, "others")
    assert others is not None
    assert choose_prompts(conn, 9, model_a=a, model_b=b, prompt_set=others.id, seed=1) == [5]


def test_missing_answers_are_known_after_a_restart(conn):
    trial = new_trial(conn, (2, 1), samples=2)
    assert [(prompt.id, sample) for prompt, sample in missing_answers(conn, trial, 9)] == [(2, 0), (1, 0)]
    pair(conn, trial, 2)
    assert [(prompt.id, sample) for prompt, sample in missing_answers(conn, trial, 9)] == [(1, 0), (2, 1)]
    pair(conn, trial, 1), pair(conn, trial, 1), pair(conn, trial, 2)
    assert missing_answers(conn, trial, 9) == []


def test_equal_answers_are_never_asked_and_skipped_pairs_come_last(conn):
    trial = new_trial(conn, (1, 2, 3))
    one, same, three = pair(conn, trial, 1), pair(conn, trial, 2, "the same", "the same"), pair(conn, trial, 3)
    assert count_ready(conn, trial) == 2
    assert next_in_trial(conn, trial).id == one
    judged(conn, one, "skip")
    assert next_in_trial(conn, trial, after=one).id == three
    judged(conn, three)
    assert next_in_trial(conn, trial, after=three).id == one
    assert next_in_trial(conn, trial, after=one).id == one, "the only one there is"
    judged(conn, one)
    assert next_in_trial(conn, trial) is None
    row = get_trial(conn, trial)
    assert (row.done, row.judged, row.same) == (3, 2, 1)
    assert get_comparison(conn, same).same


def test_pairs_asked_again_have_their_sides_swapped_and_are_not_counted(conn):
    trial = new_trial(conn, (1, 2, 3), repeats=2)
    pair(conn, trial, 1, "the same", "the same")
    two, three = pair(conn, trial, 2, seed=5), pair(conn, trial, 3, seed=6)
    assert add_repeats(conn, trial) == 2
    assert add_repeats(conn, trial) == 0
    again = [each for each in trial_comparisons(conn, trial) if each.repeats]
    assert [each.repeats for each in again] == [two, three]
    for each in again:
        first = get_comparison(conn, each.repeats)
        assert (each.first.id, each.second.id) == (first.second.id, first.first.id)
    assert get_trial(conn, trial).done == 3
    judged(conn, two)
    judged(conn, again[0].id)
    judged(conn, three, "skip")
    assert count_asked(conn, trial) == (2, 4)


def test_what_the_trial_asks_is_nothing_that_labelling_asks(conn):
    trial = new_trial(conn)
    judged(conn, pair(conn, trial, 1))
    assert count_open(conn) == 0
    assert undo_last(conn) is None
    assert undo_last(conn, trial=trial) is not None
    assert get_trial(conn, trial).judged == 0


def test_sealed_verdicts_are_in_no_list_until_the_trial_is_opened(conn):
    trial = new_trial(conn, (1,))
    judged(conn, pair(conn, trial, 1))
    assert search_verdicts(conn) == []
    open_trial(conn, trial)
    assert [row.trial for row in search_verdicts(conn)] == [trial]


def test_a_broken_seal_is_recorded(conn):
    trial = new_trial(conn, (1, 2, 3))
    judged(conn, pair(conn, trial, 1))
    pair(conn, trial, 2)
    open_trial(conn, trial)
    row = get_trial(conn, trial)
    assert (row.status, row.opened_after, row.broken, row.sealed) == ("stopped", 1, True, False)
    judged(conn, 2)
    open_trial(conn, trial)
    assert get_trial(conn, trial).opened_after == 1, "the first time counts"


def test_a_trial_judged_to_its_end_is_finished(conn):
    trial = new_trial(conn, (1, 2))
    judged(conn, pair(conn, trial, 1), "tie")
    pair(conn, trial, 2, "the same", "the same")
    open_trial(conn, trial)
    row = get_trial(conn, trial)
    assert (row.status, row.opened_after, row.broken) == ("finished", 1, False)
    assert unfinished(conn) == []


def test_after_the_names_were_shown_a_verdict_is_not_blind(conn):
    trial = new_trial(conn, (1, 2))
    one, two = pair(conn, trial, 1), pair(conn, trial, 2)
    assert judged(conn, one).blind
    open_trial(conn, trial)
    assert not judged(conn, two).blind


def test_what_was_judged_blind_stays_once_the_trial_is_opened(conn):
    trial = new_trial(conn, (1, 2))
    one, skipped = pair(conn, trial, 1), pair(conn, trial, 2)
    given = judged(conn, one, "b")
    judged(conn, skipped, "skip")
    open_trial(conn, trial)
    with pytest.raises(NotAllowed, match=f"Comparison {one} was judged blind, and trial {trial} keeps that verdict"):
        judged(conn, one, "a")
    assert get_comparison(conn, one).standing == given
    assert not judged(conn, skipped, "a").blind, "a skip is no verdict to keep"
    assert not judged(conn, skipped, "b").blind


def test_a_pair_of_texts_that_another_trial_named_is_not_blind(conn):
    a, b = policies(conn)
    shown = add_trial(
        conn, kind="side_by_side", model_a=a, model_b=b, sampling=ensure_sampling(conn, SAMPLING), num_questions=1
    )
    pair(conn, shown, 1, "greedy base", "greedy tuned")
    trial = new_trial(conn, (1, 2))
    known, swapped = (
        pair(conn, trial, 1, "greedy base", "greedy tuned"),
        pair(conn, trial, 1, "greedy tuned", "greedy base"),
    )
    new, half = pair(conn, trial, 1, "other", "greedy tuned"), pair(conn, trial, 2, "greedy base", "greedy tuned")
    assert [names_known(conn, each) for each in (known, swapped, new, half)] == [True, True, False, False]


def test_notes_on_a_trial_and_on_its_comparisons(conn):
    trial = new_trial(conn, (1,))
    one = pair(conn, trial, 1)
    note_trial(conn, trial, "after the new set")
    note_comparison(conn, one, "both wrong")
    note_comparison(conn, one, "wrong about tides")
    assert get_trial(conn, trial).note == "after the new set"
    assert comparison_notes(conn, trial) == {one: "wrong about tides"}
    note_comparison(conn, one, "")
    assert comparison_notes(conn, trial) == {}
    with pytest.raises(NotFound, match="no trial 9"):
        note_trial(conn, 9, "x")


# -- out of the held-out set -----------------------------------------------------------------------------------


def opened(conn, verdict="a", **more):
    trial = new_trial(conn, (1, 2))
    one = pair(conn, trial, 1, **more)
    judged(conn, one, verdict, strength=2)
    open_trial(conn, trial)
    return trial, one


def test_a_lost_comparison_becomes_a_pair_only_by_moving_its_prompt(conn):
    trial, one = opened(conn)
    assert preference_pairs(conn) == []
    given = move_to_labelling(conn, one, set_name="from trials")
    assert given is not None
    assert (given.verdict, given.strength, given.blind, given.note) == ("a", 2, True, f"from trial {trial}")
    (trained,) = preference_pairs(conn)
    assert (trained.chosen, trained.rejected, trained.strength) == ("base says", "tuned says", 2)
    (moved,) = moved_prompts(conn, trial)
    assert (moved.prompt, moved.from_set, moved.to_set, moved.comparison) == (1, "held out", "from trials", one)
    assert get_trial(conn, trial).judged == 1, "the trial keeps its figures"
    a, b = policies(conn)
    assert 1 not in choose_prompts(conn, 9, model_a=a, model_b=b, prompt_set=None, seed=1)


def test_a_pair_that_left_a_trial_was_shown_with_names_so_later_verdicts_on_it_are_not_blind(conn):
    _, one = opened(conn)
    given = move_to_labelling(conn, one, set_name="from trials")
    assert given is not None
    assert given.blind, "it was judged before the names were shown"
    assert not judged(conn, given.comparison, "b").blind


def test_the_verdict_names_the_same_text_where_the_older_answer_was_bs(conn):
    trial = new_trial(conn, (1,))
    newer_b = answer(conn, "one", "tuned says")
    older_a = answer(conn, "one", "base says")
    one = add_comparison(conn, prompt=1, a=older_a, b=newer_b, side_seed=1, trial=trial)
    judged(conn, one, "b")
    open_trial(conn, trial)
    given = move_to_labelling(conn, one, set_name="from trials")
    assert given is not None
    assert given.verdict == "a"
    assert preference_pairs(conn)[0].chosen == "tuned says"


def test_the_same_question_with_a_system_prompt_moves_along(conn):
    held_out = get_prompt_set(conn, "held out")
    assert held_out is not None
    add_prompts(conn, held_out.id, [NewPrompt(asked("ONE", "Be brief."))])
    trial, one = opened(conn)
    move_to_labelling(conn, one, set_name="from trials")
    assert [each.prompt for each in moved_prompts(conn, trial)] == [1, 5]
    assert len(preference_pairs(conn)) == 1


def test_a_tie_moves_the_prompt_and_gives_no_pair(conn):
    _, one = opened(conn, "tie")
    assert move_to_labelling(conn, one, set_name="from trials") is None
    assert preference_pairs(conn) == []


def test_what_cannot_be_moved_is_said_in_words(conn):
    sealed = new_trial(conn, (3,))
    three = pair(conn, sealed, 3)
    with pytest.raises(NotAllowed, match="still sealed"):
        move_to_labelling(conn, three, set_name="from trials")
    trial, one = opened(conn)
    with pytest.raises(NotAllowed, match="held out for trials"):
        move_to_labelling(conn, one, set_name="held out")
    running = new_trial(conn, (1,))
    with pytest.raises(NotAllowed, match=f"Trial {running} asks this prompt too"):
        move_to_labelling(conn, one, set_name="from trials")
    open_trial(conn, running)
    move_to_labelling(conn, one, set_name="from trials")
    with pytest.raises(NotAllowed, match="'from trials' already"):
        move_to_labelling(conn, one, set_name="from trials")
    assert len(moved_prompts(conn, trial)) == 1
    add_prompt_set(conn, "questions", held_out=False)
