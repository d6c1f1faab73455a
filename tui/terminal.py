"""Opens the app: keeps the terminal for its driver, sends everything else that is printed to a log file."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

import click

from tui.commands.session import Options
from tui.key_file import key_path
from tui.logs import VisibleFormatter
from tui.workbench import Workbench


def run_app(options: Options, *, mouse: bool) -> int:
    """Open the app on this terminal and return its exit code."""
    workbench = Workbench(options.folder, options.choice, seed=options.seed)
    try:
        log_to(options.folder / "logs" / "palate.log")
        output = options.folder / "logs" / "output.log"
        with own_terminal(output):
            from tui.app import PalateApp  # after the terminal is kept: Textual takes hold of it on import

            app = PalateApp(workbench, key_path())
            app.run(mouse=mouse)
        if app.return_code:
            click.echo(f"Palate stopped on an error. What happened is in {output}. Your verdicts are saved.", err=True)
        return app.return_code or 0
    finally:
        workbench.close()


def log_to(path: Path) -> None:
    """Send the program's own log to a file of at most 1 MB, with one older beside it, for the owner alone."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    handler.setFormatter(VisibleFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)
    path.chmod(0o600)


@contextmanager
def own_terminal(log: Path) -> Iterator[None]:
    """Give the terminal to Textual's driver alone.

    The driver writes to `sys.__stderr__` and asks `sys.__stdout__` for the size. What anything else writes to the file
    descriptors 1 and 2, such as a library's progress bar or a subprocess, would land on the screen, so those go to
    `log` meanwhile.
    """
    log_fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    kept = {fd: os.dup(fd) for fd in (1, 2)}
    shown = 2 if os.isatty(2) else 1  # `palate 2>errors.txt` still has a terminal
    terminal = os.fdopen(os.dup(kept[shown]), "w", encoding="utf-8", errors="replace", buffering=1)
    before = sys.__stdout__, sys.__stderr__
    sys.__stdout__ = sys.__stderr__ = terminal  # type: ignore[misc]
    for fd in kept:
        os.dup2(log_fd, fd)
    try:
        yield
    finally:
        sys.__stdout__, sys.__stderr__ = before  # type: ignore[misc]
        terminal.flush()
        for fd, copy in kept.items():
            os.dup2(copy, fd)
            os.close(copy)
        os.close(log_fd)
