"""Fields whose names differ in a number or letter alone, such as response_a and response_b, or text1 and text2."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_FIELDS = re.compile(r"(.*?)[_ -]?(\d|[a-h])", re.DOTALL | re.IGNORECASE)


def answer_fields(value: Mapping[str, Any], others: Iterable[str] = ()) -> tuple[str, ...]:
    """The names of the answers in an object, in order: the largest family of texts whose names differ so, or ()."""
    families: dict[str, list[str]] = {}
    for name, held in value.items():
        found = _FIELDS.fullmatch(name)
        if found and found[1] and isinstance(held, str) and name not in others:
            families.setdefault(found[1].casefold(), []).append(name)
    largest = max(families.values(), key=len, default=[])
    return tuple(sorted(largest)) if len(largest) > 1 else ()


def plain_name(text: str) -> str:
    """A name without its separators and in small letters, as people write it in a label: "Response A" → responsea."""
    return re.sub(r"[\W_]+", "", text).casefold()


def named_answer(said: Any, fields: tuple[str, ...]) -> str | None:
    """The field that an answer to "which is better?" names, None where it names none.

    Understood are the name of a field in any writing, and its number or letter alone.
    """
    if not isinstance(said, str):
        return None
    plain = plain_name(said)
    for field in fields:
        found = _FIELDS.fullmatch(field)
        if plain == plain_name(field) or (found and plain == found[2].casefold()):
            return field
    return None


TIES = frozenset({"tie", "same", "equal", "draw", "nopreference", "neutral"})
BOTH_BAD = frozenset({"bothbad", "neither", "none", "equallybad"})
BOTH_GOOD = frozenset({"bothgood", "equallygood"})
"""Labels for no better answer, as `plain_name` writes them."""


def other_verdict(said: Any) -> str | None:
    """The verdict tie, both_bad, both_good, skip or discard that a label says; None where it says none."""
    plain = plain_name(said) if isinstance(said, str) else ""
    if plain in TIES:
        return "tie"
    if plain in BOTH_BAD:
        return "both_bad"
    if plain in BOTH_GOOD:
        return "both_good"
    return plain if plain in ("skip", "discard") else None
