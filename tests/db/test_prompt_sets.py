"""Prompt sets as a person changes them: what is refused, and that a file goes in whole or not at all."""

import pytest

from db.errors import NotAllowed, NotFound
from db.import_batches import begin
from db.prompt_rows import LeftOutLines, NewPrompt, ReadPrompts, SkippedLine, TakenPrompts
from db.prompt_sets import add_file, add_question, create_prompt_set, remove_prompt, rename_set
from db.prompts import find_prompt, get_prompt, get_prompt_set
from db.runs import create_run
from db.samples import add_samples
from tests.db_workspace import asked, compared, new_model, new_set, workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


def file_of(*texts):
    prompts = tuple(NewPrompt(asked(text)) for text in texts)
    return ReadPrompts(prompts, skipped=(SkippedLine(3, "empty"),), duplicates=(SkippedLine(4, "came before"),))


def test_a_new_set_has_a_name_of_its_own(conn):
    create_prompt_set(conn, " letters ", held_out=False)
    made = get_prompt_set(conn, "letters")
    assert made is not None
    assert not made.held_out
    for name, held_out in (("letters", False), ("letters ", True)):
        with pytest.raises(NotAllowed, match="There is a prompt set 'letters' already"):
            create_prompt_set(conn, name, held_out=held_out)
    with pytest.raises(NotAllowed, match="needs a name"):
        create_prompt_set(conn, "  ", held_out=False)


def test_a_set_may_be_made_with_its_prompts(conn):
    create_prompt_set(conn, "mine", held_out=True, prompts=[NewPrompt(asked("Why?"))])
    assert get_prompt(conn, 1).held_out


def test_a_typed_question_is_kept_without_the_space_around_it(conn):
    mine = create_prompt_set(conn, "mine", held_out=False)
    assert add_question(conn, mine, "  Why?\n", "physics").added == 1
    row = get_prompt(conn, 1)
    assert (row.messages, row.field) == (asked("Why?"), "physics")
    with pytest.raises(NotAllowed, match="asks nothing"):
        add_question(conn, mine, " \n", None)


def test_a_file_is_counted_line_by_line(conn):
    empty = (LeftOutLines("empty", 1, (3,)),)
    assert add_file(conn, "mine", False, file_of("Why?", "How?")) == TakenPrompts("mine", 2, 1, 1, 0, empty)
    assert add_file(conn, "mine", False, file_of("Why?", "Who?")) == TakenPrompts("mine", 1, 2, 1, 0, empty)
    assert add_file(conn, "trial", True, file_of("why?", "When?")) == TakenPrompts("trial", 1, 1, 1, 1, empty)


def test_a_file_is_refused_for_a_set_of_the_other_kind_and_while_pairs_are_imported(conn):
    add_file(conn, "mine", False, file_of("Why?"))
    with pytest.raises(NotAllowed, match="'mine' is for labelling already"):
        add_file(conn, "mine", True, file_of("How?"))
    begin(conn, source="pairs", set_name="pairs", pairs=3)
    with pytest.raises(NotAllowed, match="A running import"):
        add_file(conn, "mine", False, file_of("How?"))


def test_only_a_prompt_that_was_never_used_is_removed(conn):
    compared(conn, "one")
    new_set(conn, "two", "secret", name="more")
    remove_prompt(conn, 3)
    assert find_prompt(conn, asked("secret")) is None
    with pytest.raises(NotAllowed, match="Prompt 1 stays, because it was answered"):
        remove_prompt(conn, 1)
    with pytest.raises(NotFound, match="no prompt 3"):
        remove_prompt(conn, 3)
    run = create_run(conn, name="run", config={}, versions={}, base_model=new_model(conn))
    add_samples(conn, run, 0, [(2, "a sample", 2, False)])
    with pytest.raises(NotAllowed, match="Prompt 2 stays, because a run answered it"):
        remove_prompt(conn, 2)


def test_a_set_is_renamed_to_what_is_free(conn):
    new_set(conn, name="mine"), new_set(conn, name="trial", held_out=True)
    rename_set(conn, 1, " letters ")
    assert get_prompt_set(conn, "letters").id == 1
    with pytest.raises(NotAllowed, match="'trial' already"):
        rename_set(conn, 1, "trial")
    with pytest.raises(NotAllowed, match="needs a name"):
        rename_set(conn, 1, "  ")
    with pytest.raises(NotFound, match="no prompt set 9"):
        rename_set(conn, 9, "x")
