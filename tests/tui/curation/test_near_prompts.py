"""Prompts that are nearly the same: among those of a file, among those stored, and across the held-out guard."""

import random

import pytest

from db.hashing import content_hash, guard_hash
from db.prompt_rows import Message, NewPrompt, SimilarPrompt, StoredQuestion
from tui.curation.near_prompts import NEAR, compared_text, near_pairs, similar_prompts

OCEAN = "Why is the sea salty and a lake mostly not?"
OTHER = "Why is the sea so salty and a lake mostly not?"


def prompt(text: str, system: str | None = None) -> NewPrompt:
    user = Message(role="user", content=text)
    return NewPrompt((user,) if system is None else (Message(role="system", content=system), user))


def stored(number: int, text: str, set_name: str = "mine", *, held_out: bool = False) -> StoredQuestion:
    messages = prompt(text).messages
    return StoredQuestion(number, set_name, held_out, messages, content_hash(messages), guard_hash(messages))


def found(*texts: str, among: tuple[StoredQuestion, ...] = (), held_out: bool = False) -> dict[int, SimilarPrompt]:
    return similar_prompts([prompt(each) for each in texts], among, held_out=held_out)[0]


def test_a_prompt_with_a_word_more_is_nearly_the_same_as_an_earlier_one_of_its_file() -> None:
    near = found(OCEAN, "What is a black hole?", OTHER)
    assert list(near) == [2]
    assert (near[2].line, near[2].like, near[2].set_name, near[2].held_out) == (OTHER, OCEAN, "", False)
    assert NEAR <= near[2].likeness < 1


@pytest.mark.parametrize(
    "texts",
    [
        ("What is the capital of France?", "What is the capital of Germany?"),
        ("What is 12 + 15?", "What is 17 + 21?"),
        ("Explain photosynthesis.", "Explain photons."),
        ("", ""),
        ("?", "!"),
    ],
)
def test_other_questions_in_the_same_words_are_not(texts: tuple[str, str]) -> None:
    assert found(*texts) == {}


def test_letter_case_and_space_do_not_count_and_a_system_prompt_does_not_either() -> None:
    assert found(OCEAN, f"  {OCEAN.upper()}\n")[1].likeness == 1.0
    assert compared_text(prompt(OCEAN, "Be brief.").messages) == compared_text(prompt(OCEAN).messages)


def test_stored_prompts_are_named_with_their_set_and_held_out_ones_are_marked() -> None:
    among = (stored(1, "What is a black hole?"), stored(2, OCEAN, "trial", held_out=True))
    assert [(each.set_name, each.held_out) for each in found(OTHER, among=among).values()] == [("trial", True)]


@pytest.mark.parametrize(
    ("text", "kind", "held_out"),
    [(OCEAN, False, False), (OCEAN.upper(), True, False), (OCEAN.upper(), False, True)],
    ids=["stored already", "held out", "for labelling"],
)
def test_what_the_database_refuses_is_not_told_twice(text: str, kind: bool, held_out: bool) -> None:
    among = (stored(1, OCEAN, held_out=kind),)
    assert found(text, among=among, held_out=held_out) == {}


def test_the_same_in_other_letters_within_one_kind_is_told() -> None:
    assert found(OCEAN.upper(), among=(stored(1, OCEAN),))[0].likeness == 1.0


def test_every_prompt_is_paired_with_the_most_alike_before_it() -> None:
    closer = OTHER.replace("salty", "salty,")
    questions = [stored(number, text) for number, text in enumerate((OCEAN, OTHER, "What is a black hole?", closer))]
    assert [(each.key, each.other) for each in near_pairs(questions)] == [(1, 0), (3, 1)]


def test_among_a_thousand_prompts_each_reworded_one_is_found_and_no_other() -> None:
    """MinHash only proposes, by chance: with these words none of a hundred is missed."""
    chance = random.Random(3)
    words = [f"{chance.choice('bdfgklmnprst')}{chance.choice('aeiou')}{chance.choice('lmnrst')}{n}" for n in range(400)]
    texts = [" ".join(chance.sample(words, 14)) for _ in range(1000)]
    reworded = [f"{text} please" for text in texts[:100]]
    among = tuple(stored(number, text) for number, text in enumerate(texts))
    near, compared = similar_prompts([prompt(each) for each in reworded], among, held_out=False)
    assert compared == 100
    assert {place: each.like for place, each in near.items()} == dict(enumerate(texts[:100]))


def test_prompts_of_one_template_are_not_compared_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.curation.near_prompts._MOST_PROPOSED", 50)
    template = "Is the following review of a film positive or negative, and by which of its words do you see that? "
    near, compared = similar_prompts([prompt(f"{template}{at}") for at in range(40)], (), held_out=False)
    assert 2 < compared < 40
    assert set(near) == set(range(1, compared))
