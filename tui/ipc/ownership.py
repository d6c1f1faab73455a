"""Own a workspace for one command, or wait until its owner leaves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db.errors import WorkspaceBusy
from tui.ipc.console import say

if TYPE_CHECKING:
    from tui.compute.loaded_model import ModelChoice
    from tui.workbench import Workbench

LET_GO_WITHIN_S = 10.0
"""Seconds without progress until a process gives up an owner without a socket. Commands that only store something take
less than a second of processor time."""


@dataclass(frozen=True)
class WorkspaceRequest:
    """Which workspace a process wants to own, and with which model."""

    folder: Path
    choice: ModelChoice
    seed: int | None
    words: tuple[str, ...] = ()
    """The whole command line, which the owner runs where another process owns the workspace; empty: it runs nothing."""
    environment: tuple[str, ...] = ()
    """The names of the environment variables that the command needs; the owner learns of no others."""
    within_s: float = LET_GO_WITHIN_S
    """Seconds without progress until this process gives up an owner without a socket."""


def own(request: WorkspaceRequest) -> Workbench:
    """Take ownership. If another process owns the workspace, that one runs `request.words` and this process ends.

    Waits for an owner without a socket, as long as it makes progress: it is opening, closing or soon done.

    Raises:
        WorkspaceBusy: the other owner stays, is suspended, or is on another machine.
        SystemExit: the other owner ran this command; it has the command's exit code.
    """
    from tui.ipc.client import run_at_owner
    from tui.ipc.waiting import Patience, check_awake
    from tui.workbench import Workbench

    patience = Patience(request.within_s)
    while True:
        try:
            return Workbench(request.folder, request.choice, seed=request.seed, tell=say)
        except WorkspaceBusy as busy:
            check_awake(busy)
            if busy.socket_path:
                if not request.words:
                    raise
                needed = {name: os.environ[name] for name in request.environment if name in os.environ}
                code = run_at_owner(busy.socket_path, request.words, busy.pid, needed)
                if code is not None:
                    raise SystemExit(code) from None
            patience.wait(busy)
