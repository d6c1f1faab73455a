"""What every job on the compute thread works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui.compute.loaded_model import LoadedModel
from tui.compute.scheduler import Scheduler
from tui.events import WorkbenchEvent
from tui.workspace.workspace import Workspace


@dataclass(frozen=True)
class Services:
    """One open workspace, its compute thread, the model in memory, and `publish`, which calls every listener."""

    workspace: Workspace
    scheduler: Scheduler
    loaded_model: LoadedModel
    publish: Callable[[WorkbenchEvent], None]
