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
"""Seconds to wait for an owner without a socket. Commands that only store something take less than a second."""


@dataclass(frozen=True)
class WorkspaceRequest:
    """Which workspace a process wants to own, and with which model."""

    folder: Path
    choice: ModelChoice
    seed: int | None
    words: tuple[str, ...] = ()
    """The whole command line, which the owner runs where another process owns the workspace; empty: it runs nothing."""
    within_s: float = LET_GO_WITHIN_S
    """How long to wait for an owner without a socket."""


def own(request: WorkspaceRequest) -> Workbench:
    """Take ownership. If another process owns the workspace, that one runs `request.words` and this process ends.

    Waits for an owner without a socket: it is opening, closing or soon done.

    Raises:
        WorkspaceBusy: the other owner stays, or is on another machine.
        SystemExit: the other owner ran this command; it has the command's exit code.
    """
    from tui.ipc.client import run_at_owner
    from tui.workbench import Workbench

    give_up_at = time.monotonic() + request.within_s
    while True:
        try:
            return Workbench(request.folder, request.choice, seed=request.seed, tell=say)
        except WorkspaceBusy as busy:
            elsewhere = busy.host not in (None, socket.gethostname())
            if elsewhere or time.monotonic() > give_up_at or (busy.socket_path and not request.words):
                raise
            if busy.socket_path:
                code = run_at_owner(busy.socket_path, request.words, busy.pid)
                if code is not None:
                    raise SystemExit(code) from None
        time.sleep(0.05)
