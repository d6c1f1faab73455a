"""A run that continues without its terminal: the last words on it, and the wait until the run ends."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable
from concurrent.futures import wait
from typing import TYPE_CHECKING

from db.private_files import open_private
from tui.events import RunChanged, WorkbenchEvent, WorkbenchFailed, WorkbenchNotice
from tui.terminal.signals import HANG_UP, HEARD_WITHIN_S, Signals, hang_ups_heard
from tui.text.sanitize import visible_line
from tui.training.event_format import event_record, event_words
from tui.workspace.settings import GO_ON

if TYPE_CHECKING:
    from tui.workbench import Workbench


logger = logging.getLogger(__name__)


def last_words(workbench: Workbench) -> str:
    """The lines that the shell shows before its next prompt."""
    run, study = workbench.run_progress, workbench.study_progress
    if study is not None:
        words = f"{study.name} continues without a terminal, in process {os.getpid()}."
        return f"{words} `palate runs` shows its runs.\n"
    if run is None:
        return "The run has ended.\n"
    return (
        f"Run {run.run} ({visible_line(run.name, 40)}) continues without a terminal, in process {os.getpid()}. "
        "`palate runs` shows its progress.\n"
    )


def run_detached(workbench: Workbench, signals: Signals) -> None:
    """Write a checkpoint, then wait for the end of the run or the search, or for SIGTERM or SIGINT. It is logged."""
    signals.hear(lambda _: None)  # `told_to_leave` remembers it
    unsubscribe = workbench.subscribe(_log)
    logger.info("Without a terminal from now on, until the run ends.")
    workbench.answers.nobody_waits = True
    workbench.trainer.go_on()
    workbench.trainer.save()
    while (ended := workbench.training_over()) is not None and not signals.told_to_leave:
        wait([ended], timeout=HEARD_WITHIN_S)
    unsubscribe()
    logger.info("Leaving: %s.", "a signal came" if signals.told_to_leave else "the run has ended")


def _log(published: WorkbenchEvent) -> None:
    if isinstance(published, WorkbenchFailed | WorkbenchNotice):
        logger.info("%s. %s", published.title, published.text)
    if isinstance(published, RunChanged) and published.event is not None:
        record = event_record(published.run, published.event)
        if record is not None:
            logger.info("Run %s, %s", published.run, event_words(record).removeprefix(f"Run {published.run}: "))


class DetachedCommand:
    """A command that may continue when its terminal is gone; its output then goes to a log."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._goes_on = workbench.link_lost() == GO_ON
        self._hung_up = False
        self._terminal = [fd for fd in (0, 1, 2) if os.isatty(fd)]  # asked now: `isatty` is false once it is gone

    def hang_up(self, _number: int = HANG_UP) -> None:
        """Handle the loss of the terminal: write a checkpoint and continue, or end, which writes one too."""
        if not self._goes_on:
            raise SystemExit(128 + HANG_UP)
        folder = self._workbench.folder / "logs"
        folder.mkdir(mode=0o700, exist_ok=True)
        log = open_private(folder / "output.log", os.O_RDWR | os.O_APPEND)
        self._hung_up = True
        for fd in self._terminal:
            os.dup2(log, fd)
        os.close(log)
        self._workbench.trainer.save()

    def is_hang_up(self, error: OSError) -> bool:
        """Whether printing failed because the terminal is gone. The error may come before the signal."""
        if error.errno == errno.EPIPE and self._hung_up:  # `| tee` was on that terminal, and ended with it
            self._terminal = [0, 1, 2]
            return True
        return error.errno == errno.EIO and bool(self._terminal)


def follow_detachable(workbench: Workbench, report_all: Callable[[], None]) -> None:
    """Call `report_all`, which reports a run or a search to its end; it begins again once the terminal is gone."""
    detached = DetachedCommand(workbench)
    with hang_ups_heard(detached.hang_up):
        while True:
            try:
                report_all()
            except OSError as error:
                if not detached.is_hang_up(error):
                    raise
                detached.hang_up()
            else:
                return
