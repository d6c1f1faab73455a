"""The names of a file's columns: written in any case and with spaces around them, or said by a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from db.errors import InterchangeError
from db.interchange.asked import ASKED

FIELDS = frozenset(ASKED) | frozenset(
    [
        "chosen",
        "rejected",
        "completion",
        "label",
        "kto_tag",
        "output",
        "response",
        "winner",
        "response_a",
        "response_b",
        "conversation_a",
        "conversation_b",
        "winner_model_a",
        "winner_model_b",
        "winner_tie",
        "model_a",
        "model_b",
        "score_chosen",
        "score_rejected",
        "chosen_response",
        "rejected_response",
        "response_j",
        "response_k",
        "response1",
        "response2",
        "overall_preference",
        "answers",
        "responses",
        "completions",
        "scores",
        "ranks",
        "ratings",
        "field",
        "preferred_output",
        "non_preferred_output",
        "rejected_messages",
        "better_response_id",
        "response_0",
        "response_1",
        "human_ref_A",
        "human_ref_B",
        "labels",
    ]
)
"""The fields that a column can be said to be."""
_WRITTEN = {name.casefold(): name for name in FIELDS}
IGNORE = "ignore"


@dataclass(frozen=True)
class Columns:
    """Which column of a file is which field, and the columns that are not read.

    A column may be a place inside an object: `chosen=pos_answer.answer`.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.names or self.ignored)

    def words(self) -> str:
        """The columns as `columns_of` reads them."""
        said = [f"{name}={column}" for name, column in self.names.items()]
        return ",".join([*said, *(f"{IGNORE}={name}" for name in sorted(self.ignored))])

    def renamed(self, value: Any) -> Any:
        """A row with its columns under the fields' names, without those that are not read; no object: unchanged."""
        if not isinstance(value, dict):
            return value
        usual = _usual(tuple(value))
        if not usual and not self:
            return value
        value = {usual.get(name, name): held for name, held in value.items()}
        columns = {name: usual.get(column, column) for name, column in self.names.items()}
        found = {name: held for name, column in columns.items() if (held := _at(value, column)) is not None}
        gone = {column if column in value else column.split(".")[0] for column in columns.values()}
        gone |= {usual.get(name, name) for name in self.ignored}
        # A column that is in the way of another one's new name may matter, so it is kept, under a name nobody reads.
        kept = {f"other {name}" if name in columns else name: held for name, held in value.items() if name not in gone}
        return {**found, **{name: held for name, held in kept.items() if name not in self.ignored}}


NO_COLUMNS = Columns()


def columns_of(text: str) -> Columns:
    """Read `prompt=q,chosen=good,rejected=bad,ignore=topic`.

    Raises:
        InterchangeError: it is written in another way, or names a field that there is not.
    """
    names: dict[str, str] = {}
    ignored: set[str] = set()
    for part in filter(str.strip, text.split(",")):
        name, equals, column = (each.strip() for each in part.partition("="))
        if not equals or not column or (name != IGNORE and name not in FIELDS):
            raise InterchangeError(
                f"{part.strip()!r} names no column. Write prompt=COLUMN,chosen=COLUMN,rejected=COLUMN, and "
                "ignore=COLUMN for one that need not be read."
            )
        if name == IGNORE:
            ignored.add(column)
        else:
            names[name] = column
    return Columns(names, frozenset(ignored))


def _at(value: dict[str, Any], column: str) -> Any:
    if column in value:
        return value[column]
    held: Any = value
    for name in column.split("."):
        held = held.get(name) if isinstance(held, dict) else None
    return held


@lru_cache(maxsize=256)
def _usual(names: tuple[str, ...]) -> dict[str, str]:
    """The names that are written in another case or with spaces around them, and how readers know them."""
    found: dict[str, str] = {}
    for name in names:
        plain = name.strip()
        plain = plain if plain in FIELDS else _WRITTEN.get(plain.casefold(), plain)
        if plain != name and plain not in names and plain not in found.values():
            found[name] = plain
    return found
