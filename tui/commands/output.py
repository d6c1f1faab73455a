"""Tables and JSON lines of the commands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from db.errors import DatabaseError
from db.sqlite_errors import translated
from tui.ipc.console import emit, say, show
from tui.text.sanitize import visible_line

_Row = TypeVar("_Row")

LONGEST_CELL = 200
"""Characters of a table's cell: every cell is padded to the longest. `--json` gives the whole text."""

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line on stdout.")
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")


def show_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as an aligned table; the keys of the rows are its head."""
    from tabulate import tabulate

    shown = [
        {key: visible_line(value, LONGEST_CELL) if isinstance(value, str) else value for key, value in row.items()}
        for row in rows
    ]
    show(tabulate(shown, headers="keys", tablefmt="plain", missingval="–", floatfmt=".4g"))


def show_list(
    rows: Sequence[_Row],
    record: Callable[[_Row], Mapping[str, Any]],
    line: Callable[[_Row], Mapping[str, Any]],
    *,
    empty: str,
    as_json: bool,
) -> None:
    """Print each row's record as JSON, or their lines as a table; `empty` says what to do where there is none."""
    if as_json:
        for each in rows:
            emit(record(each))
    elif rows:
        show_table([line(each) for each in rows])
    else:
        say(empty)


@contextmanager
def after_storing(folder: Path) -> Iterator[None]:
    """Around what a command reads of the workspace `folder` for its last words, once its result is stored.

    An error in the block is printed, and the command ends well: a script that ran it again would store it twice.
    """
    try:
        with translated(folder / "palate.db"):
            yield
    except DatabaseError as error:
        say(f"It is stored. The rest of this report could not be read: {error}")
