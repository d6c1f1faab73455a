import pytest

from adapters.errors import AdapterNameError
from adapters.names import clean_name, free_name, name_key


@pytest.mark.parametrize("name", ["taste-1", "v1.2", "keys", "My taste_2", "Größe 3", "味覚", "हिन्दी", "x" * 64])
def test_a_person_may_use_letters_digits_space_and_three_signs(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("", "needs a name"),
        ("   ", "needs a name"),
        ("x" * 65, "65 characters"),
        ("a/b", "'/'"),
        ("..", "starts with '.'"),
        ("-name", "starts with '-'"),
        ("two\nlines", r"\\n"),
        ("red\x1b[31m", "x1b"),
        ("abc\u202edef", "u202e"),
        ("Base", "without an adapter"),
        ("none", "without an adapter"),
        ("a0123abcd", "has the form of an adapter's id"),
    ],
)
def test_other_names_are_refused_with_the_reason(name: str, word: str) -> None:
    with pytest.raises(AdapterNameError, match=word):
        clean_name(name)


def test_spaces_around_a_name_go_and_letters_are_composed() -> None:
    assert clean_name("  Cafe\u0301 ") == "Caf\u00e9"


def test_names_that_look_the_same_have_one_key() -> None:
    assert name_key("Taste") == name_key("tAsTE") == name_key("Ｔaste")
    assert name_key("taste-1") != name_key("taste-2")


def test_a_free_name_counts_up_from_one() -> None:
    assert free_name("taste", []) == "taste-1"
    assert free_name("taste", ["Taste-1", "taste-3"]) == "taste-2"


def test_a_free_name_shortens_a_long_stem() -> None:
    assert free_name("x" * 64, ["x" * 62 + "-1"]) == "x" * 62 + "-2"
