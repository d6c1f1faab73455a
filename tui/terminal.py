"""Opens the app: keeps the terminal for its driver, sends everything else that is printed to a log file."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

import click

from db.errors import WorkspaceBusy
from tui.alone import go_on_alone, last_words
from tui.commands.hosting import Host
from tui.commands.session import Options
from tui.key_file import key_path
from tui.launcher import Line
from tui.link import Signals, watch_for_hang_up
from tui.logs import VisibleFormatter
from tui.second import Entered, enter, visit_to_watch
from tui.visible import visible
from tui.watched import Watched
from tui.workspace import read_workspace


def run_app(options: Options, line: Line | None, *, mouse: bool, watch: bool = False, take_over: bool = False) -> int:
    """Open the app on this terminal and return its exit code; `line` leads to the process that waits for this one.

    A run may outlive the terminal: then this returns when the run is over. Where another process owns the workspace,
    the person chooses what to do, with a flag or a key.
    """
    signals = Signals()
    entered = enter(options, watch=watch, take_over=take_over)
    if isinstance(entered, WorkspaceBusy):
        code, wanted = _watch_app(options, entered, signals, mouse)
        if not wanted:
            return code
        signals = Signals()  # nobody hears the old ones while the owner is waited for
        entered = enter(options, watch=False, take_over=True)
    if not isinstance(entered, Entered):
        return 0
    return _own_app(options, entered, signals, line, mouse)


def _watch_app(options: Options, busy: WorkspaceBusy, signals: Signals, mouse: bool) -> tuple[int, bool]:
    """The app that looks on; gives its exit code, and whether the person wants to take over."""
    with ExitStack() as closing:
        watched = Watched(read_workspace(options.folder), *visit_to_watch(busy))
        closing.callback(watched.close)
        watched.counts()  # a database that cannot be read is told here, before there is a screen
        log = options.folder / "logs" / "watching.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        with own_terminal(log):
            from tui.screens.watch import WatchApp  # Textual

            watch_for_hang_up([0] if os.isatty(0) else [])
            app = WatchApp(watched, key_path(), signals)
            app.run(mouse=mouse)
    if app.return_code:
        click.echo(f"Palate stopped on an error. What happened is in {log}.", err=True)
    return app.return_code or 0, app.wants_to_take_over


def _own_app(options: Options, entered: Entered, signals: Signals, line: Line | None, mouse: bool) -> int:
    """The app of the workspace's owner."""
    workbench = entered.workbench
    with ExitStack() as closing:
        closing.callback(workbench.close)
        log_to(options.folder / "logs" / "palate.log")
        output = options.folder / "logs" / "output.log"
        with own_terminal(output) as terminal:
            from tui.app import PalateApp  # after the terminal is kept: Textual takes hold of it on import

            watch_for_hang_up([file for file in (0,) if os.isatty(file)] + ([line.fileno()] if line else []))
            app = PalateApp(workbench, key_path(), signals=signals, resume=entered.resume)
            closing.callback(Host(workbench, app.let_go).close)  # visitors are let in until the workbench closes
            app.run(mouse=mouse)
            if app.goes_on:
                terminal.let_go()
                if line is not None:
                    line.let_go(last_words(workbench))
        if app.goes_on:
            go_on_alone(workbench, signals)
        elif app.taken_over:
            click.echo(visible(app.taken_over), err=True)
        elif app.return_code:
            click.echo(f"Palate stopped on an error. What happened is in {output}. Your verdicts are saved.", err=True)
    return app.return_code or 0


def log_to(path: Path) -> None:
    """Send the program's own log to a file of at most 1 MB, with one older beside it, for the owner alone."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8")
    handler.setFormatter(VisibleFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.captureWarnings(True)
    path.chmod(0o600)


class Terminal:
    """The terminal while it is kept for Textual's driver; file descriptors 1 and 2 lead to a log meanwhile."""

    def __init__(self, log: Path) -> None:
        log_fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._kept = {fd: os.dup(fd) for fd in (1, 2)}
        shown = 2 if os.isatty(2) else 1  # `palate 2>errors.txt` still has a terminal
        self._file = os.fdopen(os.dup(self._kept[shown]), "w", encoding="utf-8", errors="replace", buffering=1)
        self._before = sys.__stdout__, sys.__stderr__
        sys.__stdout__ = sys.__stderr__ = self._file  # type: ignore[misc]
        for fd in self._kept:
            os.dup2(log_fd, fd)
        os.close(log_fd)

    def give_back(self) -> None:
        """Let everything that is printed reach the terminal again, unless it was let go."""
        sys.__stdout__, sys.__stderr__ = self._before  # type: ignore[misc]
        with suppress(OSError):  # nobody is at the other end any more
            self._file.close()
        for fd, copy in self._kept.items():
            os.dup2(copy, fd)
            os.close(copy)
        self._kept = {}

    def let_go(self) -> None:
        """Hold no descriptor of the terminal any more: what is printed stays in the log, nothing can be read."""
        for copy in self._kept.values():
            os.close(copy)
        self._kept = {}
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)


@contextmanager
def own_terminal(log: Path) -> Iterator[Terminal]:
    """Give the terminal to Textual's driver alone.

    The driver writes to `sys.__stderr__` and asks `sys.__stdout__` for the size. What anything else writes to the file
    descriptors 1 and 2, such as a library's progress bar or a subprocess, would land on the screen, so those go to
    `log` meanwhile.
    """
    terminal = Terminal(log)
    try:
        yield terminal
    finally:
        terminal.give_back()
