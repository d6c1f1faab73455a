"""Requests to a run, which it meets at its next boundary."""

import threading
from enum import IntEnum


class RunRequest(IntEnum):
    """A request to the run. The strongest one counts: a run that must end writes no checkpoint to wait at."""

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
        """Must the run write a checkpoint after its next pairs?"""
        return RunRequest.CHECKPOINT <= self <= RunRequest.LEAVE

    @property
    def ends(self) -> bool:
        """Must the run end? It then begins nothing new."""
        return self >= RunRequest.LEAVE

    @property
    def stops(self) -> bool:
        """Must the run end before its last step, for good?"""
        return self >= RunRequest.STOP


class RunRequests:
    """Holds the current request. Screens make it on their threads; the run withdraws a met one on its thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = RunRequest.NONE

    @property
    def now(self) -> RunRequest:
        """The strongest request that the run has not met."""
        return self._now

    def ask(self, request: RunRequest) -> None:
        """Make this request; a stronger one stays."""
        with self._lock:
            self._now = max(self._now, request)

    def withdraw(self, request: RunRequest) -> None:
        """Withdraw this request, which is met or no longer wanted; a different one stays."""
        with self._lock:
            if self._now is request:
                self._now = RunRequest.NONE

    def clear(self) -> None:
        """Forget the request to an earlier run."""
        with self._lock:
            self._now = RunRequest.NONE
