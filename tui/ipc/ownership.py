"""Own a workspace for one command, or wait until its owner leaves."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db.errors import WorkspaceBusy
from tui.ipc.console import say

if TYPE_CHECKING:
    from tui.compute.loaded_model import ModelChoice
    from tui.workbench import Workbench

LET_GO_WITHIN_S = 10.0
"""How long to wait for an owner without a socket. Commands that only store something take less than a second."""


@dataclass(frozen=True)
class WorkspaceRequest:
    """Which workspace a process wants to own, and with which model."""

    folder: Path
    choice: ModelChoice
    seed: int | None
    words: tuple[str, ...] = ()
    """The whole command line. Where another process owns the workspace, that one runs it; empty: nobody does."""
    within_s: float = LET_GO_WITHIN_S
    """How long to wait for an owner that lets nobody in."""


def own(request: WorkspaceRequest) -> Workbench:
    """The workspace as its owner. Waits for an owner that has no socket, because it is opening, closing or quick.

    Raises:
        WorkspaceBusy: that one stays, or lives on another machine.
        SystemExit: the owner ran this command.
    """
    from tui.ipc.client import visit
    from tui.workbench import Workbench

    patience = time.monotonic() + request.within_s
    while True:
        try:
            return Workbench(request.folder, request.choice, seed=request.seed, tell=say)
        except WorkspaceBusy as busy:
            elsewhere = busy.host not in (None, socket.gethostname())
            if elsewhere or time.monotonic() > patience or (busy.door and not request.words):
                raise
            if busy.door:
                code = visit(busy.door, request.words, busy.pid)
                if code is not None:
                    raise SystemExit(code) from None
        time.sleep(0.05)
