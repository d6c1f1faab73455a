"""A text in the person's own editor, on the real terminal, while everything else goes on."""

import asyncio
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import InputError

if TYPE_CHECKING:
    from textual.app import App


def editor_command() -> list[str]:
    """The person's editor with its arguments: $VISUAL, $EDITOR, or one that is installed.

    Raises:
        InputError: there is none.
    """
    for variable in ("VISUAL", "EDITOR"):
        if words := shlex.split(os.environ.get(variable, "")):
            if shutil.which(words[0]) is None:
                raise InputError(f"${variable} is {words[0]!r}, which is not installed. Set it to an editor that is.")
            return words
    for name in ("nano", "vim", "vi"):
        if found := shutil.which(name):
            return [found]
    raise InputError("No editor was found. Set $EDITOR, for example to nano, and start Palate again.")


async def edit_text(app: "App[None]", text: str) -> str:
    """`text` as the person left it in the editor, without the line end that editors add at the end.

    The screens are not drawn meanwhile, but workers and the event loop go on.

    Raises:
        InputError: there is no editor, or it ended with an error; then the file is kept and its path told.
    """
    command = editor_command()
    folder = Path(tempfile.mkdtemp(prefix="palate-edit-"))  # for the owner alone
    file = folder / "answer.md"
    file.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    with app.batch_update(), app.suspend():
        status = await asyncio.to_thread(_run, [*command, str(file)])
    if status:
        raise InputError(f"{command[0]} ended with status {status}, so nothing was changed. The text is in {file}.")
    edited = file.read_text(encoding="utf-8", errors="replace")
    shutil.rmtree(folder)
    return edited if text.endswith("\n") else edited.removesuffix("\n")


def _run(command: list[str]) -> int:
    """Run the editor with the terminal as its input and output: this process's own lead to a log."""
    terminal = sys.__stderr__
    assert terminal is not None
    with open(os.ttyname(terminal.fileno()), "r+b", buffering=0) as tty:
        return subprocess.run(command, stdin=tty, stdout=tty, stderr=tty).returncode
