"""Opens the app: its driver gets the terminal, and everything else that is printed goes to a log file."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from db.errors import WorkspaceBusy
from tui.detached import last_words, run_detached
from tui.errors import InputError
from tui.ipc.client import connect_to_watch
from tui.ipc.owner import OwnerServer, RunCommand
from tui.ipc.ownership import WorkspaceRequest
from tui.ipc.remote_workbench import RemoteWorkbench
from tui.ipc.takeover import Entered, enter
from tui.keymap import key_path
from tui.terminal.launcher import Line
from tui.terminal.redirect import log_to, redirect_output
from tui.terminal.signals import Signals, watch_for_hang_up
from tui.text.sanitize import visible
from tui.workspace.backups import AutomaticBackups
from tui.workspace.workspace import read_workspace


def run_app(
    request: WorkspaceRequest,
    line: Line | None,
    run_command: RunCommand,
    *,
    mouse: bool,
    watch: bool = False,
    take_over: bool = False,
) -> int:
    """Open the app on this terminal and return its exit code; `line` leads to the process that waits for this one.

    A run may outlive the terminal; then this returns when the run ends. Where another process owns the workspace, the
    person chooses what to do, with a flag or a key. `run_command` runs the commands of clients here.
    """
    _check_terminal()
    signals = Signals()
    entered = enter(request, watch=watch, take_over=take_over)
    if isinstance(entered, WorkspaceBusy):
        code, wanted = _watch_app(request.folder, entered, signals, mouse)
        if not wanted:
            return code
        signals = Signals()  # the watching app listened to the old ones and has ended
        entered = enter(request, watch=False, take_over=True)
    while isinstance(entered, Entered):
        code, model = _own_app(request.folder, entered, signals, line, run_command, mouse)
        if not model:
            return code
        request = replace(request, choice=replace(request.choice, source=model))
        signals = Signals()  # the app that has ended listened to the old ones
        entered = enter(request, watch=False, take_over=False)
    return 0


def _check_terminal() -> None:
    """Raise `InputError` where nobody would see the app, which would own the workspace all the same."""
    if not os.isatty(0):
        missing = "its input is no terminal, so no key would reach it"
    elif not (os.isatty(1) or os.isatty(2)):
        missing = "its output leads to no terminal, so nobody would see it"
    else:
        return
    raise InputError(f"The app cannot be opened: {missing}. Name a command; `palate --help` lists them.")


def _watch_app(folder: Path, busy: WorkspaceBusy, signals: Signals, mouse: bool) -> tuple[int, bool]:
    """Run the app that watches. Returns its exit code, and whether the person wants to take over."""
    with ExitStack() as closing:
        watched = RemoteWorkbench(read_workspace(folder), *connect_to_watch(busy))
        closing.callback(watched.close)
        watched.counts()  # raises here, before there is a screen, if the database cannot be read
        log = folder / "logs" / "watching.log"
        log.parent.mkdir(mode=0o700, exist_ok=True)
        with redirect_output(log):
            from tui.watch_app import WatchApp  # Textual

            watch_for_hang_up([0] if os.isatty(0) else [])
            app = WatchApp(watched, key_path(), signals)
            app.run(mouse=mouse)
    if app.return_code:
        click.echo(f"Palate stopped on an error. Read {log} for its cause.", err=True)
    return app.return_code or 0, app.wants_to_take_over


def _own_app(
    folder: Path, entered: Entered, signals: Signals, line: Line | None, run_command: RunCommand, mouse: bool
) -> tuple[int, str]:
    """Run the app as the workspace's owner. Returns its exit code, and the model to open the workspace again with."""
    workbench = entered.workbench
    with ExitStack() as closing:
        closing.callback(workbench.close)
        log_to(folder / "logs" / "palate.log")
        closing.callback(AutomaticBackups(workbench.workspace).close)  # before the workbench closes
        output = folder / "logs" / "output.log"
        with redirect_output(output) as terminal:
            from tui.app import PalateApp  # after the redirection, since Textual opens the terminal on import

            watch_for_hang_up([file for file in (0,) if os.isatty(file)] + ([line.fileno()] if line else []))
            app = PalateApp(workbench, key_path(), signals=signals, resume=entered.resume)
            server = OwnerServer(workbench, app.leaving.make_way, run_command)
            closing.callback(server.close)  # before the workbench closes
            app.run(mouse=mouse)
            if app.leaving.goes_on:
                terminal.let_go()
                if line is not None:
                    line.let_go(last_words(workbench))
        if app.leaving.goes_on:
            run_detached(workbench, signals)
        elif app.leaving.taken_over:
            click.echo(visible(app.leaving.taken_over), err=True)
        elif app.return_code:
            click.echo(f"Palate stopped on an error; read {output} for its cause. Your verdicts are saved.", err=True)
    return app.return_code or 0, app.leaving.wanted_model
