"""Write records as JSON Lines, a JSON list or object, CSV or Parquet."""

import csv
import io
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from db.errors import InterchangeError
from db.interchange.chat_text import has_markers, speaks, without_end, worn_template
from db.interchange.checks import Row
from db.interchange.format import Format
from db.interchange.formats import WRITTEN
from db.interchange.messages import asked
from db.interchange.records import LeftOut, PairRecord
from db.interchange.replacing import beside, write_beside
from db.interchange.unfolding import writes_messages
from db.plain_json import plain_json


@dataclass(frozen=True)
class Exported:
    """The outcome of an export: the number of written pairs, and the number left out by reason."""

    pairs: int
    left_out: dict[str, int]


def write_pairs(target: Path | TextIO, records: Iterable[PairRecord], format: str = "trl") -> Exported:
    """Write the records that the format can hold, in the kind of file that `target` ends in; a stream gets JSON.

    Raises:
        InterchangeError: the format is not written as such files, or the file cannot be written. An older file of that
            name is unchanged then.
    """
    chosen = WRITTEN[format]
    counted: Counter[str] = Counter()
    is_table = isinstance(target, Path) and target.suffix.lower() == ".csv"
    rows = _counted(chosen, records, counted, is_table=is_table)
    if not isinstance(target, Path):
        target.writelines(_text(rows, chosen, ".json" if chosen.head is not None else ".jsonl"))
    elif check_ending(target, chosen) == ".parquet":
        with beside(target) as file:
            _write_parquet(file, rows)
    else:
        write_beside(target, _text(rows, chosen, target.suffix.lower()))
    return Exported(counted.pop(_STORED, 0), dict(counted))


def check_ending(target: Path, format: Format) -> str:
    """The ending of the target.

    Raises:
        InterchangeError: the format is not written as such files.
    """
    kind = target.suffix.lower()
    if kind not in format.endings:
        raise InterchangeError(
            f"{target} ends in {kind or 'nothing'}; {format.name} is written as {', '.join(format.endings)}. "
            "Choose another name."
        )
    return kind


_ROWS_AT_ONCE = 1000
_STORED = ""
NUL = "a table of text cannot hold a NUL character"
CHANGED = "a text would change when it is read back: it looks like messages, a transcript or a chat template"


def _counted(
    format: Format, records: Iterable[PairRecord], counted: Counter[str], *, is_table: bool
) -> Iterator[dict[str, Any]]:
    """The rows of the records that the format can hold; the others are counted by their reason."""
    for record in records:
        rows = format.write(record)
        if is_table and any("\x00" in each for each in _texts(record)):
            rows = LeftOut(record.at, NUL)
        elif not isinstance(rows, LeftOut) and _is_suspect(record) and not _comes_back(format, record, rows):
            rows = LeftOut(record.at, CHANGED)
        if isinstance(rows, LeftOut):
            counted[rows.reason] += 1
        else:
            counted[_STORED] += 1
            yield from rows


def _is_suspect(record: PairRecord) -> bool:
    """Whether a reader may take one of the texts for structure. Only such records are read back before they count."""
    return any(
        worn_template(each) or speaks(each) or has_markers(each) or writes_messages(each) or without_end(each) != each
        for each in _texts(record)
    )


def _texts(record: PairRecord) -> list[str]:
    return [record.a, record.b, record.note, *(each["content"] for each in record.messages)]


def _comes_back(format: Format, record: PairRecord, rows: list[dict[str, Any]]) -> bool:
    read = list(format.read_rows([Row("", "row", at, row) for at, row in enumerate(rows, 1)], False))
    messages = record.messages if format.joined is None else asked(format.joined(record.messages))
    if len(read) != 1 or not isinstance(read[0], PairRecord):
        return False
    found = read[0]
    return found.messages == messages and {found.a, found.b} == {record.a, record.b}


def _text(rows: Iterable[dict[str, Any]], format: Format, kind: str) -> Iterator[str]:
    if kind == ".csv":
        yield from _csv(rows)
    elif kind == ".jsonl":
        yield from (plain_json(row) + "\n" for row in rows)
    elif format.head is not None:
        opened = plain_json(format.head, indent=1).removesuffix("\n}")
        yield from _listed(rows, f'{opened},\n "examples": [', "]\n}\n")
    else:
        yield from _listed(rows, "[", "]\n")


def _listed(rows: Iterable[dict[str, Any]], start: str, end: str) -> Iterator[str]:
    """A JSON list with one entry per line, a row at a time."""
    yield start
    separator = "\n"
    for row in rows:
        yield separator + plain_json(row)
        separator = ",\n"
    yield f"\n{end}"


def _csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The column names and the rows; a value that is neither a text nor a number is written as JSON."""
    line = io.StringIO()
    writer = csv.writer(line)
    for at, row in enumerate(rows):
        if at == 0:
            writer.writerow(row)
        writer.writerow(_cell(each) for each in row.values())
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain_json(value) if isinstance(value, list | dict) else value


def _write_parquet(file: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write a Parquet file by way of a temporary one, since the type of a column shows in all of its values."""
    import pyarrow  # datasets brings it along
    from pyarrow.parquet import ParquetWriter

    with tempfile.TemporaryFile("w+", encoding="utf-8") as staged:
        types: dict[str, Any] = {}
        for row in rows:
            staged.write(json.dumps(row) + "\n")
            for name, value in row.items():
                types[name] = _merged(types.get(name, pyarrow.null()), value)
        schema = pyarrow.schema(types.items())
        staged.seek(0)
        with ParquetWriter(file, schema) as writer:
            while part := [_fitted(json.loads(line), types) for line in islice(staged, _ROWS_AT_ONCE)]:
                writer.write_table(pyarrow.Table.from_pylist(part, schema=schema))


def _merged(known: Any, value: Any) -> Any:
    """The Arrow type that holds a value as well as those before; text where no other type does."""
    import pyarrow

    if isinstance(value, str) and known == pyarrow.string():  # nearly all of them
        return known
    try:
        schemas = [pyarrow.schema([("", each)]) for each in (known, pyarrow.array([value]).type)]
        return pyarrow.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pyarrow.ArrowException:
        return pyarrow.string()


def _fitted(row: dict[str, Any], types: dict[str, Any]) -> dict[str, Any]:
    """The row with texts where its columns are texts: structure is written as JSON there, as in a table."""
    import pyarrow

    return {
        name: plain_json(value) if types[name] == pyarrow.string() and not isinstance(value, str | None) else value
        for name, value in row.items()
    }
