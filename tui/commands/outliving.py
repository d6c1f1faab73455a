"""A run on the command line that outlives its terminal, if the settings say so."""

import errno
import os

from tui.link import HANG_UP
from tui.queue_config import GO_ON
from tui.workbench import Workbench


class Outliving:
    """What becomes of the command when its terminal is gone: it goes on, and what it prints goes to a log."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._goes_on = workbench.link_lost() == GO_ON
        self._terminal = [fd for fd in (0, 1, 2) if os.isatty(fd)]  # a terminal that is gone is none any more

    def hang_up(self, _number: int = HANG_UP) -> None:
        """The terminal is gone: write a checkpoint and go on, or end by way of every `finally`, which writes one."""
        if not self._goes_on:
            raise SystemExit(128 + HANG_UP)
        folder = self._workbench.folder / "logs"
        folder.mkdir(mode=0o700, exist_ok=True)
        log = os.open(folder / "output.log", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        for fd in self._terminal:
            os.dup2(log, fd)
        os.close(log)
        self._workbench.trainer.save()

    def is_hang_up(self, error: OSError) -> bool:
        """Did printing fail because the terminal is gone? That may be seen before the signal is."""
        return error.errno == errno.EIO and bool(self._terminal)
