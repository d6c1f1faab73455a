"""Whose verdicts a command reads: the flag `--verdicts-of`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from db.givers import find_giver
from db.pair_rows import OWNER

if TYPE_CHECKING:
    from tui.reader import WorkspaceReader

_Command = TypeVar("_Command", bound=Callable[..., Any])

_HELP = (
    "Read the verdicts of this person or judge in place of yours: a name, or me, person:NAME, judge:NAME. Repeat it "
    "for several; the first of them who judged a pair decides it."
)


def utf8_name(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
    """Refuse a name, or one of several, that is not UTF-8: the database cannot look it up."""
    for each in value if isinstance(value, tuple) else (value or "",):
        try:
            each.encode()
        except UnicodeEncodeError:
            raise click.BadParameter(f"{each!a} holds a byte that is not UTF-8. Give another name.") from None
    return value


def verdicts_of_option(command: _Command) -> _Command:
    """Add the flag `--verdicts-of`, which may be repeated."""
    return click.option("--verdicts-of", multiple=True, metavar="NAME", callback=utf8_name, help=_HELP)(command)


def labels_of(view: WorkspaceReader, names: Sequence[str]) -> tuple[str, ...]:
    """The labels (see `GiverRow`) of these names, each once; none where only the owner is named.

    Raises:
        NotFound: nobody of such a name gave a verdict.
    """
    rows = dict.fromkeys(find_giver(view.workspace.connection, each) for each in names)
    if [row.giver for row in rows] == [OWNER]:
        return ()
    return tuple(row.label for row in rows)
