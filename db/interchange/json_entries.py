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

_SPACE = re.compile(r"[ \t\n\r]*")


def json_value(path: Path, at: int, text: str) -> Any:
    """The JSON value of line `at`.

    Raises:
        InterchangeError: the text is not JSON; the message names the line.
    """
    try:
        return json.loads(text)
    except (RecursionError, ValueError) as error:
        _refuse(path, at, error)


def list_entries(path: Path, pieces: Iterable[str]) -> Iterator[Any]:
    """The entries of a JSON list in their order.

    For an object with a list `examples`, as LLM Comparator writes it, these are the entries of that list. Such a file
    is read whole into memory, a list only an entry at a time.

    Raises:
        InterchangeError: it is neither, or not JSON; the message names the line.
    """
    yield from _Entries(path, iter(pieces)).read()


def is_object(pieces: Iterable[str]) -> bool:
    """Whether the text begins with a JSON object."""
    for piece in pieces:
        if found := piece.strip():
            return found[0] == "{"
    return False


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
        if self._next_letter() != "[":
            yield from self._whole()
            return
        self._place += 1
        if self._next_letter() == "]":
            self._place += 1
        else:
            while True:
                yield self._entry()
                letter = self._next_letter()
                if letter not in (",", "]"):
                    self._wrong("Expecting ',' delimiter", self._place)
                self._place += 1
                if letter == "]":
                    break
        if self._next_letter():
            self._wrong("Extra data", self._place)

    def _whole(self) -> Iterator[Any]:
        value = json_value(self._path, 1, self._text + "".join(self._pieces))
        if isinstance(value, dict) and isinstance(value.get("examples"), list):
            yield from value["examples"]
            return
        raise InterchangeError(
            f"{self._path} holds {kind_of(value)}, not a list of entries. Write one entry a line as .jsonl."
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

    def _entry(self) -> Any:
        self._next_letter()
        while True:
            try:
                value, self._place = self._decoder.raw_decode(self._text, self._place)
                return value
            except json.JSONDecodeError as error:
                # The entry may continue behind the window. Doubling the window each time keeps the work linear.
                size = len(self._text) - self._place
                if size > LONGEST_ENTRY or not self._grow(2 * size):
                    self._wrong(error.msg, error.pos)
            except (RecursionError, ValueError) as error:
                _refuse(self._path, self._line_of(self._place), error)

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
        _malformed(self._path, self._line_of(place), what, column)


def _refuse(path: Path, at: int, error: Exception) -> NoReturn:
    """Raise an error that says in words what Python's JSON parser could not read."""
    if isinstance(error, json.JSONDecodeError):
        _malformed(path, at + error.lineno - 1, error.msg, error.colno)
    what = (
        "it nests brackets too deep to be read" if isinstance(error, RecursionError) else "a number of too many digits"
    )
    raise InterchangeError(f"{path}, line {at}: {what}. {NOTHING_TAKEN}") from None


def _malformed(path: Path, line: int, what: str, column: int) -> NoReturn:
    raise InterchangeError(f"{path}, line {line}: {what} at column {column}. {NOTHING_TAKEN}") from None
