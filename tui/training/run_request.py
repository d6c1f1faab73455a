"""What a run is asked to do at its next boundary."""

import threading
from enum import IntEnum


class RunRequest(IntEnum):
    """The strongest wish counts: a run that is to end writes no checkpoint to wait at."""

    NONE = 0
    CHECKPOINT = 1
    """Write a checkpoint, then train on."""
    PAUSE = 2
    """Write a checkpoint, then wait."""
    LEAVE = 3
    """Write a checkpoint, then end as interrupted."""
    STOP = 4
    """End, and save what was learned as an adapter."""
    DISCARD = 5
    """End without an adapter."""

    @property
    def needs_checkpoint(self) -> bool:
        """Is a checkpoint to be written as soon as the next pairs are through?"""
        return RunRequest.CHECKPOINT <= self <= RunRequest.LEAVE

    @property
    def ends(self) -> bool:
        """Is the run to end? Nothing new is begun then."""
        return self >= RunRequest.LEAVE

    @property
    def stops(self) -> bool:
        """Is the run to end before its last step, never to be resumed?"""
        return self >= RunRequest.STOP


class RunRequests:
    """Holds the request. Screens raise it on their threads, and the run withdraws on its own what it has done."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = RunRequest.NONE

    @property
    def now(self) -> RunRequest:
        """The strongest request that is not done."""
        return self._now

    def ask(self, request: RunRequest) -> None:
        """Ask for this; a stronger request stays."""
        with self._lock:
            self._now = max(self._now, request)

    def withdraw(self, request: RunRequest) -> None:
        """This one is done or no longer wanted; another one stays."""
        with self._lock:
            if self._now is request:
                self._now = RunRequest.NONE

    def clear(self) -> None:
        """Forget what an earlier run was asked."""
        with self._lock:
            self._now = RunRequest.NONE
