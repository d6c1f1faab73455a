"""Checks of the values in a row, and the error that names the row."""

import math
from dataclasses import dataclass, replace
from typing import Any

from db.errors import InterchangeError

NOTHING_TAKEN = "Nothing was taken from this file; fix it and try again."
_NO_NUMBERS = frozenset({"", "nan", "n/a", "na", "none", "null", "-", "?"})


class RowRefused(InterchangeError):
    """One row of a file cannot be used. `at` is its number, `reason` says why, without the row's place."""

    def __init__(self, message: str, at: int, reason: str) -> None:
        super().__init__(message)
        self.at = at
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: `unit` is line, entry or row, `at` its number from 1, `value` what it holds.

    `fault` says why the row could not be parsed; `value` is then its text. `ignored` are names that a person does not
    want to be read: the row has none of them, and neither has a part of it.
    """

    file: str
    unit: str
    at: int
    value: Any
    fault: str = ""
    ignored: frozenset[str] = frozenset()

    def wrong(self, what: str) -> RowRefused:
        """The error for this row. A strict import refuses the file with it, any other one leaves the row out."""
        return RowRefused(f"{self.file}, {self.unit} {self.at}: {what}. {NOTHING_TAKEN}", self.at, what)

    def part(self, value: Any) -> "Row":
        """A value inside this row, whose errors name this row, without what a person does not want to be read."""
        if self.ignored and isinstance(value, dict):
            value = {name: held for name, held in value.items() if name not in self.ignored}
        return replace(self, value=value)

    def has(self, *names: str) -> bool:
        """Whether the row is an object with all these names."""
        return isinstance(self.value, dict) and all(name in self.value for name in names)

    def get(self, name: str) -> Any:
        """The value under the name, None where there is none."""
        return self.object().get(name)

    def object(self) -> dict[str, Any]:
        """The row as an object.

        Raises:
            RowRefused: it is none, or it could not be parsed.
        """
        if self.fault:
            raise self.wrong(self.fault)
        if not isinstance(self.value, dict):
            raise self.wrong(f"an object is needed, not {kind_of(self.value)}")
        return self.value

    def text(self, name: str) -> str:
        """The text under the name. See `checked_text` for errors."""
        return checked_text(self, self.get(name), name)

    def optional_text(self, name: str) -> str | None:
        """The text under the name, None where there is none or it is blank."""
        return None if self.get(name) is None else self.text(name).strip() or None

    def optional_number(self, name: str) -> float | None:
        """The number under the name, also when a table wrote it as text; None where there is none or it is unknown."""
        value = self.get(name)
        return None if is_unknown(value) else checked_number(self, value, name)


def is_empty(value: Any) -> bool:
    """Whether a field with this value says nothing."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {}, ())


def is_unknown(value: Any) -> bool:
    """Whether a number is missing: null, NaN, or one of the words that tables write in its place."""
    if isinstance(value, str):
        return value.strip().casefold() in _NO_NUMBERS
    return value is None or (isinstance(value, float) and math.isnan(value))


def checked_text(row: Row, value: Any, name: str) -> str:
    """`value` where it is a text that can be stored.

    Raises:
        RowRefused: it is not a text, or it holds half of a surrogate pair.
    """
    if not isinstance(value, str):
        raise row.wrong(f"{name!r} must be a text, not {kind_of(value)}")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise row.wrong(f"{name!r} holds half of a surrogate pair, which is no text")
    return value


def checked_number(row: Row, value: Any, name: str) -> float:
    """`value` as a finite number.

    Raises:
        RowRefused: it is none.
    """
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise row.wrong(f"{name!r} must be a number, not {kind_of(value)}")
    return number


def kind_of(value: Any) -> str:
    """The kind of a JSON value in words."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
