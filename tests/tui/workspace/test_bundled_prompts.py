"""The questions that come with Palate: enough of them, of many fields, and none asked twice."""

import json
import re
from collections import Counter
from importlib.resources import files
from itertools import combinations, pairwise

import pytest

STOP_WORDS = {
    *("a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "did", "do", "does", "for", "from", "have", "how"),
    *("i", "if", "in", "is", "it", "its", "me", "no", "not", "of", "on", "one", "or", "our", "so", "some", "that"),
    *("the", "their", "they", "this", "to", "was", "we", "what", "when", "who", "why", "will", "with", "would", "you"),
}
NEAR = 0.5
"""Share of common words (Jaccard) from which on two questions count as one."""

Question = tuple[str, str]


def questions(name: str) -> list[Question]:
    """The (prompt, field) of every line of one packaged file."""
    lines = (files("tui") / "data" / name).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert all(set(row) == {"prompt", "field"} for row in rows)
    return [(row["prompt"], row["field"]) for row in rows]


def normalised(prompt: str) -> str:
    return " ".join(re.findall(r"\w+", prompt.casefold()))


def content_words(prompt: str) -> set[str]:
    return set(normalised(prompt).split()) - STOP_WORDS


@pytest.fixture(scope="module")
def labelling() -> list[Question]:
    return questions("science.jsonl")


@pytest.fixture(scope="module")
def held_out() -> list[Question]:
    return questions("science_held_out.jsonl")


def test_there_are_200_for_labelling_and_80_for_trials(labelling: list[Question], held_out: list[Question]) -> None:
    assert (len(labelling), len(held_out)) == (200, 80)


def test_every_field_has_its_share_in_both(labelling: list[Question], held_out: list[Question]) -> None:
    asked, tried = Counter(field for _, field in labelling), Counter(field for _, field in held_out)
    assert len(asked) >= 10
    assert set(asked) == set(tried)
    assert min(asked.values()) >= 10
    assert min(tried.values()) >= 4


def test_neighbours_are_of_different_fields(labelling: list[Question], held_out: list[Question]) -> None:
    for rows in (labelling, held_out):
        fields = [field for _, field in rows]
        assert all(first != second for first, second in pairwise(fields))


def test_every_question_is_one_readable_line(labelling: list[Question], held_out: list[Question]) -> None:
    for prompt, _ in labelling + held_out:
        assert prompt == " ".join(prompt.split())
        assert prompt.isprintable()
        assert prompt[-1] in ".?"
        assert 20 <= len(prompt) <= 160


def test_no_question_is_asked_twice(labelling: list[Question], held_out: list[Question]) -> None:
    counts = Counter(normalised(prompt) for prompt, _ in labelling + held_out)
    assert [prompt for prompt, count in counts.items() if count > 1] == []


def test_no_two_questions_are_nearly_the_same(labelling: list[Question], held_out: list[Question]) -> None:
    every = [(prompt, content_words(prompt)) for prompt, _ in labelling + held_out]
    near = [
        (first, second)
        for (first, words), (second, others) in combinations(every, 2)
        if len(words & others) >= NEAR * len(words | others)
    ]
    assert near == []


def test_no_beginning_wears_out(labelling: list[Question]) -> None:
    beginnings = Counter(normalised(prompt).split()[0] for prompt, _ in labelling)
    assert beginnings.most_common(1)[0][1] <= len(labelling) * 0.4
    assert len(beginnings) >= 12
