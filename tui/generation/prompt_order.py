"""The order in which prompts are asked: fields take turns, so that no field comes many times in a row."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence, Sized
from itertools import pairwise
from typing import Final

from db.prompt_rows import UnaskedPrompt

Totals = Callable[[int | None], Mapping[str | None, int]]
"""The number of prompts by field, asked ones included: of a set, or of all labelling sets (None)."""
_MIDDLE: Final = 0.5
_FEW: Final = 0.2


def in_turn_by_set(rows: Sequence[UnaskedPrompt], totals: Totals, limit: int, last: str | None) -> list[int]:
    """The ids of the next `limit` prompts, one set after the other.

    Args:
        rows: the prompts that may be asked, by rising id.
        last: the field of the prompt that was asked last.
    """
    chosen: list[int] = []
    while rows and len(chosen) < limit:
        current = rows[0].set_id
        ids, last = _in_turn([each for each in rows if each.set_id == current], totals(current), limit, last)
        chosen += ids
        rows = [each for each in rows if each.set_id != current]
    return chosen[:limit]


def shuffled(
    rows: Sequence[UnaskedPrompt], totals: Totals, limit: int, last: str | None, place: Callable[[int], int]
) -> list[int]:
    """The same from all sets together, the prompts of each field in the order of `place` of their ids."""
    return _in_turn(sorted(rows, key=lambda each: place(each.id)), totals(None), limit, last)[0]


def _in_turn(
    rows: Sequence[UnaskedPrompt], totals: Mapping[str | None, int], limit: int, last: str | None
) -> tuple[list[int], str | None]:
    """The next ids, and the field of the last one.

    If the fields are mixed already, rows keep their order, except that the field asked last waits while another is
    left. If they come in blocks, the least advanced field is next, so that all fields end together. A field with more
    than half of the remaining rows gets every second place.
    """
    groups: dict[str | None, deque[tuple[int, int]]] = {}
    for at, each in enumerate(rows):
        groups.setdefault(each.field, deque()).append((at, each.id))
    mixed = _is_mixed(rows)
    chosen: list[int] = []
    for left in range(len(rows), max(len(rows) - limit, 0), -1):
        others = [field for field in groups if field != last] or [last]
        crowded = [field for field in others if 2 * len(groups[field]) > left]
        place = {each: groups[each][0][0] if mixed else _advance(totals[each], groups[each]) for each in others}
        last = crowded[0] if crowded else min(others, key=lambda field: place[field])
        chosen.append(groups[last].popleft()[1])
        if not groups[last]:
            del groups[last]
    return chosen, last


def _is_mixed(rows: Sequence[UnaskedPrompt]) -> bool:
    """Whether the fields take turns already: few rows have the field of the row before."""
    return sum(one.field == other.field for one, other in pairwise(rows)) <= _FEW * len(rows)


def _advance(total: int, left: Sized) -> float:
    """How far a field is once its next prompt is asked: 0 to 1."""
    return (total - len(left) + _MIDDLE) / total
