"""JSON values with their places: one a line, or the entries of one list, without the whole file in memory."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from db.errors import InterchangeError
from db.interchange.checks import NOTHING_TAKEN, kind_of

LONGEST_ENTRY = 64 << 20
"""In characters. A longer list entry is taken for a missing bracket."""
LARGEST_OBJECT = 1 << 30
"""In characters. A file that is one object has to be held in memory."""

_SPACE = re.compile(r"[ \t\n\r]*")
_ROWS = ("examples", "data", "train", "rows", "instances", "items", "records", "pairs", "test", "validation")
_PROMPTS = ("prompt", "question", "instruction")


def json_line(text: str) -> tuple[Any, str]:
    """The JSON value of one line, and what is wrong with the line, "" where nothing is."""
    try:
        return json.loads(text), ""
    except (RecursionError, ValueError) as error:
        return text, _what(error)


def list_entries(path: Path, pieces: Iterable[str]) -> Iterator[Any]:
    """The entries of a JSON list in their order; of several lists or objects in a row, all of them.

    Of one object with a list of rows, such as `examples` of LLM Comparator or `train`, these are the entries of that
    list, and of one with a list for each column, its rows. Such a file is read whole into memory, a list only an entry
    at a time.

    Raises:
        InterchangeError: it is none of these, or not JSON; the message names the line.
    """
    yield from _Entries(path, iter(pieces)).read()


class _Entries:
    """A window over the text, which moves forward behind each entry."""

    def __init__(self, path: Path, pieces: Iterator[str]) -> None:
        self._path = path
        self._pieces = pieces
        self._text = ""
        self._place = 0
        self._line, self._column = 1, 0
        self._decoder = json.JSONDecoder()

    def read(self) -> Iterator[Any]:
        if self._next_letter() == "{":
            first = self._entry(LARGEST_OBJECT)
            if not self._next_letter():
                yield from _rows_of(self._path, first)
                return
            yield first
        elif self._next_letter() != "[":
            self._refuse()
        while letter := self._next_letter():
            if letter == "[":
                yield from self._list()
            elif letter == "{":
                yield self._entry()
            else:
                self._wrong("Extra data", self._place)

    def _list(self) -> Iterator[Any]:
        self._place += 1
        if self._next_letter() == "]":
            self._place += 1
            return
        while True:
            yield self._entry()
            letter = self._next_letter()
            if letter not in (",", "]"):
                self._wrong("Expecting ',' delimiter", self._place)
            self._place += 1
            if letter == "]":
                return

    def _refuse(self) -> NoReturn:
        if not self._next_letter():
            self._wrong("Expecting value", self._place)
        raise InterchangeError(
            f"{self._path} holds {kind_of(self._entry())}, not a list of entries. Write one entry a line as .jsonl."
        )

    def _next_letter(self) -> str:
        """The next character that is not white space, "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read the next piece, and drop the text behind."""
        behind = self._text[: self._place]
        if lines := behind.count("\n"):
            self._line, self._column = self._line + lines, len(behind) - behind.rfind("\n") - 1
        else:
            self._column += len(behind)
        piece = next(self._pieces, "")
        self._text, self._place = self._text[self._place :] + piece, 0
        return bool(piece)

    def _entry(self, longest: int | None = None) -> Any:
        self._next_letter()
        while True:
            try:
                value, self._place = self._decoder.raw_decode(self._text, self._place)
                return value
            except json.JSONDecodeError as error:
                # The entry may continue behind the window. Doubling the window each time keeps the work linear.
                size = len(self._text) - self._place
                if size > (longest or LONGEST_ENTRY) or not self._grow(2 * size):
                    self._wrong(error.msg, error.pos)
            except (RecursionError, ValueError) as error:
                line = self._line_of(self._place)
                raise InterchangeError(f"{self._path}, line {line}: {_what(error)}. {NOTHING_TAKEN}") from None

    def _grow(self, size: int) -> bool:
        """Read until the window holds `size` characters from here; False when there was nothing left to read."""
        pieces = []
        while size > 0 and (piece := next(self._pieces, "")):
            pieces.append(piece)
            size -= len(piece)
        self._text += "".join(pieces)
        return bool(pieces)

    def _line_of(self, place: int) -> int:
        return self._line + self._text.count("\n", 0, place)

    def _wrong(self, what: str, place: int) -> NoReturn:
        start = self._text.rfind("\n", 0, place)
        column = place - start if start >= 0 else self._column + place + 1
        line = self._line_of(place)
        raise InterchangeError(f"{self._path}, line {line}: {what} at column {column}. {NOTHING_TAKEN}") from None


def _rows_of(path: Path, value: dict[str, Any]) -> Iterator[Any]:
    """The rows of a file that is one object."""
    lists = [name for name in _ROWS if _are_rows(value.get(name))]
    if len(lists) > 1:
        raise InterchangeError(f"{path} holds several lists: {', '.join(map(repr, lists))}. Store the right one alone.")
    if lists or isinstance(value.get("examples"), list):
        yield from value[lists[0] if lists else "examples"]
    elif value and all(isinstance(each, dict) and "0" in each for each in value.values()):
        yield from _of_columns({name: list(each.values()) for name, each in value.items()})
    elif _are_columns(value):
        yield from _of_columns(value)
    else:
        yield value


def _are_rows(value: Any) -> bool:
    """Whether a member holds rows, and not the messages of a single one."""
    rows = isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
    return bool(rows) and not {"role", "from"} & value[0].keys()


def _are_columns(value: dict[str, Any]) -> bool:
    """Whether every member is a column: the prompt would then be a list of texts."""
    prompts = next((value[name] for name in _PROMPTS if name in value), None)
    lists = all(isinstance(each, list) for each in value.values())
    return lists and isinstance(prompts, list) and bool(prompts) and all(isinstance(each, str) for each in prompts)


def _of_columns(columns: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    for cells in zip(*columns.values(), strict=False):
        yield dict(zip(columns, cells, strict=True))


def _what(error: Exception) -> str:
    """In words, what Python's JSON parser could not read."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    return (
        "it nests brackets too deep to be read" if isinstance(error, RecursionError) else "a number of too many digits"
    )
