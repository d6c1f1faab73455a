"""Hashes by which texts and prompts are told apart."""

import pytest

from db.hashing import canonical_json, content_hash, guard_hash, text_hash
from db.prompt_rows import Message
from tests.db_workspace import asked


def test_a_text_s_hash_is_sha256_of_its_utf8():
    assert text_hash("ü") == "607474ca475a9724d7360aba71a56d5df77e61350e3f724cfa1f46e857e2d85f"
    assert text_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_canonical_json_has_one_form():
    assert canonical_json({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'


@pytest.mark.parametrize(
    ("one", "other", "same_content", "same_guard"),
    [
        ("Why?", "Why?\n", True, True),
        ("a\r\nb", "a\nb", True, True),
        ("cafe\u0301", "caf\u00e9", True, True),
        ("if x:\n    y", "if x: y", False, True),
        ("WHY?", "why?", False, True),
        ("\uff37hy?", "Why?", False, True),
        ("Why?", "How?", False, False),
    ],
)
def test_which_prompts_count_as_the_same(one, other, same_content, same_guard):
    assert (content_hash(asked(one)) == content_hash(asked(other))) == same_content
    assert (guard_hash(asked(one)) == guard_hash(asked(other))) == same_guard


def test_a_system_prompt_makes_another_prompt_and_the_same_question():
    assert content_hash(asked("Why?", system="x")) != content_hash(asked("Why?"))
    assert guard_hash(asked("Why?", system="x")) == guard_hash(asked("Why?"))


def test_who_says_what_and_where_a_turn_ends_count():
    turns = (*asked("a"), Message(role="assistant", content="b"), *asked("c"))
    assert guard_hash(turns) != guard_hash(asked("a b c"))
    swapped = (Message(role="assistant", content="a"), *asked("b"), *asked("c"))
    assert guard_hash(turns) != guard_hash(swapped)
