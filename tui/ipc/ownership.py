"""Owning a workspace for one command, or waiting until its owner lets go."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from db.errors import WorkspaceBusy
from tui.ipc.console import say

if TYPE_CHECKING:
    from tui.workbench import Workbench

if TYPE_CHECKING:
    from tui.commands.options import Options


LET_GO_WITHIN_S = 10.0
"""So long an owner without a door is waited for: commands that only store something take less than a second."""


def own(options: Options) -> Workbench:
    """The workspace as its owner; waits for one that has no door, because it is opening, closing or quick.

    Raises:
        WorkspaceBusy: that one stays, or lives on another machine.
        SystemExit: the owner ran this command.
    """
    from tui.ipc.client import visit
    from tui.workbench import Workbench

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
