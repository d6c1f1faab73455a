"""The order of prompts: fields take turns within a set, whatever the order of the file."""

import itertools
from collections import Counter
from collections.abc import Mapping

import pytest

from db.prompt_rows import UnaskedPrompt
from tui.generation.prompt_order import in_turn_by_set, shuffled
from tui.workspace.bundled_prompts import load_questions

Fields = Mapping[str | None, int]


def rows_of(*fields: str | None, set_id: int = 1, start: int = 1) -> list[UnaskedPrompt]:
    return [UnaskedPrompt(number, set_id, field) for number, field in enumerate(fields, start)]


def totals_of(rows: list[UnaskedPrompt]) -> Fields:
    return Counter(each.field for each in rows)


def asked(rows: list[UnaskedPrompt], last: str | None = None) -> list[str | None]:
    """The fields in the order in which all of these prompts are asked, one call after the other."""
    left, fields = list(rows), []
    while left:
        (chosen,) = in_turn_by_set(left, lambda _: totals_of(rows), 1, last)
        last = next(each.field for each in left if each.id == chosen)
        left = [each for each in left if each.id != chosen]
        fields.append(last)
    return fields


def repeats(fields: list[str | None]) -> int:
    return sum(one == other for one, other in itertools.pairwise(fields))


@pytest.mark.parametrize("sizes", [{"a": 9, "b": 9}, {"a": 9, "b": 5, "c": 4}, {"a": 30, "b": 3, "c": 29}, {"a": 2}])
def test_a_field_never_comes_twice_in_a_row_where_that_can_be_avoided(sizes: dict[str, int]) -> None:
    rows = rows_of(*itertools.chain.from_iterable([field] * number for field, number in sizes.items()))
    largest, all_of_them = max(sizes.values()), len(rows)
    assert repeats(asked(rows)) == max(0, largest - (all_of_them - largest) - 1)


def test_all_fields_advance_together() -> None:
    rows = rows_of(*"a" * 40, *"b" * 20, *"c" * 20)
    assert Counter(asked(rows)[:40]) == {"a": 20, "b": 10, "c": 10}


def test_many_prompts_that_are_chosen_at_once_take_turns_too() -> None:
    rows = rows_of(*"a" * 7, *"b" * 3, *"c" * 5)
    fields = {each.id: each.field for each in rows}
    at_once = [fields[each] for each in in_turn_by_set(rows, lambda _: totals_of(rows), 99, None)]
    assert (repeats(at_once), Counter(at_once)) == (0, totals_of(rows))


def test_the_field_that_was_asked_last_does_not_come_next() -> None:
    rows = rows_of("a", "b")
    assert in_turn_by_set(rows, lambda _: totals_of(rows), 2, "a") == [2, 1]
    assert in_turn_by_set(rows[:1], lambda _: totals_of(rows), 2, "a") == [1]


def test_prompts_without_fields_keep_their_order() -> None:
    rows = rows_of(*[None] * 5)
    assert in_turn_by_set(rows, lambda _: totals_of(rows), 9, None) == [1, 2, 3, 4, 5]


def test_the_bundled_questions_keep_their_order() -> None:
    rows = rows_of(*(each.field for each in load_questions(held_out=False)))
    assert in_turn_by_set(rows, lambda _: totals_of(rows), 999, None) == [each.id for each in rows]


def test_one_set_is_asked_after_the_other() -> None:
    rows = rows_of("a", "a", "b") + rows_of("b", "c", set_id=2, start=4)
    totals = {1: {"a": 2, "b": 1}, 2: {"b": 1, "c": 1}}
    assert in_turn_by_set(rows, lambda set_id: totals[set_id or 0], 9, None) == [1, 3, 2, 4, 5]


def test_shuffled_the_fields_of_all_sets_take_turns() -> None:
    rows = rows_of(*"a" * 6) + rows_of(*"b" * 6, set_id=2, start=7)
    ids = shuffled(rows, lambda _: totals_of(rows), 12, None, lambda prompt: -prompt)
    fields = {each.id: str(each.field) for each in rows}
    assert repeats([fields[each] for each in ids]) == 0
    assert [each for each in ids if fields[each] == "a"] == [6, 5, 4, 3, 2, 1]
