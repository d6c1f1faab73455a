"""The text of a file, a piece at a time, in UTF-8 or in the encoding that its byte order mark names."""

import codecs
from collections.abc import Callable, Iterator
from pathlib import Path

from db.errors import InterchangeError
from db.interchange.input_bytes import opened

# The longer byte order marks come first, because UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PIECE = 1 << 20
LONGEST_LINE = 64 << 20
"""In characters. A longer line is no row that a person wrote, and memory has to hold it."""
_ADVICE = "Save it as UTF-8 and try again, for one with: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"

Progress = Callable[[int], None]
"""Receives the number of bytes of the file that were read so far."""


def read_pieces(path: Path, progress: Progress = lambda _: None) -> Iterator[str]:
    """The text of a file in pieces of about a megabyte, which may end anywhere in a line.

    Raises:
        InterchangeError: the file cannot be read, or is in another encoding; names the first wrong byte and its line.
    """
    with opened(path) as file:
        start = file.read(4)
        mark, encoding = next(((mark, name) for mark, name in _MARKS if start.startswith(mark)), (b"", "utf-8"))
        decoder = codecs.getincrementaldecoder(encoding)()
        done, lines = len(mark), 1
        data = start[len(mark) :]
        while True:
            data += file.read(_PIECE)
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise _undecodable(path, error, done - waiting, lines, encoding) from None
            if "\x00" in text:
                line = lines + text[: text.index("\x00")].count("\n")
                raise InterchangeError(f"{path}, line {line}: a NUL byte, so this is no text in UTF-8. {_ADVICE}")
            done += len(data)
            lines += text.count("\n")
            progress(done)
            if text:
                yield text
            if not data:
                return
            data = b""


def read_lines(path: Path, progress: Progress = lambda _: None) -> Iterator[str]:
    """The lines of a text file with their line feeds. Only a line feed ends a line, so an answer may hold U+2028.

    The last line has no line feed where the file ends without one. See `read_pieces` for errors.
    """
    rest: list[str] = []
    size, number = 0, 1
    for piece in read_pieces(path, progress):
        first, *more = piece.split("\n")
        rest.append(first)
        size += len(first)
        if size > LONGEST_LINE:
            most = LONGEST_LINE >> 20
            raise InterchangeError(f"{path}, line {number}: it has more than {most} million characters. Shorten it.")
        if more:
            yield "".join(rest) + "\n"
            for line in more[:-1]:
                yield line + "\n"
            rest, size, number = [more[-1]], len(more[-1]), number + len(more)
    if last := "".join(rest):
        yield last


def _undecodable(path: Path, error: UnicodeDecodeError, done: int, lines: int, encoding: str) -> InterchangeError:
    line = lines + error.object[: error.start].decode(encoding, "replace").count("\n")
    name, byte = encoding.removesuffix("-le").removesuffix("-be").upper(), error.object[error.start]
    return InterchangeError(
        f"{path}, line {line}: byte 0x{byte:02x} at offset {done + error.start} is not {name}. {_ADVICE}"
    )
