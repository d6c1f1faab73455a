"""Prompts and sets: stored once, and never both held out and for labelling."""

import pytest

from db.errors import NotAllowed, NotFound
from db.models import ensure_sampling
from db.prompt_rows import AskedOf, Message, NewPrompt, first_line
from db.prompts import (
    add_prompt_set,
    add_prompts,
    field_totals,
    find_prompt,
    get_prompt,
    get_prompt_set,
    held_out_prompts,
    last_asked_field,
    list_prompt_sets,
    pass_over,
    prompts_by_id,
    prompts_left,
    unasked_prompts,
)
from tests.db_workspace import asked, compared, new_model, new_set, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def unasked_ids(conn, asked_of):
    return [each.id for each in unasked_prompts(conn, asked_of)]


def test_a_set_is_made_once_and_counts_its_prompts(conn):
    first = new_set(conn, "Why?", "How?")
    assert add_prompt_set(conn, "questions", held_out=False) == first
    new_set(conn, name="trial", held_out=True)
    sets = [(each.name, each.held_out, each.prompts) for each in list_prompt_sets(conn)]
    assert sets == [("questions", False, 2), ("trial", True, 0)]
    found = get_prompt_set(conn, "questions")
    assert found is not None
    assert found.id == first
    assert get_prompt_set(conn, "nothing") is None


def test_a_set_keeps_its_kind(conn):
    add_prompt_set(conn, "questions", held_out=False)
    with pytest.raises(NotAllowed, match="for labelling"):
        add_prompt_set(conn, "questions", held_out=True)


def test_a_prompt_comes_back_as_it_was_given(conn):
    messages = (*asked("  Why?\n", system="Be short."), Message(role="assistant", content="x"), *asked("And — “ü”?"))
    add_prompts(conn, new_set(conn), [NewPrompt(messages, "physics")])
    prompt = get_prompt(conn, 1)
    assert (prompt.messages, prompt.field, prompt.set_name, prompt.held_out) == (
        messages,
        "physics",
        "questions",
        False,
    )
    with pytest.raises(NotFound, match="no prompt 2"):
        get_prompt(conn, 2)


def test_the_same_prompt_is_added_once_whatever_its_set(conn):
    first, second = new_set(conn), new_set(conn, name="more")
    twice = [NewPrompt(asked("Why?")), NewPrompt(asked("Why?\r\n")), NewPrompt(asked("How?"))]
    added = add_prompts(conn, first, twice)
    assert (added.added, added.duplicates, added.in_other_set) == (2, 1, 0)
    assert add_prompts(conn, second, twice).duplicates == 3


def test_space_inside_a_prompt_makes_another_prompt_and_composed_letters_do_not(conn):
    texts = ("if x:\n    y", "if x:\n  y", "caf\u00e9", "cafe\u0301")
    added = add_prompts(conn, new_set(conn), [NewPrompt(asked(text)) for text in texts])
    assert (added.added, added.duplicates) == (3, 1)


@pytest.mark.parametrize("held_out_first", [True, False])
def test_a_question_is_never_both_held_out_and_for_labelling(conn, held_out_first):
    new_set(conn, "Why is the sky blue?", name="first", held_out=held_out_first)
    other = new_set(conn, name="second", held_out=not held_out_first)
    sly = [
        NewPrompt(asked("Why is the sky blue?", system="Be a pirate.")),
        NewPrompt(asked(" why  is the SKY\nblue? ")),
        NewPrompt(asked("Why is the sea blue?")),
    ]
    added = add_prompts(conn, other, sly)
    assert (added.added, added.duplicates, added.in_other_set) == (1, 0, 2)
    assert added.clashes == ("Why is the sky blue?", "why  is the SKY")
    again = [NewPrompt(asked("why is the sky BLUE?", system="Be nice."))]
    assert add_prompts(conn, other, again).in_other_set == 1


def test_adding_to_a_set_that_is_not_there_is_refused(conn):
    with pytest.raises(NotFound, match="no prompt set 9"):
        add_prompts(conn, 9, [])


def test_unasked_prompts_are_those_without_a_comparison_and_not_held_out(conn):
    new_set(conn, "held", name="trial", held_out=True)
    compared(conn, "one")
    new_set(conn, "two", "three", "four")
    unasked = prompts_by_id(conn, unasked_ids(conn, AskedOf(1, 1, 1, 1)))
    assert [prompt.first_line for prompt in unasked] == ["two", "three", "four"]
    assert prompts_left(conn) == 3
    assert [prompt.first_line for prompt in held_out_prompts(conn, 5)] == ["held"]


def test_the_fields_of_a_set_or_of_all_labelling_sets_are_counted_and_the_last_asked_is_known(conn):
    first = new_set(conn, "one", "two", name="first")
    held = new_set(conn, "held", name="trial", held_out=True)
    assert last_asked_field(conn) is None
    compared(conn, "three")
    add_prompts(conn, first, [NewPrompt(asked("four"), "physics"), NewPrompt(asked("five"))])
    assert field_totals(conn, first) == {"biology": 2, "physics": 1, None: 1}
    assert field_totals(conn, held) == {"biology": 1}
    assert field_totals(conn, None) == {"biology": 3, "physics": 1, None: 1}
    assert last_asked_field(conn) == "biology"


def test_the_first_line_is_of_the_last_question():
    assert first_line((*asked("Earlier"), *asked("\n  Later \nmore"))) == "Later"
    assert first_line(asked("\n")) == ""


def test_a_prompt_is_passed_over_for_one_way_of_asking(conn):
    new_set(conn, "One?", "Two?", "Three?", name="mine")
    one, two, three = (find_prompt(conn, asked(text)) for text in ("One?", "Two?", "Three?"))
    model, sampling, hot = new_model(conn), ensure_sampling(conn, {"t": 1}), ensure_sampling(conn, {"t": 2})
    way = AskedOf(model, sampling, model, sampling)
    pass_over(conn, two, way, "Both answers were the same.")
    assert unasked_ids(conn, way) == [one, three]
    assert unasked_ids(conn, AskedOf(model, sampling, model, hot)) == [one, two, three]
    assert (prompts_left(conn), prompts_left(conn, way)) == (3, 2)
    assert [each.first_line for each in prompts_by_id(conn, [three, 99, one])] == ["Three?", "One?"]
