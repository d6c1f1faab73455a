"""From rows to records: each row by itself, so that one that cannot be used leaves the others alone."""

from collections.abc import Callable, Collection, Iterable, Iterator

from db.interchange.checks import Row, RowRefused
from db.interchange.fields import check_fields
from db.interchange.records import LeftOut, PairRecord, Read

ReadRow = Callable[[Row], Read | list[Read]]
ReadRows = Callable[[Iterable[Row], bool], Iterator[Read]]
"""Reads rows; where the second argument (strict) is true, a row that cannot be used raises."""

EMPTY = "an answer is empty"
SAME = "both answers are the same"
DIFFER = "the two conversations differ before their last turn"
DISAGREE = "those who judged it disagree"
EQUAL_SCORES = "both scores are equal, so nothing says that the chosen answer is the better one"
REVERSED_SCORES = "the scores say the opposite of the choice, and the choice was taken"


def each_row(read_row: ReadRow, used: Collection[str] | None) -> ReadRows:
    """A reader of rows from one of a single row that uses these fields; None: it checks its fields itself."""

    def read_rows(rows: Iterable[Row], strict: bool) -> Iterator[Read]:
        for row in rows:
            yield from guarded(row, strict, lambda row=row: checked(row, read_row, used))  # type: ignore[misc]

    return read_rows


def checked(row: Row, read_row: ReadRow, used: Collection[str] | None) -> list[Read]:
    """The records of a row, whose other fields must be harmless."""
    if used is not None:
        check_fields(row, used)
    found = read_row(row)
    return found if isinstance(found, list) else [found]


def guarded(row: Row, strict: bool, read: Callable[[], list[Read]]) -> list[Read]:
    """The outcome of `read`; the row as left out where it raises, unless the import is strict."""
    try:
        return read()
    except RowRefused as error:
        if strict:
            raise
        return [LeftOut(row.at, error.reason)]


def judged(row: Row, record: PairRecord) -> Read:
    """The record, or the reason to leave it out where an answer is empty or both are equal."""
    if not record.a.strip() or not record.b.strip():
        return LeftOut(row.at, EMPTY)
    if record.a == record.b:
        return LeftOut(row.at, SAME)
    return record
