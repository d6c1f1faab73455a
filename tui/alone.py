"""A run that goes on when its terminal is gone: what is told before, and the process that waits for the run's end."""

import logging
import os
from queue import SimpleQueue
from typing import TYPE_CHECKING

from tui.commands.train import event_record, event_words
from tui.link import Signals
from tui.published import Published, RunChanged, WorkbenchFailed, WorkbenchNotice
from tui.visible import visible_line

if TYPE_CHECKING:
    from tui.workbench import Workbench

logger = logging.getLogger(__name__)


def last_words(workbench: "Workbench") -> str:
    """What the shell's prompt is preceded by."""
    run = workbench.status().run
    if run is None:
        return "The run is over.\n"
    return (
        f"Run {run.run} ({visible_line(run.name, 40)}) goes on without a terminal, in process {os.getpid()}. "
        "`palate runs` tells how far it is.\n"
    )


def go_on_alone(workbench: "Workbench", signals: Signals) -> None:
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


def _log(published: Published) -> None:
    if isinstance(published, WorkbenchFailed | WorkbenchNotice):
        logger.info("%s. %s", published.title, published.text)
    if isinstance(published, RunChanged) and published.event is not None:
        record = event_record(published.run, published.event)
        if record is not None:
            logger.info("Run %s, %s", published.run, event_words(record).removeprefix(f"Run {published.run}: "))
