"""The rows of a file, a folder or a data set of the Hugging Face Hub, one by one. They can be read repeatedly."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any

from db.errors import InterchangeError
from db.file_identity import is_open_here
from db.interchange.checks import NOTHING_TAKEN, Row
from db.interchange.hub import hub_rows, parquet_rows
from db.interchange.json_entries import is_object, json_value, list_entries
from db.interchange.text_lines import read_lines, read_pieces

KINDS = (".jsonl", ".json", ".csv", ".parquet")
TABLES = (".csv", ".parquet")
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_UNITS = {".jsonl": "line", ".json": "entry"}
# A table may hold answers of some megabytes.
_LONGEST_CELL = 1 << 30


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
    read_bytes: int = 0
    size: int = 0
    empty: list[int] = field(default_factory=list)
    """The numbers of empty lines, known after the rows were read."""

    @property
    def name(self) -> str:
        """The name for people: the file's path or the data set's name."""
        return self.where.name if isinstance(self.where, HubName) else str(self.where)

    @property
    def stem(self) -> str:
        """A short name for the set of its prompts."""
        return self.where.name.rstrip("/").split("/")[-1] if isinstance(self.where, HubName) else self.where.stem

    @property
    def kind(self) -> str:
        """The ending of the file, "" for a data set."""
        return "" if isinstance(self.where, HubName) else self.where.suffix.lower()

    @property
    def is_table(self) -> bool:
        """Whether it holds rows of columns, in which a list may be written as text."""
        return self.kind not in (".jsonl", ".json")

    @property
    def is_object(self) -> bool:
        """Whether it is one JSON object and not a sequence of rows."""
        return isinstance(self.where, Path) and self.kind == ".json" and is_object(read_pieces(self.where))

    def rows(self) -> Iterator[Row]:
        """Every row from the first.

        Raises:
            InterchangeError: it cannot be read, or its content does not fit its ending; the message names the line.
        """
        self.empty.clear()
        unit, name = _UNITS.get(self.kind, "row"), self.name
        for at, value in self._values():
            yield Row(name, unit, at, value)

    def _values(self) -> Iterator[tuple[int, Any]]:
        if isinstance(self.where, HubName):
            return enumerate(hub_rows(self.where.name, self.where.split, self.where.config), 1)
        self.size = self.where.stat().st_size if self.where.is_file() else 0
        match self.kind:
            case ".jsonl":
                return self._json_lines(self.where)
            case ".json":
                return enumerate(list_entries(self.where, read_pieces(self.where, self._progress)), 1)
            case ".csv":
                return enumerate(_csv_rows(self.where, read_lines(self.where, self._progress)), 1)
            case ".parquet":
                return enumerate(parquet_rows(self.where), 1)
        raise InterchangeError(
            f"{self.name} ends in {self.kind or 'nothing'}; Palate reads .jsonl, .json, .csv and .parquet here."
        )

    def _json_lines(self, path: Path) -> Iterator[tuple[int, Any]]:
        # JSON permits no raw line feed in a string, and a lone carriage return is white space in JSON.
        for at, line in enumerate(read_lines(path, self._progress), 1):
            if line.isspace():
                self.empty.append(at)
            else:
                yield at, json_value(path, at, line.removesuffix("\n"))

    def _progress(self, read_bytes: int) -> None:
        self.read_bytes = read_bytes


def source_of(text: str, *, split: str = "train", config: str | None = None, folder: Path | None = None) -> Source:
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
        return Source(HubName(str(path), split, config))
    if path.exists() or path.suffix.lower() in (*KINDS, ".txt"):
        return Source(path)
    if _HUB_NAME.fullmatch(text):
        return Source(HubName(text, split, config))
    raise InterchangeError(
        f"{path} cannot be read: there is no such file or folder. Check the name; a data set of the Hub is user/name."
    )


def unfolded(value: Any, kinds: type | UnionType = dict) -> Any:
    """A cell of a table: the list of values of `kinds` where it holds one as JSON text, else the cell unchanged."""
    if isinstance(value, str) and value[:1] == "[":
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return value
        if isinstance(found, list) and found and all(isinstance(each, kinds) for each in found):
            return found
    return value


def _csv_rows(path: Path, lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Every row as an object of its columns. Each cell stays a text: NA is "NA", and 4 is "4"."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(lines, strict=True)
    try:
        head = next(reader, None)
        if not head or len(set(head)) < len(head):
            raise InterchangeError(f"{path} needs a first line of column names, each once. {NOTHING_TAKEN}")
        for at, cells in enumerate((cells for cells in reader if cells), 1):
            if len(cells) > len(head):
                raise InterchangeError(f"{path}, row {at}: {len(cells)} cells in {len(head)} columns. {NOTHING_TAKEN}")
            yield dict(zip(head, cells, strict=False))
    except csv.Error as error:
        raise InterchangeError(f"{path}, line {reader.line_num}: {error}, so it is no CSV. {NOTHING_TAKEN}") from None
