"""Files of prompts and pairs for a screen: the named source, its format, and checks of a target."""

from dataclasses import dataclass
from pathlib import Path

from db.interchange.columns import columns_of
from db.interchange.format import Format
from db.interchange.formats import FORMATS, WRITTEN
from db.interchange.sources import Source, source_of
from db.interchange.writing import check_ending


@dataclass(frozen=True)
class FormatChoice:
    """A format to choose: its name, its description, and the endings of its files, the usual one first."""

    name: str
    words: str
    endings: tuple[str, ...]


def format_choices(first: str = "trl", *, written: bool = True) -> list[FormatChoice]:
    """The formats that Palate writes, or all that it reads, the one named `first` at the front."""
    known = WRITTEN if written else FORMATS
    return [_choice(FORMATS[first]), *(_choice(each) for name, each in known.items() if name != first)]


@dataclass(frozen=True)
class PairFile:
    """A file of pairs and how a person said to read it: its format or `auto`, and its columns, see `columns_of`."""

    name: str
    format: str = "auto"
    columns: str = ""

    def source(self) -> Source:
        """The file, folder or data set of the Hub.

        Raises:
            InterchangeError: there is no such file, folder or data set, or the columns name no field.
        """
        return source_of(self.name, columns=columns_of(self.columns))


def named_source(text: str) -> Source:
    """The file, folder or data set of the Hub that a person named.

    Raises:
        InterchangeError: there is no such file, folder or data set.
    """
    return source_of(text)


def check_target(path: Path, format: str) -> None:
    """Check that pairs in the format of that name can be written to such a file.

    Raises:
        InterchangeError: they cannot; the message names the endings that fit.
    """
    check_ending(path, FORMATS[format])


def _choice(format: Format) -> FormatChoice:
    return FormatChoice(format.name, format.words, format.endings)
