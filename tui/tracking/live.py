"""A run's figures at a tracker while it trains, and what is called at its end. Neither ever holds up or fails a run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from db import runs as db_runs
from db.errors import DatabaseError
from engine.events import EvalDone, RunPlanned, StepDone
from tui.errors import KNOWN_ERRORS, title_of
from tui.events import RunChanged, RunEnded, WorkbenchEvent, WorkbenchFailed
from tui.tracking.hook import call_hook
from tui.tracking.trackers import Feed, by_step, check_tracker, log_of, place_of
from tui.workspace.settings_store import stored_settings
from tui.workspace.workspace import Workspace

logger = logging.getLogger(__name__)

_WAIT_S = 30.0
"""How long the end of a run may take at a tracker, and how long closing waits for everything."""


class LiveTracking:
    """Follows runs on a thread of its own, as the settings `tracker` and `hook` say at the time."""

    def __init__(self, workspace: Workspace, publish: Callable[[WorkbenchEvent], None]) -> None:
        self._workspace, self._publish = workspace, publish
        self._queue: SimpleQueue[RunChanged | None] = SimpleQueue()
        self._feeds: dict[int, Feed] = {}
        """By run: a search on several devices has several runs at once."""
        self._thread: threading.Thread | None = None

    def hear(self, published: WorkbenchEvent) -> None:
        """Take note of an event of a run. Called on the thread that publishes it; returns at once."""
        if not isinstance(published, RunChanged):
            return
        if isinstance(published, RunEnded) or isinstance(published.event, RunPlanned | StepDone | EvalDone):
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="palate-tracking", daemon=True)
                self._thread.start()
            self._queue.put(published)

    def close(self) -> None:
        """Wait for what is still to be sent, up to half a minute."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(_WAIT_S)
            if self._thread.is_alive():
                for feed in list(self._feeds.values()):
                    feed.kill()

    # -- on the thread -------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        while (published := self._queue.get()) is not None:
            try:
                self._take(published)
            except KNOWN_ERRORS as error:
                self._feeds.pop(published.run, None)
                self._report(published.run, error)
        self._workspace.readers.release()

    def _take(self, published: RunChanged) -> None:
        match published:
            case RunEnded():
                self._end(published)
            case RunChanged(event=RunPlanned()):
                self._begin(published.run)
            case RunChanged(event=StepDone() | EvalDone() as event) if feed := self._feeds.get(published.run):
                feed.give(event.step, event.metrics)

    def _begin(self, run: int) -> None:
        """Start with what the run did before, where it is resumed."""
        tracker = stored_settings(self._workspace).runs.tracker
        if tracker == "off":
            return
        check_tracker(self._workspace, tracker)
        connection = self._workspace.connection
        row, folder = db_runs.get_run(connection, run), place_of(self._workspace, tracker)
        feed = self._feeds[run] = Feed(tracker, row, folder, log_of(self._workspace, tracker))
        for step, figures in by_step(db_runs.run_metrics(connection, run)):
            feed.give(step, figures)

    def _end(self, ended: RunEnded) -> None:
        row = db_runs.get_run(self._workspace.connection, ended.run)
        feed = self._feeds.pop(ended.run, None)
        try:
            if feed is not None:
                feed.end(None if ended.status == "interrupted" else ended.status, _WAIT_S)
        except KNOWN_ERRORS as error:
            self._report(ended.run, error)
        if ended.status != "interrupted" or row.error is not None:  # a person left the run, and knows
            call_hook(self._workspace, row, ended.status)

    def _report(self, run: int, error: Exception) -> None:
        logger.warning("Run %s: %s", run, error)
        try:
            self._workspace.write(db_runs.add_log, run, "warning", f"{title_of(error)}. {error}").result()
        except DatabaseError as refused:
            logger.warning("Its log does not hold that: %s", refused)
        self._publish(WorkbenchFailed(f"Run {run}: {title_of(error)}", str(error)))
