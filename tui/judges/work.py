"""What a judge does beside a person: one thing at a time, on its own thread, with its progress. No Textual here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tui.errors import KNOWN_ERRORS, WorkbenchError, title_of
from tui.events import JudgesChanged, WorkbenchEvent, WorkbenchFailed
from tui.judges.asking import Judged

logger = logging.getLogger(__name__)

Steps = Callable[[Callable[[], None]], Iterator[Judged]]
"""Gives judgements as they come. It calls its argument while it waits, which may raise to end it."""


@dataclass(frozen=True)
class JudgeProgress:
    """What a judge does now: `what` in words, such as "measuring", and how many pairs are done, of how many."""

    judge: str
    what: str
    done: int = 0
    expected: int | None = None


class JudgeWork:
    """Lets one judge at a time work beside everything else; `publish` gets its progress, and a failure in words."""

    def __init__(self, publish: Callable[[WorkbenchEvent], None]) -> None:
        self.progress: JudgeProgress | None = None
        self.failure = ""
        """Why the last work ended before its end; empty where it did not fail."""
        self._publish = publish
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, progress: JudgeProgress, steps: Steps) -> None:
        """Begin, and return at once.

        Raises:
            WorkbenchError: a judge works already.
        """
        self.check_free()
        self._stopping.clear()
        self.progress, self.failure = progress, ""
        self._thread = threading.Thread(target=self._run, args=(steps,), name="palate-judge", daemon=True)
        self._thread.start()
        self._publish(JudgesChanged())

    def check_free(self) -> None:
        """Raise where a judge works already.

        Raises:
            WorkbenchError: a judge works already.
        """
        if self._thread is not None and self._thread.is_alive():
            raise WorkbenchError("A judge is at work already. Wait for it, or stop it first.")

    def stop(self) -> None:
        """End it soon; what was judged stays."""
        self._stopping.set()

    def close(self, timeout_s: float = 5.0) -> None:
        """End it, and wait for that."""
        self.stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _tick(self) -> None:
        if self._stopping.is_set():
            raise _Stopped

    def _run(self, steps: Steps) -> None:
        try:
            for _ in steps(self._tick):
                assert self.progress is not None
                self.progress = replace(self.progress, done=self.progress.done + 1)
                self._publish(JudgesChanged())
                self._tick()
        except _Stopped:
            logger.info("A judge was stopped: %s", self.progress)
        except KNOWN_ERRORS as error:
            self._fail(error, str(error))
        except Exception as error:
            logger.exception("A judge failed")
            self._fail(error, repr(error))
        finally:
            self.progress = None
            self._publish(JudgesChanged())

    def _fail(self, error: Exception, words: str) -> None:
        self.failure = words
        self._publish(WorkbenchFailed(title_of(error), words))


class _Stopped(Exception):
    """The person stopped it."""
