"""The rows of a table of text: its delimiter, its column names, and rows that do not fit them."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from db.errors import InterchangeError
from db.interchange.checks import NOTHING_TAKEN

_DELIMITERS = (",", ";", "\t", "|")
LONGEST_CELL = 64 << 20
"""In characters. A longer cell is taken for a missing quotation mark."""


def csv_rows(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, Any, str]]:
    """Every row: the line where it begins, an object of its columns, and what is wrong with it, "" where nothing is.

    Each cell stays a text: NA is "NA", and 4 is "4". The delimiter is the one that the line of column names has most,
    or the one that a first line `sep=;` names.

    Raises:
        InterchangeError: it has no line of column names, or is no CSV; the message names the line.
    """
    csv.field_size_limit(LONGEST_CELL)
    delimiter, before, lines = _delimited(lines)
    reader = csv.reader(lines, strict=True, delimiter=delimiter)
    try:
        head = next(reader, None)
        if not head or len({each.strip() for each in head}) < len(head):
            raise InterchangeError(f"{path} needs a first line of column names, each once. {NOTHING_TAKEN}")
        end = reader.line_num
        for cells in reader:
            at, end = before + end + 1, reader.line_num
            if len(cells) > len(head):
                yield at, delimiter.join(cells), f"{len(cells)} cells in {len(head)} columns"
            elif cells:
                yield at, dict(zip(head, cells, strict=False)), ""
    except csv.Error as error:
        at = before + reader.line_num
        raise InterchangeError(f"{path}, line {at}: {error}, so it is no CSV. {NOTHING_TAKEN}") from None


def _delimited(lines: Iterable[str]) -> tuple[str, int, Iterator[str]]:
    """The delimiter, the number of lines before the table, and the lines of the table."""
    rest = iter(lines)
    first = next(rest, "")
    said = first.strip("\r\n ")
    if said.casefold().startswith("sep=") and len(said) == len("sep=") + 1:
        return said[-1], 1, rest
    return delimiter_of(first) or ",", 0, chain([first], rest)


def delimiter_of(line: str) -> str:
    """The delimiter that a line of column names has most, "" where it has none."""
    found = max(_DELIMITERS, key=line.count)
    return found if found in line else ""
