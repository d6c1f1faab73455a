"""Copying out of a terminal: to its clipboard, which may be another machine's, and to a file, which always works."""

import os
from pathlib import Path

from textual.app import App

from tui.workspace.export_list import COPIED


def copy_text(app: App[object], text: str, folder: Path) -> Path:
    """Send `text` to the terminal's clipboard (OSC 52, which no terminal acknowledges) and write it into `folder`.

    Inside tmux the clipboard is reached only with `set -g set-clipboard on`. The text goes out in base64, so nothing in
    it reaches the terminal as a command.

    Raises:
        OSError: the file cannot be written.
    """
    file = folder / COPIED
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as opened:
        opened.write(text)
    app.copy_to_clipboard(text.encode("utf-8", "replace").decode("utf-8"))
    return file
