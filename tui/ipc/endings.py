"""How every command ends, in its own process and at the owner of the workspace: with a sentence and an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn

import click

from tui.errors import KNOWN_ERRORS, title_of
from tui.ipc.console import REMOVED, OutputLost, OwnerLeaves
from tui.text.sanitize import beginning, visible, visible_line

OUTPUT_LOST: Final = 74
"""The exit code of a command that did its work and could not write its output (`EX_IOERR` of sysexits.h)."""
_LONGEST: Final = 2000
"""Characters of a sentence: an error may quote what it was given."""


@dataclass(frozen=True)
class CommandEnd:
    """What a command prints on stderr at its end, and its exit code. `cause` is an error that nobody expected."""

    code: int
    words: str = ""
    cause: BaseException | None = None


def command_end(error: BaseException) -> CommandEnd:
    """The ending of a command that this error ended."""
    match error:
        case click.exceptions.Exit():
            return CommandEnd(error.exit_code)
        case SystemExit():
            return CommandEnd(error.code if isinstance(error.code, int) else int(error.code is not None))
        case click.Abort() | KeyboardInterrupt():
            return CommandEnd(1, "Aborted!\n")
        case click.ClickException():
            return CommandEnd(error.exit_code, _shown(error))
        case OwnerLeaves():
            return CommandEnd(1, f"{error}\n")
        case _:
            return _ending_of_failure(error)


def _ending_of_failure(error: BaseException) -> CommandEnd:
    if isinstance(error, KNOWN_ERRORS):
        return CommandEnd(1, _sentence(f"{title_of(error)}. {error}"))
    if isinstance(error, OutputLost):
        if error.errno == errno.EPIPE:
            return CommandEnd(1)  # the reader has enough, as with `palate data | head`
        words = f"The output could not be written: {error.strerror}. The command's work is stored."
        return CommandEnd(OUTPUT_LOST, _sentence(words))
    if isinstance(error, FileNotFoundError) and not error.filename:  # `getcwd` names no file
        return CommandEnd(1, _sentence(REMOVED))
    if isinstance(error, OSError):
        file = f" ({visible_line(os.fsdecode(error.filename), 200)})" if error.filename else ""
        return CommandEnd(1, _sentence(f"{error.strerror or error}{file}. Change that, then run the command again."))
    return CommandEnd(1, _sentence(f"Something unexpected happened: {type(error).__name__}: {error}"), error)


def flush_output() -> None:
    """Write what stdout still holds.

    Raises:
        OutputLost: it cannot be written.
    """
    try:
        if sys.stdout is not None:  # None: it was closed before the start
            sys.stdout.flush()
    except OSError as error:
        raise OutputLost(error.errno, error.strerror) from error


def close_with(ending: CommandEnd) -> NoReturn:
    """Print a command's last words on stderr and end this process. A traceback goes into a file that they name."""
    words = ending.words
    if ending.cause is not None:
        words = f"{words.rstrip()}\nIts cause is in {_keep_traceback(ending.cause)}.\n"
    with suppress(OSError):  # nobody can read it
        sys.stderr.write(words)
        sys.stderr.flush()
    _drop_unwritten_output()
    raise SystemExit(ending.code)


def _keep_traceback(error: BaseException) -> str:
    handle, name = tempfile.mkstemp(prefix="palate-error-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(visible("".join(traceback.format_exception(error))))
    return name


def _drop_unwritten_output() -> None:
    """Let the interpreter end quietly where stdout or stderr cannot be written.

    It tries both once more, and would print an error or end with a code of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:  # None: it was closed before the start
                stream.flush()
        except OSError:
            with suppress(OSError, ValueError):  # it is no file, as in a test
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _sentence(words: str) -> str:
    return f"Error: {visible(beginning(words, characters=_LONGEST, lines=20))}\n"


def _shown(error: click.ClickException) -> str:
    text = io.StringIO()
    error.message = visible(beginning(error.message, characters=_LONGEST, lines=20))  # type: ignore[misc]  # quotes files
    error.show(text)
    return text.getvalue()
