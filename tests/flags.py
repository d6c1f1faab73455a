"""How every script and benchmark below tests/ reads its command line: by argparse, with the flags that several share.

A word that begins with a minus is never the name of a folder or a file: it is a flag that was misspelt.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def flags_of(description: str | None) -> argparse.ArgumentParser:
    """A parser without flags yet; `description` is the script's docstring and is shown as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )


def path(text: str) -> Path:
    """A folder or a file that was named on the command line.

    Raises:
        ArgumentTypeError: the name begins with a minus.
    """
    if text.startswith("-"):
        raise argparse.ArgumentTypeError(f"{text} begins with a minus, like a flag. For such a name write ./{text}")
    return Path(text)


def add_keep(parser: argparse.ArgumentParser, words: str = "make the workspace in FOLDER or use the one there") -> None:
    """Add `--keep FOLDER`."""
    parser.add_argument("--keep", type=path, metavar="FOLDER", help=f"{words}; default: a folder that is deleted")


@contextmanager
def workspace_folder(keep: Path | None) -> Iterator[Path]:
    """The folder of `--keep`, made where it is missing, or a temporary one."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def add_model(parser: argparse.ArgumentParser, default: str) -> None:
    """Add `--model ID`."""
    parser.add_argument("--model", default=default, metavar="ID|FOLDER|FILE.gguf", help="default: %(default)s")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="figures as JSON")
