"""Files of prompts and pairs for a screen: the named source, its format, and checks of a target."""

from dataclasses import dataclass
from pathlib import Path

from db.interchange.formats import FORMATS, Format, format_of
from db.interchange.sources import Source, source_of
from db.interchange.writing import check_ending


@dataclass(frozen=True)
class FormatChoice:
    """A format to choose: its name, its description, and the endings of its files, the usual one first."""

    name: str
    words: str
    endings: tuple[str, ...]


def format_choices(first: str = "trl") -> list[FormatChoice]:
    """Every format for pairs, the one named `first` at the front."""
    return [_choice(FORMATS[first]), *(_choice(each) for name, each in FORMATS.items() if name != first)]


def named_source(text: str) -> Source:
    """The file, folder or data set of the Hub that a person named.

    Raises:
        InterchangeError: there is no such file, folder or data set.
    """
    return source_of(text)


def likely_format(source: Source) -> str:
    """The name of the format of a source, recognised from its first row.

    Raises:
        InterchangeError: it has no row, or its first row is in no known format.
    """
    return format_of(source).name


def check_target(path: Path, format: str) -> None:
    """Check that pairs in the format of that name can be written to such a file.

    Raises:
        InterchangeError: they cannot; the message names the endings that fit.
    """
    check_ending(path, FORMATS[format])


def _choice(format: Format) -> FormatChoice:
    return FormatChoice(format.name, format.words, format.endings)
