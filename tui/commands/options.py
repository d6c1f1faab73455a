"""What every command needs: the options before the command's name, a workbench, and the workbench's events.

Records go to stdout, and every other message to stderr.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self

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
        """The workspace for reading, beside the process that owns it."""
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

        Where another process owns it, the owner runs the whole command, and this process ends with its exit code.
        """
        with speaking_through(Console()):
            workbench = own(self)
            try:
                yield workbench
            finally:
                workbench.close()

    def consenting(self, key: str) -> AbstractContextManager[Workbench]:
        """The workspace as its owner, to record what may leave the machine; this process sends it afterwards.

        `key` names the key of the app that does the same.

        Raises:
            InputError: another process owns it, and would send with its own account and to its own address.
        """
        del key
        return self.owning()

    @contextmanager
    def working(self) -> Iterator[Workbench]:
        """The workspace as its owner, with the model loaded; the progress appears on stderr."""
        with self.owning() as workbench, self.serving_clients(workbench):
            load_model(workbench)
            yield workbench

    @contextmanager
    def serving_clients(self, workbench: Workbench) -> Iterator[None]:
        """Serve clients inside the block, and then wait until their commands end."""
        from tui.ipc.owner import OwnerServer

        group = click.get_current_context().find_root().command
        host = OwnerServer(workbench, console().leave, command_runner(group))
        try:
            yield
            _wait_for_clients(host)
        finally:
            host.close()


def _wait_for_clients(host: OwnerServer) -> None:
    if clients := host.clients():
        say(f"Waiting for {count(len(clients), 'command')} of other processes; ctrl+C ends them too.")
    for each in clients:
        while each.is_alive():
            each.join(0.2)
            console().check()


def load_model(workbench: Workbench) -> None:
    """Start the workbench and wait for its model; the progress appears on stderr.

    Raises:
        ModelError: the model cannot be loaded.
    """
    with EventStream(workbench) as heard:
        workbench.start(fill_queue=False, load_model=True)
        assert workbench.loading is not None
        last = ""
        for published in heard.until(workbench.loading):
            model = workbench.model_state
            words = f"{model.name}: {model.detail or model.state}"
            if isinstance(published, ModelChanged) and words != last:
                say(words)
                last = words
    workbench.loaded_model.required()


class EventStream:
    """The workbench's events, read on this thread. Failures and notices appear on stderr as they are read.

    It is used with `with`: an owner's workbench outlives a client's command, and would keep every event for it.
    """

    def __init__(self, workbench: Workbench) -> None:
        self._queue: SimpleQueue[WorkbenchEvent] = SimpleQueue()
        self.close = workbench.subscribe(self._queue.put)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def until(self, job: Job, *, end_with: Scheduler | None = None) -> Iterator[WorkbenchEvent]:
        """Every event until `job` ends; then raises the job's error, if it had one.

        With the scheduler as `end_with`, the job ends when the command does, for whatever reason.
        """
        try:
            yield from self.until_done(job.done)
        finally:
            if end_with is not None:
                end_with.end(job)

    def until_done(self, done: Future[None]) -> Iterator[WorkbenchEvent]:
        """Every event until `done` resolves; then raises its error, if it has one."""
        while True:
            console().check()
            over = done.done()
            try:
                published = self._queue.get(timeout=0 if over else 0.2)
            except Empty:
                if over:
                    break
                continue
            if isinstance(published, WorkbenchFailed | WorkbenchNotice):
                say(f"{published.title}. {published.text}")
            yield published
        done.result()


@dataclass(frozen=True)
class HostedOptions(Options):
    """The options of a client's command: it runs on the owner's workbench, which stays open when it ends."""

    workbench: Workbench | None = None

    @classmethod
    def of(cls, workbench: Workbench) -> HostedOptions:
        """The options of a command that sets none."""
        return cls(workbench.folder, workbench.loaded_model.choice, None, workbench=workbench)

    def beside(self, wanted: Options) -> HostedOptions:
        """These options, if the owner's workbench can give what `wanted` names.

        Raises:
            InputError: the command wants another model, number format, device or seed than the owner has.
        """
        assert self.workbench is not None
        _check_same(self.workbench, wanted)
        return self

    @contextmanager
    def owning(self) -> Iterator[Workbench]:
        """The owner's workbench."""
        assert self.workbench is not None
        yield self.workbench

    def consenting(self, key: str) -> AbstractContextManager[Workbench]:
        """Refuse: see `Options.consenting`."""
        raise InputError(f"The open Palate would send this with its own account and address. Press {key} there.")

    @contextmanager
    def serving_clients(self, workbench: Workbench) -> Iterator[None]:
        """Do nothing: the owner serves clients already."""
        del workbench
        yield


def command_runner(group: click.Command) -> RunCommand:
    """The function that runs the commands of `group` for clients, on the owner's workbench."""

    def run(workbench: Workbench, words: Sequence[str]) -> None:
        with group.make_context("palate", list(words), obj=HostedOptions.of(workbench)) as context:
            group.invoke(context)

    return run


def _check_same(workbench: Workbench, wanted: Options) -> None:
    model = workbench.loaded_model
    own = model.choice
    dtypes = {own.dtype, model.base.dtype if model.base else own.dtype}
    devices = {own.device, ",".join(model.base.devices) if model.base else own.device}
    lock = workbench.workspace.lock
    for flag, value, usable in (
        ("--model", wanted.choice.source, {"", own.source, _absolute(own.source)}),
        ("--dtype", wanted.choice.dtype, {"auto", *dtypes}),
        ("--device", wanted.choice.device, {"auto", *devices}),
        ("--seed", wanted.seed, {None, workbench.seed}),
    ):
        if value not in usable and _absolute(str(value)) not in usable:
            own_value = {"--model": own.source, "--dtype": own.dtype, "--device": own.device, "--seed": workbench.seed}
            raise InputError(
                f"Process {lock and lock.owner.get('pid')} has the workspace open with {flag} {own_value[flag]}; "
                f"{flag} {value} cannot be used beside it. Leave the flag out, or close that process first."
            )
    if wanted.choice.trust_remote_code and not own.trust_remote_code:
        raise InputError(
            "The owner of the workspace does not run code that comes with models. Leave --trust-remote-code out."
        )


def _absolute(source: str) -> str:
    folder = console().folder
    return str((folder or Path()) / source) if source else source
