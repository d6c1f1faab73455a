"""What every command needs: the options before the command's name, a workbench, and ways to speak.

Records go to stdout, everything that is meant for a person beside them to stderr.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import click

from tui.errors import InputError
from tui.events import ModelChanged, WorkbenchEvent, WorkbenchFailed, WorkbenchNotice
from tui.ipc.console import Console, console, say, speaking_through
from tui.ipc.ownership import WorkspaceRequest, own
from tui.text.format import count

if TYPE_CHECKING:
    from tui.compute.scheduler import Job, Scheduler
    from tui.ipc.owner import OwnerServer, RunCommand
    from tui.reader import WorkspaceReader
    from tui.workbench import Workbench


@dataclass(frozen=True)
class Options(WorkspaceRequest):
    """The options before the command's name."""

    @contextmanager
    def reading(self) -> Iterator[WorkspaceReader]:
        """The workspace for reading, beside whoever owns it."""
        from tui.reader import WorkspaceReader
        from tui.workspace.workspace import read_workspace  # help needs neither this nor the workbench

        workspace = read_workspace(self.folder)
        try:
            yield WorkspaceReader(workspace)
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
        from tui.ipc.owner import OwnerServer

        group = click.get_current_context().find_root().command
        host = OwnerServer(workbench, console().leave, command_runner(group))
        try:
            yield
            _wait_for_visitors(host)
        finally:
            host.close()


def _wait_for_visitors(host: OwnerServer) -> None:
    if visitors := host.clients():
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
        model = workbench.model_state
        words = f"{model.name}: {model.detail or model.state}"
        if isinstance(published, ModelChanged) and words != last:
            say(words)
            last = words
    workbench.loaded_model.required()
    heard.close()


class Heard:
    """What the workbench publishes, brought to this thread. Failures and notices are told on stderr as they come."""

    def __init__(self, workbench: Workbench) -> None:
        self._queue: SimpleQueue[WorkbenchEvent] = SimpleQueue()
        self.close = workbench.subscribe(self._queue.put)

    def until(self, job: Job, *, end_with: Scheduler | None = None) -> Iterator[WorkbenchEvent]:
        """Everything that is published until `job` is over; then raises the job's error, if it had one.

        With a lane, the job ends with the command, whatever ends that.
        """
        try:
            yield from self._until(job)
        finally:
            if end_with is not None:
                end_with.end(job)

    def _until(self, job: Job) -> Iterator[WorkbenchEvent]:
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


@dataclass(frozen=True)
class HostedOptions(Options):
    """The options of a visitor's command: the workbench is there already, and is not closed at its end."""

    workbench: Workbench | None = None

    @classmethod
    def of(cls, workbench: Workbench) -> HostedOptions:
        """Those of a command that says nothing of its own."""
        return cls(workbench.folder, workbench.loaded_model.choice, None, workbench=workbench)

    def beside(self, asked: Options) -> HostedOptions:
        """These, unless what was asked for cannot be had beside the owner.

        Raises:
            InputError: another model, number format, device or seed than the owner's.
        """
        assert self.workbench is not None
        _check_same(self.workbench, asked)
        return self

    @contextmanager
    def owning(self) -> Iterator[Workbench]:
        """The owner's workbench."""
        assert self.workbench is not None
        yield self.workbench

    @contextmanager
    def letting_in(self, workbench: Workbench) -> Iterator[None]:
        """The owner's door is open already."""
        del workbench
        yield


def command_runner(group: click.Command) -> RunCommand:
    """What runs the commands of `group` for visitors, on the owner's workbench."""

    def run(workbench: Workbench, words: Sequence[str]) -> None:
        with group.make_context("palate", list(words), obj=HostedOptions.of(workbench)) as context:
            group.invoke(context)

    return run


def _check_same(workbench: Workbench, asked: Options) -> None:
    policies = workbench.loaded_model
    own = policies.choice
    loaded = {own.dtype, policies.base.dtype if policies.base else own.dtype}
    devices = {own.device, policies.base.device if policies.base else own.device}
    lock = workbench.workspace.lock
    for flag, value, usable in (
        ("--model", asked.choice.source, {"", own.source, _absolute(own.source)}),
        ("--dtype", asked.choice.dtype, {"auto", *loaded}),
        ("--device", asked.choice.device, {"auto", *devices}),
        ("--seed", asked.seed, {None, workbench.seed}),
    ):
        if value not in usable and _absolute(str(value)) not in usable:
            own_value = {"--model": own.source, "--dtype": own.dtype, "--device": own.device, "--seed": workbench.seed}
            raise InputError(
                f"Process {lock and lock.owner.get('pid')} has the workspace open with {flag} {own_value[flag]}; "
                f"{flag} {value} cannot be had beside it. Leave the flag out, or close that process first."
            )
    if asked.choice.trust_remote_code and not own.trust_remote_code:
        raise InputError("The owner of the workspace runs no code of models. Leave --trust-remote-code out.")


def _absolute(source: str) -> str:
    folder = console().folder
    return str((folder or Path()) / source) if source else source
