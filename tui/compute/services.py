"""What every job on the compute thread works with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.compute.loaded_model import LoadedModel
from tui.compute.scheduler import Scheduler
from tui.events import WorkbenchEvent
from tui.workspace.workspace import Workspace


@dataclass
class ProbedAdapters:
    """The adapters that answered on a server as they should: its id, and the name there. `lock` is for publishing."""

    passed: set[tuple[int | None, str]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Services:
    """One open workspace, its compute thread, the model in memory, and `publish`, which calls every listener.

    `network` is the thread of the jobs that need no model, since servers answer alone.
    """

    workspace: Workspace
    scheduler: Scheduler
    loaded_model: LoadedModel
    publish: Callable[[WorkbenchEvent], None]
    network: Scheduler
    probed: ProbedAdapters = field(default_factory=ProbedAdapters)

    def thread_for(self, *, needs_model: bool) -> Scheduler:
        """The thread of a job: the compute thread where it needs the model."""
        return self.scheduler if needs_model else self.network

    def busy_with(self, name: str) -> bool:
        """Whether a job of this name has not ended yet, on either thread."""
        return self.scheduler.busy_with(name) or self.network.busy_with(name)

    def wake(self) -> None:
        """Ask every job for its priority again. From any thread."""
        self.scheduler.wake()
        self.network.wake()
