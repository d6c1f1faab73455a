"""A text in the person's own editor, on the real terminal, while everything else continues."""

import asyncio
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.app import App

from tui.errors import InputError

logger = logging.getLogger(__name__)

LONGEST_TEXT = 4 << 20
"""Bytes of an edited text: it is stored, searched, drawn and trained on as a whole."""


@dataclass(frozen=True)
class Edited:
    """What a person left in the editor. The file stays until `forget`, so that nothing is lost on a full disk."""

    text: str
    file: Path

    def forget(self) -> None:
        """Take the file away, once its text is kept elsewhere or not wanted."""
        shutil.rmtree(self.file.parent, ignore_errors=True)  # the text is stored: a file left in /tmp is no failure


def editor_command() -> list[str]:
    """The person's editor with its arguments: $VISUAL, $EDITOR, or one that is installed.

    Raises:
        InputError: there is none.
    """
    for variable in ("VISUAL", "EDITOR"):
        try:
            words = shlex.split(os.environ.get(variable, ""))
        except ValueError as error:
            raise InputError(f"${variable} cannot be read: {error}. Correct its quotes.") from error
        if words:
            if shutil.which(words[0]) is None:
                raise InputError(f"${variable} is {words[0]!r}, which is not installed. Set it to an editor that is.")
            return words
    for name in ("nano", "vim", "vi"):
        if found := shutil.which(name):
            return [found]
    raise InputError("No editor was found. Set $EDITOR, for example to nano, and start Palate again.")


async def edit_text(app: App[object], text: str) -> Edited:
    """`text` as the person left it in the editor, without the line end that editors add at the end.

    The screens are not drawn during that time, but workers and the event loop continue.

    Raises:
        InputError: there is no editor, it ended with an error, or what it left is missing or no UTF-8; a file that is
            there is kept and its path named.
        OSError: there is no room for the file.
    """
    command = editor_command()
    file = Path(tempfile.mkdtemp(prefix="palate-edit-")) / "answer.md"  # a folder for the owner alone
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass", newline="") as opened:
        opened.write(text)
    running: list[subprocess.Popen[bytes]] = []
    with app.batch_update(), app.suspend(), _interrupts_left_to_the_editor():
        try:
            status = await asyncio.to_thread(_run, [*command, str(file)], running)
        except asyncio.CancelledError:  # the app ends, and would wait for the editor; the file stays
            for each in running:
                each.terminate()
            logger.warning("The app ended while %s was open. What it saved is in %s.", command[0], file)
            raise
    if isinstance(status, OSError):
        shutil.rmtree(file.parent, ignore_errors=True)
        raise InputError(f"{command[0]} cannot be started: {status.strerror}. Set $EDITOR to another editor.")
    if status:
        raise InputError(f"{command[0]} ended with status {status}, so nothing was changed. The text is in {file}.")
    try:
        edited = _left_in(file).decode("utf-8", errors="surrogatepass")
    except OSError as error:
        raise InputError(
            f"{command[0]} left no text that can be read ({error.strerror}), so nothing was changed. Edit it once more."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"The saved text is no UTF-8, so nothing was changed. The text is in {file}.") from error
    return Edited(edited if text.endswith("\n") else edited.removesuffix("\n"), file)


def _left_in(file: Path) -> bytes:
    """The content of the file.

    Raises:
        InputError: it is no file any more, or too long for an answer.
        OSError: it cannot be read.
    """
    size = file.stat().st_size
    if not file.is_file():
        raise InputError(f"{file} is no file any more, so nothing was changed. Edit it once more.")
    if size > LONGEST_TEXT:
        raise InputError(
            f"The saved text has {size:,} bytes, an answer at most {LONGEST_TEXT:,}, so nothing was changed. "
            f"The text is in {file}."
        )
    return file.read_bytes()


@contextmanager
def _interrupts_left_to_the_editor() -> Iterator[None]:
    """Ctrl+C in an editor is sent to every process of the terminal, and would end the app.

    A handler that does nothing is forgotten by the process that starts; an ignored signal would stay ignored there.
    """
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(command: list[str], running: list[subprocess.Popen[bytes]]) -> int | OSError:
    """Run the editor with the terminal as its input and output: this process's own lead to a log.

    An error is returned, because one that is raised within `App.suspend` leaves the app without its terminal.
    """
    terminal = sys.__stderr__
    assert terminal is not None
    try:
        with open(os.ttyname(terminal.fileno()), "r+b", buffering=0) as tty:
            running.append(subprocess.Popen(command, stdin=tty, stdout=tty, stderr=tty))
            return running[0].wait()
    except OSError as error:
        return error
