"""What a file to import is: its format and columns, a preview of it, and the rows that its reader leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from db.errors import InterchangeError
from db.interchange.checks import RowRefused
from db.interchange.format import Format
from db.interchange.formats import FORMATS, format_of
from db.interchange.import_columns import remembered
from db.interchange.records import PairRecord
from db.interchange.replacing import write_beside
from db.interchange.sources import Source
from db.plain_json import plain_json
from tui.curation.import_tally import EXAMPLES, ImportTally, Preview

REASON = "left_out_because"


class UnknownFormat(InterchangeError):
    """No known format has the names of a file's columns. The message says which they are."""


def recognised(source: Source, format: str = "auto", known: Mapping[str, str] | None = None) -> tuple[Source, Format]:
    """The source and its format; with the columns of an earlier file of this shape, if it has none of its own.

    `known` are the columns of earlier files, as `known_columns` returns them.

    Raises:
        InterchangeError: the source cannot be read.
        UnknownFormat: it is in no known format.
    """
    if format != "auto":
        return source, FORMATS[format]
    try:
        return source, format_of(source)
    except RowRefused as error:
        columns = remembered(known or {}, source)
        if source.columns or not columns:
            raise UnknownFormat(str(error)) from None
    source = source.with_columns(columns)
    return source, format_of(source)


def preview_of(source: Source, format: Format, *, rows: int | None = None) -> Preview:
    """Look at the first `rows` outcomes of a source (None: all of them) as they would be read.

    Raises:
        InterchangeError: the source cannot be read.
    """
    tally, plain, remarked, seen = ImportTally(), list[PairRecord](), dict[str, PairRecord](), set[int]()
    reads = format.read(source)
    for read in islice(reads, rows):
        tally.add(read)
        seen.add(read.at)
        if isinstance(read, PairRecord):
            plain += [read] if len(plain) < EXAMPLES else []
            remarked |= {each: read for each in read.remarks if each not in remarked}
    whole = rows is None or next(reads, None) is None
    return Preview(tally.imported(source, format, source.stem), _examples(plain, remarked), len(seen), whole)


def _examples(first: Sequence[PairRecord], remarked: Mapping[str, PairRecord]) -> tuple[PairRecord, ...]:
    """The first pair, one for each remark while there is room, and the next ones, in the order of the file."""
    chosen = [*first[:1], *remarked.values(), *first[1:]]
    different = [each for place, each in enumerate(chosen) if each not in chosen[:place]]
    return tuple(sorted(different[:EXAMPLES], key=lambda each: each.at))


def check_rejects(target: Path, source: Source) -> None:
    """Check that rows that are left out can be written to this file.

    Raises:
        InterchangeError: it has another ending than .jsonl, or is the source itself.
    """
    if target.suffix.lower() != ".jsonl":
        raise InterchangeError(f"{target} is no .jsonl; rows left out are written as JSON Lines. Choose another name.")
    if isinstance(source.where, Path) and target.exists() and target.samefile(source.where):
        raise InterchangeError(f"{target} is the file that is imported. Choose another one for the rows left out.")


def write_rejects(target: Path, source: Source, rejected: Mapping[int, str]) -> None:
    """Write the rows with these numbers as JSON Lines, each with its reason, to be corrected and imported.

    A line that is no JSON is written as it is.

    Raises:
        InterchangeError: the file cannot be written.
    """
    write_beside(target, _reject_lines(source, rejected))


def _reject_lines(source: Source, rejected: Mapping[int, str]) -> Iterator[str]:
    for row in source.rows() if rejected else ():
        if (reason := rejected.get(row.at)) is None:
            continue
        if isinstance(row.value, dict):
            yield plain_json(row.value | {REASON: reason}) + "\n"
        else:
            yield (row.value if row.fault else plain_json(row.value)).strip() + "\n"
