"""A run that goes on when its terminal is gone: what is told before, and the process that waits for the run's end."""

from __future__ import annotations

import errno
import logging
import os
from queue import SimpleQueue
from typing import TYPE_CHECKING

from tui.events import RunChanged, WorkbenchEvent, WorkbenchFailed, WorkbenchNotice
from tui.terminal.signals import HANG_UP, Signals
from tui.text.sanitize import visible_line
from tui.training.event_format import event_record, event_words
from tui.workspace.settings import GO_ON

if TYPE_CHECKING:
    from tui.workbench import Workbench


logger = logging.getLogger(__name__)


def last_words(workbench: Workbench) -> str:
    """What the shell's prompt is preceded by."""
    run = workbench.run_progress
    if run is None:
        return "The run is over.\n"
    return (
        f"Run {run.run} ({visible_line(run.name, 40)}) goes on without a terminal, in process {os.getpid()}. "
        "`palate runs` tells how far it is.\n"
    )


def run_detached(workbench: Workbench, signals: Signals) -> None:
    """Wait until no run is alive, or until SIGTERM or SIGINT says to leave. What happens is in the log.

    What the run learned until now is put on the disk at once.
    """
    woken: SimpleQueue[None] = SimpleQueue()  # may be put into by a signal in the midst of a `get`
    signals.hear(lambda _: woken.put(None))
    unsubscribe = workbench.subscribe(_log)
    logger.info("Without a terminal from now on, until the run is over.")
    workbench.answers.nobody_waits = True
    workbench.trainer.go_on()
    workbench.trainer.save()
    while (over := workbench.trainer.over()) is not None and not signals.told_to_leave:
        over.add_done_callback(lambda _: woken.put(None))
        woken.get()
    unsubscribe()
    logger.info("Leaving: %s.", "a signal said so" if signals.told_to_leave else "the run is over")


def _log(published: WorkbenchEvent) -> None:
    if isinstance(published, WorkbenchFailed | WorkbenchNotice):
        logger.info("%s. %s", published.title, published.text)
    if isinstance(published, RunChanged) and published.event is not None:
        record = event_record(published.run, published.event)
        if record is not None:
            logger.info("Run %s, %s", published.run, event_words(record).removeprefix(f"Run {published.run}: "))


class DetachedCommand:
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
