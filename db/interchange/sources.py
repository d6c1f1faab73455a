"""The rows of a file, a folder or a data set of the Hugging Face Hub, one by one. They can be read repeatedly."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from db.errors import InterchangeError
from db.file_identity import is_open_here
from db.interchange.checks import Row
from db.interchange.columns import NO_COLUMNS, Columns
from db.interchange.csv_rows import csv_rows, delimiter_of
from db.interchange.hub import hub_rows, parquet_rows
from db.interchange.input_bytes import COMPRESSED, PARQUET, compression, opened
from db.interchange.json_entries import json_line, list_entries
from db.interchange.text_lines import LONGEST_LINE, read_lines, read_pieces

KINDS = (".jsonl", ".json", ".csv", ".parquet")
_SAME_KIND = {".ndjson": ".jsonl", ".jsonlines": ".jsonl", ".tsv": ".csv", ".tab": ".csv"}
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class HubName:
    """A data set of the Hub by its name, or its local folder; `split` and `config` are those of `datasets`."""

    name: str
    split: str = "train"
    config: str | None = None


@dataclass
class Source:
    """A source of rows. `read_bytes` of `size` are read in the current pass; both are 0 where unknown."""

    where: Path | HubName
    columns: Columns = NO_COLUMNS
    read_bytes: int = 0
    size: int = 0
    empty: list[int] = field(default_factory=list)
    """The numbers of empty lines, known after the rows were read."""
    unit: str = "line"
    """What the numbers of its rows count: line, entry or row. Known once rows are read."""

    @property
    def name(self) -> str:
        """The name for people: the file's path or the data set's name."""
        return self.where.name if isinstance(self.where, HubName) else str(self.where)

    @property
    def stem(self) -> str:
        """A short name for the set of its prompts."""
        if isinstance(self.where, HubName):
            return self.where.name.rstrip("/").split("/")[-1]
        return _packed(self.where).stem

    @property
    def kind(self) -> str:
        """The ending that its content has or should have, "" for a data set and for an unknown one."""
        if isinstance(self.where, HubName):
            return ""
        ending = _packed(self.where).suffix.lower()
        return _SAME_KIND.get(ending, ending)

    def with_columns(self, columns: Columns) -> "Source":
        """The same source, with its columns under other names."""
        return replace(self, columns=columns, empty=[])

    def rows(self) -> Iterator[Row]:
        """Every row from the first. A row that cannot be parsed has a `fault`.

        Raises:
            InterchangeError: it cannot be read, or its content does not fit its ending; the message names the line.
        """
        self.empty.clear()
        self.unit, values = self._values()
        name, unit, ignored = self.name, self.unit, self.columns.ignored
        for at, value, fault in values:
            yield Row(name, unit, at, value if fault else self.columns.renamed(value), fault, ignored)

    def _values(self) -> tuple[str, Iterator[tuple[int, Any, str]]]:
        """The unit of its rows, and each row with its number and its fault."""
        if isinstance(self.where, HubName):
            return "row", _numbered(hub_rows(self.where.name, self.where.split, self.where.config))
        path, kind = self.where, self.kind
        if kind not in KINDS and path.is_file():
            kind = _sniffed(path)
        packed = path.is_file() and _is_packed(path)
        self.size = path.stat().st_size if path.is_file() and not packed else 0
        match kind:
            case ".jsonl" | ".json":
                if _is_lines(path, kind):
                    return "line", self._json_lines(path)
                return "entry", _numbered(list_entries(path, read_pieces(path, self._progress)))
            case ".csv":
                return "line", csv_rows(path, read_lines(path, self._progress))
            case ".parquet":
                return "row", _numbered(parquet_rows(path))
        raise InterchangeError(
            f"{self.name} ends in {self.kind or 'nothing'}; Palate reads .jsonl, .json, .csv, .tsv and .parquet here, "
            "also packed as .gz, .xz, .bz2 or .zst."
        )

    def _json_lines(self, path: Path) -> Iterator[tuple[int, Any, str]]:
        # JSON permits no raw line feed in a string, and a lone carriage return is white space in JSON.
        for at, line in enumerate(read_lines(path, self._progress), 1):
            if line.isspace():
                self.empty.append(at)
            else:
                yield at, *json_line(line.removesuffix("\n"))

    def _progress(self, read_bytes: int) -> None:
        self.read_bytes = read_bytes


def source_of(
    text: str,
    *,
    split: str = "train",
    config: str | None = None,
    folder: Path | None = None,
    columns: Columns = NO_COLUMNS,
) -> Source:
    """The source that a person named: a file, a folder with a data set, or a data set of the Hub (`user/name`).

    A relative path starts at `folder` (None: this process's folder). The source has the full path, because another
    process may read the file.

    Raises:
        InterchangeError: it is neither a file nor a name of a data set, or this process has the file open.
    """
    path = (folder or Path.cwd()) / Path(text).expanduser()
    if path.is_file() and is_open_here(path):
        raise InterchangeError(f"{path} is open in Palate itself, such as its database. Choose another file.")
    if path.is_dir():
        return Source(HubName(str(path), split, config), columns)
    known = (*KINDS, *_SAME_KIND, *COMPRESSED, ".txt")
    if path.exists() or path.suffix.lower() in known:
        return Source(path, columns)
    if _HUB_NAME.fullmatch(text):
        return Source(HubName(text, split, config), columns)
    raise InterchangeError(
        f"{path} cannot be read: there is no such file or folder. Check the name; a data set of the Hub is user/name."
    )


def _numbered(values: Iterator[Any]) -> Iterator[tuple[int, Any, str]]:
    return ((at, value, "") for at, value in enumerate(values, 1))


def _packed(path: Path) -> Path:
    """The name that a compressed file has when it is unpacked."""
    return path.with_suffix("") if path.suffix.lower() in COMPRESSED else path


def _is_packed(path: Path) -> bool:
    try:
        return compression(path) is not None
    except OSError as error:
        raise InterchangeError(
            f"{path} cannot be read: {error.strerror}. Check the name and the permissions."
        ) from None


def _sniffed(path: Path) -> str:
    """The kind of a file of another ending, by its beginning; "" where it is none."""
    with opened(path) as file:
        start = file.read(len(PARQUET))
    if start == PARQUET:
        return ".parquet"
    first = next(iter(_first_lines(path)), "")
    if first[:1] in ("{", "["):
        return ".json"
    return ".csv" if delimiter_of(first) else ""


def _is_lines(path: Path, kind: str) -> bool:
    """Whether a JSON file has a value on each line, whatever its ending says."""
    found = _first_lines(path)
    if not found or found[0][0] != "{":
        return kind == ".jsonl" and not (found and found[0][0] == "[")
    try:
        whole = isinstance(json.loads(found[0]), dict)
    except (ValueError, RecursionError):
        return kind == ".jsonl" and found[0] != "{"
    return whole and (len(found) == 2 or kind == ".jsonl")


def _first_lines(path: Path) -> list[str]:
    """The first two lines that are not blank. A list may be one line of any length, of which this is the beginning."""
    text = ""
    for piece in read_pieces(path):
        text += piece
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        if len(lines) > 2 or len(text) > LONGEST_LINE or (lines and lines[0][0] == "["):
            return lines[:2]
    return [line.strip() for line in text.split("\n") if line.strip()][:2]
