"""What every command needs: the options before the command's name, a workbench, and ways to speak.

Records go to stdout, everything that is meant for a person beside them to stderr.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

import click
from tabulate import tabulate

from db.errors import WorkspaceBusy
from engine.config import settings_of
from tui.commands.console import Console, console, speaking_through
from tui.commands.visiting import visit
from tui.lane import Job, Lane
from tui.policies import ModelChoice
from tui.published import ModelChanged, Published, WorkbenchFailed, WorkbenchNotice
from tui.visible import visible, visible_line
from tui.words import count
from tui.workbench import Workbench
from tui.workspace import read_workspace
from tui.workspace_view import WorkspaceView

if TYPE_CHECKING:
    from tui.commands.hosting import Host

Command = TypeVar("Command", bound=Callable[..., Any])

LET_GO_WITHIN_S = 10.0
"""So long an owner without a door is waited for: commands that only store something take less than a second."""
LONGEST_CELL = 200
"""A table's cells are padded to the longest; `--json` gives every text whole."""

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line on stdout.")


@dataclass(frozen=True)
class Options:
    """The options before the command's name."""

    folder: Path
    choice: ModelChoice
    seed: int | None
    words: tuple[str, ...] = ()
    """The whole command line, for the owner of the workspace where another process is that."""
    within_s: float = LET_GO_WITHIN_S
    """So long an owner that lets nobody in is waited for."""

    @contextmanager
    def reading(self) -> Iterator[WorkspaceView]:
        """The workspace for reading, beside whoever owns it."""
        workspace = read_workspace(self.folder)
        try:
            yield WorkspaceView(workspace)
        finally:
            workspace.close()

    @contextmanager
    def owning(self) -> Iterator[Workbench]:
        """The workspace as its owner, with no model loaded.

        Where another process owns it, that one runs the whole command, and this one ends with its exit code.
        """
        with speaking_through(Console()):
            workbench = own(self)
            try:
                yield workbench
            finally:
                workbench.close()

    @contextmanager
    def working(self) -> Iterator[Workbench]:
        """The workspace as its owner, with the model loaded; its progress is told on stderr."""
        with self.owning() as workbench, self.letting_in(workbench):
            load_model(workbench)
            yield workbench

    @contextmanager
    def letting_in(self, workbench: Workbench) -> Iterator[None]:
        """Keep the door open for visitors meanwhile. Afterwards their commands come to their end first."""
        from tui.commands.hosting import Host  # it needs this module

        host = Host(workbench, console().leave)
        try:
            yield
            _wait_for_visitors(host)
        finally:
            host.close()


def own(options: Options) -> Workbench:
    """The workspace as its owner; waits for one that has no door, because it is opening, closing or quick.

    Raises:
        WorkspaceBusy: that one stays, or lives on another machine.
        SystemExit: the owner ran this command.
    """
    patience = time.monotonic() + options.within_s
    while True:
        try:
            return Workbench(options.folder, options.choice, seed=options.seed, tell=say)
        except WorkspaceBusy as busy:
            elsewhere = busy.host not in (None, socket.gethostname())
            if elsewhere or time.monotonic() > patience or (busy.door and not options.words):
                raise
            if busy.door:
                code = visit(busy.door, options.words, busy.pid)
                if code is not None:
                    raise SystemExit(code) from None
        time.sleep(0.05)


def _wait_for_visitors(host: Host) -> None:
    if visitors := host.visitors():
        say(f"Waiting for {count(len(visitors), 'command')} of others; ctrl+C ends that too.")
    for each in visitors:
        while each.is_alive():
            each.join(0.2)
            console().check()


def load_model(workbench: Workbench) -> None:
    """Start the workbench and wait for its model; its progress is told on stderr.

    Raises:
        ModelError: it cannot be loaded.
    """
    heard = Heard(workbench)
    workbench.start(fill_queue=False)
    assert workbench.loading is not None
    last = ""
    for published in heard.until(workbench.loading):
        status = workbench.status()
        words = f"{status.model_name}: {status.model_detail or status.model_state}"
        if isinstance(published, ModelChanged) and words != last:
            say(words)
            last = words
    workbench.policies.required()
    heard.close()


class Heard:
    """What the workbench publishes, brought to this thread. Failures and notices are told on stderr as they come."""

    def __init__(self, workbench: Workbench) -> None:
        self._queue: SimpleQueue[Published] = SimpleQueue()
        self.close = workbench.subscribe(self._queue.put)

    def until(self, job: Job, *, end_with: Lane | None = None) -> Iterator[Published]:
        """Everything that is published until `job` is over; then raises the job's error, if it had one.

        With a lane, the job ends with the command, whatever ends that.
        """
        try:
            yield from self._until(job)
        finally:
            if end_with is not None:
                end_with.end(job)

    def _until(self, job: Job) -> Iterator[Published]:
        while True:
            console().check()
            over = job.done.done()
            try:
                published = self._queue.get(timeout=0 if over else 0.2)
            except Empty:
                if over:
                    break
                continue
            if isinstance(published, WorkbenchFailed | WorkbenchNotice):
                say(f"{published.title}. {published.text}")
            yield published
        job.done.result()


def say(text: str) -> None:
    """Tell a person something, on stderr."""
    console().err(visible(text) + "\n")


def show(text: str = "") -> None:
    """Print a line, or several."""
    console().out(text + "\n")


def emit(record: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    show(json.dumps(record, allow_nan=False, default=str))


def show_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as an aligned table, the keys of the first as its head."""
    shown = [
        {key: visible_line(value, LONGEST_CELL) if isinstance(value, str) else value for key, value in row.items()}
        for row in rows
    ]
    show(tabulate(shown, headers="keys", tablefmt="plain", missingval="–", floatfmt=".4g"))


def config_options(config: type) -> Callable[[Command], Command]:
    """Add a flag for every setting of a config class; the function gets those that were given, checked, as `given`."""

    def add(command: Command) -> Command:
        for each in reversed(settings_of(config)):
            default = "none" if each.default is None else each.default
            allowed = f" [{each.range}]" if each.range else ""
            words = f"{each.help}{allowed}  [default: {default}]"
            command = click.option(each.flag, each.name, metavar=each.kind.__name__.upper(), help=words)(command)
        return command

    return add


def changed_config(config: Any, given: Mapping[str, str | None]) -> Any:
    """A config with what those flags change that were given and are its own.

    Raises:
        SettingError: a value is not usable; names its flag.
    """
    changes = {}
    for each in settings_of(type(config)):
        text = given.get(each.name)
        if text is not None:
            changes[each.name] = each.parse(text)
    return replace(config, **changes)


def build_config(config: type, given: Mapping[str, str | None]) -> Any:
    """A config from the flags that were given.

    Raises:
        SettingError: a value is not usable; names its flag.
    """
    parse = {each.name: each.parse for each in settings_of(config)}
    return config(**{name: parse[name](text) for name, text in given.items() if text is not None})
