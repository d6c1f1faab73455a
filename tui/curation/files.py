"""Files of prompts and pairs for a screen: what a person named, its format, and where one may be written."""

from dataclasses import dataclass
from pathlib import Path

from db.interchange.formats import FORMATS, Format, format_of
from db.interchange.sources import Source, source_of
from db.interchange.writing import check_ending


@dataclass(frozen=True)
class FormatChoice:
    """A format to choose: its name, what it is in words, and the endings of its files, the usual one first."""

    name: str
    words: str
    endings: tuple[str, ...]


def format_choices(first: str = "trl") -> list[FormatChoice]:
    """Every format for pairs, the one called `first` at the front."""
    return [_choice(FORMATS[first]), *(_choice(each) for name, each in FORMATS.items() if name != first)]


def named_source(text: str) -> Source:
    """The file, folder or data set of the Hub that a person named.

    Raises:
        InterchangeError: there is none.
    """
    return source_of(text)


def likely_format(source: Source) -> str:
    """The name of the format of a source, told from its first row.

    Raises:
        InterchangeError: it has no row, or one of no known format.
    """
    return format_of(source).name


def check_target(path: Path, format: str) -> None:
    """Look whether pairs in the format of that name may be written to such a file.

    Raises:
        InterchangeError: they may not; the message names the endings that fit.
    """
    check_ending(path, FORMATS[format])


def _choice(format: Format) -> FormatChoice:
    return FormatChoice(format.name, format.words, format.endings)
