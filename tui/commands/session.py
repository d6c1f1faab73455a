"""What every command needs: the options before the command's name, a workbench, and ways to speak.

Records go to stdout, everything that is meant for a person beside them to stderr.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import click
from tabulate import tabulate

from engine.config import settings_of
from tui.lane import Job
from tui.policies import ModelChoice
from tui.published import ModelChanged, Published, WorkbenchFailed, WorkbenchNotice
from tui.visible import visible, visible_line
from tui.workbench import Workbench
from tui.workspace import read_workspace
from tui.workspace_view import WorkspaceView

Command = TypeVar("Command", bound=Callable[..., Any])

LONGEST_CELL = 200
"""A table's cells are padded to the longest; `--json` gives every text whole."""

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line on stdout.")


@dataclass(frozen=True)
class Options:
    """The options before the command's name."""

    folder: Path
    choice: ModelChoice
    seed: int | None

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
        """The workspace as its owner, with no model loaded."""
        workbench = Workbench(self.folder, self.choice, seed=self.seed, tell=say)
        try:
            yield workbench
        finally:
            workbench.close()

    @contextmanager
    def working(self) -> Iterator[Workbench]:
        """The workspace as its owner, with the model loaded; its progress is told on stderr."""
        with self.owning() as workbench:
            load_model(workbench)
            yield workbench


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

    def until(self, job: Job) -> Iterator[Published]:
        """Everything that is published until `job` is over; then raises the job's error, if it had one."""
        while True:
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
    click.echo(visible(text), err=True)


def emit(record: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    print(json.dumps(record, allow_nan=False, default=str), flush=True)


def show_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as an aligned table, the keys of the first as its head."""
    shown = [
        {key: visible_line(value, LONGEST_CELL) if isinstance(value, str) else value for key, value in row.items()}
        for row in rows
    ]
    print(tabulate(shown, headers="keys", tablefmt="plain", missingval="–", floatfmt=".4g"))


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
